"""What a cell may use: the error that ends it, and counting instructions."""

import sys

from _cellist_limits import LimitExceeded, _count, instructions

__all__ = ["LimitExceeded", "instructions"]

#: Of the six tools of ``sys.monitoring``, one without a name of its own.
_TOOL = 3


def counting(function, *args):
    """Calls the function and counts its instructions."""
    monitoring = sys.monitoring
    events = monitoring.events.INSTRUCTION
    monitoring.use_tool_id(_TOOL, "cellist")
    try:
        monitoring.register_callback(_TOOL, events, _count)
        monitoring.set_events(_TOOL, events)
        return function(*args)
    finally:
        monitoring.set_events(_TOOL, 0)
        monitoring.free_tool_id(_TOOL)
