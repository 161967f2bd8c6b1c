"""The functions of ``time`` on two clocks, and how an event loop waits on the virtual one."""

import _cellist
import sys
import time

_wall_sleep = time.sleep

#: Told of every ``time.sleep`` in a coroutine while a check observes: ``(frame, what)``.
blocking_observer = None


def sleep(seconds, /):
    """Delay execution for a given number of seconds.  The argument may be
    a floating-point number for subsecond precision."""
    if blocking_observer is not None:
        blocking_observer(sys._getframe(1), f"time.sleep({seconds!r})")
    if _cellist.virtual_now() is None:
        return _wall_sleep(seconds)
    if not isinstance(seconds, (int, float)):
        if not hasattr(seconds, "__index__") and not hasattr(seconds, "__float__"):
            raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer or float")
        seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _cellist.virtual_advance(nanos(seconds))


def nanos(seconds):
    return round(seconds * 1_000_000_000)


def install():
    """Replaces the functions of ``time`` before anything else has taken them."""
    sleep.__module__ = "time"
    time.sleep = sleep
    epoch = _cellist.VIRTUAL_EPOCH
    for name in ("monotonic", "perf_counter", "process_time", "thread_time"):
        setattr(time, name, _cellist.clock_function(getattr(time, name), 0, False))
        setattr(time, name + "_ns", _cellist.clock_function(getattr(time, name + "_ns"), 0, True))
    time.time = _cellist.clock_function(time.time, epoch, False)
    time.time_ns = _cellist.clock_function(time.time_ns, epoch, True)
    for name in ("gmtime", "localtime", "ctime"):
        setattr(time, name, _of_now(getattr(time, name)))
    for name in ("strftime", "asctime"):
        setattr(time, name, _of_local_now(getattr(time, name)))


def _of_now(convert):
    def converted(seconds=None, /):
        return convert(time.time() if seconds is None else seconds)

    return _as(converted, convert)


def _of_local_now(write):
    def written(*args):
        # The time to write is the last argument, and now without one.
        wanted = 1 if write.__name__ == "asctime" else 2
        return write(*args, time.localtime()) if len(args) < wanted else write(*args)

    return _as(written, write)


def _as(function, original):
    # functools would be one more module to import at every start.
    function.__name__ = function.__qualname__ = original.__name__
    function.__doc__, function.__module__ = original.__doc__, "time"
    return function


class Stall(RuntimeError):
    """Nothing can wake what is waited for: on the wall clock the program would hang for ever."""


class VirtualSelector:
    """A selector that jumps to the next timer instead of waiting for it."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def select(self, timeout=None):
        now = _cellist.virtual_now()
        ready = self._inner.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if now is None or outside_pending(self._inner):
            # Something outside the simulation will answer: wait for it in real time, the
            # virtual clock standing still.
            return self._inner.select(timeout if now is None else None)
        if timeout is None:
            raise Stall("nothing can wake the event loop: every task waits for something that never happens")
        _cellist.virtual_advance(nanos(timeout))
        return ready


#: Jobs handed to executors and not done yet: real work, which virtual time waits for. A set and
#: not a number: jobs end on other threads, and without a GIL `-= 1` would lose some.
_executor_jobs = set()
_executors_watched = False


def jobs_pending():
    """True while an executor works."""
    return bool(_executor_jobs)


def outside_pending(selector):
    """True when an event from outside the simulation can come: a job in a thread, a child
    process, a pipe. Sockets on this machine count as inside: their data is there at once."""
    import os
    import stat

    if jobs_pending():
        return True
    for key in selector.get_map().values():
        try:
            mode = os.fstat(key.fd).st_mode
        except OSError:
            continue
        if not stat.S_ISSOCK(mode):
            return True
    return False


def watch_executors():
    """Keeps the jobs of thread pools in view, from the first call on."""
    global _executors_watched
    if _executors_watched:
        return
    _executors_watched = True
    from concurrent.futures import ThreadPoolExecutor

    stock = ThreadPoolExecutor.submit

    def submit(self, fn, /, *args, **kwargs):
        future = stock(self, fn, *args, **kwargs)
        _executor_jobs.add(future)
        future.add_done_callback(_executor_jobs.discard)
        return future

    submit.__doc__ = stock.__doc__
    ThreadPoolExecutor.submit = submit
