"""The real nbgrader makes its release from our source, and grades with our kernel."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from course.conftest import Command
from support.nbgrader import programs

pytestmark = pytest.mark.timeout(900)

SCORES = """
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    for one in book.assignment_submissions("lessons"):
        print(one.student.id, one.score, one.max_score)
"""


@pytest.fixture(scope="module")
def nbgrader() -> Path:
    return programs()


def sources(path: Path) -> dict[str, str]:
    return {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]}


def test_nbgrader_releases_and_grades_what_is_exported(
    run: Command, env: dict[str, str], nbgrader: Path, tmp_path: Path
) -> None:
    for arguments in (
        ["notebooks", "new", "--course"],
        ["notebooks", "new", "eggs"],
        ["notebooks", "export", "--to", "nbgrader", "grading"],
        ["kernel", "install"],
    ):
        done = run(*arguments, cwd=tmp_path)
        assert done.code == 0, done.stderr
    folder, notebook = tmp_path / "grading", Path("lessons/eggs.ipynb")
    environment = env | {"PATH": f"{nbgrader}:{os.environ['PATH']}"}

    def call(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    ours = sources(folder / "release" / notebook)
    call("nbgrader", "generate_assignment", "lessons", "--create", "--force")
    theirs = sources(folder / "release" / notebook)
    # nbgrader has one stub for all regions; ours are the unit's.
    assert {cell for cell in theirs if theirs[cell] != ours.get(cell)} == {"eggs-breakfast", "eggs-left--answer"}
    assert theirs.keys() == ours.keys()

    for learner, handed_in in (("solver", "source"), ("starter", "release")):
        (folder / "submitted" / learner / "lessons").mkdir(parents=True)
        shutil.copy(folder / handed_in / notebook, folder / "submitted" / learner / notebook)
    call("nbgrader", "autograde", "lessons", "--create")
    # The guard pays the starter one point; four of the ten wait for a person.
    assert sorted(call("python", "-c", SCORES).split("\n")) == ["", "solver 6.0 10.0", "starter 1.0 10.0"]
