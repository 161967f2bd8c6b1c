"""`cellist notebooks` on the course in this repository and on copies of it."""

import re
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
    """A course to be spoilt: a copy of the shop, which is all that is in it. It follows no plan."""
    small = tmp_path / "course"
    (small / UNIT).parent.mkdir(parents=True)
    unit = (COURSE / UNIT).read_text()
    (small / UNIT).write_text(re.sub(r"^covers: .*\n", "", unit, count=1, flags=re.MULTILINE))
    set_id, unit_id = SHOP.parts[0], UNIT.stem
    (small / "course.toml").write_text(
        f'title = "Coffee"\n[[set]]\nid = "{set_id}"\ntitle = "Shop"\n'
        f'[[notebook]]\nfile = "{SHOP.as_posix()}"\nunits = ["{unit_id}"]\n'
    )
    return small


def replace(path: Path, old: str, new: str) -> None:
    """Replaces the one place in a file that reads `old`."""
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} is in {path} {text.count(old)} times"
    path.write_text(text.replace(old, new))
