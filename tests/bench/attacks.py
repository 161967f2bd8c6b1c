"""What hostile submissions get from three graders: `python tests/bench/attacks.py [NAME…]`.

Hands each file of `tests/grading/attacks` (or those named) to `cellist grade`, to nbgrader and to Otter, as the
answer to one question of 6 points: `answer()` is 42, and a second time (hidden). Prints per attack what came
through: points that were not earned, changes outside of its folder, a call to a port of this machine, and
whether the grader ended without a result or took longer than a minute. Attacks that use parts of our own
grader find nothing of the kind in the others, and count as harmless there.

nbgrader and Otter run what they are given without a sandbox. Each of their runs is therefore put into
namespaces of its own (`unshare`: processes, mounts, network) with 4 GiB of memory; needs root. Takes half an
hour. Exit code 1 when anything comes through `cellist grade`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support import nbgrader, otter  # noqa: E402
from support.executable import cellist  # noqa: E402

FOLDER = Path(__file__).resolve().parents[1] / "grading/attacks"
LIMIT = 60
#: Kinds of attack that are after something other than points.
ANSWERED = ("ends", "exhausts", "files", "network")
STARTER = "def answer():\n    ...\n"
TESTS = ("assert answer() == 42", "_ = answer()\nassert answer() == 42")

#: Runs a command beside a listener, all in a network of their own; prints whether somebody called.
BESIDE_A_LISTENER = """
import socket, subprocess, sys
subprocess.run(["ip", "link", "set", "lo", "up"], capture_output=True)
tcp, udp = socket.create_server(("127.0.0.1", 7431)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 7431))
try:
    code = subprocess.run(sys.argv[2:], timeout=float(sys.argv[1]), capture_output=True).returncode
except subprocess.TimeoutExpired:
    code = "timeout"
called = False
for waiting, take in ((tcp, lambda: tcp.accept()), (udp, lambda: udp.recv(1))):
    waiting.setblocking(False)
    try:
        take()
        called = True
    except BlockingIOError:
        pass
