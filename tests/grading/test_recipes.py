"""The recipes in docs/, followed as they are written, in folders as the platforms have them."""

import base64
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from grading.conftest import Json
from grading.test_check import SEQUENTIAL, SHOP, SOLUTION, shop
from support.executable import REPOSITORY, cellist


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A copy of what the recipes use of the repository."""
    shutil.copytree(REPOSITORY / "docs", tmp_path / "docs")
    shutil.copytree(REPOSITORY / "notebooks/course", tmp_path / "notebooks/course")
    shutil.copytree(REPOSITORY / "notebooks/published", tmp_path / "notebooks/published")
    return tmp_path


@pytest.fixture
def shell(env: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment of a shell that finds the executable under test as `cellist`."""
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "cellist").symlink_to(cellist())
    return env | {"PATH": f"{bin}:{os.environ['PATH']}"}


def blocks(document: str) -> list[str]:
    """The shell blocks of a document."""
    text = (REPOSITORY / document).read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def bash(script: str, cwd: Path, env: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euc", script], cwd=cwd, env=env, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def results(script: str) -> Json:
    """What the workflow hands to GitHub Classroom's reporter."""
    [line] = [line for line in script.splitlines() if line.startswith("result=")]
    return json.loads(base64.b64decode(line.removeprefix("result=")))


def workflow(repository: Path, shell: dict[str, str], runner: Path) -> tuple[Json, str]:
    """Runs the workflow's own steps in a learner's repository, as a runner does: the results, and the
    summary that the learner reads."""
    text = (repository / ".github/workflows/classroom.yml").read_text()
    [job] = yaml.safe_load(text)["jobs"].values()
    runner.mkdir()
    files = {name: runner / name for name in ("GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    env = {name: value for name, value in shell.items() if name != "PATH"}
    env |= {name: str(path) for name, path in files.items()}
    env |= {"RUNNER_TEMP": str(runner), "PATH": os.environ["PATH"]}
    expressions = {"${{ vars.CELLIST_URL }}": cellist().as_uri()}
    used = []
    for step in job["steps"]:
        if "uses" in step:
            used.append(step["uses"])
            continue
        told = {name: expressions[value] for name, value in step.get("env", {}).items()}
        # https://docs.github.com/actions: the shell of `run` steps is `bash -e`.
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=repository, env=env | told, capture_output=True,
            text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        if files["GITHUB_PATH"].exists():
            env["PATH"] = f"{files['GITHUB_PATH'].read_text().strip()}:{os.environ['PATH']}"
    assert used == ["actions/checkout@v4", "classroom-resources/autograding-grading-reporter@v1"]
    reporter = job["steps"][-1]
    assert reporter["with"] == {"runners": "checks"}
    assert reporter["env"] == {"CHECKS_RESULTS": "${{ steps.checks.outputs.result }}"}
    assert [step for step in job["steps"] if step.get("id") == "checks"]
    return results(files["GITHUB_OUTPUT"].read_text()), files["GITHUB_STEP_SUMMARY"].read_text()


def test_github_classroom(place: Path, shell: dict[str, str], tmp_path: Path) -> None:
    template, grading = blocks("docs/github-classroom.md")
    bash(template, place, shell)
    learners = {"ann": SOLUTION, "bob": SEQUENTIAL}
    points = {}
    for learner, source in learners.items():
        repository = place / "shop-submissions" / f"shop-{learner}"
        shutil.copytree(place / "shop", repository)

        def weaken(cells: list[Json]) -> None:
            for cell in cells:
                if cell["id"] == "ex01-concurrent":
                    cell["source"] = "#| check: concurrent\n#| points: 4\nassert True"

        shop(repository / "01-coffee-shop.ipynb", source, weaken)
        said, summary = workflow(repository, shell, tmp_path / f"runner-{learner}")
        assert (said["version"], said["max_score"]) == (1, 10)
        assert {test["name"]: test["status"] for test in said["tests"]} == {
            "ex01-durations": "pass",
            "ex01-concurrent": "pass" if learner == "ann" else "fail",
            "ex01-transcript": "pass" if learner == "ann" else "fail",
            "ex01-hygiene": "pass",
        }
        points[learner] = sum(test["score"] for test in said["tests"])
        assert said["status"] == ("pass" if learner == "ann" else "fail")
        assert summary.startswith("```text\n01-coffee-shop.ipynb\nex01 Coffee shop\n")
        assert "check cell `ex01-concurrent` was changed; the original was run" in summary
    assert points == {"ann": 10, "bob": 4}
    bash(grading, place, shell)
    pages = {path.name for path in (place / "build/feedback/learners").iterdir()}
    assert pages == {"shop-ann.html", "shop-bob.html"}


def test_github_classroom_with_a_notebook_that_is_none(
    place: Path, shell: dict[str, str], tmp_path: Path
) -> None:
    bash(blocks("docs/github-classroom.md")[0], place, shell)
    (place / "shop" / "01-coffee-shop.ipynb").write_text("{")
    said, _ = workflow(place / "shop", shell, tmp_path / "runner")
    [test] = said["tests"]
    assert (said["status"], test["status"], test["score"]) == ("fail", "error", 0)
    assert "is not JSON" in test["message"]


VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
#: "Autograder Specifications, Output Format" of Gradescope's documentation.
RESULTS_JSON: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number"},
        "execution_time": {"type": "number"},
        "output": {"type": "string"},
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": {"type": "number"},
                    "max_score": {"type": "number"},
                    "status": {"enum": ["passed", "failed"]},
                    "name": {"type": "string"},
                    "name_format": FORMAT,
                    "number": {"type": "string"},
                    "output": {"type": "string"},
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
    # Without a score of its own, each test must have one.
    "anyOf": [
        {"required": ["score"]},
        {
            "required": ["tests"],
            "properties": {"tests": {"items": {"required": ["score"]}}},
        },
    ],
}


def run_autograder(autograder: Path, shell: dict[str, str]) -> Json:
    """Runs the autograder there as Gradescope does; the results, true to their schema."""
    script = 'bash "$AUTOGRADER/source/run_autograder"'
    bash(script, autograder, shell | {"AUTOGRADER": str(autograder)})
    found = json.loads((autograder / "results/results.json").read_text())
    jsonschema.validate(found, RESULTS_JSON)
    return found


def test_gradescope(place: Path, shell: dict[str, str]) -> None:
    packing, trying = blocks("docs/gradescope.md")
    bash(packing, place, shell)
    bash(trying, place, shell)
    autograder = place / "build/autograder"
    found = run_autograder(autograder, shell)
    assert found["score"] == 6
    tests = {test["name"]: test for test in found["tests"]}
    concurrent = tests["Coffee Shop Simulator: concurrent"]
    assert (concurrent["score"], concurrent["max_score"], concurrent["status"]) == (0, 4, "failed")
    assert concurrent["output"].startswith("The shop took 12 s.")
    assert tests["Coffee Shop Simulator: really-calls"]["visibility"] == "after_published"

    # The next learner, in the same image.
    handed_in = autograder / "submission/01-coffee-shop.ipynb"
    shop(handed_in, SOLUTION)
    assert run_autograder(autograder, shell)["score"] == 12 - 2 + 2

    (autograder / "results/results.json").unlink()
    shutil.copy(handed_in, autograder / "submission/copy.ipynb")
    twice = run_autograder(autograder, shell)
    assert twice["score"] == 0 and "Hand in each notebook once" in twice["output"]

    (autograder / "results/results.json").unlink()
    for path in (autograder / "submission").iterdir():
        path.unlink()
    nothing = run_autograder(autograder, shell)
    assert nothing["score"] == 0 and "holds no notebooks" in nothing["output"]


def test_the_packing_says_what_it_wants(place: Path, shell: dict[str, str]) -> None:
    done = subprocess.run([place / "docs/gradescope/make-zip"], env=shell, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.startswith("usage: make-zip SPEC OUT.zip")
