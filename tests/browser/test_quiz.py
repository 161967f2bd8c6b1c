"""A learner answers quizzes in the cells below them: wrongly, then rightly, told each time, and graded at the end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from browser.notebook_page import NotebookPage
from support.lab_server import LabServer

pytestmark = pytest.mark.timeout(360)

FILE = "async-exercises/05-scheduler.ipynb"
WRITTEN, OPTIONS = "ex05-mean--answer", "ex05-predict--answer"


def test_a_quiz_answered_wrongly_then_rightly(
    open_notebook: Callable[[str], NotebookPage], lab: LabServer, score: Callable[[Path], tuple[float, float]]
) -> None:
    page = open_notebook(FILE)
    page.wait_for_kernel()
    given_out = {cell: source(lab.folder / FILE, cell) for cell in (WRITTEN, OPTIONS)}

    def answer(cell: str, text: str) -> str:
        page.replace(cell, given_out[cell].replace("answer = ...", f"answer = {text}"))
        return page.run(cell)

    assert page.run(WRITTEN).startswith("… mean: not answered yet")
    told = answer(WRITTEN, "0.6 s")
    assert told.startswith("✘ mean: not yet\n") and "nobody's time" in told
    page.wait_until_shown(WRITTEN, "nobody's time")
    told = answer(WRITTEN, "1.5")
    assert told.startswith("✔ mean: right\n")
    page.wait_until_shown(WRITTEN, "✔ mean: right")

    assert answer(OPTIONS, "a").startswith("✘ predict: not yet\n")
    assert answer(OPTIONS, "c").startswith("✔ predict: right\n")
    page.save()
    # A point for each, and none for an exercise that was not begun.
    assert score(lab.folder / FILE)[0] == 2


def source(notebook: Path, cell: str) -> str:
    [found] = [one for one in json.loads(notebook.read_text())["cells"] if one["id"] == cell]
    return "".join(found["source"])
