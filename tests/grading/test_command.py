"""The command line: what it takes, what it prints, how it exits."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, STARTER, Run, code, notebook, submission
from support.executable import cellist

Grade = Callable[..., Run]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A right answer."""
    path = tmp_path / "good.ipynb"
    path.write_text(json.dumps(submission(RIGHT)))
    return path


BROKEN = {
    "not-json": b"{'cells': []}",
    "truncated": json.dumps(submission(RIGHT)).encode()[:200],
    "empty": b"",
    "invalid-utf8": json.dumps(submission(RIGHT)).encode().replace(b"42", b"\xff"),
    "nbformat-3": json.dumps({"nbformat": 3, "nbformat_minor": 0, "worksheets": []}).encode(),
    "nbformat-5": json.dumps({"nbformat": 5, "nbformat_minor": 0, "cells": []}).encode(),
    "a-list": b"[]",
    "no-cells": json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode(),
    "bad-cell": json.dumps(notebook([{"cell_type": "song"}])).encode(),
    "deep": b"[" * 100_000,
    "foreign": json.dumps(notebook([code("theirs", "print(1)")])).encode(),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_notebook_is_told_and_the_rest_is_graded(
    grade: Grade, good: Path, tmp_path: Path, kind: str
) -> None:
    bad = tmp_path / f"{kind}.ipynb"
    bad.write_bytes(BROKEN[kind])
    done = grade(bad, good, "--json")
    assert done.code == 1
    first, second = done.entries()
    assert "verdict" not in first
    assert 10 < len(first["error"]) < 400
    assert second["verdict"]["points"] == 7
    shown = grade(bad, good)
    assert shown.code == 1
    assert f"{kind}.ipynb\ncould not be graded: " in shown.stdout
    assert "Total: 7 of 8 points" in shown.stdout
    assert "Graded 1 submission; 1 could not be graded." in shown.stdout


def test_a_missing_notebook_is_told_and_the_rest_is_graded(
    grade: Grade, good: Path, tmp_path: Path
) -> None:
    done = grade(tmp_path / "nobody.ipynb", good, "--json")
    assert done.code == 1
    first, second = done.entries()
    assert "nobody.ipynb` does not exist" in first["error"]
    assert second["verdict"]["points"] == 7


def test_the_report_for_machines(grade: Grade, good: Path) -> None:
    done = grade(good, "--json")
    [entry] = done.entries()
    assert list(entry) == ["submission", "learner", "verdict", "sandbox"]
    assert list(entry["sandbox"]) == ["landlock", "seccomp", "network"]
    assert (entry["submission"], entry["learner"]) == (str(good), "good")
    verdict = entry["verdict"]
    assert list(verdict) == [
        "notebook", "points", "max_points", "manual_points", "units", "notes", "millis",
    ]  # fmt: skip
    assert verdict["notebook"] == "small/answer.ipynb"
    assert list(verdict["units"][0]) == ["id", "title", "points", "max_points", "items"]
    [hidden] = [item for item in verdict["units"][0]["items"] if item.get("hidden")]
    assert hidden == {
        "id": "u-twice", "status": "passed", "points": 4, "max_points": 4, "hidden": True,
    }  # fmt: skip


def test_the_report_for_people(grade: Grade, tmp_path: Path) -> None:
    path = tmp_path / "ann" / "answer.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(submission("def answer():\n    return 'zwölf'\n", why="so")))
    done = grade(path)
    assert done.code == 0
    assert done.stdout == (
        f"ann  ({path})\n"
        "Unit          Check           Points  Result\n"
        f"────────────  ──────────────  ──────  {'─' * 55}\n"
        "u The answer  quiz               0/1  – not answered\n"
        "              right              0/2  ✘ answer() gave 'zwölf'; it should give 42.\n"
        "              twice (hidden)     0/4  ✘ Call answer() twice: the second time it gave 'zwölf'.\n"
        "              calm               0/1  ○ counts once another check of the unit passes\n"
        "              why                –/3  … waits for a person\n"
        "Total: 0 of 8 points; up to 3 more from a person\n"
        "\n"
    )
    sandbox, *progress = done.stderr.splitlines()
    assert sandbox.startswith("sandbox: ") and progress == [f"[1/1] graded {path}"]


def test_hidden_checks_stay_hidden(grade: Grade, good: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ipynb"
    bad.write_text(json.dumps(submission(STARTER)))
    done = grade(good, bad)
    for secret in ("sesame", "lab.run", "assert"):
        assert secret not in done.stdout
    assert "all passed" not in done.stdout.lower()


def test_a_learner_cannot_paint_on_the_terminal(grade: Grade, tmp_path: Path) -> None:
    bad = tmp_path / "bad.ipynb"
    bad.write_text(json.dumps(submission("answer = lambda: 1\nraise ValueError('\\x1b[2J\\r100 points')")))
    done = grade(bad)
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    assert "\\u{1b}[2J100 points" in done.stdout


def test_folders_and_patterns(grade: Grade, tmp_path: Path) -> None:
    for learner in ("ann", "bob"):
        folder = tmp_path / "in" / learner / "small"
        folder.mkdir(parents=True)
        (folder / "answer.ipynb").write_text(json.dumps(submission(RIGHT)))
    for argument in (tmp_path / "in", tmp_path / "in" / "*" / "small" / "*.ipynb"):
        done = grade(argument, "--json")
        assert done.code == 0
        assert [entry["learner"] for entry in done.entries()] == ["ann", "bob"]


def test_a_folder_without_notebooks_is_told(grade: Grade, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = grade(tmp_path / "in")
    assert done.code == 1
    assert "holds no notebooks" in done.stdout


def test_each_submission_finds_its_spec(grade: Grade, good: Path, tmp_path: Path) -> None:
    specs = tmp_path / "specs"
    (specs / "deep").mkdir(parents=True)
    (specs / "a.json").write_text(json.dumps(SPEC).replace("u-", "v-").replace("small/", "other/"))
    (specs / "deep" / "b.json").write_text(json.dumps(SPEC))
    other = tmp_path / "other.ipynb"
    other.write_text(json.dumps(submission(RIGHT)).replace("u-", "v-"))
    done = grade(good, other, "--json", spec=specs)
    assert done.code == 0
    assert [entry["verdict"]["notebook"] for entry in done.entries()] == [
        "small/answer.ipynb",
        "other/answer.ipynb",
    ]
    assert [entry["verdict"]["points"] for entry in done.entries()] == [7, 7]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "EOF"),
        ("[]", "schema"),
        (json.dumps(SPEC | {"schema": 99}), "99"),
        (json.dumps(SPEC | {"units": 3}), "units"),
    ],
)
def test_a_broken_spec_is_a_usage_error(grade: Grade, good: Path, spec: Path, text: str, word: str) -> None:
    spec.write_text(text)
    done = grade(good)
    assert (done.code, done.stdout) == (2, "")
    assert str(spec) in done.stderr and (word in done.stderr or word == "units")


