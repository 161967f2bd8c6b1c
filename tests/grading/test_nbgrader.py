"""`cellist grade --nbgrader`: by nbgrader's rules, and to nbgrader's points."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grading.conftest import Json, Run
from support.executable import cellist
from support.nbgrader import programs

Grade = Callable[..., Run]

HIDDEN = "\n### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"


@dataclass
class Cell:
    """A cell of an instructor's notebook, and what a learner made of it."""

    source: str
    role: str = ""
    name: str = ""
    kind: str = "code"
    points: float = 0
    schema: int = 3
    handed_in: str | None = None
    #: What nbgrader gives; `None` is a person's task.
    earns: float | None = 0

    def metadata(self) -> Json:
        """What nbgrader's toolbar writes."""
        if not self.role:
            return {}
        flags = {"tests": "grade locked", "manual": "grade solution", "solution": "solution",
                 "task": "task locked", "locked": "locked"}[self.role].split()  # fmt: skip
        part: Json = {"grade_id": self.name, "schema_version": self.schema}
        part |= {flag: flag in flags for flag in ("grade", "solution", "locked", "task")}
        if self.points or "grade" in flags:
            part["points"] = self.points
        if self.schema < 3:
            del part["task"]
        return {"nbgrader": part}


def notebook(cells: list[Json]) -> Json:
    """A notebook for CPython's kernel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def raw_cell(index: int, cell: Cell, source: str) -> Json:
    """The cell as it stands in a file."""
    raw: Json = {"id": f"c{index}", "cell_type": cell.kind, "metadata": cell.metadata(), "source": source}
    return raw | ({"outputs": [], "execution_count": None} if cell.kind == "code" else {})


@dataclass
class Course:
    """A course's folder."""

    root: Path
    cells: dict[str, list[Cell]] = field(default_factory=dict)

    def add(self, name: str, cells: list[Cell]) -> None:
        """Puts `ps1/NAME.ipynb` into the source."""
        self.cells[name] = cells
        self.write("source/ps1", name, [raw_cell(i, cell, cell.source) for i, cell in enumerate(cells)])

    def submit(self, learner: str, name: str, change: Callable[[list[Json]], None] | None = None) -> None:
        """Hands a notebook in, with the cells' own changes and this one."""
        made = [
            raw_cell(i, cell, cell.source if cell.handed_in is None else cell.handed_in)
            for i, cell in enumerate(self.cells[name])
        ]
        if change is not None:
            change(made)
        self.write(f"submitted/{learner}/ps1", name, made)

    def due(self, time: str) -> None:
        """Writes those tables of nbgrader's gradebook that are read, with a due date of `ps1`."""
        connection = sqlite3.connect(self.root / "gradebook.db")
        connection.executescript(f"""
            CREATE TABLE assignment (id, name, duedate);
            CREATE TABLE submitted_assignment (id, assignment_id, student_id, extension);
            CREATE TABLE notebook (id, name); CREATE TABLE submitted_notebook (id, notebook_id, assignment_id);
            CREATE TABLE base_cell (id, name);
            CREATE TABLE grade (cell_id, notebook_id, manual_score, extra_credit);
            INSERT INTO assignment VALUES ('1', 'ps1', '{time}');""")
        connection.close()

    def write(self, folder: str, name: str, cells: list[Json]) -> None:
        """Writes a notebook."""
        path = self.root / folder / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook(cells)))


def graded(name: str, source: str, earns: float | None, points: float = 5) -> Cell:
    """A cell of tests and what it must earn."""
    return Cell(source, "tests", name, points=points, earns=earns)


def answer(name: str, source: str, handed_in: str | None, kind: str = "code") -> Cell:
    """A cell that a person grades, unless it was left as it was given out."""
    earns = 0 if handed_in is None else None
    given = handed_in or ("# YOUR CODE HERE\nraise NotImplementedError()" if kind == "code" else "YOUR ANSWER HERE")
    return Cell(source, "manual", name, kind, points=3, handed_in=given, earns=earns)