print(f"\\nENDED {code} {called}")
"""


@dataclass
class Outcome:
    """What an attack came to."""

    points: float | None
    touched: bool
    called: bool
    ended: str

    def words(self, earned: float) -> str:
        """What came through."""
        found = []
        if self.points is not None and self.points > earned:
            found.append(f"{self.points:g} points")
        found += [word for word, true in (("files", self.touched), ("network", self.called)) if true]
        if self.ended == "timeout":
            found.append("never ends")
        elif self.points is None:
            found.append("no result")
        return ", ".join(found) or "-"


def code(source: str, **metadata: object) -> dict:
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": [], "execution_count": None}


def notebook(cells: list[dict]) -> str:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4})


def locked(work: Path, outside: Path, command: list, path: str = "", cwd: Path | None = None) -> tuple[str, bool, bool]:
    """Runs a grader in namespaces; returns how it ended, whether files changed, and whether somebody called."""
    before = {file.name: file.read_bytes() for file in outside.iterdir() if file.is_file()}
    program = ["unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "prlimit", f"--as={4 << 30}",
               sys.executable, "-c", BESIDE_A_LISTENER, str(LIMIT), *map(str, command)]  # fmt: skip
    env = os.environ | {"PATH": f"{path}:{os.environ['PATH']}", "HOME": str(work), "TMPDIR": str(work)}
    try:
        # The program must not wait for what the attack leaves behind.
        done = subprocess.run(program, cwd=cwd or work, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, timeout=LIMIT + 30, start_new_session=True)  # fmt: skip
        said = [line for line in done.stdout.splitlines() if line.startswith("ENDED")]
    except subprocess.TimeoutExpired:
        said = ["ENDED timeout False"]
    _, ended, called = (said or ["ENDED killed False"])[-1].split()
    after = {file.name: file.read_bytes() for file in outside.iterdir() if file.is_file()}
    return ended, before != after, called == "True"


def by_cellist(source: str, work: Path, outside: Path) -> Outcome:
    checks = [
        {"kind": "check", "id": f"u-{at}", "points": 3.0, "source": test.replace("answer()", "lab.run('answer').result")}
        for at, test in enumerate(TESTS)
    ]
    cells = [{"kind": "exercise", "id": "u-answer", "starter": STARTER}, *checks]
    unit = {"id": "u", "title": "u", "clock": "wall", "rev": 1, "cells": cells}
    (work / "spec.json").write_text(json.dumps({"schema": 1, "notebook": "u.ipynb", "units": [unit]}))
    cell = code(source) | {"id": "u-answer"}
    (work / "u.ipynb").write_text(notebook([cell]).replace('"nbformat_minor": 4', '"nbformat_minor": 5'))
    command = [cellist(), "grade", "u.ipynb", "--spec", "spec.json", "--json", "--cell-timeout", "4"]
    shell = ["sh", "-c", f"{' '.join(map(str, command))} > verdict.json"]
    ended, touched, called = locked(work, outside, shell)
    text = (work / "verdict.json").read_text() if (work / "verdict.json").exists() else ""
    points = json.loads(text)[0].get("verdict", {}).get("points") if text else None
    return Outcome(points, touched, called, ended)


def nbgraders_cells(answer: str, hidden: bool) -> str:
    """The question for nbgrader, with an answer."""
    def flags(name: str, *on: str) -> dict:
        part = {"grade_id": name, "schema_version": 3, "points": 3, "task": False}
        return {"nbgrader": part | {flag: flag in on for flag in ("grade", "locked", "solution")}}

    second = f"### BEGIN HIDDEN TESTS\n{TESTS[1]}\n### END HIDDEN TESTS" if hidden else ""
    graded = [code(TESTS[0], **flags("t0", "grade", "locked")), code(second, **flags("t1", "grade", "locked"))]
    return notebook([code(answer, **flags("a", "solution")), *graded])


def nbgraders_course(folder: Path) -> Path:
    """A course of nbgrader, ready to grade."""
    (folder / "source/ps1").mkdir(parents=True)
    (folder / "source/ps1/u.ipynb").write_text(nbgraders_cells(STARTER, hidden=True))
    (folder / "nbgrader_config.py").write_text("")
    programs = nbgrader.programs()
    env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    step = [programs / "nbgrader", "generate_assignment", "ps1"]
    subprocess.run(step, cwd=folder, env=env, check=True, capture_output=True)
    return folder


def by_nbgrader(source: str, work: Path, outside: Path, course: Path) -> Outcome:
    shutil.copytree(course, work, dirs_exist_ok=True)
    (work / "submitted/eve/ps1").mkdir(parents=True)
    (work / "submitted/eve/ps1/u.ipynb").write_text(nbgraders_cells(source, hidden=False))
    programs = nbgrader.programs()
    ended, touched, called = locked(work, outside, [programs / "nbgrader", "autograde", "ps1"], str(programs))
    ask = """
        from nbgrader.api import Gradebook
        with Gradebook("sqlite:///gradebook.db") as book:
            print([one.score for one in book.assignment_submissions("ps1") if one.student.id == "eve"][0])
    """
    said = subprocess.run([programs / "python", "-c", textwrap.dedent(ask)], cwd=work, capture_output=True, text=True)
    points = float(said.stdout) if said.returncode == 0 and ended == "0" else None
    return Outcome(points, touched, called, ended)


def by_otter(source: str, work: Path, outside: Path, autograder: Path) -> Outcome:
    cells = [code("import otter\ngrader = otter.Notebook(\"u.ipynb\")"), code(source), code('grader.check("q1")')]
    (work / "u.ipynb").write_text(notebook(cells))
    programs = otter.programs()
    command = [programs / "python", "-c", otter.GRADE, autograder, "u.ipynb"]
    shell = ["sh", "-c", '"$@" > points.txt', "sh", *command]
    ended, touched, called = locked(work, outside, shell, str(programs))
    lines = (work / "points.txt").read_text().splitlines() if ended == "0" else []
    try:
        # What an attack prints may stand beside it.
        points = sum(score for score, _ in json.loads(lines[-1])["u.ipynb"].values())
    except (IndexError, KeyError, ValueError):
        points = None
    return Outcome(points, touched, called, ended)


def otters_assignment(folder: Path) -> Path:
    """The question for Otter."""
    def raw(source: str) -> dict:
        return {"cell_type": "raw", "metadata": {}, "source": source}

    cells = [raw("# BEGIN QUESTION\nname: q1\npoints: 6"), raw("# BEGIN TESTS"), code(TESTS[0]),
             code("# HIDDEN\n" + TESTS[1]), raw("# END TESTS"), raw("# END QUESTION")]  # fmt: skip
    (folder / "u.ipynb").write_text(notebook(cells))
    return otter.assign(folder / "u.ipynb", folder / "dist", dict(os.environ))


def main(names: list[str]) -> int:
    attacks = sorted(path for path in FOLDER.glob("*.py") if not names or path.stem in names)
    root = Path(tempfile.mkdtemp(prefix="cellist-attacks-"))
    root.chmod(0o755)
    assignment = root / "otter"
    assignment.mkdir()
    autograder, course = otters_assignment(assignment), nbgraders_course(root / "course")
    came_through = {"cellist": 0, "nbgrader": 0, "otter": 0}
    print(f"{'attack':20} {'kind':10} {'cellist':24} {'nbgrader':24} otter")
    for path in attacks:
        facts = dict(line[3:].split(": ", 1) for line in path.read_text().splitlines() if line.startswith("#| "))
        # Some answer rightly, after what they do: there the points are honest wherever it comes through.
        earned = 6 if facts["row"] in ANSWERED or float(facts["points"]) >= 6 else 0
        told = []
        for grader in came_through:
            work, outside = root / f"{path.stem}-{grader}", root / f"{path.stem}-{grader}-outside"
            work.mkdir()
            outside.mkdir()
            (outside / "secret").write_text("outside")
            source = path.read_text().replace("@OUTSIDE@", str(outside)).replace("@PORT@", "7431")
            if grader == "cellist":
                outcome = by_cellist(source, work, outside)
            elif grader == "nbgrader":
                outcome = by_nbgrader(source, work, outside, course)
            else:
                outcome = by_otter(source, work, outside, autograder)
            told.append(outcome.words(earned))
            came_through[grader] += told[-1] != "-"
            shutil.rmtree(work, ignore_errors=True)
            shutil.rmtree(outside, ignore_errors=True)
        print(f"{path.stem:20} {facts['row']:10} {told[0]:24} {told[1]:24} {told[2]}", flush=True)
    shutil.rmtree(root, ignore_errors=True)
    print(f"{len(attacks)} attacks; came through: " + ", ".join(f"{who} {many}" for who, many in came_through.items()))
    return int(came_through["cellist"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
