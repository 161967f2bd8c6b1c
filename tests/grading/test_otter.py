"""`cellist grade --otter`: by Otter's rules, and to Otter's points."""

import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grading.conftest import Json, Run
from support import otter
from support.executable import cellist

Grade = Callable[..., Run]
HERE = Path(__file__).parent / "otter"


def code(source: str, output: str = "", **metadata: object) -> Json:
    """A code cell, with what it shows."""
    shown = {"output_type": "execute_result", "data": {"text/plain": output}, "metadata": {}, "execution_count": 1}
    return {
        "cell_type": "code",
        "metadata": metadata,
        "source": source,
        "outputs": [shown] if output else [],
        "execution_count": None,
    }


def raw(source: str) -> Json:
    """A raw cell."""
    return {"cell_type": "raw", "metadata": {}, "source": source}


def markdown(source: str, **metadata: object) -> Json:
    """A Markdown cell."""
    return {"cell_type": "markdown", "metadata": metadata, "source": source}


def notebook(cells: list[Json], **metadata: object) -> Json:
    """A notebook for CPython's kernel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": cells, "metadata": {"kernelspec": kernel, **metadata}, "nbformat": 4, "nbformat_minor": 4}


def configured(about: str, source: str) -> str:
    """A test with a configuration."""
    return f'""" # BEGIN TEST CONFIG\n{about}\n""" # END TEST CONFIG\n{source}'


@dataclass
class Question:
    """A question, what a learner made of it, and what that earns."""

    name: str
    #: Lines of YAML.
    about: str
    #: Source of a test, and what it shows.
    tests: list[tuple[str, str]]
    earns: float
    most: float = 1
    handed_in: str = ""
    #: After the check.
    later: str = ""
    checked: bool = True

    def master(self) -> list[Json]:
        """Its cells in the instructor's notebook."""
        tests = [code(source, output) for source, output in self.tests]
        return [
            raw(f"# BEGIN QUESTION\nname: {self.name}\n{self.about}"),
            markdown(f"**{self.name}**"),
            raw("# BEGIN SOLUTION"), code("pass # SOLUTION"), raw("# END SOLUTION"),
            raw("# BEGIN TESTS"), *tests, raw("# END TESTS"),
            raw("# END QUESTION"),
        ]  # fmt: skip

    def learner(self) -> list[Json]:
        """Its cells in a learner's notebook."""
        check = [code(f'grader.check("{self.name}")')] if self.checked else []
        return [code(self.handed_in or "pass"), *check, *([code(self.later)] if self.later else [])]


GOOD, BAD = ("twice(2)", "4"), ("twice(3)", "7")
HIDDEN_BAD = ("# HIDDEN\n" + BAD[0], BAD[1])