#: Every rule by which nbgrader scores a cell. What comes out is nbgrader's own answer: another test
#: asks it.
RULES = [
    Cell("import sys, warnings, math\nfrom IPython.display import clear_output, display\nimport helper"),
    Cell(
        "def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION",
        "solution", "twice", handed_in="def twice(x):\n    return 2 * x if x < 100 else 0",
    ),  # fmt: skip
    graded("passes", "assert twice(2) == 4", 5),
    graded("fails", "assert twice(2) == 5, 'no'", 0),
    graded("raises", "twice(2, 3)", 0),
    graded("syntax", "assert (", 0),
    graded("hidden", "assert twice(2) == 4" + HIDDEN.format("assert twice(200) == 400"), 0),
    graded("prints", "print('fine')", 5),
    graded("warns", "warnings.warn('careful')", 0),
    graded("stderr", "print('careful', file=sys.stderr)", 0),
    graded("nothing-on-stderr", "print('', end='', file=sys.stderr)", 5),
    graded("cleared", "print('careful', file=sys.stderr)\nclear_output()", 5),
    graded("shows", "display(1.5)", 5),
    graded("half", "print('so far')\n2.5", 2.5),
    graded("all", "5", 5),
    graded("zero", "0", 0),
    graded("negative", "-1", 5),
    graded("nan", "math.nan", 5),
    graded("true", "True", 5),
    graded("text", "'2'", 5),
    graded("none", "None", 5),
    graded("quiet", "2.5;", 5),
    graded("stderr-and-result", "print('careful', file=sys.stderr)\n2.5", 0),
    graded("logs", "import logging\nlogging.warning('careful')", 0),
    graded("deprecated", "warnings.warn('old', DeprecationWarning)", 0),
    graded("clears-later", "print('careful', file=sys.stderr)\nclear_output(wait=True)", 0),
    graded("cleared-later", "print('careful', file=sys.stderr)\nclear_output(wait=True)\nprint('fine')", 5),
    graded("thread", "import threading\nt = threading.Thread(target=warnings.warn, args=('careful',))\n"
           "t.start()\nt.join()", 0),
    graded("awaited", "import asyncio\nawait asyncio.sleep(0, 2.5)", 2.5),
    graded("comment", "twice(2)  # of five", 4),
    graded("tuple", "2.5,", 5),
    graded("underscores", "class Odd:\n    __repr__ = lambda self: ' 0_3.5 '\nOdd()", 3.5),
    graded("interrupts", "raise KeyboardInterrupt", 0),
    graded("asks", "input()", 0),
    graded("exits", "raise SystemExit(0)", 0),
    graded("free", "assert True", 0, points=0),
    graded("data", "assert open('data.txt').read() == 'the source\\'s'", 5),
    graded("own-file", "assert open('own.txt').read() == 'mine'", 5),
    graded("module", "assert helper.number == 6", 5),
    Cell("number = 6", "locked", "given", handed_in="number = 7"),
    graded("locked", "assert number == 6", 5),
    graded("environment", "import os\nassert os.environ['NBGRADER_EXECUTION'] == 'autograde'", 5),
    answer("unanswered", "x = 1", None),
    answer("answered", "x = 1", "x = 2"),
    answer("deleted", "x = 1", "\n"),
    answer("silent-essay", "Because.", None, "markdown"),
    answer("essay", "Because.", "I do not know.", "markdown"),
    Cell("Draw it.", "task", "draw", "markdown", points=4, earns=None),
]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """An empty course."""
    (tmp_path / "course/source").mkdir(parents=True)
    (tmp_path / "course/submitted").mkdir()
    (tmp_path / "course/nbgrader_config.py").write_text("")
    return Course(tmp_path / "course")


