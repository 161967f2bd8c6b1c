"""Hostile submissions, one per file in `attacks/`: none gets what it did not earn.

A file is what a learner hands in for the answer's cell, under a few lines of description:

    #| attack: what it tries
    #| row: the kind of attack
    #| points: what it has earned (7 when its answer is right)
    #| says: what the learner must be told (optional)
    #| known: why it still succeeds (optional)

`@OUTSIDE@` is a folder that is not the submission's own, `@PORT@` a port on which somebody listens.
All are graded in one batch, honest submissions among them.
"""

import copy
import json
import os
import socket
import subprocess
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, Json, Run, submission
from support import home
from support.executable import cellist

FOLDER = Path(__file__).parent / "attacks"
#: Stands in the hidden check, and in nothing that a learner may see.
CHECK_SECRET = "sesame-7431"
#: Stands in a file outside of every submission's folder.
FILE_SECRET = "outside-8852"
#: An honest submission stands before each so many attacks.
HONEST_EVERY = 10


@dataclass
class Attack:
    """One file of the suite."""

    name: str
    source: str
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        return float(self.facts["points"])


def read(path: Path) -> Attack:
    source = path.read_text()
    lines = [line[2:].partition(":") for line in source.splitlines() if line.startswith("#|")]
    return Attack(path.stem, source, {key.strip(): value.strip() for key, _, value in lines})


ATTACKS = [read(path) for path in sorted(FOLDER.glob("*.py"))]


@dataclass
class Batch:
    """What became of all of them."""

    entries: dict[str, Json]
    done: Run
    seconds: float
    outside: Path
    #: What the folder outside held before.
    before: dict[str, bytes]
    #: Whether somebody has called at the port.
    called: bool
    #: What the learners are handed out, when it was looked closely.
    pages: dict[str, bytes]


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def somebody_called(listener: socket.socket, datagrams: socket.socket) -> bool:
    for waiting in (listener, datagrams):
        waiting.setblocking(False)
    try:
        listener.accept()
        return True
    except BlockingIOError:
        pass
    try:
        datagrams.recv(1)
        return True
    except BlockingIOError:
        return False


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "watched"])
def batch(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Batch]:
    """All of them graded, also while it is looked closely at what checks run."""
    root = tmp_path_factory.mktemp("attacks")
    outside, handed_in = root / "outside", root / "in"
    outside.mkdir()
    handed_in.mkdir()
    (outside / "secret").write_text(FILE_SECRET)
    spec = copy.deepcopy(SPEC)
    [hidden] = [cell for cell in spec["units"][0]["cells"] if cell.get("hidden")]
    hidden["source"] = hidden["source"].replace("'sesame'", repr(CHECK_SECRET))
    assert CHECK_SECRET in hidden["source"]
    (outside / "spec.json").write_text(json.dumps(spec))
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
        socket.socket(socket.AF_UNIX) as service,
    ):
        port = listener.getsockname()[1]
        datagrams.bind(("127.0.0.1", port))
        # Paths of UNIX sockets are short.
        os.symlink(outside, short := Path(f"/tmp/cellist-{os.getpid()}"))
        try:
            service.bind(str(short / "socket"))
        finally:
            short.unlink()
        service.listen()
        before = contents(outside)
        for number, attack in enumerate(ATTACKS):
            source = attack.source.replace("@OUTSIDE@", str(outside)).replace("@PORT@", str(port))
            (handed_in / f"{attack.name}.ipynb").write_text(json.dumps(submission(source)))
            if number % HONEST_EVERY == 0:
                honest = handed_in / f"{attack.name}-honest.ipynb"
                honest.write_text(json.dumps(submission(RIGHT)))
        watched = ["--html", root / "html"] if request.param else []
        done, seconds = graded(root, handed_in, outside / "spec.json", watched)
        called = somebody_called(listener, datagrams)
        pages = contents(root / "html" / "learners")
        assert len(pages) == (len(list(handed_in.iterdir())) if watched else 0)
        yield Batch(by_name(done), done, seconds, outside, before, called, pages)


