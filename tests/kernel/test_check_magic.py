"""`%check`: all checks of a notebook at once."""

from pathlib import Path

import nbformat
import pytest

from kernel.client import Kernel, Run

CHECKS = [
    ("one", "twice", "#| check: twice\n#| points: 2\n#| hint: twice(3) gave {got!r}.\n"
     "got = lab.run('twice', 3).result\nassert got == 6", False),
    ("one", "quiet", "#| check: quiet\n#| points: 1\nassert lab.run('twice', 1).lines == []", True),
    ("two", "thrice", "#| check: thrice\n#| points: 4\nassert lab.run('thrice', 3).result == 9", False),
]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook with checks of two units."""
    cells = []
    for unit, name, source, guard in CHECKS:
        cell = nbformat.v4.new_code_cell(source, id=f"{unit}-{name}")
        cell.metadata["cellist"] = {"unit": unit, "kind": "check", **({"guard": True} if guard else {})}
        cells.append(cell)
    path = tmp_path / "units.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", id="mine"), *cells]), path)
    return path


def shown(run: Run) -> list[str]:
    assert run.content["status"] == "ok", run.content
    return run.of("display_data")[0]["content"]["data"]["text/plain"].splitlines()


def test_all_checks_run_and_points_are_summed_up(kernel: Kernel, notebook: Path) -> None:
    kernel.run("def twice(n): return n + 1\ndef thrice(n): return 3 * n")
    assert shown(kernel.run(f"%check {notebook}")) == [
        "✘ one twice 0/2  twice(3) gave 4.",
        "✔ one quiet 0/1  pays once another check passes",
        "✔ two thrice 4/4",
        "4 of 7 points, 2 of 3 checks passed",
    ]
    kernel.run("def twice(n): return 2 * n")
    assert shown(kernel.run(f"%check one {notebook}")) == [
        "✔ twice 2/2", "✔ quiet 1/1", "3 of 3 points, 2 of 2 checks passed"]


def test_the_editor_says_which_notebook_it_is(kernel: Kernel, notebook: Path) -> None:
    kernel.run(f"import os; os.environ['JPY_SESSION_NAME'] = {str(notebook)!r}")
    kernel.run("def twice(n): return 2 * n\ndef thrice(n): return 3 * n")
    assert shown(kernel.run("%check"))[-1] == "7 of 7 points, 3 of 3 checks passed"


@pytest.mark.parametrize(("line", "said"), [
    ("nine {}", "has no checks of a unit `nine`; it has one, two"),
    ("nowhere.ipynb", "`nowhere.ipynb` cannot be read"),
])
def test_what_cannot_be_checked_is_told(kernel: Kernel, notebook: Path, line: str, said: str) -> None:
    run = kernel.run(f"%check {line.format(notebook)}")
    assert said in run.content["evalue"]


def test_a_check_raises_when_another_grader_wants_that(kernel: Kernel) -> None:
    check = "### BEGIN HIDDEN TESTS\n#| check: c\n#| on-failure: raise\n#| hint: {wanted} it is not\nwanted = 1\nassert wanted == {}"
    assert kernel.run(check.replace("{}", "1")).content["status"] == "ok"
    run = kernel.run(check.replace("{}", "2"))
    assert (run.content["ename"], run.content["evalue"]) == ("AssertionError", "1 it is not")
