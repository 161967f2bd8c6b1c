"""A folder that submissions are dropped into."""

import json
import os
import signal
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from grading.conftest import RIGHT, STARTER, Json, submission
from support import waiting
from support.executable import cellist


@dataclass
class Watcher:
    """`cellist grade --watch`, running."""

    program: subprocess.Popen[bytes]
    folder: Path
    out: Path
    err: Path

    def entries(self) -> list[Json]:
        """What it has said so far: whole lines of JSON."""
        text = self.out.read_text()
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def points(self) -> list[tuple[str | None, float | None]]:
        """Learner and points of all results, in their order."""
        return [
            (one.get("learner"), one["verdict"]["points"] if "verdict" in one else None)
            for one in self.entries()
        ]

    def until(self, learner: str, points: float) -> None:
        """Waits for a result."""
        waiting.until(lambda: (learner, points) in self.points(), f"{points} of {learner}", 60)

    def drop(self, name: str, text: str) -> Path:
        """Moves a file in, as a browser or `rsync` does."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.part")
        partial.write_text(text)
        return partial.rename(path)

    def end(self, signal: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; its exit code."""
        self.program.send_signal(signal)
        return self.program.wait(60)


@pytest.fixture
def watch(env: dict[str, str], spec: Path, tmp_path: Path) -> Iterator[Callable[..., Watcher]]:
    """Starts `cellist grade --watch … --json ARGUMENTS…`."""
    programs: list[subprocess.Popen[bytes]] = []

    def start(*arguments: object) -> Watcher:
        folder = tmp_path / "incoming"
        folder.mkdir(exist_ok=True)
        out, err = tmp_path / "out", tmp_path / "err"
        command = [cellist(), "grade", "--watch", folder, "--spec", spec, "--json", *arguments]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            program = subprocess.Popen(map(str, command), env=env, stdout=stdout, stderr=stderr)
        programs.append(program)
        waiting.until(lambda: "watching `" in err.read_text(), "the watcher", 60)
        return Watcher(program, folder, out, err)

    yield start
    for program in programs:
        program.kill()
        program.wait()


def text(answer: str) -> str:
    return json.dumps(submission(answer))


def test_what_is_dropped_is_graded(watch: Callable[..., Watcher], tmp_path: Path) -> None:
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "early.ipynb").write_text(text(RIGHT))
    csv, journal = tmp_path / "units.csv", tmp_path / "journal.jsonl"
    watcher = watch("--csv", csv, "--journal", journal)
    watcher.until("early", 7)
    watcher.drop("bob/small/answer.ipynb", text(STARTER))
    watcher.until("bob", 0)
    # Recorded before anything else happens.
    assert len(journal.read_text().splitlines()) == 3
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr("cyd/answer.ipynb", text(RIGHT))
    (tmp_path / "class.zip").rename(watcher.folder / "class.zip")
    watcher.until("cyd", 7)
    # Changed: graded again.
    watcher.drop("bob/small/answer.ipynb", text(RIGHT))
    watcher.until("bob", 7)
    assert watcher.end() == 0
    assert watcher.points() == [("early", 7), ("bob", 0), ("cyd", 7), ("bob", 7)]
    assert [line.split(",")[0] for line in csv.read_text().splitlines()[1:]] == [
        "early", "bob", "cyd", "bob",
    ]  # fmt: skip


def test_a_file_that_grows_is_graded_when_it_is_whole(watch: Callable[..., Watcher]) -> None:
    watcher = watch()
    whole = text(RIGHT)
    path = watcher.folder / "ann.ipynb"
    with path.open("w") as file:
        file.write(whole[:200])
        file.flush()
        watcher.drop("bob.ipynb", text(RIGHT))
        watcher.until("bob", 7)
        file.write(whole[200:])
    watcher.until("ann", 7)
    # On a machine so busy that the half was taken for all of it, that was told before.
    assert [points for learner, points in watcher.points() if learner == "ann"] == [7]


def test_what_is_no_submission_disturbs_nobody(watch: Callable[..., Watcher]) -> None:
    watcher = watch()
    watcher.drop("broken.ipynb", "{")
    watcher.drop("notes.txt", "hello")
    watcher.drop(".ipynb_checkpoints/ann-checkpoint.ipynb", "{")
    os.symlink("/etc/passwd", watcher.folder / "link.ipynb")
    waiting.until(watcher.entries, "the broken one")
    watcher.drop("ann.ipynb", text(RIGHT))
    watcher.until("ann", 7)
    assert watcher.end(signal.SIGTERM) == 1
    assert watcher.points() == [(None, None), ("ann", 7)]


def test_the_folder_may_go_and_come_back(watch: Callable[..., Watcher], tmp_path: Path) -> None:
    watcher = watch()
    watcher.folder.rename(tmp_path / "away")
    waiting.until(lambda: "cannot be read" in watcher.err.read_text(), "the note")
    (tmp_path / "away").rename(watcher.folder)
    watcher.drop("ann.ipynb", text(RIGHT))
    watcher.until("ann", 7)
    assert watcher.err.read_text().count("cannot be read") == 1


def test_a_folder_that_is_none_is_told(env: dict[str, str], spec: Path, tmp_path: Path) -> None:
    command = [cellist(), "grade", "--watch", tmp_path / "nothing", "--spec", spec]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing` is no folder; make it" in done.stderr
