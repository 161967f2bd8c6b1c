"""A course of one's own: made, filled, listed, verified and built."""

import json
from pathlib import Path

import pytest

from course.conftest import Command, replace


@pytest.fixture
def place(run: Command, tmp_path: Path) -> Path:
    """A folder with a new course in it."""
    done = run("notebooks", "new", "--course", cwd=tmp_path)
    assert done.code == 0, done.stderr
    return tmp_path


def test_a_course_of_ones_own_verifies_out_of_the_box(run: Command, place: Path) -> None:
    assert run("notebooks", "new", "greetings", cwd=place).code == 0
    done = run("notebooks", "verify", cwd=place)
    assert done.code == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith("7 hold, 0 do not")
    assert run("notebooks", "build", cwd=place).code == 0
    assert (place / "published/lessons/greetings.ipynb").is_file()
    assert run("notebooks", "check", cwd=place).code == 0


def test_a_unit_goes_where_it_is_told(run: Command, place: Path) -> None:
    for arguments in (
        ["first", "--title", 'A "quoted": title'],
        ["second", "--notebook", "lessons/first.ipynb"],
        ["third", "--notebook", "lessons/first.ipynb"],
    ):
        done = run("notebooks", "new", *arguments, cwd=place)
        assert done.code == 0, done.stderr
    assert '["first", "second", "third"]' in (place / "course/course.toml").read_text()
    [lessons] = json.loads(run("notebooks", "list", "--json", cwd=place).stdout)["sets"]
    [notebook] = lessons["notebooks"]
    assert [unit["id"] for unit in notebook["units"]] == ["first", "second", "third"]
    assert notebook["units"][0]["title"] == 'A "quoted": title'


def test_a_list_with_a_line_for_each_unit_gets_one_more(run: Command, place: Path) -> None:
    assert run("notebooks", "new", "first", cwd=place).code == 0
    toml = place / "course/course.toml"
    replace(toml, '["first"]', '[\n    # to begin with\n    "first",\n]')
    done = run("notebooks", "new", "second", "--notebook", "lessons/first.ipynb", cwd=place)
    assert done.code == 0, done.stderr
    assert '    # to begin with\n    "first",\n    "second",\n]' in toml.read_text()
    assert run("notebooks", "build", cwd=place).code == 0


def test_what_is_there_is_left_alone(run: Command, place: Path) -> None:
    assert run("notebooks", "new", "first", cwd=place).code == 0
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for arguments, said in (
        (["--course"], "there is a course in `course` already"),
        (["first"], "there is a unit `first` already"),
        (["First!"], "`First!` cannot name a unit"),
        (["other", "--set", "nowhere"], "there is no set `nowhere`"),
        (["other", "--notebook", "other.ipynb"], "`other.ipynb` is no notebook of a set"),
        (["other", "--course", "elsewhere"], "there is no course in `elsewhere`"),
    ):
        done = run("notebooks", "new", *arguments, cwd=place)
        assert (done.code, said in done.stderr) == (2, True), done.stderr
    assert before == {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def test_the_list_tells_points_and_state(run: Command, place: Path) -> None:
    assert run("notebooks", "new", "first", cwd=place).code == 0
    unit = place / "course/units/lessons/first.md"

    def state() -> str:
        [lessons] = json.loads(run("notebooks", "list", "--json", cwd=place).stdout)["sets"]
        return lessons["notebooks"][0]["state"]

    assert state() == "not built"
    assert run("notebooks", "build", cwd=place).code == 0
    assert state() == "up to date"
    replace(unit, "Say in one screen why", "Say why")
    assert state() == "stale"
    lines = run("notebooks", "list", cwd=place).stdout.splitlines()
    assert lines == [
        "lessons: My course",
        "  lessons/first.ipynb (stale)",
        "    first    8+2 points  First",
        "1 set, 1 notebook, 1 unit, 8+2 points",
    ]
