"""`cellist grade` on an assignment so small that every test can see through it."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import home
from support.executable import cellist
from support.postgres import Postgres, server

Json = dict[str, Any]

STARTER = "def answer():\n    ...\n"
RIGHT = "def answer():\n    return 42\n"

SPEC: Json = {
    "schema": 1,
    "notebook": "small/answer.ipynb",
    "units": [
        {
            "id": "u",
            "title": "The answer",
            "clock": "virtual",
            "rev": 1,
            "cells": [
                {
                    "kind": "quiz",
                    "id": "u-quiz",
                    "points": 1.0,
                    "options": [
                        {"text": "six", "correct": False, "explanation": "that is one factor"},
                        {"text": "seven", "correct": True, "explanation": "the other one"},
                    ],
                },
                {"kind": "exercise", "id": "u-answer", "starter": STARTER},
                {
                    "kind": "check",
                    "id": "u-right",
                    "points": 2.0,
                    "source": "#| hint: answer() gave {t.result!r}; it should give 42.\n"
                    "t = lab.run('answer')\nassert t.result == 42\n",
                },
                {
                    "kind": "check",
                    "id": "u-twice",
                    "points": 4.0,
                    "hidden": True,
                    "source": "#| hint: Call answer() twice: the second time it gave {t.result!r}.\n"
                    "lab.run('answer')\nt = lab.run('answer')\nassert t.result == 42, 'sesame'\n",
                },
                {
                    "kind": "check",
                    "id": "u-calm",
                    "points": 1.0,
                    "guard": True,
                    "source": "#| hint: {t.problems}\nt = lab.run('answer')\nassert not t.problems\n",
                },
                {"kind": "reflect", "id": "u-why", "points": 3.0, "rubric": "six times seven"},
            ],
        }
    ],
}


@dataclass
class Run:
    """What `cellist grade` came to."""

    code: int
    stdout: str
    stderr: str

    def entries(self) -> list[Json]:
        """The report of `--json`."""
        return json.loads(self.stdout)

    def verdict(self) -> Json:
        """The only entry's verdict."""
        [entry] = self.entries()
        return entry["verdict"]


def statuses(verdict: Json) -> dict[str, str]:
    """Item id to status."""
    return {item["id"]: item["status"] for unit in verdict["units"] for item in unit["items"]}


def hints(verdict: Json) -> dict[str, str]:
    """Item id to hint, where there is one."""
    items = [item for unit in verdict["units"] for item in unit["items"]]
    return {item["id"]: item["hint"] for item in items if "hint" in item}


def notebook(cells: list[Json], minor: int = 5) -> Json:
    """A notebook of nbformat 4."""
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}


def code(cell: str, source: str) -> Json:
    """A code cell."""
    return {
        "cell_type": "code",
        "id": cell,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def markdown(cell: str, source: str) -> Json:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": cell, "metadata": {}, "source": source}


def submission(answer: str, quiz: str = "- [ ] six\n- [ ] seven", why: str = "") -> Json:
    """A student notebook with these answers."""
    checks = [cell for cell in SPEC["units"][0]["cells"] if cell["kind"] == "check"]
    public = [cell for cell in checks if not cell.get("hidden")]
    return notebook(
        [
            markdown("u-quiz", quiz),
            code("u-answer", answer),
            *(code(cell["id"], f"#| check: x\n#| points: 1\n{cell['source']}") for cell in public),
            markdown("u-why", why),
        ]
    )


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody whose home is empty."""
    return home.make(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server, where there is PostgreSQL."""
    yield from server()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """The small assignment's spec."""
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(SPEC))
    return path


@pytest.fixture
def grade(env: dict[str, str], spec: Path) -> Callable[..., Run]:
    """Runs `cellist grade ARGUMENTS… --spec …`."""

    def run(*arguments: object, spec: Path = spec) -> Run:
        command = [cellist(), "grade", *map(str, arguments), "--spec", str(spec)]
        done = subprocess.run(command, env=env, capture_output=True, timeout=100)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def judge(grade: Callable[..., Run], tmp_path: Path) -> Callable[..., Json]:
    """The verdict on this source in the answer cell."""

    def run(source: str, *options: str) -> Json:
        path = tmp_path / "submission.ipynb"
        path.write_text(json.dumps(submission(source)))
        done = grade(path, "--json", *options)
        assert done.code == 0, done.stderr + done.stdout
        return done.verdict()

    return run
