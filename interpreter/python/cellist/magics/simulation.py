"""``%%clock``: a cell on the virtual clock, or on the real one."""

import _cellist
import sys

from cellist.magics import UsageError, no_var_expand


@no_var_expand
def clock(shell, line, cell=None):
    """Run the cell on a clock of its own, or say which clock runs.

    %%clock virtual   a sleep takes no time, and measures exactly; the clock begins at 0
    %%clock wall      real time, in a session on the virtual clock
    %clock            say which clock runs

    The cell has an event loop of its own. Tasks that other cells have left in the background stand
    still until it ends, and go on then. What the cell itself leaves behind ends with it, as at the
    end of `asyncio.run`, and is named. `datetime` follows the virtual clock only where it was
    first imported under it; `time` and `asyncio` always do.
    """
    wanted = line.strip()
    if cell is None:
        if wanted:
            raise UsageError(f"a clock is set for one cell: write `%%clock {wanted}` above it")
        print(_description())
        return
    if wanted not in ("virtual", "wall"):
        raise UsageError("%%clock takes `virtual` or `wall`")
    code = shell.compile(cell)
    with _Switched(wanted == "virtual"):
        shell.run(code)


def _description():
    now = _cellist.virtual_now()
    if now is None:
        return "The wall clock runs: real time. `%%clock virtual` runs a cell in virtual time."
    return f"The virtual clock runs, at {now / 1e9:g} s. `%%clock wall` runs a cell in real time."


class _Switched:
    """The other clock, and an event loop on it, within the block; afterwards those before."""

    def __init__(self, virtual):
        self._virtual = virtual

    def __enter__(self):
        self._before = _cellist.virtual_now()
        self._same = (self._before is not None) == self._virtual
        if self._same:
            return
        if self._virtual:
            _hook_waits()
        _cellist.virtual_resume(0 if self._virtual else None)
        loop = sys.modules.get("cellist.loop")
        self._ambient = loop.put_aside() if loop is not None else None

    def __exit__(self, *exc):
        if self._same:
            return
        try:
            loop = sys.modules.get("cellist.loop")
            if loop is not None:
                left = loop.finish()
                loop.take_back(self._ambient)
                if left:
                    _tell(left)
        finally:
            _cellist.virtual_resume(self._before)


def _hook_waits():
    """Real waits are hooked for the virtual clock."""
    from cellist import blocking
    from cellist.after_import import after_import

    blocking.install(after_import)


def _tell(names):
    plural = "s" if len(names) > 1 else ""
    print(f"⚠ The cell's clock ended with it, and so did the task{plural} {', '.join(names)}, still at "
          f"work.\n  Await {'them' if plural else 'it'} in the cell.", file=sys.stderr)
