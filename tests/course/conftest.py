"""`cellist notebooks` on the course in this repository and on copies of it."""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import home
from support.executable import REPOSITORY, cellist

COURSE = REPOSITORY / "notebooks" / "course"
SHOP = Path("async-exercises/01-coffee-shop.ipynb")
UNIT = Path("units/async/ex01.md")


@dataclass
class Run:
    """What a command came to."""

    code: int
    stdout: str
    stderr: str


Command = Callable[..., Run]


@pytest.fixture(scope="session")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody whose home is empty."""
    return home.make(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def run(env: dict[str, str]) -> Command:
    """Runs `cellist ARGUMENTS…` in the repository."""

    def run(*arguments: object, cwd: Path = REPOSITORY) -> Run:
        command = [cellist(), *map(str, arguments)]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, timeout=100)
        return Run(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture(scope="session")
def built(run: Command, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as `cellist notebooks build --out` writes it: student, instructor, specs."""
    out = tmp_path_factory.mktemp("built")
    done = run("notebooks", "build", "--out", out)
    assert done.code == 0, done.stderr
    return out


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A copy of the course, to be spoilt."""
    return shutil.copytree(COURSE, tmp_path / "course")


def replace(path: Path, old: str, new: str) -> None:
    """Replaces the one place in a file that reads `old`."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is in {path} {text.count(old)} times"
    path.write_text(text.replace(old, new))
