"""Tracebacks of cells: the learner's frames with their source lines, none of ours."""

import traceback


def _is_ours(frame):
    return frame.f_globals.get("__name__", "").startswith("cellist.")


def trim(tb):
    """Drops the frames of the session that come before the cell's own."""
    while tb is not None and (_is_ours(tb.tb_frame) or _is_loop(tb.tb_frame)):
        tb = tb.tb_next
    return tb


def _is_loop(frame):
    # A cell that awaits runs as a task: the loop's frames lie above it.
    return frame.f_globals.get("__name__", "").startswith("asyncio.")


def describe(exc, colour=True):
    """``{ename, evalue, traceback}`` as Jupyter's error messages want them."""
    name = type(exc).__name__
    try:
        text = str(exc)
    except Exception as error:
        text = f"<exception str() failed: {type(error).__name__}>"
    try:
        lines = _format(exc, colour)
    except Exception as error:
        # A broken exception class must not hide that something went wrong.
        lines = [f"{name}: {text}", f"(its traceback could not be formatted: {error!r})"]
    return {"ename": name, "evalue": text, "traceback": lines}


def _format(exc, colour):
    tb = trim(exc.__traceback__) or exc.__traceback__
    if isinstance(exc, SyntaxError) and trim(exc.__traceback__) is None:
        tb = None
    report = traceback.TracebackException(type(exc), exc, tb, compact=True)
    text = "".join(_trim_chain(report).format(colorize=colour))
    return text.rstrip("\n").split("\n")


def _trim_chain(report):
    """Takes our frames out of the exceptions that led to this one, too."""
    seen = set()
    todo = [report]
    while todo:
        item = todo.pop()
        if item is None or id(item) in seen:
            continue
        seen.add(id(item))
        if item.stack:
            # Frozen modules have their dotted name for a file name.
            item.stack[:] = [entry for entry in item.stack
                             if not entry.filename.startswith("cellist.")]
        todo += [item.__cause__, item.__context__, *(getattr(item, "exceptions", None) or ())]
    return report
