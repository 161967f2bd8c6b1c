"""`cellist serve` on the small assignment of the grading tests."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, STARTER, Json, submission
from support import home
from support.page_server import PageServer, grade_into

NOTEBOOK = "small/answer.ipynb"
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody whose home is empty."""
    return home.make(tmp_path_factory.mktemp("home")) | {"USER": "ada"}


@dataclass
class Course:
    """A spec, a folder of submissions, a gradebook."""

    env: dict[str, str]
    root: Path

    @property
    def spec(self) -> Path:
        return self.root / "spec.json"

    @property
    def folder(self) -> Path:
        return self.root / "in"

    @property
    def gradebook(self) -> Path:
        return self.root / "book.db"

    def hand_in(self, learner: str, content: Json) -> Path:
        """Writes a learner's submission."""
        path = self.folder / learner / NOTEBOOK
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
        return path

    def grade(self, *arguments: object) -> None:
        """Grades what was handed in."""
        grade_into(self.env, self.gradebook, self.spec, self.folder, *arguments)

    def serve(self, *arguments: object) -> PageServer:
        """A server that can grade."""
        files = ("--gradebook", self.gradebook, "--spec", self.spec)
        return PageServer(self.env, self.folder, *files, *arguments)


@pytest.fixture
def course(env: dict[str, str], tmp_path: Path) -> Course:
    """Nothing is handed in yet."""
    course = Course(env, tmp_path)
    course.spec.write_text(json.dumps(SPEC))
    return course


@pytest.fixture(scope="module")
def graded(env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Ann, who is right, Bob, who is not, and somebody who would rather run scripts. Not to be changed."""
    course = Course(env, tmp_path_factory.mktemp("graded"))
    course.spec.write_text(json.dumps(SPEC))
    course.hand_in("ann", submission(RIGHT, why="six times seven"))
    course.hand_in("bob", submission(STARTER))
    evil = submission(f"print({EVIL!r})\nraise ValueError({EVIL!r})", why=EVIL)
    [cell] = [cell for cell in evil["cells"] if cell["id"] == "u-answer"]
    cell["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": f"\x1b[31mred\x1b[0m {EVIL}"},
        {"output_type": "display_data", "metadata": {}, "data": {"text/html": EVIL, "text/plain": "x"}},
        {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": EVIL}},
        {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
    ]  # fmt: skip
    # A name that a folder may have.
    course.hand_in("<script>alert(2)<", evil)
    course.grade()
    return course


@pytest.fixture(scope="module")
def server(graded: Course) -> Iterator[PageServer]:
    """For tests that only read."""
    with graded.serve() as server:
        yield server.enter()


@pytest.fixture
def serve(course: Course) -> Iterator[Callable[..., PageServer]]:
    """Starts a server on `course`, and is let in."""
    started: list[PageServer] = []

    def start(*arguments: object) -> PageServer:
        started.append(course.serve(*arguments))
        return started[-1].enter()

    yield start
    for server in started:
        with server:
            pass
