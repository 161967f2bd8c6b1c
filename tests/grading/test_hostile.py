"""Submissions that do not end, or not the way they should. None of them stops the batch."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, Json, Run, hints, statuses, submission
from support.executable import cellist
from support.waiting import until

Judge = Callable[..., Json]
QUICK = ("--cell-timeout", "2")


def died(verdict: Json) -> str:
    """Every check is an error; what the learner's cell is told."""
    marks = statuses(verdict)
    assert {marks[check] for check in ("u-right", "u-twice", "u-calm")} == {"error"}
    assert verdict["points"] == 0
    [error] = verdict["units"][0]["errors"]
    assert error["cell"] == "u-answer"
    assert hints(verdict)["u-right"] == "Not run: the program was stopped in `u-answer`."
    return error["evalue"]


@pytest.mark.parametrize(
    "source",
    [
        "while True:\n    pass",
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "10 ** 10 ** 9",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ],
    ids=["loop", "stubborn", "native", "stopped"],
)
def test_what_never_ends_is_stopped(judge: Judge, source: str) -> None:
    assert died(judge(source, *QUICK)).startswith("Stopped after 2 s.")


def test_a_deadlock_is_found_at_once(judge: Judge) -> None:
    verdict = judge("import threading\nthreading.Event().wait()")
    [error] = verdict["units"][0]["errors"]
    assert (error["cell"], error["ename"]) == ("u-answer", "DeadlockError")
    assert "MainThread waits at Cell In[" in error["evalue"]
    assert "passed" not in statuses(verdict).values() and verdict["points"] == 0


def test_a_hang_in_one_check_spares_the_points_before_it(judge: Judge) -> None:
    source = "calls = 0\ndef answer():\n    global calls\n    calls += 1\n    while calls > 1: pass\n    return 42\n"
    verdict = judge(source, *QUICK)
    marks = statuses(verdict)
    assert (marks["u-right"], marks["u-twice"], marks["u-calm"]) == ("passed", "error", "error")
    assert verdict["points"] == 2
    assert hints(verdict)["u-twice"].startswith("Stopped after 2 s.")
    assert hints(verdict)["u-calm"] == "Not run: the program was stopped in `u-twice`."


def test_the_whole_notebook_has_a_time_too(judge: Judge) -> None:
    verdict = judge("while True:\n    pass", "--timeout", "1.5")
    assert died(verdict) == "Stopped: the whole notebook ran for more than 1.5 s."


@pytest.mark.parametrize("status", [0, 1, 42])
def test_ending_the_process_is_no_pass(judge: Judge, status: int) -> None:
    told = died(judge(f"import os\nos._exit({status})"))
    assert told.startswith(f"The program ended its own process with status {status}.")