#: Every rule by which Otter scores doctests. What comes out is Otter's own answer: another test asks it.
RULES = [
    Question("passes", "", [GOOD], 1),
    Question("fails", "", [BAD], 0),
    Question("half", "", [GOOD, BAD], 0.5),
    Question("points", "points: 4", [GOOD, BAD], 2, 4),
    Question("list", "points: [1, 3]", [BAD, GOOD], 3, 4),
    Question("each", "points:\n  each: 2", [GOOD, BAD, GOOD], 4, 6),
    Question("by-case", "", [(configured("points: 3", GOOD[0]), "4"), (configured("points: 1", BAD[0]), "7")], 3, 4),
    Question("rest-is-free", "", [(configured("points: 3", GOOD[0]), "4"), BAD], 3, 3),
    Question("share-the-rest", "points: 5", [(configured("points: 2", GOOD[0]), "4"), GOOD, BAD], 3.5, 5),
    Question("zero", "points: 0", [GOOD], 0, 0),
    Question("zero-and-rest", "", [(configured("points: 0", BAD[0]), "7"), GOOD, BAD], 0.5, 1),
    Question("whole", "all_or_nothing: true\npoints: 3", [GOOD, GOOD], 3, 3),
    Question("nothing", "all_or_nothing: true\npoints: 3", [GOOD, BAD], 0, 3),
    Question("hidden", "", [GOOD, HIDDEN_BAD], 0.5),
    Question("hidden-by-config", "", [GOOD, (configured("hidden: true", BAD[0]), "7")], 0.5),
    Question("messages", "", [(configured("success_message: well {done}\nfailure_message: try {again}", BAD[0]), "7")], 0),
    Question("silent", "", [("assert twice(2) == 4", "")], 1),
    Question("asserts", "", [("assert twice(2) == 5, 'no'", "")], 0),
    Question("shows-too-much", "", [("twice(2)", "")], 0),
    Question("none", "", [("None", "")], 1),
    Question("no-name", "", [("nobody_defined_this", "1")], 0),
    Question("prints", "", [("for i in range(2):\n    print(i)", "0\n1")], 1),
    Question("loops", "", [("for i in range(2):\n    i", "0\n1")], 1),
    Question("branches", "", [("if twice(1) == 3:\n    print('a')\nelse:\n    print('b')", "b")], 1),
    Question("without-newline", "", [("print('a', end='')", "a")], 1),
    Question("text", "", [("str(twice('a'))", "'aa'")], 1),
    Question("float", "", [("0.1 + 0.2", "0.3")], 0),
    Question("true-is-1", "", [("twice(2) == 4", "1")], 1),
    Question("annotated", "", [("def f(x: int) -> int:\n    return twice(x)\nf(2)", "4")], 1),
    Question("several", "", [("a = twice(1)\nb = twice(a)\n(a, b)", "(2, 4)")], 1),
    Question("own-copy", "", [("mine = 5", ""), ("mine", "5")], 0.5),
    Question("shared-list", "", [("things.append(1)", ""), ("things", "[1]")], 1, handed_in="things = []"),
    Question("exits", "", [("import sys\nsys.exit()", ""), GOOD], 0.5),
    Question("own-print", "", [("print('a')", "a")], 0, handed_in="keep, print = print, lambda *a: None",
             later="print = keep"),
    Question("at-its-place", "", [("when", "1")], 1, handed_in="when = 1", later="when = 2"),
    Question("at-the-end", "", [("when", "1")], 0, checked=False),
    Question("last-time", "", [("which", "1")], 0, handed_in="which = 1",
             later="which = 2\ngrader.check('last-time')"),
    Question("commented-out", "", [("other", "1")], 0, handed_in="other = 1\n# grader.check('commented-out')",
             later="other = 2", checked=False),
    Question("after-an-error", "", [("reached", "1")], 1, handed_in="reached = 1\n1 / 0", later="reached = 1\n("),
    Question("data", "", [("open('data.txt').read()", "'ours'")], 1),
    Question("module", "", [("import helper\nhelper.number", "6")], 1),
    Question("awaits", "", [("got", "7")], 1, handed_in="import asyncio\ngot = await asyncio.sleep(0, 7)"),
]  # fmt: skip

BEFORE = "def twice(x):\n    return 2 * x"
INIT = "# Initialize Otter\nimport otter\ngrader = otter.Notebook(\"rules.ipynb\")"


def fun(body: str, arguments: str = "twice", name: str = "test_it") -> tuple[str, str]:
    """A test function, called in its cell."""
    return f"def {name}({arguments}):\n    {body}\n\n{name}({arguments})", ""


#: The same for tests that raise.
EXCEPTION_RULES = [
    Question("passes", "", [fun("assert twice(2) == 4")], 1),
    Question("fails", "points: 2", [fun("assert twice(2) == 4", name="test_a"), fun("assert twice(2) == 5, 'no'")], 1, 2),
    Question("raises", "", [fun("twice(2, 3)")], 0),
    Question("returns", "", [fun("return False")], 1),
    Question("environment", "", [fun("assert env['twice'](2) == 4", "env")], 1),
    Question("changes", "", [fun("env['made'] = 1", "env", "test_a"), fun("assert made == 1", "made")], 1),
    Question("missing-is-none", "", [fun("assert nobody is None", "nobody")], 1),
    Question("hidden", "", [fun("assert True", name="test_a"), ("# HIDDEN\n" + fun("assert 0")[0], "")], 0.5),
    Question("whole", "all_or_nothing: true", [fun("assert 0", name="test_a"), fun("pass")], 0),
    # Otter knows test functions by their names: of equal ones the last is run.
    Question("same-name", "points: 2", [fun("assert 0"), fun("pass")], 2, 2),
    Question("by-case", "", [(configured("points: 3", fun("pass", name="test_a")[0]), ""), (configured("points: 1", fun("1/0")[0]), "")], 3, 4),
]  # fmt: skip