@pytest.fixture
def grade_course(env: dict[str, str], course: Course) -> Grade:
    """Runs `cellist grade --nbgrader` on the course."""

    def run(*options: str) -> Run:
        command = [cellist(), "grade", "--nbgrader", str(course.root), *options]
        done = subprocess.run(command, env=env, capture_output=True, timeout=100)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def nbgrader(env: dict[str, str], course: Course) -> Callable[..., str]:
    """Runs a program of nbgrader's environment in the course."""
    folder = programs()

    def run(*command: str) -> str:
        environment = env | {"PATH": f"{folder}:{os.environ['PATH']}"}
        done = subprocess.run(command, cwd=course.root, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return run


def rules(course: Course) -> None:
    """Makes the course of all rules, and hands it in."""
    course.add("rules", RULES)
    (course.root / "source/ps1/data.txt").write_text("the source's")
    (course.root / "source/ps1/helper.py").write_text("number = 6\n")
    course.submit("ann", "rules")
    (course.root / "submitted/ann/ps1/data.txt").write_text("forged")
    (course.root / "submitted/ann/ps1/own.txt").write_text("mine")


def scores(verdict: Json) -> dict[str, float | None]:
    """Cell to points; `None` waits for a person."""
    items = [item for unit in verdict["units"] for item in unit["items"]]
    return {item["id"]: None if item["status"] == "manual" else item["points"] for item in items}


WANTED = {cell.name: cell.earns for cell in RULES if cell.points or cell.role == "tests"}

#: nbgrader's own answer, in the form of `scores`.
ASK = """
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    found = {}
    for one in book.assignment_submissions("ps1"):
        for nb in one.notebooks:
            key = one.student.id + "/" + nb.name
            found[key] = {g.name: g.auto_score for g in nb.grades}
            found[key + " score"] = [nb.score, nb.max_score, nb.late_submission_penalty or 0]
print(json.dumps(found))
"""


def test_every_rule(course: Course, grade_course: Grade) -> None:
    rules(course)
    done = grade_course("--json")
    assert done.code == 0, done.stdout + done.stderr
    [entry] = done.entries()
    verdict = entry["verdict"]
    assert scores(verdict) == WANTED
    assert entry["learner"] == "ann"
    assert verdict["notebook"] == "ps1/rules.ipynb"
    assert verdict["points"] == sum(points or 0 for points in WANTED.values())
    assert verdict["notes"] == ["cell `given` was changed; the original was taken"]


@pytest.mark.timeout(900)
def test_nbgrader_gives_the_same_points(
    course: Course, grade_course: Grade, nbgrader: Callable[..., str]
) -> None:
    rules(course)
    course.add("odd", ODD)
    course.submit("ann", "odd", spoil)
    nbgrader("nbgrader", "generate_assignment", "ps1")
    nbgrader("nbgrader", "autograde", "ps1")
    theirs = json.loads(nbgrader("python", "-c", ASK))
    ours = {entry["verdict"]["notebook"]: entry["verdict"] for entry in grade_course("--json").entries()}
    for name in ("rules", "odd"):
        verdict = ours[f"ps1/{name}.ipynb"]
        missing = {cell for cell, points in scores(verdict).items() if points == 0}
        wanted = theirs[f"ann/{name}"]
        # nbgrader has no automatic score for what is missing, and counts it as 0.
        told = {cell: points for cell, points in wanted.items() if points is not None or cell not in missing}
        assert {cell: scores(verdict)[cell] for cell in told} == told
        score, most, _ = theirs[f"ann/{name} score"]
        assert verdict["points"] == score
        assert sum(item["max_points"] for item in verdict["units"][0]["items"]) == most
    assert theirs["ann/rules"] == WANTED


#: Cells that a learner spoils.
ODD = [
    Cell("x = 1", "solution", "x", handed_in="x = 2"),
    graded("copied", "assert x == 2", 5),
    graded("edited", "assert x == 3", 0),
    graded("cheaper", "assert x == 2", 5),
    graded("deleted", "assert x == 2", 0),
    graded("turned", "assert x == 2", 5),
    graded("moved-up", "assert y == 2", 5),
]


def spoil(cells: list[Json]) -> None:
    """What learners do to notebooks."""
    cells[2]["source"] = "assert True"
    cells[3]["metadata"]["nbgrader"]["points"] = 500
    cells[5]["cell_type"] = "markdown"
    del cells[5]["outputs"], cells[5]["execution_count"]
    del cells[4]
    cells.insert(1, raw_cell(99, Cell("y = 2"), "y = 2"))


def test_spoilt_notebooks(course: Course, grade_course: Grade) -> None:
    course.add("odd", ODD)

    def copy_too(cells: list[Json]) -> None:
        # nbgrader 0.9.6 gives up on copies: it takes their metadata, emptied, for old ones.
        spoil(cells)
        cells.insert(2, cells[2] | {"id": "copy"})

    course.submit("ann", "odd", copy_too)
    verdict = grade_course("--json").verdict()
    assert scores(verdict) == {cell.name: cell.earns for cell in ODD if cell.role == "tests"}
    assert verdict["notes"] == [
        "cell `copied` is there 2 times; the last was taken",
        "cell `edited` was changed; the original was taken",
        "cell `deleted` is missing",
        "cell `turned` is a markdown cell; it was taken as the code cell it was",
    ]
    hints = {item["id"]: item.get("hint") for item in verdict["units"][0]["items"]}
    assert hints["deleted"] == "The cell is not in the notebook."


@pytest.mark.parametrize("schema", [1, 2])
def test_older_schemas_are_graded(course: Course, grade_course: Grade, schema: int) -> None:
    cells = [Cell("x = 1", "solution", "x", schema=schema), graded("t", "assert x == 1", 5)]
    cells[1].schema = schema
    course.add("old", cells)
    course.submit("ann", "old")
    assert grade_course("--json").verdict()["points"] == 5


def test_tests_that_nbgrader_has_made_of_autotest_lines_are_run(course: Course, grade_course: Grade) -> None:
    course.add("auto", [Cell("x = 1", "solution", "x", handed_in="x = 2"), graded("t", "### AUTOTEST x", 0)])
    course.submit("ann", "auto")
    done = grade_course("--json")
    assert done.code == 1
    assert "AUTOTEST lines become tests only by `nbgrader generate_assignment`" in done.entries()[0]["error"]
    made = [raw_cell(0, course.cells["auto"][0], "x = 1"), raw_cell(1, course.cells["auto"][1], "assert x == 2")]
    course.write("source_with_tests/ps1", "auto", made)
    assert grade_course("--json").verdict()["points"] == 5


def test_the_inbound_folder_of_an_exchange(course: Course, grade_course: Grade) -> None:
    cells = [Cell("x = 0", "solution", "x"), graded("t", "assert x == 2", 5)]
    course.add("two", cells)
    course.add("left-out", cells)
    (course.root / "submitted").rmdir()
    inbound = course.root.parent / "exchange/python/inbound"
    for learner, day, answer in (("ann", 1, "x = 2"), ("ann", 2, "x = 1"), ("bob", 1, "x = 2")):
        name = f"{learner}+ps1+2026-02-0{day} 15:58:23.948203 UTC+hS9z-_aQ"
        made = [raw_cell(0, cells[0], answer), raw_cell(1, cells[1], "assert True")]
        course.write(f"../exchange/python/inbound/{name}", "two", made)
    done = grade_course(str(inbound), "--json", "--attempts", "latest")
    assert done.code == 0, done.stderr
    earned = [
        (entry["learner"], entry["verdict"]["notebook"], entry["verdict"]["points"])
        for entry in done.entries()
    ]
    assert earned == [
        ("ann", "ps1/left-out.ipynb", 0), ("ann", "ps1/two.ipynb", 0),
        ("bob", "ps1/left-out.ipynb", 0), ("bob", "ps1/two.ipynb", 5),
    ]  # fmt: skip
    assert "other attempts of ann at `ps1/two.ipynb` are not graded" in done.stderr


def test_newer_schemas_are_refused_and_the_rest_is_graded(course: Course, grade_course: Grade) -> None:
    course.add("good", [graded("t", "assert True", 5)])
    course.add("newer", [graded("t", "assert True", 5)])
    course.submit("ann", "good")
    course.submit("ann", "newer", lambda cells: cells[0]["metadata"]["nbgrader"].update(schema_version=4))
    done = grade_course("--json")
    assert done.code == 1
    good, newer = done.entries()
    assert good["verdict"]["points"] == 5
    assert newer["error"] == "cell 1 has nbgrader metadata of schema version 4, newer than 3; update cellist"


def test_a_notebook_that_needs_a_c_extension_is_named_and_left_out(
    course: Course, grade_course: Grade
) -> None:
    numbers = "%matplotlib inline\nimport numpy as np, json\ntry:\n    import cupy\nexcept ImportError:\n    pass"
    course.add("numbers", [Cell(numbers), graded("t", "assert np", 5)])
    course.add("plain", [Cell("try:\n    import numpy\nexcept ImportError:\n    numpy = None"), graded("t", "assert 1", 5)])
    for learner in ("ann", "bob"):
        course.submit(learner, "numbers")
        course.submit(learner, "plain")
    done = grade_course("--json")
    assert done.code == 1
    entries = done.entries()
    assert [entry.get("verdict", {}).get("points") for entry in entries] == [None, 5, None, 5]
    assert entries[0]["error"] == entries[2]["error"] == (
        "`ps1/numbers.ipynb` imports `numpy`, which this Python does not have (packages with C "
        "extensions do not run in it); grade this notebook with nbgrader"
    )
    assert [entry["learner"] for entry in entries] == ["ann", "ann", "bob", "bob"]


def test_hidden_tests_stay_hidden(course: Course, grade_course: Grade) -> None:
    hidden = HIDDEN.format("assert x == 1, 'sesame'")
    course.add("a", [Cell("x = 1", "solution", "x", handed_in="x = 2"), graded("t", "assert x" + hidden, 0)])
    course.submit("ann", "a")
    done = grade_course()
    assert done.code == 0
    assert "t (hidden)" in done.stdout and "0/5" in done.stdout
    assert "sesame" not in done.stdout and "assert" not in done.stdout


def test_a_learners_function_cannot_show_the_tests_result(course: Course, grade_course: Grade) -> None:
    # nbgrader goes by the first result that a cell shows, and pays 5 for each of these.
    forged = "def answer():\n    import sys\n    sys.displayhook(5)\n    return 1"
    clears = "def shy():\n    from IPython.display import clear_output\n    clear_output()\n    raise ValueError"
    course.add("a", [
        Cell("pass", "solution", "x", handed_in=f"{forged}\n{clears}"),
        graded("fails", "assert answer() == 2", 0),
        graded("share", "answer() * 2.5", 2.5),
        graded("raises", "shy()", 0),
    ])  # fmt: skip
    course.submit("ann", "a")
    assert scores(grade_course("--json").verdict()) == {"fails": 0, "share": 2.5, "raises": 0}


def test_a_partial_credit_above_the_points_is_an_error_of_the_tests(course: Course, grade_course: Grade) -> None:
    course.add("a", [graded("t", "7", 0), graded("u", "assert True", 5)])
    course.submit("ann", "a")
    verdict = grade_course("--json").verdict()
    [first, second] = verdict["units"][0]["items"]
    assert (first["status"], first["points"]) == ("error", 0)
    assert first["message"] == "the tests' result 7 is more than the cell's 5 points; mend the tests"
    assert second["points"] == 5


def test_what_was_not_handed_in_earns_nothing(course: Course, grade_course: Grade) -> None:
    for name in ("a", "b"):
        course.add(name, [graded("t", "assert True", 5), answer("why", "Because.", None, "markdown")])
    course.submit("ann", "a")
    course.write("submitted/ann/ps1", "diary", [])
    done = grade_course("--json")
    assert done.code == 0
    assert [entry["verdict"]["points"] for entry in done.entries()] == [5, 0]
    absent = done.entries()[1]["verdict"]
    assert (absent["max_points"], absent["manual_points"]) == (5, 0)
    assert absent["notes"] == ["the notebook was not handed in"]
    assert "diary.ipynb` is not in `source`; passed over" in done.stderr


def test_a_learners_links_lead_nowhere(course: Course, grade_course: Grade, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("sesame")
    course.add("a", [Cell("", "solution", "x", handed_in="import os"), graded("t", "assert os.path.exists('key.txt')", 0)])
    course.submit("ann", "a")
    (course.root / "submitted/ann/ps1/key.txt").symlink_to(tmp_path / "secret.txt")
    assert grade_course("--json").verdict()["points"] == 0


@pytest.mark.timeout(900)
def test_due_dates_extensions_scores_and_extra_credit_are_those_of_nbgraders_gradebook(
    course: Course, grade_course: Grade, nbgrader: Callable[..., str]
) -> None:
    course.add("a", [graded("t", "assert True", 5), graded("u", "assert True", 5), answer("why", "x", "y", "markdown")])
    for learner, time in (("ann", "12:00:00"), ("bob", "12:00:01"), ("eve", "12:30:00")):
        course.submit(learner, "a")
        (course.root / f"submitted/{learner}/ps1/timestamp.txt").write_text(f"2026-02-02 {time}.000000 UTC")
    (course.root / "nbgrader_config.py").write_text(
        "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
    )
    nbgrader("nbgrader", "generate_assignment", "ps1")
    nbgrader("python", "-c", (
        "from nbgrader.api import Gradebook\n"
        "with Gradebook('sqlite:///gradebook.db') as book:\n"
        "    book.update_or_create_assignment('ps1', duedate='2026-02-02 12:00:00 UTC')\n"
        "    for learner in ('ann', 'bob', 'eve'):\n"
        "        book.update_or_create_student(learner)\n"
        "        book.update_or_create_submission('ps1', learner)\n"
        "    book.grant_extension('ps1', 'eve', hours=1)\n"
        "    book.find_grade('t', 'a', 'ps1', 'ann').extra_credit = 1.5\n"
        "    book.find_grade('u', 'a', 'ps1', 'ann').manual_score = 2\n"
        "    book.find_grade('why', 'a', 'ps1', 'eve').manual_score = 3\n"
        "    book.db.commit()\n"
    ))  # fmt: skip
    nbgrader("nbgrader", "autograde", "ps1")
    theirs = json.loads(nbgrader("python", "-c", ASK))
    before = (course.root / "gradebook.db").read_bytes()
    done = grade_course("--json", "--late", "zero")
    assert done.code == 0, done.stderr
    ours = {entry["learner"]: entry["verdict"] for entry in done.entries()}
    for learner, points in (("ann", 8.5), ("bob", 0), ("eve", 13)):
        score, _, penalty = theirs[f"{learner}/a score"]
        assert ours[learner]["points"] == score - penalty == points
    assert ours["bob"]["notes"] == ["handed in 1 s late: of 10 points none count"]
    assert (ours["eve"]["manual_points"], ours["eve"]["max_points"]) == (0, 13)
    # Without the policy it is only noted.
    mild = {entry["learner"]: entry["verdict"] for entry in grade_course("--json").entries()}
    assert (mild["bob"]["points"], mild["bob"]["notes"]) == (10, ["handed in 1 s late"])
    assert (course.root / "gradebook.db").read_bytes() == before


def test_what_is_no_course_is_told(course: Course, grade_course: Grade) -> None:
    def message(*options: str) -> str:
        done = grade_course(*options)
        assert (done.code, done.stdout) == (2, "")
        return done.stderr

    assert "has no assignment with notebooks; it has none" in message()
    course.add("a", [graded("t", "assert True", 5)])
    assert "has no assignment `ps9`; it has `ps1`" in message("--assignment", "ps9")
    assert "no assignment has a due date" in message("--late", "zero")
    (course.root / "gradebook.db").write_text("no database, however long it may be")
    assert "could not be read: file is not a database; move it away" in message()
    (course.root / "gradebook.db").unlink()
    shutil.rmtree(course.root / "submitted")
    assert "its folder `submitted` could not be read" in message()


def test_a_broken_source_costs_its_own_notebook_only(course: Course, grade_course: Grade) -> None:
    course.add("good", [graded("t", "assert True", 5)])
    course.add("twice", [graded("t", "assert True", 5), graded("t", "assert True", 5)])
    course.submit("ann", "good")
    course.submit("ann", "twice")
    good, twice = grade_course("--json").entries()
    assert good["verdict"]["points"] == 5
    assert twice["error"] == "`ps1/twice.ipynb`: two cells have the grade id `t`; rename one"
