"""Proofs by the real judge, and the grades that they promise."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from course.conftest import COURSE, SHOP, UNIT, Command, replace


def test_a_unit_keeps_its_promises(run: Command) -> None:
    # One: `tests/run notebooks` proves them all.
    done = run("notebooks", "verify", "ex01")
    assert done.code == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert all(line.startswith("PASS ") for line in lines[:-1])
    assert lines[-1].endswith(" hold, 0 do not")


def test_proofs_as_json(run: Command) -> None:
    done = run("notebooks", "verify", "ex01", "--json")
    assert done.code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["failed"] == 0
    claims = [proof["claim"] for proof in report["proofs"]]
    assert claims == ["solution", "starter", *["mutant"] * 5, "checks", "quizzes"]


def test_a_unit_is_proved_once_until_something_changes(run: Command, course: Path) -> None:
    def remembered(*options: str) -> int:
        done = run("notebooks", "verify", "--json", *options, "--course", course)
        proofs = json.loads(done.stdout)["proofs"]
        assert len(proofs) == 9
        return sum(proof.get("remembered", False) for proof in proofs)

    replace(course / UNIT, "title: Coffee Shop", "title: Tea House")
    assert [remembered(), remembered(), remembered("--fresh"), remembered()] == [0, 9, 0, 9]
    done = run("notebooks", "verify", "--course", course)
    assert done.stdout.startswith("PASS [remembered] ex01: the solution passes every check\n")
    assert done.stdout.endswith(": 9 hold, 0 do not (9 remembered; --fresh makes them anew)\n")
    replace(course / UNIT, "fails=concurrent,transcript}", "fails=concurrent}")
    # What does not hold is told each time.
    assert [remembered(), remembered()] == [0, 0]


def test_a_mutant_that_fails_something_else_is_told_with_message_and_hint(
    run: Command, course: Path
) -> None:
    replace(course / UNIT, "fails=concurrent,transcript}", "fails=concurrent}")
    replace(course / UNIT, "fails=really-calls}", "fails=really-calls,durations}")
    done = run("notebooks", "verify", "--course", course)
    assert done.code == 1
    failures = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert [line.split("mutant ")[1] for line in failures] == [
        "`sequential` fails exactly its checks",
        "`hard-coded` fails exactly its checks",
    ]
    assert "transcript: expected to pass, but failed" in done.stdout
    assert "Ready lines came as ['Espresso', 'Latte', 'Cappuccino']" in done.stdout
    assert "durations: expected to fail, but passed" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("7 hold, 2 do not")


SPOILT = {
    "solution": (
        '_make("Latte", 5)\n    ### END',
        '_make("Latte", 6)\n    ### END',
        "the solution passes every check",
        "make_latte should return 'Latte' after 5 s; got 'Latte' after 6 s.",
    ),
    "example": (
        "names = await",
        "names = await nobody, await",
        "the solution passes every check",
        "the cell raised NameError",
    ),
    "starter": (
        "### BEGIN SOLUTION stub=...",
        "### BEGIN SOLUTION stub=return await asyncio.gather(make_latte(",
        "the starter fails every check but guards",
        "the cell raised SyntaxError",
    ),
    "hint": (
        "Ready lines came as {ready};",
        "Ready lines came as {reddy};",
        "mutant `sequential` fails exactly its checks",
        "its hint does not render",
    ),
    "useless check": (
        "assert not t.problems",
        "assert t.problems is not None",
        "every check is failed by the starter or a mutant",
        "hygiene: nothing fails it",
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_broken_promise_is_found(run: Command, course: Path, what: str) -> None:
    old, new, claim, reason = SPOILT[what]
    replace(course / UNIT, old, new)
    done = run("notebooks", "verify", "--course", course)
    assert done.code == 1, done.stdout + done.stderr
    assert any(
        line.startswith("FAIL") and line.endswith(claim) for line in done.stdout.splitlines()
    ), done.stdout
    assert reason in done.stdout


def test_an_unknown_unit_is_told(run: Command) -> None:
    done = run("notebooks", "verify", "ex01s")
    assert done.code == 2
    assert "there is no unit `ex01s`; did you mean `ex01`?" in done.stderr


def test_the_number_of_jobs_changes_nothing_but_the_time(run: Command, course: Path) -> None:
    replace(course / UNIT, "fails=really-calls}", "fails=really-calls,durations}")
    reports = []
    for jobs in (1, 3):
        done = run("notebooks", "verify", "--course", course, "--jobs", jobs)
        assert done.code == 1
        reports.append([re.sub(r" *[0-9.]+ m?s\b", "", line) for line in done.stdout.splitlines()])
    assert reports[0] == reports[1]


def test_only_changed_units_are_proved_on_request(run: Command, course: Path) -> None:
    other = (course / UNIT).with_name("other.md")
    other.write_text((course / UNIT).read_text().replace("id: ex01", "id: other"))
    replace(course / "course.toml", '["ex01"]', '["ex01", "other"]')
    verify = ("notebooks", "verify", "--course", course, "--changed", "--json")
    done = run(*verify)
    assert done.code == 2
    assert "`--changed` asks git, which says: " in done.stderr
    git = ["git", "-C", str(course), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "units/async/ex01.md"], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *command], check=True, timeout=60)
    proved = lambda: {proof["unit"] for proof in json.loads(run(*verify).stdout)["proofs"]}
    assert proved() == {"other"}
    subprocess.run([*git, "add", "."], check=True, timeout=60)
    subprocess.run([*git, "commit", "-qm", "Go on"], check=True, timeout=60)
    assert proved() == set()
    replace(course / UNIT, "Three drinks", "Three warm drinks")
    assert proved() == {"ex01"}


@pytest.mark.parametrize(
    ("submission", "points"), [("instructor", 12), ("student", 0), ("sample", 6)]
)
def test_points(run: Command, built: Path, submission: str, points: int) -> None:
    path = COURSE / "samples" / SHOP.name if submission == "sample" else built / submission / SHOP
    done = run("grade", path, "--spec", built / "specs", "--json")
    assert done.code == 0, done.stderr
    [entry] = json.loads(done.stdout)
    verdict = entry["verdict"]
    assert (verdict["points"], verdict["max_points"]) == (points, 12)
    assert verdict["notes"] == []


def test_the_instructors_notebook_runs_from_top_to_bottom(
    run: Command, built: Path, tmp_path: Path
) -> None:
    done = run("run", built / "instructor" / SHOP, "--output", tmp_path / "ran.ipynb", "--clock", "virtual")
    assert done.code == 0, done.stderr
    text = (tmp_path / "ran.ipynb").read_text()
    assert "one after the other: 3.0 s" in text
    assert "both at once: 2.0 s" in text
    assert "All drinks prepared in 5.0 seconds" in text