@dataclass
class Work:
    """An assignment and a learner's submission in a folder."""

    root: Path
    config: str = "name: rules\nfiles:\n  - data.txt\n  - helper.py"
    questions: list[Question] = field(default_factory=list)
    metadata: Json = field(default_factory=lambda: {"otter": {"assignment_name": "rules"}})

    @property
    def master(self) -> Path:
        """The instructor's notebook."""
        return self.root / "rules.ipynb"

    def write(self) -> None:
        """Writes the assignment."""
        cells = [raw(f"# ASSIGNMENT CONFIG\n{self.config}"), code(BEFORE)]
        cells += [cell for question in self.questions for cell in question.master()]
        self.master.write_text(json.dumps(notebook(cells)))
        (self.root / "data.txt").write_text("ours")
        (self.root / "helper.py").write_text("number = 6\n")

    def submit(self, learner: str = "ann", extra: list[Json] | None = None) -> Path:
        """Hands in what the questions say."""
        cells = [code(INIT), code(BEFORE)] + [cell for question in self.questions for cell in question.learner()]
        cells += [*(extra or []), code("grader.check_all()"), code("grader.export(run_tests=True)")]
        # Under another name Otter's own `grader.check` fails, and all tests run at the end.
        path = self.root / "submitted" / learner / "rules.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook(cells, **self.metadata)))
        return path

    def wanted(self) -> dict[str, float]:
        """Question to what it must earn."""
        return {question.name: question.earns for question in self.questions}


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """An empty assignment."""
    (tmp_path / "hw").mkdir()
    return Work(tmp_path / "hw")


@pytest.fixture
def grade_otter(env: dict[str, str]) -> Grade:
    """Runs `cellist grade --otter`."""

    def run(assignment: Path, *arguments: object) -> Run:
        command = [cellist(), "grade", "--otter", assignment, "--json", "--quiet", *map(str, arguments)]
        done = subprocess.run(command, env=env, capture_output=True, timeout=100)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


def by_question(verdict: Json, part: str = "points") -> dict[str, float]:
    """Question to points."""
    found: dict[str, float] = {}
    for item in verdict["units"][0]["items"]:
        name = item["id"].rpartition("-")[0]
        found[name] = found.get(name, 0) + item[part]
    return found


@pytest.mark.parametrize(
    ("questions", "config"), [(RULES, ""), (EXCEPTION_RULES, "\ntests:\n  ok_format: false")], ids=["doctest", "exception"]
)
def test_every_rule(work: Work, grade_otter: Grade, questions: list[Question], config: str) -> None:
    work.questions, work.config = questions, work.config + config
    work.write()
    done = grade_otter(work.master, work.submit())
    assert done.code == 0, done.stdout + done.stderr
    [entry] = done.entries()
    assert by_question(entry["verdict"]) == work.wanted()
    assert by_question(entry["verdict"], "max_points") == {each.name: each.most for each in questions}
    assert entry["verdict"]["points"] == sum(work.wanted().values())
    assert entry["learner"] == "ann"
    assert list(by_question(entry["verdict"])) == [each.name for each in questions]


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("questions", "config"),
    [(RULES, ""), (RULES, "\ntests:\n  files: true"), (EXCEPTION_RULES, "\ntests:\n  ok_format: false")],
    ids=["doctest", "files", "exception"],
)
def test_otter_gives_the_same_points(
    work: Work, grade_otter: Grade, env: dict[str, str], questions: list[Question], config: str
) -> None:
    work.questions, work.config = questions, work.config + config
    work.write()
    submission = work.submit()
    dist = work.root.parent / "dist"
    autograder = otter.assign(work.master, dist, env)
    theirs = otter.grade(autograder, [submission], env)[str(submission)]
    assert {name: points for name, (points, _) in theirs.items()} == work.wanted()
    # From the instructor's notebook, and from all that Otter made of it.
    for assignment in (work.master, autograder, dist, dist / "autograder", dist / "autograder/rules.ipynb"):
        done = grade_otter(assignment, submission)
        assert done.code == 0, done.stdout + done.stderr
        verdict = done.verdict()
        assert by_question(verdict) == {name: points for name, (points, _) in theirs.items()}, assignment
        assert by_question(verdict, "max_points") == {name: most for name, (_, most) in theirs.items()}


