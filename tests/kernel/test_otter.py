"""`import otter` in a kernel without Otter-Grader: the tests beside a notebook, or in its metadata."""

import json
import zipfile
from pathlib import Path

import pytest

from kernel.client import Kernel

OK = """
OK_FORMAT = True
test = {"name": "q1", "points": 2, "suites": [{"type": "doctest", "cases": [
    {"code": ">>> twice(2)\\n4", "hidden": False, "success_message": "well done"},
    {"code": ">>> twice(3)\\n7", "hidden": False, "failure_message": "try <3>"},
]}]}
"""
RAISES = """
from otter.test_files import test_case
OK_FORMAT = False
name, points = "q2", None

@test_case(points=1)
def test_type(twice, env):
    assert env["twice"] is twice and twice(1) == 2
"""


@pytest.fixture
def folder(kernel: Kernel, tmp_path: Path) -> Path:
    """A learner's folder, in which the kernel works."""
    tests = tmp_path / "hw/tests"
    tests.mkdir(parents=True)
    (tests / "q1.py").write_text(OK)
    (tests / "q2.py").write_text(RAISES)
    (tmp_path / "hw/hw.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    kernel.run(f"import os\nos.chdir({str(tmp_path / 'hw')!r})\ndef twice(x):\n    return 2 * x\n")
    kernel.run("import otter\ngrader = otter.Notebook('hw.ipynb')")
    return tmp_path / "hw"


def shown(kernel: Kernel, code: str) -> dict[str, str]:
    """The cell's value, by MIME type."""
    run = kernel.run(code)
    [result] = run.of("execute_result")
    return result["content"]["data"]


@pytest.mark.usefixtures("folder")
def test_a_check_shows_what_failed(kernel: Kernel) -> None:
    data = shown(kernel, 'grader.check("q1")')
    assert data["text/plain"].splitlines() == [
        "q1 results: 1 of 2 test cases passed",
        "    q1 - 1 message: well done",
        "    q1 - 2 message: try <3>",
        "    q1 - 2 result:",
        "        ❌ Test case failed",
        "        Failed example:",
        "            twice(3)",
        "        Expected:",
        "            7",
        "        Got:",
        "            6",
    ]
    assert "try &lt;3&gt;" in data["text/html"]
    assert shown(kernel, 'r = grader.check("q1")\n(r.score, r.possible, r.passed_all)')["text/plain"] == "(1.0, 2.0, False)"


@pytest.mark.usefixtures("folder")
def test_a_test_function_gets_the_notebooks_names(kernel: Kernel) -> None:
    assert shown(kernel, 'grader.check("q2")')["text/plain"] == "q2 results: All test cases passed!"
    text = shown(kernel, "def twice(x):\n    return x\ngrader.check('q2')")["text/plain"]
    assert 'assert env["twice"] is twice and twice(1) == 2' in text and "AssertionError" in text


@pytest.mark.usefixtures("folder")
def test_all_questions(kernel: Kernel) -> None:
    text = shown(kernel, "grader.check_all()")["text/plain"]
    assert "q1 results: 1 of 2 test cases passed" in text and "q2 results: All test cases passed!" in text


@pytest.mark.usefixtures("folder")
def test_a_question_that_is_not_there(kernel: Kernel) -> None:
    error = kernel.run('grader.check("q9")').content
    assert (error["ename"], "./tests has no q9.py" in error["evalue"]) == ("FileNotFoundError", True)


def test_tests_in_the_metadata(kernel: Kernel, tmp_path: Path) -> None:
    spec = {"name": "q", "suites": [{"cases": [{"code": ">>> x\n1"}]}]}
    part = {"tests": {"q": spec}, "OK_FORMAT": True}
    text = json.dumps({"cells": [], "metadata": {"otter": part}, "nbformat": 4, "nbformat_minor": 5})
    (tmp_path / "only.ipynb").write_text(text)
    kernel.run(f"import os\nos.chdir({str(tmp_path)!r})\nimport otter\ngrader = otter.Notebook()\nx = 1")
    assert shown(kernel, 'grader.check("q")')["text/plain"] == "q results: All test cases passed!"


def test_the_file_to_hand_in(kernel: Kernel, folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data/own.txt").write_text("mine")
    run = kernel.run("grader.export(export_path='mine.zip', files=['data'], run_tests=True)")
    assert run.content["status"] == "ok"
    assert "q2 results: All test cases passed!" in run.text()
    assert "No PDF was added" in run.text()
    with zipfile.ZipFile(folder / "mine.zip") as archive:
        assert set(archive.namelist()) == {"hw.ipynb", "__zip_filename__", "data/own.txt"}
        assert archive.read("__zip_filename__") == b"mine.zip"