def test_killing_oneself_is_no_pass(judge: Judge) -> None:
    assert "was killed" in died(judge("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))


def test_a_flood_of_output_is_cut_off(judge: Judge) -> None:
    told = died(judge("while True:\n    print('x' * 10_000)"))
    assert told.startswith("Stopped: one cell printed more than 8 MiB.")


def test_a_lot_of_output_is_no_flood(judge: Judge) -> None:
    verdict = judge(RIGHT + "for i in range(20_000):\n    print('line', i)\n")
    assert verdict["points"] == 7


@pytest.mark.parametrize(
    "source",
    [
        "hoard = []\nwhile True:\n    hoard.append(bytearray(50_000_000))",
        "bytearray(10 ** 11)",
        "hoard = 'x'\nwhile True:\n    hoard += hoard",
    ],
    ids=["pieces", "at-once", "text"],
)
def test_a_memory_bomb_earns_nothing(judge: Judge, source: str) -> None:
    verdict = judge(source, "--memory", "1024")
    assert verdict["points"] == 0
    [error] = verdict["units"][0]["errors"]
    assert error["ename"] == "MemoryError" or "memory" in error["evalue"], error


def test_endless_recursion_is_an_exception(judge: Judge) -> None:
    verdict = judge("def answer():\n    return answer()\n")
    assert verdict["points"] == 0
    assert statuses(verdict)["u-right"] == "failed"


def test_a_large_file_is_not_written(judge: Judge) -> None:
    source = "with open('big', 'wb') as big:\n    for _ in range(100): big.write(bytes(1_000_000)); big.flush()"
    verdict = judge(source)
    assert verdict["points"] == 0
    assert verdict["units"][0]["errors"]


@pytest.fixture
def with_processes(spec: Path) -> None:
    """The unit may start processes."""
    text = json.loads(spec.read_text())
    text["units"][0]["needs"] = ["processes"]
    spec.write_text(json.dumps(text))


@pytest.mark.usefixtures("with_processes")
def test_a_fork_does_not_answer_twice(judge: Judge) -> None:
    verdict = judge("import os\nos.fork()\n" + RIGHT)
    assert verdict["points"] == 7


@pytest.mark.usefixtures("with_processes")
def test_what_a_submission_started_ends_with_it(judge: Judge) -> None:
    source = RIGHT + (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        with open('alive', 'w') as sign: sign.write(str(os.getpid()))\n"
        "        while True: pass\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "while not os.path.exists('alive') or not open('alive').read(): pass\n"
        "raise ValueError(open('alive').read())\n"
    )
    verdict = judge(source)
    assert verdict["points"] == 7, verdict
    [error] = verdict["units"][0]["errors"]
    assert not Path(f"/proc/{int(error['evalue'])}").exists()


@pytest.mark.parametrize("target", ["os.getppid()", "os.getpid()"])
def test_killing_the_judge_harms_only_oneself(
    grade: Callable[..., Run], tmp_path: Path, target: str
) -> None:
    (tmp_path / "1.ipynb").write_text(
        json.dumps(submission(f"import os, signal\nos.kill({target}, signal.SIGKILL)\n" + RIGHT))
    )
    (tmp_path / "2.ipynb").write_text(json.dumps(submission(RIGHT)))
    done = grade(tmp_path / "1.ipynb", tmp_path / "2.ipynb", "--json", "--jobs", "1")
    assert done.code == 0
    first, second = done.entries()
    assert first["verdict"]["points"] == 0
    assert second["verdict"]["points"] == 7


FORGER = """
import os, stat, struct, threading
body = b'{"type":"checked","passed":true,"score":null,"hint":null,"message":null,"hint_error":null}'
frame = struct.pack(">I", len(body)) + bytes(32) + body
def answer():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, frame)
        except OSError: pass
"""


def test_a_forged_answer_counts_as_none(judge: Judge) -> None:
    verdict = judge(FORGER)
    assert verdict["points"] == 0
    marks = statuses(verdict)
    assert (marks["u-right"], marks["u-twice"], marks["u-calm"]) == ("error",) * 3
    assert "the judge's own connection" in hints(verdict)["u-right"]


def test_claiming_success_is_not_success(judge: Judge) -> None:
    verdict = judge("print('all passed')\nimport json\nprint(json.dumps({'passed': True}))\n")
    assert verdict["points"] == 0


@pytest.mark.parametrize(
    "source",
    [
        "class Liar:\n    def __eq__(self, other): return True\nanswer = Liar\n",
        "class Liar(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\nanswer = Liar\n",
        "import builtins\nbuiltins.AssertionError = BaseException\nanswer = lambda: 1\n",
    ],
)
def test_a_lie_is_not_believed(judge: Judge, source: str) -> None:
    assert statuses(judge(source))["u-right"] == "failed"


def test_bad_ones_do_not_stop_the_rest(grade: Callable[..., Run], tmp_path: Path) -> None:
    sources = ["import os\nos._exit(0)", RIGHT, "while True:\n    pass", RIGHT, "bytearray(10 ** 12)", RIGHT]
    for number, source in enumerate(sources):
        (tmp_path / f"{number}.ipynb").write_text(json.dumps(submission(source)))
    started = time.monotonic()
    done = grade(*sorted(tmp_path.glob("*.ipynb")), "--json", "--jobs", "2", *QUICK)
    assert time.monotonic() - started < 60
    assert done.code == 0
    assert [entry["verdict"]["points"] for entry in done.entries()] == [0, 7, 0, 7, 0, 7]


def test_ctrl_c_ends_everything(env: dict[str, str], spec: Path, tmp_path: Path) -> None:
    folder, path = tmp_path / "tmp", tmp_path / "1.ipynb"
    folder.mkdir()
    source = "import os\nwith open('alive', 'w') as sign: sign.write(str(os.getpid()))\nwhile True: pass"
    path.write_text(json.dumps(submission(source)))
    command = [cellist(), "grade", path, "--spec", spec]
    grading = subprocess.Popen(
        command,
        env=env | {"TMPDIR": str(folder)},
        # A shell that runs the tests in the background has SIGINT ignored; in a terminal it is not.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    def written() -> str:
        return "".join(sign.read_text() for sign in folder.glob("*/work/alive"))

    pid = int(until(written, "the submission to run"))
    grading.send_signal(signal.SIGINT)
    assert grading.wait() == -signal.SIGINT
    until(lambda: not Path(f"/proc/{pid}").exists(), "the submission's process to end")
    until(lambda: not list(folder.iterdir()), "its folder to go")


def test_nothing_stays_behind(judge: Judge, env: dict[str, str], tmp_path: Path) -> None:
    env["TMPDIR"] = str(tmp_path / "tmp")
    Path(env["TMPDIR"]).mkdir()
    try:
        judge("open('mine', 'w').write('x')\n" + RIGHT)
        judge("while True: pass", *QUICK)
        assert list(Path(env["TMPDIR"]).iterdir()) == []
    finally:
        del env["TMPDIR"]