def test_a_missing_spec_is_a_usage_error(grade: Grade, good: Path, tmp_path: Path) -> None:
    done = grade(good, spec=tmp_path / "nowhere.json")
    assert done.code == 2
    assert "nowhere.json` does not exist" in done.stderr


@pytest.mark.parametrize(
    "arguments", [[], ["--spec", "x.json"], ["a.ipynb"], ["a.ipynb", "--spec", "x", "--jobs", "0"]]
)
def test_wrong_usage(env: dict[str, str], arguments: list[str]) -> None:
    done = subprocess.run([cellist(), "grade", *arguments], env=env, capture_output=True)
    assert done.returncode == 2


def test_help_tells_exit_codes_and_examples(env: dict[str, str]) -> None:
    done = subprocess.run([cellist(), "grade", "--help"], env=env, capture_output=True, text=True)
    assert done.returncode == 0
    assert "Exit codes:" in done.stdout and "Examples:" in done.stdout


def test_changes_to_the_notebook_are_noted(grade: Grade, tmp_path: Path) -> None:
    handed_in = submission(RIGHT)
    cells = {cell["id"]: cell for cell in handed_in["cells"]}
    cells["u-right"]["source"] = "assert True"
    cells["u-calm"]["id"] = "gone"
    handed_in["cells"].append(code("extra", "print('mine')"))
    path = tmp_path / "changed.ipynb"
    path.write_text(json.dumps(handed_in))
    verdict = grade(path, "--json").verdict()
    assert verdict["points"] == 7
    assert verdict["notes"] == [
        "check cell `u-right` was changed; the original was run",
        "check cell `u-calm` is missing; the original was run",
        "2 added code cells were not run: only the given cells are graded",
    ]


def test_old_notebooks_are_read_by_grade_id(grade: Grade, tmp_path: Path) -> None:
    handed_in = submission(RIGHT)
    handed_in["nbformat_minor"] = 4
    for cell in handed_in["cells"]:
        cell["metadata"]["nbgrader"] = {"grade_id": cell.pop("id")}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(handed_in))
    assert grade(path, "--json").verdict()["points"] == 7


def test_large_outputs_do_not_matter(grade: Grade, tmp_path: Path) -> None:
    handed_in = submission(RIGHT)
    picture = {"image/png": "A" * 50_000_000}
    handed_in["cells"][1]["outputs"] = [
        {"output_type": "display_data", "metadata": {}, "data": picture}
    ]
    path = tmp_path / "large.ipynb"
    path.write_text(json.dumps(handed_in))
    assert grade(path, "--json").verdict()["points"] == 7


def test_an_answer_too_long_to_be_run_is_told(grade: Grade, tmp_path: Path) -> None:
    path = tmp_path / "long.ipynb"
    path.write_text(json.dumps(submission(RIGHT + "#" * 9_000_000)))
    verdict = grade(path, "--json").verdict()
    assert verdict["units"][0]["errors"][0]["ename"] == "CellTooLong"
    assert verdict["points"] == 0


def test_quiet_says_nothing_about_progress(grade: Grade, good: Path) -> None:
    assert grade(good, "--quiet").stderr == ""