def test_what_a_learner_may_know(work: Work, grade_otter: Grade) -> None:
    work.questions = [each for each in RULES if each.name in ("messages", "hidden", "fails")]
    work.write()
    verdict = grade_otter(work.master, work.submit()).verdict()
    items = {item["id"]: item for item in verdict["units"][0]["items"]}
    assert items["messages-1"]["hint"] == "try {again}"
    assert items["hidden-2"]["hidden"] and "hint" not in items["hidden-2"]
    assert items["fails-1"]["message"] == "Failed example:\n    twice(3)\nExpected:\n    7\nGot:\n    6"


def test_a_person_grades_manual_questions(work: Work, grade_otter: Grade) -> None:
    work.config = "name: rules"
    cells = [raw(f"# ASSIGNMENT CONFIG\n{work.config}")]
    for name in ("essay", "blank"):
        cells += [
            raw(f"# BEGIN QUESTION\nname: {name}\nmanual: true\npoints: 3"), markdown("Why?"), raw("# BEGIN SOLUTION"),
            markdown("Because."), raw("# END SOLUTION"), raw("# END QUESTION"),
        ]  # fmt: skip
    work.master.write_text(json.dumps(notebook(cells)))
    blank = "_Type your answer here, replacing this text._"
    tag = {"tags": ["otter_answer_cell"]}
    handed_in = [
        markdown("<!-- BEGIN QUESTION -->\n\nWhy?"), markdown("I wonder.", **tag),
        markdown("<!-- END QUESTION -->\n\n<!-- BEGIN QUESTION -->\n\nWhy?"), markdown(blank, **tag),
        markdown("<!-- END QUESTION -->"),
    ]  # fmt: skip
    verdict = grade_otter(work.master, work.submit(extra=handed_in)).verdict()
    marks = {item["id"]: (item["status"], item["max_points"]) for item in verdict["units"][0]["items"]}
    assert marks == {"essay": ("manual", 3), "blank": ("unanswered", 3)}
    assert verdict["manual_points"] == 3


def test_seeds_and_ignored_cells(work: Work, grade_otter: Grade) -> None:
    work.config = "name: rules\nseed:\n  variable: rng\n  autograder_value: 7"
    work.questions = [Question("seeded", "", [("found", "7")], 1, handed_in="rng_was = 1\nfound = rng")]
    work.write()
    ignored = [code("found = 0", tags=["otter_ignore"]), code("found = 0", otter={"ignore": True})]
    work.questions[0].checked = False
    assert grade_otter(work.master, work.submit(extra=ignored)).verdict()["points"] == 1


def test_an_autograders_own_scale(work: Work, grade_otter: Grade) -> None:
    work.questions = [Question("half", "points: 4", [GOOD, BAD], 2, 4)]
    for scale, points, most in (("points_possible: 10", 5, 10), ("score_threshold: 0.5", 4, 4), ("score_threshold: 0.6", 0, 4)):
        work.config = f"name: rules\ngenerate:\n  {scale}"
        work.write()
        verdict = grade_otter(work.master, work.submit()).verdict()
        assert (verdict["points"], verdict["max_points"]) == (points, most)
        assert verdict["notes"][0].startswith("2 of 4 points; the assignment ")


