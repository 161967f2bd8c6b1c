"""What goes wrong around the grader: each costs no result, and is told."""

import datetime
import json
import os
import resource
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grading.conftest import RIGHT, STARTER, Run, submission
from support import waiting
from support.executable import cellist

Grade = Callable[..., Run]

#: Runs until a file `go` is in its folder, and leaves word that it has begun.
WAITS = """
import os
open('begun', 'w').close()
while not os.path.exists('go'):
    pass
"""


@pytest.fixture
def handed_in(tmp_path: Path) -> Path:
    """Eight learners, right or not in turn."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(8):
        text = json.dumps(submission((RIGHT, STARTER)[number % 2], why=str(number)))
        (folder / f"learner{number}.ipynb").write_text(text)
    return folder


def shown(done: Run) -> list[float]:
    return [entry["verdict"]["points"] for entry in done.entries()]


ALL = [7, 0] * 4


def children(pid: int) -> list[int]:
    """Processes whose parent this is."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize("victim", ["submission", "judge"])
def test_a_killed_child_costs_nothing(
    env: dict[str, str], spec: Path, tmp_path: Path, victim: str
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    path = tmp_path / "ann.ipynb"
    path.write_text(json.dumps(submission(WAITS + RIGHT)))
    command = [cellist(), "grade", path, "--spec", spec, "--json", "--cell-timeout", "60"]
    program = subprocess.Popen(
        command, env=env | {"TMPDIR": str(scratch)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    begun = lambda: list(scratch.glob("*/work/begun"))  # noqa: E731
    [first] = waiting.until(begun, "the submission", 60)
    [judge] = children(program.pid)
    [child] = children(judge)
    os.kill(judge if victim == "judge" else child, signal.SIGKILL)
    gone = lambda: not Path(f"/proc/{child}/cwd").exists()  # noqa: E731
    waiting.until(gone, "the end of the child")

    def again() -> list[Path]:
        """Begun by another process than the one that was killed."""
        grandchildren = [one for judge in children(program.pid) for one in children(judge)]
        return begun() if grandchildren and child not in grandchildren else []

    waiting.until(again, "the submission's second begin", 60)
    for work in scratch.glob("*/work"):
        (work / "go").touch()
    # The folder may have been swept and begun anew in between.
    def over() -> bool:
        for work in scratch.glob("*/work"):
            try:
                (work / "go").touch()
            except FileNotFoundError:
                continue
        return program.poll() is not None

    waiting.until(over, "the end", 90)
    out, err = program.communicate()
    assert program.returncode == 0, err
    [entry] = json.loads(out)
    assert entry["verdict"]["points"] == 7


def small_disk(size: int) -> Callable[[], None]:
    """Files may not grow beyond this, as on a disk that is full."""

    def limit() -> None:
        # Writing beyond it then is an error and no signal.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def run(env: dict[str, str], *arguments: object, **options: object) -> Run:
    command = [cellist(), "grade", *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, timeout=100, **options)
    return Run(done.returncode, done.stdout.decode(), done.stderr.decode())


def test_a_full_disk_under_the_journal(
    env: dict[str, str], spec: Path, grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.jsonl"
    arguments = [handed_in, "--spec", spec, "--json", "--reproducible", "--journal", journal]
    done = run(env, *arguments, preexec_fn=small_disk(5000))
    assert done.code == 1
    assert shown(done) == ALL
    assert f"error: the journal `{journal}` could not be written: " in done.stderr
    assert "make room; the same command again grades only what is not in it" in done.stderr
    assert 0 < journal.stat().st_size <= 5000
    again = grade(handed_in, "--json", "--reproducible", "--journal", journal)
    assert (again.code, again.stdout) == (0, done.stdout)
    assert "verdicts are there already" in again.stderr
    assert "journal: 8 verdicts" in grade(handed_in, "--journal", journal).stderr


def test_a_full_disk_under_a_report(
    env: dict[str, str], spec: Path, handed_in: Path, tmp_path: Path
) -> None:
    book, csv = tmp_path / "book.db", tmp_path / "checks.csv"
    csv.write_text("old\n")
    done = run(
        env, handed_in, "--spec", spec, "--json", "--csv-checks", csv, preexec_fn=small_disk(1000)
    )
    assert done.code == 1 and shown(done) == ALL
    assert f"error: `{csv}` could not be written: " in done.stderr
    assert "the rest was written; mend this and grade again" in done.stderr
    assert csv.read_text() == "old\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checks.csv", "in", "spec.json"]
    assert not book.exists()


def test_a_full_disk_under_the_gradebook(
    env: dict[str, str], spec: Path, grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book.db"
    assert grade(next(handed_in.iterdir()), "--gradebook", book).code == 0
    size = book.stat().st_size
    done = run(
        env, handed_in, "--spec", spec, "--json", "--gradebook", book, preexec_fn=small_disk(size)
    )
    assert done.code == 1 and shown(done) == ALL
    assert f"error: the gradebook `{book}` could not be written: " in done.stderr
    assert "space on the disk" in done.stderr
    assert grade(handed_in, "--gradebook", book).code == 0
    assert len(standings(book)) == 8


def standings(book: Path) -> list[tuple[str, int]]:
    connection = sqlite3.connect(book)
    try:
        question = "SELECT l.name, st.grading FROM standings st JOIN learners l ON l.id = st.learner"
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def test_a_full_disk_under_standard_output(
    env: dict[str, str], spec: Path, grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    journal, csv = tmp_path / "journal.jsonl", tmp_path / "units.csv"
    arguments = [handed_in, "--spec", spec, "--json", "--journal", journal, "--csv", csv]
    with open("/dev/full", "wb") as full:
        command = [cellist(), "grade", *map(str, arguments)]
        done = subprocess.run(command, env=env, stdout=full, stderr=subprocess.PIPE, timeout=100)
    assert done.returncode == 1
    assert b"cannot print the report" in done.stderr
    assert len(csv.read_text().splitlines()) == 9
    assert "journal: 8 verdicts" in grade(handed_in, "--journal", journal).stderr


@pytest.mark.parametrize("option", ["--journal", "--csv", "--gradebook", "--html"])
def test_a_folder_that_may_not_be_written_to(
    env: dict[str, str], spec: Path, handed_in: Path, tmp_path: Path, option: str
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    command: list[object] = []
    if os.geteuid() == 0:
        # What root may, permissions or not, is this capability.
        command = ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override"]
    command += [cellist(), "grade", handed_in, "--spec", spec, option, closed / "new"]
    done = subprocess.run(map(str, command), env=env, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stdout) == (2, "")
    assert str(closed) in done.stderr
    assert 2 <= len(done.stderr.splitlines()) <= 3
    assert list(closed.iterdir()) == []


@pytest.fixture
def writer(grade: Grade, handed_in: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Another program that is in the middle of writing to the gradebook `book.db`."""
    assert grade(next(handed_in.iterdir()), "--gradebook", tmp_path / "book.db").code == 0
    connection = sqlite3.connect(tmp_path / "book.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield connection
    connection.close()


def test_a_gradebook_locked_for_a_while(
    env: dict[str, str], spec: Path, handed_in: Path, tmp_path: Path, writer: sqlite3.Connection
) -> None:
    book, out = tmp_path / "book.db", tmp_path / "out"
    command = [cellist(), "grade", handed_in, "--spec", spec, "--gradebook", book, "--json"]
    with out.open("wb") as stdout:
        program = subprocess.Popen(command, env=env, stdout=stdout, stderr=subprocess.PIPE)
    # The first is told when writing it down was given up for now.
    waiting.until(out.read_text, "the first result", 60)
    writer.execute("ROLLBACK")
    _, err = program.communicate(timeout=100)
    assert program.returncode == 0, err
    assert len(standings(book)) == 8


def test_a_gradebook_that_stays_locked(
    grade: Grade, handed_in: Path, tmp_path: Path, writer: sqlite3.Connection
) -> None:
    book, journal = tmp_path / "book.db", tmp_path / "journal.jsonl"
    done = grade(handed_in, "--gradebook", book, "--journal", journal, "--json", "--quiet")
    assert done.code == 1 and shown(done) == ALL
    assert f"error: the gradebook `{book}` is locked by another program\n" in done.stderr
    writer.execute("ROLLBACK")
    again = grade(handed_in, "--gradebook", book, "--journal", journal, "--json")
    assert (again.code, again.stdout) == (0, done.stdout)
    assert len(standings(book)) == 8


def test_a_gradebook_that_breaks(grade: Grade, handed_in: Path, tmp_path: Path) -> None:
    book = tmp_path / "book.db"
    assert grade(next(handed_in.iterdir()), "--gradebook", book).code == 0
    pages = book.read_bytes()
    # The heading and the table of tables are whole.
    book.write_bytes(pages[:4096] + b"\xa5" * (len(pages) - 4096))
    done = grade(handed_in, "--gradebook", book, "--json")
    assert done.code == 1 and shown(done) == ALL
    assert f"error: `{book}` is not a gradebook, or a broken one\n" in done.stderr
    assert "put a copy back in its place" in done.stderr


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

/* The date goes back and forth by thirty years from one question to the next. */
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    static int asked;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += (asked++ % 2 ? 1 : -1) * 946080000L;
    return done;
}
"""


def test_a_clock_that_jumps(
    env: dict[str, str], spec: Path, grade: Grade, handed_in: Path, tmp_path: Path
) -> None:
    (tmp_path / "clock.c").write_text(CLOCK)
    library = tmp_path / "clock.so"
    build = ["cc", "-shared", "-fPIC", "-o", library, tmp_path / "clock.c", "-ldl"]
    subprocess.run(build, check=True)
    endless = json.dumps(submission("while True: pass"))
    (handed_in / "learner8.ipynb").write_text(endless)
    options = [handed_in, "--spec", spec, "--json", "--reproducible", "--cell-timeout", "2"]
    book = tmp_path / "book.db"
    options += ["--journal", tmp_path / "journal.jsonl", "--gradebook", book]
    done = run(env | {"LD_PRELOAD": str(library)}, *options)
    assert done.code == 0, done.stderr
    assert done.stdout == grade(*options[:1], *options[3:7]).stdout
    # It did jump.
    today = datetime.date.today().year
    connection = sqlite3.connect(book)
    years = {row[0][:4] for row in connection.execute("SELECT graded_at FROM gradings")}
    connection.close()
    assert years and all(abs(int(year) - today) > 20 for year in years), years
