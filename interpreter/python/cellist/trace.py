"""What tasks and threads did: the interpreter's own records, the last 32,768 of them.

``with trace.recording() as rows: …`` fills the list `rows` with what happened in between.
"""

import collections
import contextlib

from _cellist_trace import made as _made, position, since as _since

__all__ = ["Row", "made", "never_awaited", "pending", "position", "recording", "since", "stalls",
           "unretrieved"]

#: Times are seconds: `time` since the process's first record, `took` how long it lasted. Tasks
#: and threads are numbers, 0 for none. `what` is waited for, if that is known; `top` is true when
#: the cell itself is held up, and not a coroutine. Times of the clock "virtual" are virtual.
Row = collections.namedtuple(
    "Row", "number kind time took thread task other file line function what clock top")


def since(number=0):
    """The records from this number on that are still there, in order."""
    return [Row(*row) for row in _since(number)]


@contextlib.contextmanager
def recording():
    """A list that holds, afterwards, what was recorded within the block."""
    rows = []
    begun = position()
    try:
        yield rows
    finally:
        rows += since(begun)


def pending(rows):
    """The rows that made tasks which these rows do not see end."""
    done = {row.task for row in rows if row.kind == "done"}
    return [row for row in rows if row.kind == "create" and row.task not in done]


def stalls(rows):
    """The rows of steps that kept their event loop from going on for 50 ms and more."""
    return [row for row in rows if row.kind == "stall"]


def never_awaited(rows):
    """The rows of coroutines that nobody awaited: where each was given up, or else defined."""
    return [row for row in rows if row.kind == "never awaited"]


def unretrieved(rows):
    """The rows of tasks and futures whose exception nobody looked at: where it was raised."""
    return [row for row in rows if row.kind == "unretrieved"]


def made(task):
    """``(file, line)`` where a task was made; None when that is not remembered, or not the
    user's code."""
    number = getattr(task, "_number", 0)
    return _made(number) if number else None
