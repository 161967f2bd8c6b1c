"""Notebooks of a course as their files have them: which one a kernel runs, its checks and its answers."""

import os

from cellist import check as checks, quiz


class NotebookError(Exception):
    """A file that is no notebook, or cannot be read; says which and why."""


def named_file(namespace):
    """The notebook that this kernel runs, as far as the editor says; None when it does not.

    VS Code sets a variable, Jupyter Server the environment (jupyter_server, `get_kernel_env`)."""
    for name in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        # JupyterLab may name it from the folder that the server serves.
        for path in (name, os.path.basename(name)) if isinstance(name, str) else ():
            if path.endswith(".ipynb") and os.path.exists(path):
                return os.path.abspath(path)
    return None


def read(path):
    """The notebook of this file: a dict with ``cells`` and, maybe, ``metadata``."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            notebook = json.load(file)
    except OSError as error:
        raise NotebookError(f"`{path}` cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise NotebookError(f"`{path}` is no notebook") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise NotebookError(f"`{path}` is no notebook")
    return notebook


def ours(notebook):
    """What `metadata.cellist` of a notebook says."""
    return _dict(_dict(notebook.get("metadata")).get("cellist"))


class Check:
    """A check cell: a learner's notebook holds the public ones only."""

    def __init__(self, unit, source, guard):
        options = checks.header(source)
        self.unit, self.source = unit, source
        self.name = options.get("check", "check")
        self.points = _number(options.get("points"))
        #: Pays only when another check of the unit passes.
        self.guard = guard


class Answer:
    """A quiz, answered by ticks or in the cell below, or a question to be answered in words."""

    def __init__(self, unit, kind, source):
        self.unit, self.kind = unit, kind
        self.given = (_is_ticked if kind == "quiz" else _is_written)(source)

    def below(self, source):
        """Looks at the cell below, too."""
        self.given = self.given or quiz.written(source) is not None


def parts(notebook):
    """The checks and answers of a notebook, in order."""
    found, last_quiz = [], None
    for cell in notebook["cells"]:
        about = _dict(_dict(_dict(cell).get("metadata")).get("cellist"))
        kind, unit = about.get("kind"), about.get("unit", "")
        if kind not in ("check", "quiz", "answer", "reflect"):
            continue
        source = cell.get("source", "")
        source = source if isinstance(source, str) else "".join(source)
        if kind == "answer":
            if last_quiz is not None and last_quiz.unit == unit:
                last_quiz.below(source)
        elif kind != "check":
            found.append(Answer(unit, kind, source))
            last_quiz = found[-1] if kind == "quiz" else last_quiz
        elif cell.get("cell_type") == "code":
            found.append(Check(unit, source, bool(about.get("guard"))))
    return found


def earned(results):
    """The points of each ``(check, passed, score)``; None where a guard passed but does not pay yet."""
    earning = {check.unit for check, passed, _ in results if passed and not check.guard}
    points = []
    for check, passed, score in results:
        if passed and check.guard and check.unit not in earning:
            points.append(None)
        else:
            points.append(check.points * max(0, min(1 if score is None else score, 1)) if passed else 0)
    return points


def _is_ticked(source):
    """Whether a task list has a ticked line, whatever the sign, as the judge reads it."""
    import re

    return re.search(r"^\s*(?:[-*+]|\d+[.)])\s*\[\s*\S\s*\](?!\()", source, re.MULTILINE) is not None


def _is_written(source):
    """Whether something stands below the line that says where to write."""
    before, mark, answer = source.partition("*Your answer (")
    return bool(answer.partition("\n")[2].strip()) if mark else bool(before.strip())


def _dict(value):
    return value if isinstance(value, dict) else {}


def _number(text):
    try:
        return float(text)
    except (TypeError, ValueError):
        return 0.0
