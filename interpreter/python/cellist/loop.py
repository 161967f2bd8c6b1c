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
import _cellist_interrupt
import _cellist_limits
import asyncio
import contextlib
import functools
import os
import signal
import sys
import threading
from asyncio import base_events, events, runners, tasks

from cellist import clock, native_loop, native_streams, native_sync
from cellist import session as sessions
from cellist.origin import origin

#: As `inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR`: that module is seldom used.
_COROUTINE = 0x80 | 0x200

_strict_loop = _asyncio._get_running_loop


class _Here(threading.local):
    """What a shell's thread knows: the main one's, and that of each subshell."""

    #: The shell's own loop.
    ambient = None
    cell_task = None
    cell_code = None
    #: Cells run on this thread.
    in_cell = False
    #: The cell's task was cancelled by an interrupt.
    interrupted = False


_here = _Here()


def ambient():
    """The session's loop, made on first use."""
    global _main_ambient
    loop = _here.ambient
    if loop is None or loop.is_closed():
        loop = _here.ambient = asyncio.new_event_loop()
        loop.set_exception_handler(_report)
        if _on_main_thread():
            _main_ambient = loop
            _watch_comms()
    return loop


#: The loop of the main shell, which handles comms.
_main_ambient = None


def _watch_comms():
    # Without this module there are no comms. Between cells they wake the kernel itself.
    comms = sys.modules.get("cellist.comms")
    if comms is not None and not _is_idle:
        comms.watch(_main_ambient)


def expect_comms():
    """Comms are in use: their messages come in by the main shell's loop, also while `asyncio.run`
    runs another one."""
    if _main_ambient is not None and not _main_ambient.is_closed():
        _main_ambient.call_soon_threadsafe(_watch_comms)
    elif sessions.main() is not None and _on_main_thread():
        ambient()


def _forget():
    """In a forked child: the session's tasks, and what wakes its loop, are its parent's."""
    global _main_ambient
    _here.ambient = _main_ambient = None


def exists():
    return _here.ambient is not None and not _here.ambient.is_closed()


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
        if code is _here.cell_code:
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
        and loop is _here.ambient
        and _here.cell_task is not None
        and tasks.current_task(loop) is _here.cell_task
        and _at_cell_level(frame)
    ):
        return None
    return loop


def _get_running_loop():
    """Return the running event loop or None. (At cell level: None.)"""
    return _visible_loop(sys._getframe(1))


def _on_main_thread():
    return threading.get_ident() == threading.main_thread().ident


def get_running_loop():
    """Return the running event loop, else (in a cell) the session's own loop."""
    loop = _strict_loop()
    if loop is not None:
        return loop
    if _here.in_cell:
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
        """The stock policy, except that a thread that runs cells always has a loop: the session's."""

        def get_event_loop(self):
            if _here.in_cell:
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
        self is _here.ambient
        or not exists()
        or not _here.in_cell
        or clock.blocking_observer is not None
        or not isinstance(_here.ambient, native_loop.EventLoop)
        or _here.ambient._simulated != self._simulated
    ):
        return None
    return _here.ambient


_runner_run = runners.Runner.run


def _run(self, coro, *, context=None):
    """Run code in the embedded event loop."""
    # A thread that merely asks for a handler would take signals away from the main one.
    if _on_main_thread() and signal.getsignal(signal.SIGINT) is _interrupt:
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
    os.register_at_fork(after_in_child=_forget)
    if "cellist.comms" in sys.modules:
        expect_comms()


#: Seconds that the loop has to turn after an interrupt.
_PATIENCE = 0.2


def enter_cell():
    _here.in_cell = True


def _interrupt(signum, frame):
    """SIGINT in a cell that awaits: cancels the cell's task, so that background tasks live on.
    A cell that computes, or does not yield to the first SIGINT, is stopped where it stands."""
    if _cellist_interrupt.put_off():
        return
    loop = interrupt_task()
    # Some task that does not yield may keep the loop from cancelling this one.
    _cellist_limits.alarm(_PATIENCE, _insist)
    # Wakes the loop if it sleeps in its selector.
    loop.call_soon_threadsafe(_cellist_limits.alarm_off)


def interrupt_task():
    """Cancels the task of the cell that awaits on this thread, and returns its loop; raises
    KeyboardInterrupt where that is of no use."""
    loop, task = _here.ambient, _here.cell_task
    if task is None or task.done():
        raise KeyboardInterrupt
    current = tasks.current_task(loop) if _strict_loop() is loop else None
    if _here.interrupted or current is task or (_strict_loop() is not loop):
        raise KeyboardInterrupt
    _here.interrupted = True
    task.cancel()
    return loop


def _insist():
    """The loop has not turned since the interrupt: stops what runs."""
    if _here.cell_task is not None:
        raise KeyboardInterrupt


def run_cell(coroutine, code, context, name):
    """Runs a cell that awaits, as a task of the ambient loop."""
    loop = ambient()
    _here.interrupted = False
    # A magic may run a cell within a cell, on another loop.
    outer = _here.cell_task, _here.cell_code
    _here.cell_code = code
    _here.cell_task = task = loop.create_task(coroutine, name=name, context=context)
    main = _on_main_thread()
    previous = signal.getsignal(signal.SIGINT) if main else None
    if previous is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)
    else:
        previous = None
    try:
        return loop.run_until_complete(task)
    except asyncio.CancelledError:
        if _here.interrupted:
            raise KeyboardInterrupt from None
        raise
    finally:
        if main:
            _cellist_limits.alarm_off()
        # Something was raised through the loop: the cell does not go on behind its error.
        task.cancel()
        if previous is not None:
            signal.signal(signal.SIGINT, previous)
        _here.cell_task, _here.cell_code = outer


@contextlib.contextmanager
def cell_level(code):
    """While the cell's task awaits this code, it is this code that is at cell level: a magic runs
    a part of a cell."""
    before, _here.cell_code = _here.cell_code, code
    try:
        yield
    finally:
        _here.cell_code = before


_is_idle = False


def _idle_interrupt(signum, frame):
    if _cellist_interrupt.put_off():
        return
    # Between cells there is nothing to stop but a background task that does not yield.
    if _here.ambient is not None and tasks.current_task(_here.ambient) is not None:
        raise KeyboardInterrupt


def idle(fd):
    """Drives background tasks until `fd` is readable."""
    global _is_idle
    loop = ambient()
    main = _on_main_thread()
    if main:
        _is_idle = True
    loop.add_reader(fd, loop.stop)
    previous = signal.signal(signal.SIGINT, _idle_interrupt) if main else None
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        print("A background task was interrupted.", file=sys.stderr)
    finally:
        if main:
            signal.signal(signal.SIGINT, previous)
        loop.remove_reader(fd)
        if main:
            _is_idle = False
            _watch_comms()


def finish():
    """Cancels what is left and closes the loop, as ``asyncio.run`` does at its end; returns the
    names of the tasks that were left."""
    if not exists():
        return []
    loop = _here.ambient
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
    global _main_ambient
    before, _here.ambient = _here.ambient, None
    if _on_main_thread():
        _main_ambient = None
    return before


def take_back(loop):
    """Ends `put_aside`."""
    global _main_ambient
    _here.ambient = loop
    if _on_main_thread():
        _main_ambient = loop
