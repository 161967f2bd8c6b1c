"""Building and checking notebooks with the real executable."""

import json
import resource
import shutil
from pathlib import Path

import nbformat
import pytest

from course.conftest import COURSE, SHOP, UNIT, Command, replace
from support.executable import REPOSITORY


def notebooks(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.ipynb"))


@pytest.mark.parametrize("edition", ["student", "instructor"])
def test_jupyter_finds_nothing_wrong_and_would_write_the_same_bytes(
    built: Path, edition: str
) -> None:
    found = notebooks(built / edition)
    assert found
    for path in found:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert nbformat.writes(notebook) + "\n" == path.read_text(), path


def test_our_kernel_is_preselected(built: Path) -> None:
    for path in notebooks(built):
        kernel = json.loads(path.read_text())["metadata"]["kernelspec"]
        assert kernel["name"] == "cellist"


def test_building_again_gives_the_same_bytes(run: Command, built: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(COURSE, tmp_path / "elsewhere" / "course")
    done = run("notebooks", "build", "--course", copy, "--out", tmp_path / "out")
    assert done.code == 0, done.stderr
    files = [path.relative_to(built) for path in sorted(built.rglob("*")) if path.is_file()]
    again = [path for path in sorted((tmp_path / "out").rglob("*")) if path.is_file()]
    assert files == [path.relative_to(tmp_path / "out") for path in again]
    for path in files:
        assert (built / path).read_bytes() == (tmp_path / "out" / path).read_bytes()


def test_by_default_students_notebooks_go_beside_the_course(
    run: Command, course: Path, tmp_path: Path
) -> None:
    done = run("notebooks", "build", "--course", "course", cwd=tmp_path)
    assert done.code == 0, done.stderr
    assert (tmp_path / "published" / SHOP).is_file()
    assert (tmp_path / "build/notebooks/instructor" / SHOP).is_file()
    assert (tmp_path / "build/notebooks/specs" / SHOP.with_suffix(".json")).is_file()
    again = run("notebooks", "build", "--course", ".", cwd=course)
    assert again.stdout.splitlines()[-1].endswith("3 files written, 3 up to date")


def test_what_is_published_is_up_to_date(run: Command) -> None:
    done = run("notebooks", "check")
    assert (done.code, done.stderr) == (0, "")


def test_no_answer_is_published(built: Path) -> None:
    spec = json.loads((built / "specs" / SHOP.with_suffix(".json")).read_text())
    cells = [cell for unit in spec["units"] for cell in unit["cells"]]
    hidden = [cell for cell in cells if cell.get("hidden")]
    assert hidden
    published = (built / "student" / SHOP).read_text()
    for cell in hidden:
        assert cell["id"] not in published
    for secret in ("BEGIN SOLUTION", "really-calls", "fire-and-forget", "Rubric", "that is the mean"):
        assert secret not in published


def test_a_stale_notebook_is_told_by_cell(run: Command, course: Path, tmp_path: Path) -> None:
    places = ("--course", course, "--out", tmp_path / "out")
    assert run("notebooks", "build", *places).code == 0
    replace(course / UNIT, 'assert ready == ["Espresso", ', 'assert ready[:2] == ["Espresso", ')
    stray = tmp_path / "out/student/async-exercises/old.ipynb"
    stray.write_text("{}")
    done = run("notebooks", "check", *places)
    assert done.code == 1
    assert f"{SHOP}: cell `ex01-transcript` differs" in done.stdout
    assert "old.ipynb: no unit makes it" in done.stdout
    assert "run `cellist notebooks build`" in done.stderr
    assert run("notebooks", "build", *places).code == 0
    stray.unlink()
    assert run("notebooks", "check", *places).code == 0


BROKEN = {
    "malformed fence": ("```python {exercise id=shop}", "```python {exercise id=shop"),
    "unknown kind": ("```quiz {id=predict points=0}", "```quizz {id=predict points=0}"),
    "duplicate id": ("{check id=transcript points=2}", "{check id=durations points=2}"),
    "no such line": ("-    await asyncio.sleep(seconds)\n+    time", "-    await sleep(1)\n+    time"),
    "unknown check": ("fails=really-calls", "fails=really-cals"),
    "unknown clock": ("clock: virtual", "clock: solar"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("command", ["build", "check", "verify"])
def test_a_broken_unit_is_told_by_file_and_line(
    run: Command, course: Path, kind: str, command: str
) -> None:
    old, new = BROKEN[kind]
    replace(course / UNIT, old, new)
    line = (course / UNIT).read_text().split(new)[0].count("\n") + 1
    if kind == "no such line":
        line -= 1  # the fence that holds the patch
    done = run("notebooks", command, "--course", course)
    assert done.code == 1, done.stdout
    assert f"{course / UNIT}:{line}: " in done.stderr
    assert "  help: " in done.stderr


def test_a_course_that_is_none_is_told(run: Command, tmp_path: Path) -> None:
    for command in ("build", "check", "verify"):
        done = run("notebooks", command, "--course", tmp_path)
        assert done.code == 2
        assert "it has no `course.toml`" in done.stderr


def test_the_repository_holds_no_other_notebooks_than_students_and_samples(run: Command) -> None:
    allowed = (REPOSITORY / "notebooks/published", COURSE / "samples")
    tracked = notebooks(REPOSITORY / "notebooks")
    assert tracked
    for path in tracked:
        assert any(path.is_relative_to(folder) for folder in allowed), path


def test_a_hundred_and_fifty_units_are_built_in_a_moment(run: Command, tmp_path: Path) -> None:
    """Counted in processor time, which other work on the machine does not lengthen."""
    assert run("notebooks", "new", "--course", cwd=tmp_path).code == 0
    assert run("notebooks", "new", "unit", cwd=tmp_path).code == 0
    units, toml = tmp_path / "course/units/lessons", tmp_path / "course/course.toml"
    text, entries = (units / "unit.md").read_text(), toml.read_text()
    for number in range(149):
        (units / f"unit{number}.md").write_text(text.replace("id: unit\n", f"id: unit{number}\n"))
        entries += f'[[notebook]]\nfile = "lessons/{number}.ipynb"\nunits = ["unit{number}"]\n'
    toml.write_text(entries)

    def build() -> tuple[str, float]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = run("notebooks", "build", cwd=tmp_path)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert done.code == 0, done.stderr
        spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return done.stdout.splitlines()[-1], spent

    said, seconds = build()
    assert said == "150 notebooks of 150 units: 453 files written, 0 up to date"
    assert seconds < 5
    (units / "unit7.md").write_text(text.replace("id: unit\n", "id: unit7\n").replace("Two eggs", "Two fresh eggs"))
    said, seconds = build()
    assert said == "150 notebooks of 150 units: 2 files written, 451 up to date"
    assert seconds < 1
