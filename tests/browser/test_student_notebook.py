"""A learner opens the coffee shop in JupyterLab, works on it, stops what hangs, saves, and is graded."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from browser.notebook_page import NotebookPage
from support.executable import REPOSITORY
from support.lab_server import LabServer

NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"
EXERCISE = "ex01-shop"
PUBLIC_CHECKS = {"durations": 3, "concurrent": 4, "transcript": 2, "hygiene": 1}
# A learner's, and not the unit's own: it must pass because it is right.
SOLUTION = Path(__file__).with_name("coffee_shop.py").read_text().rstrip()
READY = ["Espresso is ready!", "Cappuccino is ready!", "Latte is ready!"]

Open = Callable[[str], NotebookPage]
Score = Callable[[Path], tuple[float, float]]


@pytest.fixture
def notebook(open_notebook: Open) -> NotebookPage:
    """The coffee shop with its kernel running."""
    page = open_notebook(NOTEBOOK)
    page.wait_for_kernel()
    return page


def test_the_kernel_is_chosen_without_asking(notebook: NotebookPage) -> None:
    assert notebook.dialogs() == []
    assert notebook.kernel_name() == "cellist"


def test_a_learner_solves_the_coffee_shop_and_is_graded(
    notebook: NotebookPage, lab: LabServer, score: Score, pytestconfig: pytest.Config
) -> None:
    notebook.replace(EXERCISE, SOLUTION)
    assert notebook.run(EXERCISE) == ""

    for source in ("asyncio.run(coffee_shop())", "await coffee_shop()", "asyncio.run(coffee_shop())"):
        cell = notebook.add(source)
        assert_coffee_was_made(notebook.run(cell))
    assert_coffee_was_made(notebook.shown_text(cell))

    for check, points in PUBLIC_CHECKS.items():
        said = notebook.run(f"ex01-{check}")
        assert re.fullmatch(rf"\S {check}: passed \({points} points?\)", said), said
    notebook.save()
    assert score(lab.folder / NOTEBOOK) == (12, 12)

    if picture := pytestconfig.getoption("--screenshot"):
        shown = notebook.cells()
        notebook.run(shown[shown.index(EXERCISE) + 1])
        notebook.take_picture(picture, EXERCISE)


def test_a_check_that_fails_tells_the_learner_what_to_try(notebook: NotebookPage) -> None:
    one_by_one = SOLUTION.replace("group.create_task(make())", "await make()")
    assert one_by_one != SOLUTION
    notebook.replace(EXERCISE, one_by_one)
    notebook.run(EXERCISE)
    said = notebook.run("ex01-concurrent")
    assert "The shop took 12 s." in said and "passed" not in said


def test_a_notebook_nobody_worked_on_is_graded_nought(score: Score) -> None:
    untouched = REPOSITORY / "notebooks" / "published" / NOTEBOOK
    assert score(untouched) == (0, 12)


def test_the_stop_button_ends_an_endless_loop(notebook: NotebookPage) -> None:
    cell = notebook.add("print('turning')\nwhile True:\n    pass")
    notebook.start(cell)
    notebook.wait_for_text(cell, "turning")
    notebook.stop()
    assert "KeyboardInterrupt" in notebook.wait_for_end(cell)
    assert notebook.run(notebook.add("6 * 7")) == "42"


def test_the_stop_button_ends_an_await_and_spares_other_tasks(notebook: NotebookPage) -> None:
    notebook.run(notebook.add("import asyncio\nother = asyncio.create_task(asyncio.sleep(1000))"))
    cell = notebook.add("print('waiting')\nawait asyncio.sleep(1000)")
    notebook.start(cell)
    notebook.wait_for_text(cell, "waiting")
    notebook.stop()
    assert "KeyboardInterrupt" in notebook.wait_for_end(cell)
    assert notebook.run(notebook.add("other.done()")) == "False"


def test_a_task_goes_on_between_cells(notebook: NotebookPage) -> None:
    made = notebook.add(
        "import asyncio\n"
        "async def count():\n"
        "    for i in range(3):\n"
        "        await asyncio.sleep(0.05)\n"
        "        print('tick', i)\n"
        "    return 'counted'\n"
        "t = asyncio.create_task(count())"
    )
    notebook.run(made)
    # Nothing runs now, yet the ticks come, and into the cell that made the task.
    notebook.wait_for_text(made, "tick 2")
    assert notebook.run(notebook.add("await t")) == "'counted'"


def assert_coffee_was_made(text: str) -> None:
    lines = text.strip().splitlines()
    assert [line for line in lines if line.endswith("is ready!")] == READY
    took = re.search(r"All drinks prepared in (\d+\.\d) seconds", lines[-1])
    assert took, lines
    # The longest sleep decides; four seconds more would mean that two of them did not overlap.
    assert 5.0 <= float(took[1]) < 7.0
