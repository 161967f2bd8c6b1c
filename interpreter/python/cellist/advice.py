"""After a cell: what its coroutines and tasks did wrong, where, and what to do about it.

Each thing is said once, on the cell's standard error, in two lines. What Python itself says of the
same (``coroutine … was never awaited``, ``exception was never retrieved``) is said here instead,
with the line. Filters of ``warnings`` and exception handlers of loops that users set hold as ever.
"""

import _cellist_trace
import sys

from cellist import clock

#: Seconds for which a step may hold up the event loop: what asyncio's debug mode allows.
SLOW = 0.1
#: `time.sleep` in a coroutine is a mistake, but for the shortest.
SLEEP = 0.01

#: Settings: see `cellist.config`.
enabled = True
slow = SLOW

_session = None
_position = 0
#: What was said: kind, file, line.
_said = set()
_paused = 0


def speaks():
    """Whether anything is said at this moment: not while a check runs."""
    return (_session is not None and _session.warns and enabled and not _paused
            and clock.blocking_observer is None)


class paused:
    """Nothing is said within the block: a check looks for the same."""

    def __enter__(self):
        global _paused
        _paused += 1

    def __exit__(self, *exc):
        global _paused, _position
        _paused -= 1
        _position = _cellist_trace.position()


def say(kind, file, line, what, remedy):
    """Says what happened where and what to do, unless that was said already."""
    if (kind, file, line) in _said:
        return
    _said.add((kind, file, line))
    where = f"{_short(file)}, line {line}: " if file is not None and line else ""
    print(f"⚠ {where}{what}\n  {remedy}", file=sys.stderr)


def _short(file):
    return file.rpartition("/")[2] if file.endswith(".py") else file


# After a cell


def after_cell(session):
    """Says what held up the event loop since the last time, and which tasks nobody refers to."""
    if session is not _session:
        # A subshell's: the main shell's cell may be in the middle of its own.
        return
    try:
        _say_what_happened(session)
    finally:
        _cellist_trace.forget_places()


def _say_what_happened(session):
    global _position
    if not speaks() or not session.kept:
        _position = _cellist_trace.position()
        return
    rows = _cellist_trace.blockages(_position, SLEEP)
    _position = _cellist_trace.position()
    from cellist import trace

    # A call that waits says more than a look at where a step stands.
    rows = sorted((trace.Row(*row) for row in rows), key=lambda row: row.kind == "stall")
    for row in rows:
        _say_blockage(row)
    if "asyncio" in sys.modules:
        _say_lost_tasks(session)


def _say_blockage(row):
    if row.top or row.file is None:
        return
    took = _duration(row.took)
    if row.kind == "block":
        remedy = "Write `await asyncio.sleep(…)`: other tasks run meanwhile."
        say("blocking", row.file, row.line, f"`{row.what}` held up the event loop for {took}", remedy)
    elif row.took < slow:
        return
    elif row.kind == "lock wait":
        say("blocking", row.file, row.line, f"waiting for a thread held up the event loop for {took}",
            "Wait in a thread of its own: `await asyncio.to_thread(…)`, or use asyncio's own lock or queue.")
    else:
        import linecache

        source = linecache.getline(row.file, row.line).strip()
        call = f" (`{source if len(source) <= 60 else source[:59] + '…'}`)" if source else ""
        say("blocking", row.file, row.line,
            f"`{row.function}` held up the event loop for {took}{call}",
            "Let others have their turn: `await asyncio.to_thread(…)` for what computes or waits long.")


def _duration(seconds):
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"


#: References to a task: by what it waits for, by our variable, by an argument.
_LOOPS_OWN = 3


def _say_lost_tasks(session):
    """Tasks in the background that only the event loop refers to."""
    from cellist import loop

    if not loop.exists():
        return
    import asyncio

    from cellist import trace

    tasks = [task for task in asyncio.all_tasks(loop.ambient()) if not task.done()]
    while tasks:
        task = tasks.pop()
        if sys.getrefcount(task) <= _LOOPS_OWN:
            made = trace.made(task)
            if made is not None:
                say("lost", *made,
                    f"the task {_name(task)} goes on, and nothing refers to it: it can vanish before it ends",
                    "Keep it, `task = asyncio.create_task(…)`, and `await task` later; `%tasks` lists what runs.")


