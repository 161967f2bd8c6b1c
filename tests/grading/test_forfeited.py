"""Points that a late policy takes: what is handed in too late has them, and they count nowhere."""

import json
import subprocess
from pathlib import Path

from grading.test_nbgrader import Course, answer, graded
from support.executable import cellist


def test_points_that_are_forfeited_count_in_no_total(env: dict[str, str], tmp_path: Path) -> None:
    course = Course(tmp_path / "course")
    course.add("a", [graded("t", "assert True", 5), answer("why", "x", "y", "markdown")])
    for learner, time in (("ann", "12:00:00"), ("bob", "12:00:01")):
        course.submit(learner, "a")
        (course.root / f"submitted/{learner}/ps1/timestamp.txt").write_text(f"2026-02-02 {time}.000000 UTC")
    course.due("2026-02-02 12:00:00.000000")
    book, report, export = tmp_path / "book.db", tmp_path / "report.csv", tmp_path / "export.csv"

    def gradebook(*arguments: object) -> str:
        command = [cellist(), "gradebook", "--file", book, *arguments]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=100).stdout

    def totals() -> dict[str, float]:
        return {one["learner"]: one["points"] for one in json.loads(gradebook("list", "--json"))["standings"]}

    def graded_so(*options: str) -> dict[str, float]:
        command = [cellist(), "grade", "--nbgrader", course.root, "--json", "--gradebook", book, "--moodle", report]
        done = subprocess.run([*command, *options], env=env, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        gradebook("export", "--moodle", export)
        assert export.read_text().splitlines()[1:] == report.read_text().splitlines()[1:]
        return {entry["learner"]: entry["verdict"]["points"] for entry in json.loads(done.stdout)}

    assert graded_so("--late", "zero") == totals() == {"ann": 5, "bob": 0}
    # What a person gives is forfeited, too; the cell has it all the same.
    [unit] = json.loads(gradebook("show", "bob", "--json"))["standings"][0]["verdict"]["units"]
    for learner in ("ann", "bob"):
        gradebook("set", learner, unit["id"], "why", "2", "--by", "Ada")
    assert totals() == {"ann": 7, "bob": 0}
    assert "why  2/3" in gradebook("show", "bob")
    # The same grading under a milder policy.
    command = [cellist(), "grade", "--nbgrader", course.root, "--gradebook", book]
    subprocess.run(command, env=env, check=True, capture_output=True, timeout=100)
    assert totals() == {"ann": 7, "bob": 7}
