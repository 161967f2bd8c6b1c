"""A learner works through a notebook of each plan: fails first, mends it, answers, and sees how far they are."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from browser.notebook_page import NotebookPage
from support.lab_server import LabServer

# Other tests run meanwhile, and the first test here also waits for JupyterLab to start.
pytestmark = pytest.mark.timeout(360)

Score = Callable[[Path], tuple[float, float]]


@dataclass
class Work:
    """A notebook, and what a learner does in it. Cells are named within the unit."""

    file: str
    unit: str
    exercises: list[str]
    check: str
    hint: str
    quizzes: list[str]
    reflection: str
    #: Of the public checks.
    points: int
    checks: int
    #: What a machine can give, hidden checks and quizzes included.
    most: int
    part: str

    def cell(self, name: str) -> str:
        return f"{self.unit}-{name}"


QUEUE = Work(
    file="async-exercises/06-queue.ipynb",
    unit="ex06",
    exercises=["system"],
    check="each-once",
    hint="Of 100 tasks 0 were processed",
    quizzes=["predict", "larger"],
    reflection="full",
    points=18,
    checks=7,
    most=22,
    part="ex6",
)
GATHER = Work(
    file="day02/03-gather.ipynb",
    unit="day02-gather",
    exercises=["workers", "tasks"],
    check="one-worker",
    hint="worker(0) should return 0 after 0.1 s; got None after 0 s",
    quizzes=["predict"],
    reflection="proof",
    points=17,
    checks=7,
    most=20,
    part="step1",
)


@pytest.mark.parametrize("work", [QUEUE, GATHER], ids=lambda work: work.unit)
def test_a_notebook_from_the_first_run_to_the_grade(
    work: Work,
    open_notebook: Callable[[str], NotebookPage],
    lab: LabServer,
    built: Path,
    score: Score,
) -> None:
    answers = Answers(built / "instructor" / work.file)
    page = open_notebook(work.file)
    page.wait_for_kernel()
    check = work.cell(work.check)

    for name in work.exercises:
        assert page.run(work.cell(name)) == ""
    said = page.run(check)
    assert said.startswith(f"✘ {work.check}: not yet") and work.hint in said
    page.wait_until_shown(check, work.hint)

    for name in work.exercises:
        page.replace(work.cell(name), answers.solution(work.cell(name)))
        assert page.run(work.cell(name)) == ""
    assert page.run(check).startswith(f"✔ {work.check}: passed")

    for name in work.quizzes:
        option = answers.right_option(work.cell(name))
        page.wait_for_ticks(work.cell(name), 0)
        page.rewrite(work.cell(name), f"- [ ] {option}\n", f"- [x] {option}\n")
        page.wait_for_ticks(work.cell(name), 1)
    page.save()

    summed = page.run(page.add("%check"))
    assert summed.splitlines()[-1] == (
        f"{work.points} of {work.points} points, {work.checks} of {work.checks} checks passed"
    )
    progress = page.add("%progress")
    quizzes = len(work.quizzes)
    assert columns(page.run(progress), work.file) == [
        f"{work.points}/{work.points} points",
        f"{work.checks}/{work.checks} checks",
        f"{quizzes}/{quizzes + 1} answers",
    ]
    assert marks(page.text(progress), work.part) == {" "}

    page.rewrite(work.cell(work.reflection), "below this line):*\n", "below this line):*\n\nMine.")
    page.save()
    assert columns(page.run(progress), work.file)[2] == f"{quizzes + 1}/{quizzes + 1} answers"
    assert marks(page.text(progress), work.part) == {"x"}
    page.wait_until_shown(progress, "☑")
    assert f"{work.points}/{work.points} points" in page.shown_text(progress)

    assert score(lab.folder / work.file) == (work.most, work.most)


class Answers:
    """An instructor's notebook."""

    def __init__(self, path: Path):
        cells = json.loads(path.read_text())["cells"]
        self._sources = {cell["id"]: "".join(cell["source"]) for cell in cells}

    def solution(self, cell: str) -> str:
        """The solution without the marks around it."""
        lines = self._sources[cell].splitlines()
        return "\n".join(line for line in lines if not re.match(r"\s*### (BEGIN|END) SOLUTION", line))

    def right_option(self, cell: str) -> str:
        """The text of the one option that is right."""
        [option] = re.findall(r"^- \[x\] (.+)$", self._sources[cell], re.MULTILINE)
        return option


def columns(told: str, file: str) -> list[str]:
    """What `%progress` tells of a notebook."""
    [row] = [line for line in told.splitlines() if line.split()[:1] == [file]]
    return re.split(r" {2,}", row.strip())[1:]


def marks(told: str, part: str) -> set[str]:
    """The marks of the boxes in a part of the plan."""
    lines = told.splitlines()
    found = set()
    for line in lines[lines.index(f"  {part}") + 1 :]:
        box = re.match(r" {4}\[(.)\]", line)
        if not box:
            break
        found.add(box[1])
    return found