def _name(task):
    coroutine = task.get_coro()
    function = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    return f"`{function.rpartition('<locals>.')[2]}` ({task.get_name()})"


def unawaited_value(value, session):
    """A cell's last value, just shown, is a coroutine that nobody can have begun."""
    if not speaks() or getattr(value, "cr_frame", None) is None or value.cr_frame.f_lasti > 0:
        return
    name = value.__qualname__.rpartition("<locals>.")[2]
    line = len(session.sources[-1].rstrip().split("\n"))
    say("never awaited", session.file, line, f"`{name}()` only made a coroutine: it has not run",
        f"Write `await {name}(…)`.")


# Instead of what Python says


def install_warnings(session):
    """Has warnings of coroutines that were never awaited said here. Called once."""
    global _session
    import warnings

    _session = session
    stock = warnings._showwarnmsg_impl

    def show(message):
        text = str(message.message)
        if not (issubclass(message.category, RuntimeWarning) and text.endswith("was never awaited")
                and message.file is None and speaks()):
            return stock(message)
        _say_never_awaited(text, message)

    warnings._showwarnmsg_impl = show


def _say_never_awaited(text, message):
    file, line = message.filename, message.lineno
    # Where the user's code gave it up, not the library's.
    file, line = _cellist_trace.last_never_awaited() or (file, line)
    name = text.partition("'")[2].rpartition("'")[0].rpartition("<locals>.")[2] or "it"
    say("never awaited", file, line, f"`{name}()` was never awaited, so it never ran",
        f"Write `await {name}(…)`, or let it run beside: `task = asyncio.create_task({name}(…))`.")


def install(session):
    """The same of asyncio's messages. Called once, when asyncio has been imported."""
    global _session
    from asyncio import base_events, runners

    _session = session
    base = base_events.BaseEventLoop
    stock = base.default_exception_handler

    def default_exception_handler(self, context):
        if not (speaks() and _say_of(context)):
            stock(self, context)

    default_exception_handler.__doc__ = stock.__doc__
    base.default_exception_handler = default_exception_handler
    cancel_all = runners._cancel_all_tasks

    def _cancel_all_tasks(loop):
        # When the main task failed, or was interrupted, that is what counts.
        if speaks() and sys.exception() is None:
            _say_cancelled(loop)
        return cancel_all(loop)

    runners._cancel_all_tasks = _cancel_all_tasks


def _say_of(context):
    message = context.get("message") or ""
    task = context.get("task") or context.get("future")
    if message.endswith("exception was never retrieved") and "exception" in context:
        error = context["exception"]
        file, line = _raised(error)
        told = f"{type(error).__name__}: {error}".rstrip(": ").partition("\n")[0]
        what = f"the task {_name(task)}" if hasattr(task, "get_coro") else "a future"
        say("unretrieved", file, line, f"{what} failed, and nobody looked: {told}",
            "`await` it, or use `asyncio.TaskGroup`, which passes the error on.")
        return True
    if message == "Task was destroyed but it is pending!":
        from cellist import stall

        place = stall._innermost(task.get_coro())[0] or ""
        file, _, line = place.rpartition(":")
        say("lost", file or None, int(line or 0),
            f"the task {_name(task)} was thrown away while it waited here: nothing referred to it",
            "Keep it, `task = asyncio.create_task(…)`, and `await task`.")
        return True
    return False


def _raised(error):
    """The innermost line of the user's in an exception's traceback."""
    import _cellist

    found = (None, None)
    entry = error.__traceback__
    while entry is not None:
        file = entry.tb_frame.f_code.co_filename
        if not _cellist.is_library(file):
            found = (file, entry.tb_lineno)
        entry = entry.tb_next
    return found


def _say_cancelled(loop):
    import asyncio

    from cellist import trace

    for task in asyncio.all_tasks(loop):
        if task.done():
            continue
        made = trace.made(task)
        if made is not None:
            say("cancelled", *made,
                f"the task {_name(task)} had not ended when `asyncio.run` did, and was cancelled",
                "Await it before `main` returns, or make it in an `asyncio.TaskGroup`.")
