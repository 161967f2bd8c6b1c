"""A schedule: threads whose order a seed draws, switched also between two instructions."""

import _cellist
import sys

from cellist.after_import import after_import

#: One of the numbers that `sys.monitoring` leaves to whoever comes.
_TOOL = 4
#: The code that has run: RustPython knows by its address what it need not report again, so
#: nothing else may get that address.
_known = []


def install(seed):
    """Makes this process run under the schedule of `seed`."""
    monitoring = sys.monitoring
    events = monitoring.events

    def started(code, offset):
        _known.append(code)
        # Only the program's own code: the library is taken to be right, and there is much of it.
        if not _cellist.is_library(code.co_filename):
            monitoring.set_local_events(_TOOL, code, events.INSTRUCTION)
        return monitoring.DISABLE

    monitoring.use_tool_id(_TOOL, "cellist schedule")
    monitoring.register_callback(_TOOL, events.PY_START, started)
    monitoring.register_callback(_TOOL, events.INSTRUCTION, _cellist.schedule_point)
    monitoring.set_events(_TOOL, events.PY_START)
    after_import("random", lambda: sys.modules["random"].seed(seed))
    after_import("threading", _watch_threads)


def _watch_threads():
    import threading

    stock = threading.excepthook

    def excepthook(args, /):
        """Handle uncaught Thread.run() exception."""
        if args.exc_type is not SystemExit:
            _cellist.note_failure()
        stock(args)

    threading.excepthook = excepthook
