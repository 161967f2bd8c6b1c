"""After a failure: ``%debug``, ``%tb``, ``%xmode``."""

import sys

from cellist.magics import UsageError, no_var_expand

_MODES = ("Plain", "Context", "Verbose", "Minimal")


@no_var_expand
def debug(shell, line):
    """Look around where the last exception was raised, with pdb's commands; `q` leaves.

    %debug STATEMENT runs a statement step by step.
    """
    import pdb

    statement = line.strip()
    if statement:
        pdb.Pdb(nosigint=True).run(shell.compile(statement), shell.user_ns)
        return
    failed = getattr(sys, "last_exc", None)
    if failed is None or failed.__traceback__ is None:
        raise UsageError("No traceback has been produced, nothing to debug.")
    from cellist import errors

    debugger = pdb.Pdb(nosigint=True)
    debugger.reset()
    debugger.interaction(None, errors.trim(failed.__traceback__) or failed.__traceback__)


def pdb(shell, line):
    """Say that the debugger is not called by itself."""
    raise UsageError("the debugger is not called automatically here: after an exception, run `%debug`")


def tb(shell, line):
    """Show the last exception again."""
    failed = getattr(sys, "last_exc", None)
    if failed is None:
        raise UsageError("No traceback available to show.")
    shell.showtraceback((type(failed), failed, failed.__traceback__))


def xmode(shell, line):
    """How much a traceback tells: Plain, Context, Verbose (with local variables) or Minimal."""
    mode = line.strip().capitalize()
    if not mode:
        # IPython goes on to the next one.
        mode = _MODES[(_MODES.index(shell.xmode) + 1) % len(_MODES)]
    if mode not in _MODES:
        raise UsageError(f"%xmode takes {', '.join(_MODES)}, not `{line.strip()}`")
    shell.xmode = mode
    print(f"Exception reporting mode: {mode}")


def colors(shell, line):
    """Colours of tracebacks: %colors nocolor, or %colors linux."""
    name = line.strip().lower()
    if not name:
        raise UsageError("%colors takes `nocolor`, `linux`, `lightbg` or `neutral`")
    if name not in ("nocolor", "linux", "lightbg", "neutral"):
        raise UsageError(f"there is no colour scheme `{name}`")
    shell.colors = name
