"""Cells that are not run but shown or kept: ``%%html``, ``%%capture``, ``%%writefile``."""

import os

from cellist.magics import UsageError, complain, no_var_expand, options


def writefile(shell, line, cell):
    """Write the cell to a file: %%writefile [-a] FILE; -a appends."""
    given, name = options.parse(line, "a", "append")
    if not name:
        raise UsageError("%%writefile needs the name of a file")
    path = os.path.expanduser(name.strip("'\""))
    append = bool(given) and os.path.exists(path)
    print(f"{'Appending to' if append else 'Overwriting' if os.path.exists(path) else 'Writing'} {path}")
    with open(path, "a" if given else "w", encoding="utf-8") as file:
        file.write(cell if cell.endswith("\n") else cell + "\n")


file = writefile


@no_var_expand
async def capture(shell, line, cell):
    """Run the cell and keep its output: %%capture [--no-stdout] [--no-stderr] [--no-display] [NAME].

    The variable NAME then has `stdout`, `stderr`, `outputs` and `show()`.
    """
    from IPython.utils.capture import capture_output

    given, name = options.parse(line, "", "no-stdout", "no-stderr", "no-display")
    code = shell.compile(cell)
    with capture_output(*(f"no-{what}" not in given for what in ("stdout", "stderr", "display"))) as kept:
        await shell.run_awaiting(code)
    if name:
        shell.user_ns[name] = kept


def _shown(mime, name, text):
    def show(shell, line, cell):
        shell.display_pub.publish({mime: cell, "text/plain": f"<IPython.core.display.{name} object>"})

    show.__name__ = name
    show.__doc__ = f"Show the cell as {text}."
    return no_var_expand(show)


_show_html = _shown("text/html", "HTML", "HTML")


def html(shell, line, cell):
    """Show the cell as HTML; with --isolated, in a frame of its own."""
    if "--isolated" in line.split():
        data = {"text/html": cell, "text/plain": "<IPython.core.display.HTML object>"}
        shell.display_pub.publish(data, {"text/html": {"isolated": True}})
    else:
        _show_html(shell, line, cell)


HTML = html
javascript = js = _shown("application/javascript", "Javascript", "JavaScript, which the browser runs")
latex = _shown("text/latex", "Latex", "LaTeX")
markdown = _shown("text/markdown", "Markdown", "Markdown")
svg = SVG = _shown("image/svg+xml", "SVG", "an SVG picture")


def matplotlib(shell, line):
    """Say that matplotlib cannot be used here, and what can."""
    # No failure: notebooks begin with it, and may do without.
    complain(
        "matplotlib needs NumPy, which is written in C and does not run in this interpreter. "
        "Plots of plotly, altair or bokeh, and SVG or HTML by `IPython.display`, do: "
        "`%pip install plotly`"
    )


pylab = matplotlib


def gui(shell, line):
    """Say that windows cannot be used here."""
    if line.strip():
        raise UsageError(f"there is no event loop of `{line.strip()}` here: cells have asyncio's")


def page(shell, line):
    """Show a value in the front end's pager; -r: as text, not as its representation."""
    given, expression = options.parse(line, "r")
    value = shell.ev(expression or "_")
    if given:
        shell.page(str(value))
    else:
        from cellist import pretty

        shell.page(pretty.pretty(value))
