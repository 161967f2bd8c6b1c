"""``%%timeline``: every task and thread of a cell on one time axis."""

import os

from cellist import timelines
from cellist.magics import UsageError, no_var_expand, options


@no_var_expand
def timeline(shell, line, cell):
    """Run the cell and draw what its tasks and threads did, on one time axis.

    %%timeline [--text | --svg] [--width N] [--save FILE]

    --text   print it, in lines of at most N columns (100)
    --svg    show only the picture, N pixels wide (960)
    --save   write it into FILE: .svg, .json, else text

    Without options it is shown as a picture where that is possible, else as text. On the virtual
    clock (`%%clock virtual` in the next line) it is the same every time.
    """
    given, rest = options.parse(line, "", "text", "svg", "width=", "save=")
    if rest:
        raise UsageError(f"%%timeline knows no `{rest}`: write the code into the lines below")
    width = _number(given)
    code = shell.compile(cell)
    with timelines.taken() as taken:
        try:
            shell.run(code)
        finally:
            # What failed is worth a look, too.
            taken.close()
            if given.save is not None:
                _save(taken, os.path.expanduser(given.save), width)
            _show(shell, taken, given, width)


def _number(given):
    if given.width is None:
        return None
    if not given.width.isdecimal() or not 50 <= int(given.width) <= 10_000:
        raise UsageError(f"--width takes a number from 50 to 10000, not `{given.width}`")
    return int(given.width)


def _show(shell, taken, given, width):
    if given.text is not None:
        print(taken.text(width), end="")
        return
    bundle = {"image/svg+xml": taken.svg(width)}
    if given.svg is None:
        bundle["text/plain"] = taken.text(None)
    else:
        bundle["text/plain"] = "<timeline>"
    shell.display_pub.publish(bundle)


def _save(taken, path, width):
    if path.endswith(".svg"):
        text = taken.svg(width)
    elif path.endswith(".json"):
        text = taken.json + "\n"
    else:
        text = taken.text(width)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