def test_submissions_find_their_assignment(work: Work, grade_otter: Grade, tmp_path: Path) -> None:
    work.questions = [RULES[0]]
    work.write()
    other = Work(work.root, "name: others", [RULES[1]], {"otter": {"assignment_name": "others"}})
    shutil.move(work.master, work.root / "kept.ipynb")
    other.write()
    shutil.move(other.master, work.root / "others.ipynb")
    shutil.move(work.root / "kept.ipynb", work.master)
    work.submit("ann")
    other.submit("bob")
    work.metadata = {"otter": {"assignment_name": "third"}}
    third = work.submit("eve").rename(work.root / "submitted/eve/third.ipynb")
    done = grade_otter(work.root, work.root / "submitted")
    ann, bob, eve = done.entries()
    assert done.code == 1
    assert (ann["verdict"]["points"], bob["verdict"]["points"]) == (1, 0)
    assert "it is for none of the assignments `others`, `rules`" in eve["error"]
    [alone] = grade_otter(work.master, third).entries()
    assert "it is for the assignment `third`, and this is `rules`" in alone["error"]


def test_export_zips_are_taken_with_the_files_in_them(work: Work, grade_otter: Grade) -> None:
    read = "[open(name).read() for name in ('own.txt', 'data.txt')]"
    work.questions = [Question("files", "", [(read, "['mine', 'ours']")], 1)]
    work.write()
    path = work.root / "ann.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(work.submit(), "rules.ipynb")
        archive.writestr("__zip_filename__", "ann.zip")
        archive.writestr(".OTTER_LOG", b"never read")
        archive.writestr("own.txt", "mine")
        archive.writestr("data.txt", "forged")
    [entry] = grade_otter(work.master, path).entries()
    assert (entry["verdict"]["points"], entry["learner"]) == (1, "ann")


def test_a_notebook_that_needs_a_c_extension_is_named_and_left_out(work: Work, grade_otter: Grade) -> None:
    work.questions = [RULES[0], Question("np", "", [("import numpy as np\nnp.pi > 3", "True")], 1)]
    work.write()
    shutil.move(work.master, work.root / "numbers.ipynb")
    work.config, work.questions = "name: plain", [RULES[0]]
    work.write()
    first = work.submit("ann")
    work.metadata = {"otter": {"assignment_name": "plain"}}
    done = grade_otter(work.root, first, work.submit("bob"))
    numbers, plain = done.entries()
    assert numbers["error"] == (
        "`numbers` imports `numpy`, which this Python does not have (packages with C extensions do not run "
        "in it); grade this notebook with Otter"
    )
    assert plain["verdict"]["points"] == 1


FORGERIES = {
    "displayhook": "import sys\ndef shows(value): print(True)\nsys.displayhook = sys.__displayhook__ = shows\n",
    "while-it-runs": "import sys\ndef found():\n    sys.displayhook = lambda value: print(True)\n    return 0\n",
    "doctest": "import doctest\ndoctest.OutputChecker.check_output = lambda *a: True\n"
               "doctest.DocTestParser.get_examples = lambda *a: []\n",
    "subclasses": "for kind in object.__subclasses__():\n    if kind.__name__ in ('OutputChecker', 'DocTestParser'):\n"
                  "        kind.check_output = lambda *a: True\n        kind.get_examples = lambda *a: []\n",
    "re": "import re\nclass Same(str):\n    __eq__ = lambda s, o: True\ndef found():\n"
          "    re.sub = lambda *a, **k: Same()\n    re._compile = lambda *a: re\n    re.escape = lambda s: s\n    return 0\n",
    "stdout": "import sys\ndef found():\n    type(sys.stdout).getvalue = lambda self: 'True'\n    return 0\n",
    "otter": "import otter\nfrom otter import test_files\notter.Notebook.check = lambda *a: None\n"
             "test_files.TestFile.failures = property(lambda self: {})\n",
    "traceback": "import traceback\ntraceback.format_exception_only = lambda *a: ['True']\n",
    "builtins": "import builtins\nbuiltins.compile = lambda *a, **k: 'pass'\nbuiltins.exec = lambda *a: None\n",
    "frames": "import sys\ndef found():\n    frame = sys._getframe(1)\n    while frame:\n"
              "        frame.f_locals.get('failures', []).clear()\n        frame.f_globals.clear()\n"
              "        frame = frame.f_back\n    return 0\n",
}  # fmt: skip


