"""The course's own notebooks, graded twice on a busy machine: the same bytes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grading.conftest import Run
from support.executable import REPOSITORY, cellist

Grade = Callable[..., Run]

COURSE = REPOSITORY / "notebooks" / "course"
#: So many of the course's notebooks, spread evenly over it.
SELECTION = 6


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built")
    command = [cellist(), "notebooks", "build", "--course", COURSE, "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return out


@pytest.fixture
def busy() -> Iterator[None]:
    """Every processor has something else to do."""
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in os.sched_getaffinity(0)
    ]
    yield
    for other in others:
        other.kill()
        other.wait()


def test_the_same_submissions_give_the_same_bytes(
    grade: Grade, built: Path, tmp_path: Path, busy: None
) -> None:
    specs = [json.loads(path.read_text()) for path in (built / "specs").rglob("*.json")]
    names = sorted(spec["notebook"] for spec in specs)
    handed_in = tmp_path / "in"
    for name in names[:: max(1, len(names) // SELECTION)]:
        for kind in ("instructor", "student"):
            path = handed_in / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((built / kind / name).read_bytes())
    reports = []
    for number in (1, 2):
        out = tmp_path / str(number)
        options = ["--json", "--reproducible", "--junit", out / "j.xml", "--csv-checks", out / "c.csv"]
        options += ["--html", out / "html"]
        done = grade(handed_in, *options, spec=built / "specs")
        assert done.code == 0, done.stderr
        files = {path.relative_to(out): path.read_bytes() for path in out.rglob("*.*")}
        reports.append((done.stdout, files))
    entries = json.loads(reports[0][0])
    assert len(entries) >= 2 * SELECTION
    assert sum(entry["verdict"]["points"] for entry in entries) > 0
    assert reports[0] == reports[1]
