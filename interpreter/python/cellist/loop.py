"""asyncio in cells: the session's own loop, and what "running" means at cell level.

Installed when asyncio is first imported. Two notions are kept apart:

* *strict*: the loop that runs on this thread right now (CPython's only notion);
* *ambient*: the session's loop, which cell-level ``create_task`` and ``gather`` use.

``_get_running_loop`` is strict, but None at cell level: the cell's own task is a stand-in for
the module level of a script, so ``asyncio.run`` works there, and still raises CPython's error
inside any coroutine.
"""

import _asyncio
import _cellist
import _cellist_limits
import asyncio
import contextlib
import functools
import inspect
import signal
import sys
import threading
from asyncio import base_events, events, runners, tasks

from cellist import clock, native_loop, native_streams, native_sync
from cellist.origin import origin

_COROUTINE = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

_strict_loop = _asyncio._get_running_loop

_main_thread = threading.get_ident()
_ambient = None
_cell_task = None
_cell_code = None


def ambient():
    """The session's loop, made on first use."""
    global _ambient
    if _ambient is None or _ambient.is_closed():
        _ambient = asyncio.new_event_loop()
        _ambient.set_exception_handler(_report)
    return _ambient


def exists():
    return _ambient is not None and not _ambient.is_closed()


def _report(loop, context):
    """The default handler, but the output goes to the cell that made the task."""
    source = context.get("task") or context.get("future")
    home = None
    if isinstance(source, asyncio.Task):
        try:
            home = source.get_context().get(origin)
        except AttributeError:
            home = None
    if home is None:
        return loop.default_exception_handler(context)
    token = origin.set(home)
    try:
        loop.default_exception_handler(context)
    finally:
        origin.reset(token)


def _at_cell_level(frame):
    while frame is not None:
        code = frame.f_code
        if code is _cell_code:
            return True
        if code.co_flags & _COROUTINE:
            return False
        frame = frame.f_back
    return False


def _visible_loop(frame):
    """The strict loop, or None when `frame` runs at cell level."""
    loop = _strict_loop()
    if (
        loop is not None
        and loop is _ambient
        and _cell_task is not None
        and tasks.current_task(loop) is _cell_task
        and _at_cell_level(frame)
    ):
        return None
    return loop


def _get_running_loop():
    """Return the running event loop or None. (At cell level: None.)"""
    return _visible_loop(sys._getframe(1))


def _on_main_thread():
    return threading.get_ident() == _main_thread


def get_running_loop():
    """Return the running event loop, else (in a cell) the session's own loop."""
    loop = _strict_loop()
    if loop is not None:
        return loop
    if _on_main_thread() and _in_cell:
        return ambient()
    raise RuntimeError("no running event loop")


def get_event_loop():
    """Return the running event loop, else the thread's, else (in a cell) the session's own."""
    loop = _strict_loop()
    if loop is not None:
        return loop
    return events._get_event_loop_policy().get_event_loop()


def _policy_class(base):
    class Policy(base):
        """The stock policy, except that in cells the main thread always has a loop: the session's."""

        def get_event_loop(self):
            if _in_cell and _on_main_thread():
                loop = self._local._loop
                return loop if loop is not None and not loop.is_closed() else ambient()
            return super().get_event_loop()

    Policy.__name__ = Policy.__qualname__ = base.__name__
    Policy.__module__ = base.__module__
    return Policy


def _nested(run_forever):
    """Lets a loop also run at cell level, inside the session's."""

    @functools.wraps(run_forever)
    def nested_run_forever(self):
        outer = _strict_loop()
        if outer is None or _visible_loop(sys._getframe(1)) is not None:
            return run_forever(self)
        task = tasks.current_task(outer)
        if task is not None:
            _asyncio._leave_task(outer, task)
        _asyncio._set_running_loop(None)
        try:
            return run_forever(self)
        finally:
            _asyncio._set_running_loop(outer)
            if task is not None:
                _asyncio._enter_task(outer, task)

    return nested_run_forever


def _companion(self):
    """The session's loop, when `self` runs at cell level: background tasks go on meanwhile. But
    not while a check observes, whose virtual time is its own."""
    if (
        self is _ambient
        or not exists()
        or not _on_main_thread()
        or clock.blocking_observer is not None
        or not isinstance(_ambient, native_loop.EventLoop)
        or _ambient._simulated != self._simulated
    ):
        return None
    return _ambient


_runner_run = runners.Runner.run


