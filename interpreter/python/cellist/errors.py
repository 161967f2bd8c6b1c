"""Tracebacks of cells: the learner's frames with their source lines, none of ours."""

import _colorize
import sys
import traceback


def _make_readable():
    """No colour of a terminal can be read on what JupyterLab puts behind errors, both light and
    dark: what matters is bold. Who has set a theme keeps it."""
    if _colorize.get_theme(force_color=True) is _colorize.default_theme:
        bold = dict.fromkeys(("type", "line_no", "frame", "error_highlight"), _colorize.ANSIColors.BOLD)
        plain = dict.fromkeys(("message", "filename", "error_range"), _colorize.ANSIColors.RESET)
        section = _colorize.Traceback(**bold, **plain)
        _colorize.set_theme(_colorize.default_theme.copy_with(traceback=section))


_make_readable()


def _is_ours(frame):
    return frame.f_globals.get("__name__", "").startswith(("cellist.", "IPython."))


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
    if name == "UsageError" and _is_usage(exc):
        return {"ename": name, "evalue": text, "traceback": [f"UsageError: {text}"]}
    try:
        lines = _of_user(exc) or _format(exc, colour)
    except Exception as error:
        # A broken exception class must not hide that something went wrong.
        lines = [f"{name}: {text}", f"(its traceback could not be formatted: {error!r})"]
    return {"ename": name, "evalue": text, "traceback": lines}


def _is_usage(exc):
    module = sys.modules.get("cellist.magics")
    return module is not None and isinstance(exc, module.UsageError)


def _of_user(exc):
    """What a handler that the user has set (`set_custom_exc`) says of an exception."""
    module = sys.modules.get("cellist.shell")
    if module is None or module.shell is None:
        return None
    return module.shell.custom_traceback(exc)


def _format(exc, colour):
    mode, colour = _mode(colour)
    if mode == "Minimal":
        return traceback.format_exception_only(type(exc), exc)[-1].rstrip("\n").split("\n")
    tb = trim(exc.__traceback__) or exc.__traceback__
    if isinstance(exc, SyntaxError) and trim(exc.__traceback__) is None:
        tb = None
    report = traceback.TracebackException(
        type(exc), exc, tb, compact=True, capture_locals=mode == "Verbose")
    for entry in report.stack:
        if entry.name == "<module>":
            # All that the notebook has: too much to be read.
            entry.locals = None
    text = "".join(_trim_chain(report).format(colorize=colour))
    return text.rstrip("\n").split("\n")


def _mode(colour):
    """What `%xmode` and `%colors` have set."""
    module = sys.modules.get("cellist.shell")
    if module is None or module.shell is None:
        return "Context", colour
    mode = module.shell.xmode
    return mode, colour and mode != "Plain" and module.shell.colors.lower() != "nocolor"


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
                             if not entry.filename.startswith(("cellist.", "IPython."))]
        todo += [item.__cause__, item.__context__, *(getattr(item, "exceptions", None) or ())]
    return report
