"""``%check``: all checks of a notebook's units at once."""

import os

from cellist import check as checks, display
from cellist.magics import UsageError, no_var_expand


@no_var_expand
def check(shell, line):
    """Run all checks of this notebook, and sum up the points.

    %check                    every unit of the notebook
    %check ex01               one unit
    %check 01-shop.ipynb      another notebook's checks, on what is defined here

    The checks are read from the notebook's file as it was last saved.
    """
    from cellist import session

    words = line.split()
    files = [word for word in words if word.endswith(".ipynb")]
    wanted = [word for word in words if word not in files]
    if len(files) > 1:
        raise UsageError("%check takes one notebook: %check [UNIT…] [FILE.ipynb]")
    path = files[0] if files else _own_file(shell)
    cells = _checks(path)
    units = list(dict.fromkeys(unit for unit, _ in cells))
    for unit in wanted:
        if unit not in units:
            raise UsageError(f"`{path}` has no checks of a unit `{unit}`; it has {', '.join(units) or 'none'}")
    current = session.current()
    results = []
    for unit, source in cells:
        if not wanted or unit in wanted:
            options = checks.header(source)
            name = options.get("check", "check")
            outcome = checks.run(f"check {name}", source, current.lab(), current.pristine)
            results.append((unit, name, float(options.get("points", 0)), outcome))
    _show(results, path, _guards(path))


def _own_file(shell):
    """The notebook that this kernel runs, as far as the editor says."""
    for name in (shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        # JupyterLab may name it from the folder that the server serves.
        for path in (name, os.path.basename(name)) if name else ():
            if path.endswith(".ipynb") and os.path.exists(path):
                return path
    found = [name for name in sorted(os.listdir(".")) if name.endswith(".ipynb")]
    if len(found) == 1:
        return found[0]
    raise UsageError("which notebook? This editor does not say: write %check FILE.ipynb")


def _cells(path):
    import json

    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)["cells"]
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"`{path}` is no notebook") from None


def _ours(path):
    for cell in _cells(path):
        ours = cell.get("metadata", {}).get("cellist", {})
        if cell.get("cell_type") == "code" and ours.get("kind") == "check":
            source = cell["source"]
            yield ours, source if isinstance(source, str) else "".join(source)


def _checks(path):
    """``(unit, source)`` of each check, in order."""
    found = [(ours.get("unit", ""), source) for ours, source in _ours(path)]
    if not found:
        raise UsageError(f"`{path}` has no checks")
    return found


def _guards(path):
    """``(unit, name)`` of the checks that pay only when another one of their unit passes."""
    return {(ours.get("unit", ""), checks.header(source).get("check", "check"))
            for ours, source in _ours(path) if ours.get("guard")}


def _show(results, path, guards):
    import html

    earning = {unit for unit, name, _, outcome in results
               if outcome["passed"] and (unit, name) not in guards}
    lines, rows, total, most = [], [], 0, 0
    several = len({unit for unit, *_ in results}) > 1
    for unit, name, points, outcome in results:
        passed = outcome["passed"]
        withheld = passed and (unit, name) in guards and unit not in earning
        score = outcome["score"] if passed and outcome["score"] is not None else 1
        earned = points * max(0, min(score, 1)) if passed and not withheld else 0
        total, most = total + earned, most + points
        if withheld:
            detail = "pays once another check passes"
        else:
            detail = "" if passed else outcome["hint"] or outcome["message"] or ""
        label = f"{unit} {name}" if several else name
        first, *rest = detail.splitlines() or [""]
        lines.append(f"{'✔' if passed else '✘'} {label} {earned:g}/{points:g}" + (f"  {first}" if first else ""))
        lines += [f"    {text}" for text in rest]
        colour = "#1a7f37" if passed else "#b35900"
        rows.append(f'<tr><td style="color:{colour}">{"✔" if passed else "✘"}</td>'
                    f'<td style="text-align:left"><strong>{html.escape(label)}</strong></td>'
                    f"<td>{earned:g}/{points:g}</td>"
                    f'<td style="text-align:left;white-space:pre-wrap">{html.escape(detail)}</td></tr>')
    passed = sum(outcome["passed"] for *_, outcome in results)
    summary = f"{total:g} of {most:g} points, {passed} of {len(results)} checks passed"
    display.display({"text/plain": "\n".join([*lines, summary]),
                     "text/html": f"<table>{''.join(rows)}</table><p>{html.escape(summary)}</p>"}, raw=True)
