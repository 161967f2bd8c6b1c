"""The README's commands do what it says: each is run, and what it prints is compared."""

import os
import re
import subprocess

import pytest

from install.installation import Installation
from support.executable import REPOSITORY

pytestmark = pytest.mark.timeout(1800)

# What other tests run.
COVERED = {
    "./install.sh": "the fixture of this folder",
    "cellist lab": "tests/browser",
    "tests/run": "what runs this",
    "cellist serve notebooks/course/samples --spec ~/.local/share/cellist/specs --gradebook build/gradebook.db": "tests/serve",
    "cellist grade --nbgrader ~/nbgrader-course --assignment ps1 --late zero": "tests/grading",
    "cellist grade --otter hw01/hw01.ipynb submissions/": "tests/grading",
}


def blocks() -> list[tuple[str, str | None]]:
    """The README's shell blocks, each with the text block that follows it directly, if one does."""
    readme = (REPOSITORY / "README.md").read_text()
    return re.findall(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", readme, re.DOTALL | re.MULTILINE)


def test_the_readme_has_its_two_commands_before_all_others() -> None:
    commands = [script.strip() for script, _ in blocks()]
    assert commands[0] == "./install.sh"
    assert "tests/run" in commands


def test_what_other_tests_cover_is_still_in_the_readme() -> None:
    assert COVERED.keys() <= {script.strip() for script, _ in blocks()}


@pytest.mark.parametrize(
    ("script", "prints"), [block for block in blocks() if block[0].strip() not in COVERED]
)
def test_the_commands_of_the_readme(installed: Installation, script: str, prints: str | None) -> None:
    env = installed.env | {"PATH": f"{installed.bin}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", script], cwd=REPOSITORY, env=env, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    if prints:
        assert lines(done.stdout) == lines(prints)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]
