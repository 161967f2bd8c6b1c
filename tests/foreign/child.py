"""One module of tests in one process: what became of each test, even of one that hangs or crashes."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from suites import Suite

#: A test that takes longer hangs, seconds; the slowest of them take 20 on a busy machine.
LIMIT = 60
#: A process that begins anew after a hang leaves out what has been run; so often at most.
STARTS = 25

INSIDE = Path(__file__).with_name("inside.py")


@dataclass
class Result:
    outcome: str
    text: str = ""
    seconds: float = 0.0


def run(command: list[str], loop: str, suite: Suite, module: str, without: Iterable[str] = ()) -> dict[str, Result]:
    """Runs `module`, but not the tests `without`, under the interpreter that `command` starts;
    results by the tests' names."""
    with TemporaryDirectory(prefix="foreign-") as folder:
        record, log = Path(folder, "record"), Path(folder, "log")
        record.write_text("".join(json.dumps({"id": test, "outcome": "begun"}) + "\n" for test in without))
        for _ in range(STARTS):
            before = record.stat().st_size
            died = _start([*command, str(INSIDE), loop, suite.kind, str(record), module,
                           *(suite.options if suite.kind == "pytest" else [])], suite, record, log)
            lines = _read(record)
            if lines and lines[-1]["outcome"] == "end":
                break
            stuck = record.stat().st_size == before
            last = lines[-1] if lines and not stuck else {"id": module, "outcome": "begun"}
            if last["outcome"] != "begun":
                last = {"id": f"{module} after {last['id']}"}
            with record.open("a") as file:
                line = {"id": last["id"], "outcome": died, "text": _tail(log)}
                file.write(json.dumps(line) + "\n")
            if stuck:
                break
        results = {}
        for line in _read(record):
            if line["outcome"] not in ("begun", "end"):
                results[line["id"]] = Result(line["outcome"], line.get("text", ""), line.get("seconds", 0))
        return results


def _start(command: list[str], suite: Suite, record: Path, log: Path) -> str:
    """Runs a process until it ends or hangs; `died` or `hung`."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(map(str, suite.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with TemporaryDirectory(prefix="foreign-") as empty, log.open("wb") as output:
        process = subprocess.Popen(command, cwd=suite.folder if suite.kind == "pytest" else empty,
                                   env=environment, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, start_new_session=True)
        try:
            size, since = -1, time.monotonic()
            while True:
                try:
                    process.wait(1)
                    return "died"
                except subprocess.TimeoutExpired:
                    pass
                if record.stat().st_size != size:
                    size, since = record.stat().st_size, time.monotonic()
                elif time.monotonic() - since > LIMIT:
                    return "hung"
        finally:
            # Also what the tests left running.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def _read(record: Path) -> list[dict]:
    lines = []
    for line in record.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            # Cut off when the process was killed.
            continue
    return lines


def _tail(log: Path) -> str:
    return log.read_bytes()[-2000:].decode(errors="replace")
