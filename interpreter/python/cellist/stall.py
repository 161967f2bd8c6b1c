"""Says what waits for ever: the tasks of an event loop, and the threads."""

import _cellist

from cellist.threads import DeadlockError


class Stall(DeadlockError):
    """Nothing can wake what is waited for: on the wall clock the program would hang for ever."""


def of(loop):
    """The `Stall` of an event loop that nothing can wake."""
    lines = tasks(loop) + _cellist.describe_waits()
    text = "nothing can wake the event loop: every task waits for something that never happens"
    return Stall("\n".join([text, *lines]))


def tasks(loop):
    """A line for each task of `loop` that waits, in the order of their names."""
    import asyncio

    waiting = [task for task in asyncio.all_tasks(loop) if not task.done()]
    return [_line(task) for task in sorted(waiting, key=_order)]


def _order(task):
    name = task.get_name()
    stem = name.rstrip("0123456789")
    return stem, int(name[len(stem):] or 0), getattr(task.get_coro(), "__qualname__", "")


def _line(task):
    coroutine = task.get_coro()
    what = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    place, library, last = _innermost(coroutine)
    where = f" at {place}" if place else ""
    # A coroutine in Rust has a name but no frame.
    library = library or getattr(last, "__qualname__", None)
    waited = f" in {library}()" if library else f" for {_short(last)}" if last is not None else ""
    return f"  task {task.get_name()!r} ({what}) waits{where}{waited}"


def _innermost(coroutine):
    """The innermost line of the user's, the library's coroutine that it awaits, and what is not a
    coroutine at the end."""
    place = library = None
    while True:
        frame = _frame(coroutine)
        if frame is None:
            return place, library, coroutine
        code = frame.f_code
        if not _cellist.is_library(code.co_filename):
            place, library = f"{code.co_filename}:{frame.f_lineno}", None
        elif library is None:
            library = code.co_qualname
        for name in ("cr_await", "gi_yieldfrom", "ag_await"):
            inner = getattr(coroutine, name, None)
            if inner is not None:
                break
        else:
            return place, library, None
        coroutine = inner


def _frame(coroutine):
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        frame = getattr(coroutine, name, None)
        if frame is not None:
            return frame
    return None


def _short(awaited):
    # An iterator of a future does not name it.
    kind = type(awaited).__name__
    return "a future" if "uture" in kind else f"<{kind}>"
