"""``%check``: all checks of a notebook's units at once."""

import os

from cellist import check as checks, coursework, display
from cellist.magics import UsageError, no_var_expand


@no_var_expand
def check(shell, line):
    """Run all checks of this notebook, and sum up the points.

    %check                    every unit of the notebook
    %check ex01               one unit
    %check 01-shop.ipynb      another notebook's checks, on what is defined here

    The checks are read from the notebook's file as it was last saved.
    """
    from cellist import progress, session

    words = line.split()
    files = [word for word in words if word.endswith(".ipynb")]
    wanted = [word for word in words if word not in files]
    if len(files) > 1:
        raise UsageError("%check takes one notebook: %check [UNIT…] [FILE.ipynb]")
    path = files[0] if files else _own_file(shell)
    found = _checks(path)
    units = list(dict.fromkeys(check.unit for check in found))
    for unit in wanted:
        if unit not in units:
            raise UsageError(f"`{path}` has no checks of a unit `{unit}`; it has {', '.join(units) or 'none'}")
    current = session.current()
    results = []
    for check in found:
        if not wanted or check.unit in wanted:
            outcome = checks.run(f"check {check.name}", check.source, current.lab(), current.pristine)
            results.append((check, outcome))
    _show(results)
    try:
        progress.note(path, results)
    except OSError:
        # `%progress` says so; what the checks came to has been shown.
        pass


def _own_file(shell):
    path = coursework.named_file(shell.user_ns)
    if path is not None:
        return path
    found = [name for name in sorted(os.listdir(".")) if name.endswith(".ipynb")]
    if len(found) == 1:
        return found[0]
    raise UsageError("which notebook? This editor does not say: write %check FILE.ipynb")


def _checks(path):
    """The checks of a notebook, in order."""
    try:
        parts = coursework.parts(coursework.read(path))
    except coursework.NotebookError as error:
        raise UsageError(str(error)) from None
    found = [part for part in parts if isinstance(part, coursework.Check)]
    if not found:
        raise UsageError(f"`{path}` has no checks")
    return found


def _show(results):
    import html

    points = coursework.earned([(check, outcome["passed"], outcome["score"]) for check, outcome in results])
    lines, rows = [], []
    several = len({check.unit for check, _ in results}) > 1
    for (check, outcome), earned in zip(results, points):
        passed = outcome["passed"]
        if earned is None:
            detail = "pays once another check passes"
        else:
            detail = "" if passed else outcome["hint"] or outcome["message"] or ""
        label = f"{check.unit} {check.name}" if several else check.name
        paid = f"{earned or 0:g}/{check.points:g}"
        first, *rest = detail.splitlines() or [""]
        lines.append(f"{'✔' if passed else '✘'} {label} {paid}" + (f"  {first}" if first else ""))
        lines += [f"    {text}" for text in rest]
        colour = "#1a7f37" if passed else "#b35900"
        rows.append(f'<tr><td style="color:{colour}">{"✔" if passed else "✘"}</td>'
                    f'<td style="text-align:left"><strong>{html.escape(label)}</strong></td>'
                    f"<td>{paid}</td>"
                    f'<td style="text-align:left;white-space:pre-wrap">{html.escape(detail)}</td></tr>')
    total, most = sum(earned or 0 for earned in points), sum(check.points for check, _ in results)
    passed = sum(outcome["passed"] for _, outcome in results)
    summary = f"{total:g} of {most:g} points, {passed} of {len(results)} checks passed"
    display.display({"text/plain": "\n".join([*lines, summary]),
                     "text/html": f"<table>{''.join(rows)}</table><p>{html.escape(summary)}</p>"}, raw=True)
