"""``%tasks``: what still runs in the background, and ends it."""

import sys

from cellist.magics import UsageError, no_var_expand


@no_var_expand
def tasks(shell, line):
    """List, explain or cancel what still runs in the background.

    %tasks                         tasks and threads: where they stand, what for, and since when
    %tasks NAME                    the whole stack of one: a task's name or number, a thread's name
    %tasks cancel NAME             cancel a task; `all`: every one
    """
    words = line.split(None, 1)
    if not words:
        _list()
    elif words[0] == "cancel":
        if len(words) < 2:
            raise UsageError("cancel which? Write `%tasks cancel NAME`, its number, or `all`")
        _cancel(words[1].strip())
    else:
        _explain(line.strip())


# Finding them


def _pending():
    """The tasks of every loop that have not ended, but the cell's own, in the order in which they
    were made."""
    if "asyncio" not in sys.modules:
        return []
    import _cellist_trace

    from cellist import loop

    found = [task for task in _cellist_trace.pending_tasks()
             if not task.done() and task is not loop._here.cell_task]
    return sorted(found, key=lambda task: task._number)


def _threads():
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    # The main thread runs this; what is left of others shows in their frames.
    return [thread for thread in threading.enumerate() if thread is not threading.main_thread()]


def _named(name):
    tasks = _pending()
    found = [task for task in tasks if name in (task.get_name(), str(task._number))]
    if not found:
        known = ", ".join(task.get_name() for task in tasks) or "none"
        raise UsageError(f"no task in the background is called `{name}` (there: {known})")
    return found


# Listing


def _list():
    rows = [_row_of_task(task) for task in _pending()] + [_row_of_thread(thread) for thread in _threads()]
    if not rows:
        print("Nothing runs in the background.")
        return
    header = ("ID", "NAME", "FUNCTION", "STATE", "SINCE", "AT")
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(5)]
    for row in (header, *rows):
        cells = [text.ljust(width) for text, width in zip(row, widths)]
        print("  ".join([*cells, row[5]]).rstrip())


def _row_of_task(task):
    import _cellist_trace

    coroutine = task.get_coro()
    place, _ = _standing(coroutine)
    since = _cellist_trace.seconds_since(task._number)
    state = _state(task)
    if task.cancelling():
        state = f"cancelled, {state}"
    return (str(task._number), task.get_name(), _function(coroutine), state,
            "" if since is None else _duration(since), place)


def _row_of_thread(thread):
    target = getattr(thread, "_target", None)
    function = getattr(target, "__qualname__", "").rpartition("<locals>.")[2]
    frame = sys._current_frames().get(thread.ident)
    place = ""
    while frame is not None and not place:
        place = _place(frame) or ""
        frame = frame.f_back
    return ("thread", thread.name, function, "daemon" if thread.daemon else "", "", place)


def _function(coroutine):
    return getattr(coroutine, "__qualname__", type(coroutine).__name__).rpartition("<locals>.")[2]


def _state(task):
    awaited = task._fut_waiter
    if awaited is None:
        return "ready"
    if hasattr(awaited, "get_name"):
        return f"waits for {awaited.get_name()}"
    return f"waits: {_standing(task.get_coro())[1]}"


def _standing(coroutine):
    """The innermost line of the user's, and the library's function that it awaits."""
    from cellist import stall

    place, library, last = stall._innermost(coroutine)
    file, _, line = (place or "").rpartition(":")
    library = library or getattr(last, "__qualname__", None) or "a future"
    return (f"{file}, line {line}" if file else ""), library


def _place(frame):
    import _cellist

    file = frame.f_code.co_filename
    return None if _cellist.is_library(file) else f"{file}, line {frame.f_lineno}"


def _duration(seconds):
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


# One of them


def _explain(name):
    threads = [thread for thread in _threads() if thread.name == name]
    if threads:
        _explain_thread(threads[0])
        return
    for task in _named(name):
        coroutine = task.get_coro()
        print(f"Task {task.get_name()} (`{_function(coroutine)}`, number {task._number}): {_state(task)}")
        from cellist import trace

        made = trace.made(task)
        if made is not None:
            print(f"  made in {made[0]}, line {made[1]}")
        _print_stack(_frames(coroutine))


def _explain_thread(thread):
    print(f"Thread {thread.name}{' (daemon)' if thread.daemon else ''}:")
    frame, frames = sys._current_frames().get(thread.ident), []
    while frame is not None:
        frames.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    _print_stack(frames[::-1])


def _frames(coroutine):
    """Code and line of each coroutine in the chain, the outermost first."""
    from cellist import stall

    frames = []
    while coroutine is not None:
        frame = stall._frame(coroutine)
        if frame is None:
            break
        frames.append((frame.f_code, frame.f_lineno))
        names = ("cr_await", "gi_yieldfrom", "ag_await")
        coroutine = next((inner for name in names
                          if (inner := getattr(coroutine, name, None)) is not None), None)
    return frames


def _print_stack(frames):
    import linecache

    for code, line in frames:
        print(f"  {code.co_filename}, line {line}, in {code.co_qualname}")
        source = linecache.getline(code.co_filename, line).strip()
        if source:
            print(f"    {source}")


# Ending them


def _cancel(name):
    chosen = _pending() if name == "all" else _named(name)
    if not chosen:
        print("Nothing runs in the background.")
        return
    from cellist import loop

    for task in chosen:
        owner = task.get_loop()
        if loop.exists() and owner is loop.ambient():
            task.cancel()
        else:
            # Another thread's: it may be in the middle of something.
            owner.call_soon_threadsafe(task.cancel)
    names = ", ".join(task.get_name() for task in chosen)
    print(f"Asked to end: {names}")
