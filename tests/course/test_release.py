"""Revisions: changed checks need a new one, and what was given out is graded as it was."""

import json
from pathlib import Path

from course.conftest import SHOP, UNIT, Command, replace

CHECK = "{check id=durations points=3}"
HARDER = "{check id=durations points=5}"


def test_a_submission_is_graded_by_the_revision_that_was_given_out(
    run: Command, course: Path, tmp_path: Path
) -> None:
    place = ("--course", course)
    first, second = tmp_path / "first", tmp_path / "second"
    assert run("notebooks", "build", *place, "--out", first).code == 0
    assert run("notebooks", "release", *place).code == 0
    assert (course / "revisions/ex01-1.json").is_file()
    replace(course / UNIT, CHECK, HARDER)

    done = run("notebooks", "build", *place, "--out", second)
    assert done.code == 1
    assert f"{course / UNIT}:1: `ex01-durations` changed since revision 1 was released" in done.stderr
    assert "write `rev: 2` in the front matter" in done.stderr

    replace(course / UNIT, "clock: virtual\n", "clock: virtual\nrev: 2\n")
    done = run("notebooks", "build", *place, "--out", second)
    assert done.code == 0, done.stderr
    for given, points, notes in ((first, 12, 1), (second, 14, 0)):
        done = run("grade", given / "instructor" / SHOP, "--spec", second / "specs", "--json")
        [entry] = json.loads(done.stdout)
        verdict = entry["verdict"]
        assert (verdict["points"], verdict["max_points"]) == (points, points)
        assert len(verdict["notes"]) == notes, verdict["notes"]


def test_what_decides_no_points_may_change_at_any_time(run: Command, course: Path) -> None:
    place = ("--course", course)
    assert run("notebooks", "release", *place).code == 0
    assert "there before: " in run("notebooks", "release", *place).stdout
    replace(course / UNIT, "#| hint: {t.problems}", "#| hint: Something is wrong: {t.problems}")
    replace(course / UNIT, "the longest sleep decides", "the longest of the sleeps decides")
    assert run("notebooks", "verify", *place).code == 0


def test_an_older_revision_than_the_released_one_is_told(run: Command, course: Path) -> None:
    place = ("--course", course)
    replace(course / UNIT, "clock: virtual\n", "clock: virtual\nrev: 2\n")
    assert run("notebooks", "release", *place).code == 0
    replace(course / UNIT, "rev: 2\n", "rev: 1\n")
    done = run("notebooks", "check", *place)
    assert done.code == 1
    assert "revision 2 of `ex01` was released; the unit says 1" in done.stderr


def test_a_broken_record_is_told(run: Command, course: Path) -> None:
    assert run("notebooks", "release", "--course", course).code == 0
    record = course / "revisions/ex01-1.json"
    record.write_text("{")
    done = run("notebooks", "check", "--course", course)
    assert done.code == 1
    assert f"{record}: the released revision cannot be read" in done.stderr
