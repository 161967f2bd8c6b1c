"""``%progress``: how far a learner has come in the plans of the course."""

import os

from cellist import coursework, display
from cellist.magics import UsageError, no_var_expand

#: Said below every report, for a learner must not take it for the grade.
_MEANING = (
    "Points are of the public checks as they were last run.",
    "Hidden checks, quizzes and written answers count when the notebook is graded.",
)
_TICKS = "A box is ticked when its units' public checks pass and their questions are answered in the saved notebook."


@no_var_expand
def progress(shell, line):
    """Show the points so far, and tick the boxes of the course's plans.

    %progress                 every plan; the boxes of the one that this notebook follows
    %progress day02           one plan, with its boxes
    %progress --reset         forget what the checks came to; also of some: --reset PLAN|UNIT…

    Points are of public checks, as a cell or %check last ran them. Notebooks stay as they are.
    """
    from cellist import progress as kept

    own = coursework.named_file(shell.user_ns)
    found = kept.find_course(os.path.dirname(own) if own else os.getcwd())
    if found is None:
        raise UsageError(f"no course here: neither this folder nor one above it has a `{kept.SYLLABUS}`; "
                         "%check sums up one notebook")
    root, syllabus = found
    words = line.split()
    results = kept.Results(root)
    plans = {plan["id"]: plan for plan in syllabus["plans"]}
    if "--reset" in words:
        words.remove("--reset")
        return _reset(results, plans, words)
    for word in words:
        if word not in plans:
            raise UsageError(f"the course has no plan `{word}`; it has {', '.join(plans) or 'none'}")
    followed = words or [plan_id for plan_id, plan in plans.items() if _follows(plan, own)]
    reports = [_Plan(plan, root, results) for plan in plans.values()]
    # A plan's item may be taught in a notebook that follows another plan.
    done = set().union(*(notebook.done for report in reports for notebook in report.notebooks))
    for report in reports:
        report.tick(done)
    _show([report for report in reports if not words or report.id in words], followed, own, _trouble(root, results))


def _reset(results, plans, words):
    units = None
    if words:
        units = set()
        known = {unit for plan in plans.values() for notebook in plan["notebooks"] for unit in notebook["units"]}
        for word in words:
            if word in plans:
                units.update(unit for notebook in plans[word]["notebooks"] for unit in notebook["units"])
            elif word in known:
                units.add(word)
            else:
                raise UsageError(f"the course has no plan or unit `{word}`; its plans are {', '.join(plans)}")
        units = sorted(units)
    try:
        count = results.reset(units)
    except OSError as error:
        raise UsageError(f"`{results.path}` cannot be written: {error.strerror}") from None
    print(f"Forgot the results of {_count(count, 'check')}.")


def _follows(plan, own):
    """Whether this notebook is one of the plan's."""
    if own is None:
        return False
    try:
        name = coursework.ours(coursework.read(own)).get("notebook")
    except coursework.NotebookError:
        return False
    return any(notebook["file"] == name for notebook in plan["notebooks"])


def _trouble(root, results):
    """Why results cannot be kept, if so."""
    there, problem = root, None
    try:
        os.close(os.open(results.path, os.O_WRONLY | os.O_APPEND))
        return None
    except FileNotFoundError:
        if os.access(root, os.W_OK):
            return None
    except OSError as error:
        there, problem = results.path, error.strerror
    return f"Results are not kept: `{there}` cannot be written" + (f" ({problem})." if problem else ".")


# What the notebooks came to


class _Notebook:
    """A learner's notebook: its checks with their results, and which of its questions are answered."""

    def __init__(self, entry, root, results):
        self.file, self.units = entry["file"], entry["units"]
        self.path = _find(root, self.file)
        found = coursework.parts(coursework.read(self.path)) if self.path else []
        self.checks = [part for part in found if isinstance(part, coursework.Check)]
        self.answers = [part for part in found if isinstance(part, coursework.Answer)]
        rows = [(check, *(results.of(check) or (False, None))) for check in self.checks]
        self.points = sum(earned or 0 for earned in coursework.earned(rows))
        self.most = sum(check.points for check in self.checks)
        self.passed = sum(passed for _, passed, _ in rows)
        self.given = sum(answer.given for answer in self.answers)
        open_units = {check.unit for check, passed, _ in rows if not passed}
        open_units.update(answer.unit for answer in self.answers if not answer.given)
        seen = {part.unit for part in found}
        #: Units in which nothing is left to do. One in which nothing can be done is not among them.
        self.done = {unit for unit in self.units if unit in seen and unit not in open_units}


def _find(root, file):
    """The learner's copy of a notebook; it may have been given another name. None when there is none."""
    path = os.path.join(root, *file.split("/"))
    if os.path.exists(path):
        return path
    folder = os.path.dirname(path)
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return None
    for name in names:
        if name.endswith(".ipynb"):
            other = os.path.join(folder, name)
            try:
                if coursework.ours(coursework.read(other)).get("notebook") == file:
                    return other
            except coursework.NotebookError:
                continue
    return None


