"""An instructor's edits flow back into the unit."""

from pathlib import Path

import nbformat

from course.conftest import SHOP, UNIT, Command, replace


def edit(path: Path, cell_id: str, old: str, new: str) -> None:
    notebook = nbformat.read(path, as_version=4)
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    assert old in cell.source
    cell.source = cell.source.replace(old, new)
    nbformat.write(notebook, path)


def test_edits_flow_back_and_the_unit_still_verifies(
    run: Command, course: Path, tmp_path: Path
) -> None:
    places = ("--course", course, "--out", tmp_path / "out")
    assert run("notebooks", "build", *places).code == 0
    notebook = tmp_path / "out/instructor" / SHOP
    before = (course / UNIT).read_text()
    edit(notebook, "ex01-shop", "    start = time.time()", "    begun = start = time.time()")
    edit(notebook, "ex01-durations", "make_latte", "make_latte")
    edit(notebook, "ex01-predict", "the longest sleep decides", "the longest one decides")

    dry = run("notebooks", "sync", notebook, "--course", course, "--dry-run")
    assert (dry.code, (course / UNIT).read_text()) == (0, before)
    done = run("notebooks", "sync", notebook, "--course", course)
    assert done.code == 0, done.stderr
    assert "  cell ex01-shop\n" in done.stdout and "ex01-durations" not in done.stdout
    after = (course / UNIT).read_text()
    assert after == before.replace("    start = time.time()", "    begun = start = time.time()").replace(
        "the longest sleep decides", "the longest one decides"
    )
    assert run("notebooks", "check", *places).code == 1  # the student's notebook is older
    assert run("notebooks", "build", *places).code == 0
    assert run("notebooks", "verify", "--course", course).code == 0

    # The same notebook may be edited again.
    edit(notebook, "ex01-predict", "the longest one decides", "the longest sleep decides")
    assert run("notebooks", "sync", notebook, "--course", course).code == 0


def test_a_unit_that_changed_meanwhile_is_not_overwritten(
    run: Command, course: Path, tmp_path: Path
) -> None:
    places = ("--course", course, "--out", tmp_path / "out")
    assert run("notebooks", "build", *places).code == 0
    notebook = tmp_path / "out/instructor" / SHOP
    edit(notebook, "ex01-predict", "the longest sleep decides", "the longest one decides")
    replace(course / UNIT, "Three drinks", "Three warm drinks")
    before = (course / UNIT).read_text()
    done = run("notebooks", "sync", notebook, "--course", course)
    assert done.code == 1
    assert "changed since the notebook was built: `ex01`" in done.stderr
    assert (course / UNIT).read_text() == before
