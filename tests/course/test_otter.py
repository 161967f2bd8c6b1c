"""Otter runs what is exported for it: solutions pass, starters fail."""

import json
import re
from pathlib import Path

import pytest

from course.conftest import Command
from support import otter
from support.executable import REPOSITORY

pytestmark = pytest.mark.timeout(1800)

COURSE = REPOSITORY / "notebooks/course"
#: Notebooks that Otter grades in the test: those in which nothing sleeps for long in real time.
GRADED = ["async-exercises/01-coffee-shop", "day02/03-gather"]


@pytest.fixture(scope="module")
def exported(run: Command, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Our course for Otter, and what was said about it."""
    folder = tmp_path_factory.mktemp("otter")
    done = run("notebooks", "export", "--to", "otter", "--verbose", "--course", COURSE, folder, cwd=folder)
    assert done.code == 0, done.stderr
    return folder, done.stdout


def files(folder: Path) -> set[str]:
    """Paths below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_left_out_is_counted_and_the_rest_is_there(exported: tuple[Path, str]) -> None:
    folder, said = exported
    first, *reasons = said.splitlines()
    counted = re.fullmatch(r"\d+ notebooks with (\d+) checks in .*: \d+ files written; (\d+) checks left out", first)
    assert counted, first
    kept, left_out = map(int, counted.groups())
    assert kept == len(list(folder.glob("*/*/autograder/tests/*.py")))
    named = [name for line in reasons for name in line.rpartition(": ")[2].split(", ")]
    assert left_out == len(named) == sum(int(line.split()[0]) for line in reasons)
    assert not [name for name in named if list(folder.glob(f"*/*/autograder/tests/{name}.py"))]


def test_learners_get_neither_solutions_nor_hidden_checks(exported: tuple[Path, str]) -> None:
    shop = exported[0] / GRADED[0]
    assert files(shop / "student/tests") == files(shop / "autograder/tests") - {"ex01-really-calls.py"}
    texts = {path: path.read_text() for path in (shop / "student").rglob("*") if path.is_file()}
    assert not [path for path, text in texts.items() if "_make" in text and "helper" not in text]
    assert "coffee_shop never called" not in "".join(texts.values())
    notebook = json.loads((shop / "student/01-coffee-shop.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert 'grader.check("ex01-durations")' in sources
    assert notebook["metadata"]["otter"] == {"assignment_name": GRADED[0]}


@pytest.mark.parametrize("name", GRADED)
def test_solutions_pass_and_starters_fail_in_otter(
    exported: tuple[Path, str], env: dict[str, str], tmp_path: Path, name: str
) -> None:
    folder = exported[0] / name
    autograder = tmp_path / "autograder.zip"
    tests = folder / "autograder/tests"
    config = folder / "autograder/otter_config.json"
    # Files are named from where Otter is called.
    otter.run("otter", "generate", "-t", tests, "-c", config, "-o", autograder, "lab.py",
              env=env, cwd=folder / "autograder")  # fmt: skip
    stem = name.rpartition("/")[2]
    submissions = [folder / edition / f"{stem}.ipynb" for edition in ("autograder", "student")]
    solution, starter = otter.grade(autograder, submissions, env).values()
    assert solution.keys() == {path.stem for path in tests.iterdir()}
    assert {name: points for name, (points, most) in solution.items() if points != most} == {}
    assert {name: points for name, (points, _) in starter.items() if points} == {}
