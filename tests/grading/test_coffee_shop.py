"""The coffee shop of the course: its solution, its starter and its known mistakes, as submissions."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import Json, Run, statuses
from support.executable import REPOSITORY, cellist

COURSE = REPOSITORY / "notebooks" / "course"
UNIT = (COURSE / "units/async/ex01.md").read_text()
NOTEBOOK = "async-exercises/01-coffee-shop.ipynb"
CHECKS = ["ex01-durations", "ex01-concurrent", "ex01-transcript", "ex01-hygiene", "ex01-really-calls"]
# Independent of the notebook builder: a mistake there must not hide one here.
MUTANT = re.compile(r"^```diff \{mutant id=(\S+) fails=(\S+)\}\n-(.*)\n\+(.*)\n```$", re.MULTILINE)

Grade = Callable[..., Run]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Student notebooks, instructor notebooks and specs of the course."""
    out = tmp_path_factory.mktemp("built")
    command = [cellist(), "notebooks", "build", "--course", COURSE, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out


def graded(grade: Grade, built: Path, submission: Path) -> Json:
    done = grade(submission, "--json", spec=built / "specs")
    assert done.code == 0, done.stderr + done.stdout
    return done.verdict()


def marks(verdict: Json) -> dict[str, str]:
    return {check: statuses(verdict)[check] for check in CHECKS}


def test_the_solution_gets_full_marks(grade: Grade, built: Path) -> None:
    verdict = graded(grade, built, built / "instructor" / NOTEBOOK)
    assert marks(verdict) == dict.fromkeys(CHECKS, "passed")
    assert (verdict["points"], verdict["max_points"], verdict["manual_points"]) == (12, 12, 2)
    assert verdict["notes"] == []


def test_the_starter_gets_none(grade: Grade, built: Path) -> None:
    verdict = graded(grade, built, built / "student" / NOTEBOOK)
    assert marks(verdict) == dict.fromkeys(CHECKS, "failed") | {"ex01-hygiene": "withheld"}
    assert verdict["points"] == 0
    assert verdict["notes"] == []


@pytest.mark.parametrize("mutant", MUTANT.findall(UNIT), ids=lambda mutant: mutant[0])
def test_each_mistake_fails_its_checks(
    grade: Grade, built: Path, tmp_path: Path, mutant: tuple[str, str, str, str]
) -> None:
    _, fails, wrong_from, wrong_to = mutant
    notebook = json.loads((built / "instructor" / NOTEBOOK).read_text())
    [shop] = [cell for cell in notebook["cells"] if cell["id"] == "ex01-shop"]
    source = "".join(shop["source"])
    assert source.count(wrong_from) == 1
    shop["source"] = source.replace(wrong_from, wrong_to)
    path = tmp_path / "mistaken.ipynb"
    path.write_text(json.dumps(notebook))
    verdict = graded(grade, built, path)
    failed = [check for check, status in marks(verdict).items() if status != "passed"]
    assert failed == [check for check in CHECKS if check.removeprefix("ex01-") in fails.split(",")]
    hints = [item.get("hint") for unit in verdict["units"] for item in unit["items"]]
    assert len([hint for hint in hints if hint]) >= len(failed)


def test_the_unit_has_its_five_mistakes() -> None:
    assert len(MUTANT.findall(UNIT)) == 5