class _Plan:
    """A plan: its notebooks, and its items with their marks (``x``, space, ``-``: not in a notebook)."""

    def __init__(self, plan, root, results):
        self.id, self.title = plan["id"], plan["title"]
        self.notebooks, self.broken = [], []
        for entry in plan["notebooks"]:
            try:
                self.notebooks.append(_Notebook(entry, root, results))
            except coursework.NotebookError as error:
                self.broken.append(str(error))
        self._items = plan["items"]

    def tick(self, done):
        """Marks each item by the units that are done."""
        #: ``(part of the plan, [(mark, text, reason)])``
        self.parts = []
        for item in self._items:
            part, name = _split(item["id"])
            if not self.parts or self.parts[-1][0] != part:
                self.parts.append((part, []))
            mark = "-" if not item["units"] else "x" if done.issuperset(item["units"]) else " "
            text = ": ".join(text for text in (name, item["text"]) if text)
            self.parts[-1][1].append((mark, text, item.get("waived", "")))
        marks = [mark for _, items in self.parts for mark, *_ in items]
        self.ticked, self.boxes = marks.count("x"), len(marks) - marks.count("-")

    def summary(self):
        points = sum(notebook.points for notebook in self.notebooks)
        most = sum(notebook.most for notebook in self.notebooks)
        boxes = f", {self.ticked} of {_count(self.boxes, 'box', 'boxes')} ticked" if self.boxes else ""
        return f"{points:g} of {most:g} public points{boxes}"


def _split(item):
    """The part of a plan that an item stands in, and the item's name there; boxes have numbers only."""
    _, *names = item.split(".")
    part, rest = names[0], names[1:]
    return part, " ".join(name for name in rest if not name.isdigit())


# Showing it


def _show(reports, opened, own, trouble):
    lines, markup = [], []
    for plan in reports:
        shown = plan.id in opened
        lines.append(f"{plan.title} ({plan.id}): {plan.summary()}")
        lines += _text_of(plan) if shown else []
        markup.append(_markup_of(plan, shown, own))
    notes = [*_MEANING, *([_TICKS] if any(plan.boxes for plan in reports) else []), *([trouble] if trouble else [])]
    if not opened and reports:
        notes.insert(0, f"%progress {reports[0].id} lists the boxes of one plan.")
    import html

    markup.append(f"<p><small>{'<br>'.join(map(html.escape, notes))}</small></p>")
    display.display({"text/plain": "\n".join([*lines, *notes]), "text/html": "".join(markup)}, raw=True)


def _columns(notebook):
    if notebook.path is None:
        return "not in this folder", "", ""
    points = f"{notebook.points:g}/{notebook.most:g} points" if notebook.checks else ""
    checks = f"{notebook.passed}/{_count(len(notebook.checks), 'check')}" if notebook.checks else ""
    answers = f"{notebook.given}/{_count(len(notebook.answers), 'answer')}" if notebook.answers else ""
    return points, checks, answers


def _text_of(plan):
    rows = [(notebook.file, *_columns(notebook)) for notebook in plan.notebooks]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        yield "  " + "  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip()
    for problem in plan.broken:
        yield f"  {problem}"
    for part, items in plan.parts:
        yield f"  {part}"
        for mark, text, reason in items:
            yield f"    [{mark}] {text}" + (f" ({reason})" if reason else "")


def _markup_of(plan, shown, own):
    import html

    parts = [f"<details{' open' if shown else ''}><summary><strong>{html.escape(plan.title)}</strong>: "
             f"{html.escape(plan.summary())}</summary><table>"]
    for notebook in plan.notebooks:
        cells = "".join(f'<td style="text-align:left">{html.escape(text)}</td>' for text in _columns(notebook))
        parts.append(f'<tr><td style="text-align:left">{_link(notebook, own)}</td>{cells}</tr>')
    parts.append("</table>")
    parts += [f"<p>{html.escape(problem)}</p>" for problem in plan.broken]
    for part, items in plan.parts:
        parts.append(f'<div style="margin-top:0.5em"><strong>{html.escape(part)}</strong></div>')
        for mark, text, reason in items:
            sign = {"x": "☑", " ": "☐", "-": "–"}[mark]
            why = f" <small>({display.inline_code(reason)})</small>" if reason else ""
            parts.append(f"<div>{sign} {display.inline_code(text)}{why}</div>")
    return "".join(parts) + "</details>"


def _link(notebook, own):
    """A link that JupyterLab follows from the notebook that shows it."""
    import html
    from urllib.parse import quote

    name = html.escape(notebook.file)
    if notebook.path is None or own is None:
        return name
    return f'<a href="{html.escape(quote(os.path.relpath(notebook.path, os.path.dirname(own))))}">{name}</a>'


def _count(number, word, many=None):
    return f"{number} {word if number == 1 else many or word + 's'}"