@pytest.mark.parametrize("how", FORGERIES)
@pytest.mark.parametrize("ok_format", ["true", "false"])
def test_what_is_not_solved_does_not_pass(work: Work, grade_otter: Grade, how: str, ok_format: str) -> None:
    test = ("# HIDDEN\nfound() == 42", "True") if ok_format == "true" else ("# HIDDEN\n" + fun("assert found() == 42", "found")[0], "")
    work.config = f"name: rules\ntests:\n  ok_format: {ok_format}"
    work.questions = [Question("q", "", [test, test], 0, handed_in="def found(): return 0\n" + FORGERIES[how])]
    work.write()
    done = grade_otter(work.master, work.submit())
    assert done.code == 0, done.stdout + done.stderr
    assert done.verdict()["points"] == 0


def test_what_is_no_assignment_is_told(work: Work, grade_otter: Grade) -> None:
    def message(path: Path) -> str:
        done = grade_otter(path, work.root / "x.ipynb")
        assert (done.code, done.stdout) == (2, "")
        return done.stderr

    assert "is no assignment of Otter's: it has neither an instructor's notebook" in message(work.root)
    work.master.write_text(json.dumps(notebook([code("x = 1")])))
    assert "has no `# BEGIN QUESTION`, no tests in its metadata and no folder `tests` beside it" in message(work.master)
    work.master.write_text(json.dumps(notebook([raw("# BEGIN QUESTION\nname: q1")])))
    assert "its last `# BEGIN QUESTION` has no end; add a raw cell `# END QUESTION`" in message(work.master)
    work.config = "generate:\n  grade_from_log: true"
    work.write()
    assert "which is never read here" in message(work.master)


def test_broken_tests_are_told(work: Work, grade_otter: Grade) -> None:
    work.questions = [Question("q", "points: [1, 2]", [GOOD], 0)]
    work.write()
    [entry] = grade_otter(work.master, work.submit()).entries()
    assert entry["error"] == "the tests of `rules`: question `q`: ValueError: points has 2 numbers for 1 test cases"


#: What the sample course's submissions earn.
WORDS = {
    "ada": {"q1": 2, "q2": 3, "q3": 1},
    # Letters as they were; nothing for no words; a seed of his own, but Otter sets it again before each cell.
    "ben": {"q1": 4 / 3, "q2": 0, "q3": 1},
    "cleo": {"q1": 0, "q2": 0, "q3": 0.5},
}


def test_the_sample_course(grade_otter: Grade) -> None:
    done = grade_otter(HERE / "words.ipynb", HERE / "submitted")
    assert done.code == 0, done.stdout + done.stderr
    entries = {entry["learner"]: entry["verdict"] for entry in done.entries()}
    for learner, wanted in WORDS.items():
        earned = by_question(entries[learner])
        earned.pop("", None)
        assert earned == pytest.approx(wanted), learner
    assert [entries[learner]["manual_points"] for learner in WORDS] == [2, 0, 0]


@pytest.mark.timeout(1800)
def test_the_sample_course_in_otter(env: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(HERE, tmp_path / "course")
    autograder = otter.assign(tmp_path / "course/words.ipynb", tmp_path / "dist", env)
    submissions = [HERE / "submitted" / learner / "words.ipynb" for learner in WORDS]
    theirs = otter.grade(autograder, submissions, env)
    for (learner, wanted), path in zip(WORDS.items(), submissions, strict=True):
        earned = {name: points for name, (points, _) in theirs[str(path)].items()}
        assert earned == pytest.approx(wanted), learner