def graded(root: Path, handed_in: Path, spec: Path, options: list) -> tuple[Run, float]:
    (root / "tmp").mkdir()
    env = home.make(root / "home") | {"TMPDIR": str(root / "tmp")}
    limits = ("--cell-timeout", "4", "--timeout", "20", "--memory", "1024")
    command = [cellist(), "grade", handed_in, "--spec", spec, "--json", "--jobs", "3", *limits]
    # What is in the files must not run anywhere else.
    command += ["--require-sandbox", *options]
    started = time.monotonic()
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    return Run(run.returncode, run.stdout, run.stderr), time.monotonic() - started


def by_name(done: Run) -> dict[str, Json]:
    assert done.code == 0, done.stderr[-2000:]
    return {Path(entry["submission"]).stem: entry for entry in done.entries()}


def test_there_are_enough_attacks_of_every_kind() -> None:
    assert len(ATTACKS) >= 40
    rows = {attack.facts["row"] for attack in ATTACKS}
    assert rows >= {"verdict", "modules", "read", "lies", "ends", "exhausts", "files", "network"}
    assert all(attack.facts["attack"] for attack in ATTACKS)


def for_the_learner(verdict: Json) -> Json:
    """The verdict without what only teachers see: how a hidden check puts it."""
    verdict = copy.deepcopy(verdict)
    for unit in verdict["units"]:
        for item in unit["items"]:
            if item.get("hidden"):
                item.pop("message", None)
    return verdict


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_earns_nothing(batch: Batch, attack: Attack) -> None:
    verdict = batch.entries[attack.name]["verdict"]
    said = json.dumps(for_the_learner(verdict))
    succeeded = verdict["points"] > attack.points or CHECK_SECRET in said or FILE_SECRET in said
    if "known" in attack.facts:
        # When it does not succeed any more, the line has to go.
        assert succeeded, f"{attack.name} is stopped by now: take its `known` away"
        warnings.warn(f"KNOWN HOLE: {attack.name}: {attack.facts['known']}", stacklevel=1)
        return
    assert not succeeded, verdict
    assert verdict["points"] == attack.points, verdict
    assert attack.facts.get("says", "") in said, verdict


def test_the_honest_among_them_get_their_points(batch: Batch) -> None:
    honest = {name: entry for name, entry in batch.entries.items() if name.endswith("-honest")}
    assert len(honest) == -(-len(ATTACKS) // HONEST_EVERY)
    assert {entry["verdict"]["points"] for entry in honest.values()} == {7}
    assert len(batch.entries) == len(ATTACKS) + len(honest)


def test_nothing_outside_was_touched(batch: Batch) -> None:
    assert contents(batch.outside) == batch.before


def test_no_page_tells_a_secret(batch: Batch) -> None:
    known = {attack.name for attack in ATTACKS if "known" in attack.facts}
    for name, content in batch.pages.items():
        if Path(name).stem not in known:
            assert CHECK_SECRET.encode() not in content and FILE_SECRET.encode() not in content, name


def test_nobody_was_called(batch: Batch) -> None:
    assert not batch.called


def test_nothing_is_left_running(batch: Batch) -> None:
    """A process that a submission leaves behind would be in a folder of the judge's."""
    left = []
    for folder in Path("/proc").glob("[0-9]*/cwd"):
        try:
            where = os.readlink(folder)
        except OSError:
            continue
        if where.startswith(str(batch.outside.parent)):
            left.append(where)
    assert left == []
    assert list((batch.outside.parent / "tmp").iterdir()) == []


def test_known_holes_are_said() -> None:
    known = [attack.name for attack in ATTACKS if "known" in attack.facts]
    if known:
        warnings.warn(f"{len(known)} of {len(ATTACKS)} attacks succeed: {', '.join(known)}", stacklevel=1)
