"""The real Otter-Grader, in an environment of its own: it needs pandas, and much besides."""

import json
import subprocess
from pathlib import Path
from typing import Any

from support import environment

OTTER = "otter-grader[grading]==7.0.0"

#: Grades the submissions named on the command line; prints question to points for each.
GRADE = """
import json, sys
from otter.api import grade_submission
found = {}
for path in sys.argv[2:]:
    results = grade_submission(path, sys.argv[1], quiet=True)
    found[path] = {name: [file.score, file.possible] for name, file in results.results.items()}
print(json.dumps(found))
"""


def programs() -> Path:
    """The folder of Otter's programs."""
    return environment.programs(OTTER, "otter", seconds=900)


def run(*command: str | Path, env: dict[str, str], cwd: Path | None = None) -> str:
    """Runs one of Otter's programs; returns what it printed."""
    folder = programs()
    environment = env | {"PATH": f"{folder}:{env.get('PATH', '/usr/bin:/bin')}"}
    program = [folder / command[0], *command[1:]]
    done = subprocess.run(program, cwd=cwd, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def assign(master: Path, result: Path, env: dict[str, str]) -> Path:
    """Runs `otter assign`; returns the autograder's zip file."""
    run("otter", "assign", "--no-run-tests", "--no-pdfs", master, result, env=env)
    [autograder] = (result / "autograder").glob("*.zip")
    return autograder


def grade(autograder: Path, submissions: list[Path], env: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Question to `[points, most]`, by submission."""
    printed = run("python", "-c", GRADE, autograder, *submissions, env=env)
    return json.loads(printed.splitlines()[-1])