def _run(self, coro, *, context=None):
    """Run code in the embedded event loop."""
    if signal.getsignal(signal.SIGINT) is _interrupt and _on_main_thread():
        # The runner only takes over SIGINT from Python's default handler.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return _runner_run(self, coro, context=context)
        finally:
            signal.signal(signal.SIGINT, _interrupt)
    return _runner_run(self, coro, context=context)


def install():
    """Gives asyncio the meaning above. Called once, right after its first import."""
    asyncio._get_running_loop = events._get_running_loop = _get_running_loop
    asyncio.get_running_loop = events.get_running_loop = get_running_loop
    asyncio.get_event_loop = events.get_event_loop = get_event_loop
    for kind in (base_events.BaseEventLoop, native_loop.EventLoop):
        kind.run_forever = _nested(kind.run_forever)
    native_loop.EventLoop._companion = _companion
    asyncio.EventLoop = native_loop.EventLoop
    native_sync.install()
    native_streams.install()
    clock.install_selector_loops()
    runners.Runner.run = _run
    stock = type(events._get_event_loop_policy())
    # There, so that loops are ours also after `set_event_loop_policy(None)`.
    stock._loop_factory = native_loop.EventLoop
    events._event_loop_policy = _policy_class(stock)()


_in_cell = False
_interrupted = False

#: Seconds that the loop has to turn after an interrupt.
_PATIENCE = 0.2


def enter_cell():
    global _in_cell
    _in_cell = True


def _interrupt(signum, frame):
    """SIGINT in a cell that awaits: cancels the cell's task, so that background tasks live on.
    A cell that computes, or does not yield to the first SIGINT, is stopped where it stands."""
    global _interrupted
    loop = _ambient
    task = _cell_task
    if task is None or task.done():
        raise KeyboardInterrupt
    current = tasks.current_task(loop) if _strict_loop() is loop else None
    if _interrupted or current is task or (_strict_loop() is not loop):
        raise KeyboardInterrupt
    _interrupted = True
    task.cancel()
    # Some task that does not yield may keep the loop from cancelling this one.
    _cellist_limits.alarm(_PATIENCE, _insist)
    # Wakes the loop if it sleeps in its selector.
    loop.call_soon_threadsafe(_cellist_limits.alarm_off)


def _insist():
    """The loop has not turned since the interrupt: stops what runs."""
    if _cell_task is not None:
        raise KeyboardInterrupt


def run_cell(coroutine, code, context, name):
    """Runs a cell that awaits, as a task of the ambient loop."""
    global _cell_task, _cell_code, _interrupted
    loop = ambient()
    _interrupted = False
    # A magic may run a cell within a cell, on another loop.
    outer = _cell_task, _cell_code
    _cell_code = code
    _cell_task = task = loop.create_task(coroutine, name=name, context=context)
    previous = signal.getsignal(signal.SIGINT)
    if _on_main_thread() and previous is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    else:
        previous = None
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError:
        if _interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        _cellist_limits.alarm_off()
        # Something was raised through the loop: the cell does not go on behind its error.
        task.cancel()
        if previous is not None:
            signal.signal(signal.SIGINT, previous)
        _cell_task, _cell_code = outer


@contextlib.contextmanager
def cell_level(code):
    """While the cell's task awaits this code, it is this code that is at cell level: a magic runs
    a part of a cell."""
    global _cell_code
    before, _cell_code = _cell_code, code
    try:
        yield
    finally:
        _cell_code = before


def _idle_interrupt(signum, frame):
    # Between cells there is nothing to stop but a background task that does not yield.
    if _ambient is not None and tasks.current_task(_ambient) is not None:
        raise KeyboardInterrupt


def idle(fd):
    """Drives background tasks until `fd` is readable."""
    loop = ambient()
    loop.add_reader(fd, loop.stop)
    previous = signal.signal(signal.SIGINT, _idle_interrupt)
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("A background task was interrupted.", file=sys.stderr)
    finally:
        signal.signal(signal.SIGINT, previous)
        loop.remove_reader(fd)


def finish():
    """Cancels what is left and closes the loop, as ``asyncio.run`` does at its end; returns the
    names of the tasks that were left."""
    if not exists():
        return []
    loop = _ambient
    left = sorted(task.get_name() for task in tasks.all_tasks(loop) if not task.done())
    try:
        _stock_cancel_all_tasks(loop)
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()
    return left


_stock_cancel_all_tasks = runners._cancel_all_tasks


def put_aside():
    """Lets the session have another loop; returns this one, for `take_back`. Its tasks stand still
    meanwhile."""
    global _ambient
    before, _ambient = _ambient, None
    return before


def take_back(loop):
    """Ends `put_aside`."""
    global _ambient
    _ambient = loop
