"""The functions of ``time`` on two clocks, and how an event loop waits on the virtual one."""

import _cellist
import _cellist_subshell
import _cellist_trace
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
    call = _cellist_trace.blocking("time.sleep")
    try:
        return _sleep(seconds)
    finally:
        call.end()


def _sleep(seconds):
    if _cellist.virtual_now() is None:
        # A subshell's sleep is one that an interrupt can end.
        if _cellist_subshell.is_here() and isinstance(seconds, (int, float)) and seconds > 0:
            return _cellist_subshell.sleep(float(seconds))
        return _wall_sleep(seconds)
    if not isinstance(seconds, (int, float)):
        if not hasattr(seconds, "__index__") and not hasattr(seconds, "__float__"):
            raise TypeError(f"'{type(seconds).__name__}' object cannot be interpreted as an integer or float")
        seconds = float(seconds)
    if seconds != seconds:
        raise ValueError("Invalid value NaN (not a number)")
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _cellist.virtual_sleep(nanos(seconds))


def nanos(seconds):
    # What is above 0 is at least 1: who waits until a moment must come to it.
    return round(seconds * 1_000_000_000) or int(seconds > 0)


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


class VirtualSelector:
    """The selector of a foreign event loop, which waits in virtual time."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def select(self, timeout=None):
        ready = self._inner.select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        descriptors = self._inner.get_map().values()
        waited = _cellist.virtual_poll([key.fd for key in descriptors if key.events & 1],
                                       [key.fd for key in descriptors if key.events & 2],
                                       None if timeout is None else nanos(timeout), False)
        return self._inner.select(timeout if waited is None else 0)


def install_selector_loops():
    """Puts every selector event loop, but ours, on the virtual clock."""
    from asyncio import selector_events

    from cellist import native_loop

    stock = selector_events.BaseSelectorEventLoop.__init__

    def __init__(self, selector=None):
        if _cellist.virtual_now() is not None and not isinstance(self, native_loop.EventLoop):
            import selectors

            selector = VirtualSelector(selector or selectors.DefaultSelector())
        stock(self, selector)

    selector_events.BaseSelectorEventLoop.__init__ = __init__
