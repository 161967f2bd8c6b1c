"""What answers earn."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, STARTER, Json, Run, hints, statuses, submission

Judge = Callable[..., Json]


def test_a_right_answer_earns_everything(judge: Judge) -> None:
    verdict = judge(RIGHT)
    assert (verdict["points"], verdict["max_points"], verdict["manual_points"]) == (7, 8, 0)
    assert statuses(verdict) == {
        "u-quiz": "unanswered",
        "u-right": "passed",
        "u-twice": "passed",
        "u-calm": "passed",
        "u-why": "unanswered",
    }


def test_the_starter_earns_nothing(judge: Judge) -> None:
    verdict = judge(STARTER)
    assert verdict["points"] == 0
    assert statuses(verdict)["u-right"] == "failed"
    # Nothing blocked the loop, but nothing ran either.
    assert statuses(verdict)["u-calm"] == "withheld"
    assert hints(verdict)["u-right"] == "answer() gave None; it should give 42."


def test_an_empty_cell_is_judged_as_well(judge: Judge) -> None:
    verdict = judge("")
    assert verdict["points"] == 0
    assert "answer is not defined" in hints(verdict)["u-right"]


def test_quiz_and_reflection(grade: Callable[..., Run], tmp_path: Path) -> None:
    path = tmp_path / "ann.ipynb"
    path.write_text(json.dumps(submission(STARTER, "- [ ] six\n- [x] seven", "because")))
    verdict = grade(path, "--json").verdict()
    assert (verdict["points"], verdict["manual_points"]) == (1, 3)
    assert (statuses(verdict)["u-quiz"], statuses(verdict)["u-why"]) == ("passed", "manual")
    path.write_text(json.dumps(submission(STARTER, "- [x] six\n- [x] seven")))
    verdict = grade(path, "--json").verdict()
    assert verdict["points"] == 0
    assert hints(verdict)["u-quiz"] == "`six`: that is one factor"


@pytest.mark.parametrize(
    ("source", "ename"),
    [
        ("def answer(:\n", "SyntaxError"),
        ("answer = lambda: 42\nraise ValueError('x' * 1_000_000)", "ValueError"),
        ("answer = lambda: 42\nimport sys\nsys.exit(3)", "SystemExit"),
        ("answer = lambda: 42\nundefined", "NameError"),
    ],
)
def test_an_exception_is_told_and_checks_still_run(judge: Judge, source: str, ename: str) -> None:
    verdict = judge(source)
    [error] = verdict["units"][0]["errors"]
    assert (error["cell"], error["ename"]) == ("u-answer", ename)
    assert "\x1b" not in error["traceback"]
    assert statuses(verdict)["u-right"] == ("failed" if ename == "SyntaxError" else "passed")


def test_a_learner_who_exits_inside_a_check_fails_that_check(judge: Judge) -> None:
    verdict = judge("import sys\ndef answer():\n    sys.exit()\n")
    assert statuses(verdict)["u-right"] == "failed"
    assert hints(verdict)["u-twice"].startswith("The code under test called `sys.exit` or `exit`")
    assert verdict["points"] == 0


def test_the_same_submission_gets_the_same_verdict(judge: Judge) -> None:
    source = "def answer():\n    return hash('a'), list({'x', 'y', 'z', 'w'})\n"
    first, second = judge(source), judge(source)
    assert hints(first) == hints(second)
    other = judge(source, "--seed", "7")
    assert hints(first)["u-right"] != hints(other)["u-right"]


def test_submissions_do_not_see_each_other(grade: Callable[..., Run], tmp_path: Path) -> None:
    leave = "import builtins\nbuiltins.leak = 1\nopen('leak', 'w').close()\nanswer = lambda: 42\n"
    look = "import builtins, os\nanswer = lambda: (hasattr(builtins, 'leak'), os.listdir('.'))\n"
    (tmp_path / "1.ipynb").write_text(json.dumps(submission(leave)))
    (tmp_path / "2.ipynb").write_text(json.dumps(submission(look)))
    first, second = grade(tmp_path / "1.ipynb", tmp_path / "2.ipynb", "--json", "--jobs", "1").entries()
    assert statuses(first["verdict"])["u-right"] == "passed"
    assert "gave (False, [])" in hints(second["verdict"])["u-right"]


def test_a_forgotten_import_is_an_error(judge: Judge) -> None:
    verdict = judge("asyncio.sleep(0)")
    assert verdict["units"][0]["errors"][0]["ename"] == "NameError"


def test_a_virtual_sleep_takes_no_time(judge: Judge) -> None:
    verdict = judge("import asyncio\nasync def answer():\n    await asyncio.sleep(3600)\n    return 42\n")
    assert statuses(verdict)["u-right"] == "passed"
    assert verdict["millis"] < 30_000


def test_a_wall_clock_unit_takes_real_time(grade: Callable[..., Run], spec: Path, tmp_path: Path) -> None:
    spec.write_text(spec.read_text().replace('"virtual"', '"wall"'))
    path = tmp_path / "ann.ipynb"
    path.write_text(json.dumps(submission("import time\ntime.sleep(0.5)\n" + RIGHT)))
    verdict = grade(path, "--json").verdict()
    assert verdict["points"] == 7
    assert verdict["millis"] >= 500
