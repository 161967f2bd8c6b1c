"""Subshells: threads that run cells of their own in the session's namespace (JEP 91)."""

import _cellist_subshell as native
import _thread
import sys
import threading
import time
import types

from cellist import session
from cellist.memory import Memory

#: The running ones by identifier, in the order in which they were made.
known = {}


class Subshell(session.Session):
    """A session on a thread of its own. Variables are everybody's; numbers, inputs and outputs
    (and `_` and `Out`, which it does not name in the namespace) are its own."""

    def __init__(self, main, identifier, log):
        # Not the main one's `__init__`, which also prepares the process.
        self.identifier = identifier
        self.namespace = main.namespace
        self.pristine = main.pristine
        self.sources = main.sources
        self.memory = Memory({})
        self.prepare(log)
        self.context.run(session.enter, self)

    def interrupted(self):
        """Called on this thread, wherever its code stands, when somebody wants the cell to end."""
        loop = sys.modules.get("cellist.loop")
        if loop is None:
            raise KeyboardInterrupt
        loop.interrupt_task()


def start(token, identifier, log):
    """Starts the thread of a subshell, which does the `token`'s work."""
    thread = threading.Thread(
        target=_serve, args=(token, identifier, log), name=f"subshell-{identifier}", daemon=True)
    thread.start()


def _serve(token, identifier, log):
    try:
        side = known[identifier] = Subshell(session.main(), identifier, log)
        native.serve(token, side)
    finally:
        known.pop(identifier, None)
        native.forget(token)


def current():
    """The identifier of the subshell whose code runs; None in the main shell."""
    return getattr(session.current(), "identifier", None)


# Interrupts

#: One of the numbers that `sys.monitoring` leaves to whoever comes.
_TOOL = 2
#: Seconds between two looks whether the code has stopped.
_PAUSE = 0.005
#: Code that has not stopped by then, in seconds, waits for the operating system.
_PATIENCE = 2
#: One thread at a time insists.
_insisting = _thread.allocate_lock()


class _Touched(BaseException):
    """A code object was entered and prepared; it need not run."""


class _Touch:
    """Prepares code that other threads run for being watched.

    Code is prepared when somebody enters it. Code that never leaves its loop is entered here once
    more, and left before its first instruction."""

    def __init__(self):
        self._code = None
        self._thread = threading.get_ident()

    def watch(self, code, offset):
        """What `sys.monitoring` calls before an instruction, on any thread."""
        if code is self._code and threading.get_ident() == self._thread:
            raise _Touched
        native.check()

    def __call__(self, code):
        cells = tuple(types.CellType() for _ in code.co_freevars)
        function = types.FunctionType(code, {}, "touched", None, cells or None)
        count = code.co_argcount
        named = code.co_varnames[count:count + code.co_kwonlyargcount]
        self._code = code
        try:
            result = function(*[None] * count, **dict.fromkeys(named))
            if isinstance(result, types.AsyncGeneratorType):
                result = result.asend(None)
            result.send(None)
        except _Touched:
            pass
        finally:
            self._code = None


def insist():
    """Ends what subshells run that are to be interrupted: raises between two instructions. Code
    that waits is woken by other means, and looks by itself."""
    with _insisting:
        time.sleep(_PAUSE)
        if not native.pending():
            return
        monitoring, events = sys.monitoring, sys.monitoring.events
        touch = _Touch()
        monitoring.use_tool_id(_TOOL, "cellist interrupt")
        try:
            for event in (events.INSTRUCTION, events.PY_START):
                monitoring.register_callback(_TOOL, event, touch.watch)
            monitoring.set_events(_TOOL, events.INSTRUCTION | events.PY_START)
            end = time.monotonic() + _PATIENCE
            while pending := native.pending():
                if time.monotonic() > end:
                    # Once it has what it waits for, its next wait looks.
                    return
                frames = sys._current_frames()
                for ident in pending:
                    frame = frames.get(ident)
                    while frame is not None:
                        touch(frame.f_code)
                        frame = frame.f_back
                frame = frames = None
                time.sleep(_PAUSE)
        finally:
            monitoring.set_events(_TOOL, 0)
            monitoring.free_tool_id(_TOOL)
