"""How far submissions are locked away, what they may still do, and who is told."""

import ctypes
import json
import platform
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, Json, Run, submission
from support.executable import cellist

Judge = Callable[..., Json]
Grade = Callable[..., Run]

#: System calls by number; that of Landlock is the same everywhere.
LANDLOCK_CREATE_RULESET = 444
UNSHARE = {"x86_64": 272, "aarch64": 97}[platform.machine()]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A right answer."""
    path = tmp_path / "good.ipynb"
    path.write_text(json.dumps(submission(RIGHT)))
    return path


def on_an_older_kernel(missing: int, errno: int) -> None:
    """From now on this process has a kernel without that system call."""
    # BPF: load the number; equal: this errno, else allow (seccomp(2)).
    program = [(0x20, 0, 0, 0), (0x15, 0, 1, missing), (0x06, 0, 0, 0x00050000 | errno), (0x06, 0, 0, 0x7FFF0000)]
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    kept = ctypes.create_string_buffer(code)
    wanted = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(kept))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    assert prctl(38, 1, 0, 0, 0) == 0
    assert prctl(22, 2, ctypes.c_char_p(wanted), 0, 0) == 0


def without(
    env: dict[str, str], missing: int, errno: int, *arguments: object, command: str = "grade"
) -> Run:
    done = subprocess.run(
        [cellist(), command, *map(str, arguments)],
        env=env, capture_output=True, text=True, timeout=100,
        preexec_fn=lambda: on_an_older_kernel(missing, errno),
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def test_the_level_is_said_and_reported(grade: Grade, good: Path) -> None:
    done = grade(good, "--json", "--require-sandbox")
    assert done.code == 0, done.stderr
    [entry] = done.entries()
    level = entry["sandbox"]
    assert level["landlock"] >= 3 and level["seccomp"] is True
    assert done.stderr.startswith(f"sandbox: landlock ABI {level['landlock']} + seccomp")


def test_a_kernel_without_landlock_still_grades(env: dict[str, str], spec: Path, good: Path) -> None:
    nosys = 38
    done = without(env, LANDLOCK_CREATE_RULESET, nosys, good, "--spec", spec, "--json")
    [entry] = done.entries()
    assert (entry["verdict"]["points"], entry["sandbox"]["landlock"]) == (7, 0)
    assert done.stderr.startswith("sandbox: no landlock + seccomp")
    done = without(env, LANDLOCK_CREATE_RULESET, nosys, good, "--spec", spec, "--require-sandbox")
    assert (done.code, done.stdout) == (3, "")
    assert "no landlock" in done.stderr and "Landlock ABI 3" in done.stderr


def needing(spec: Path, *needs: str) -> Path:
    text = json.loads(spec.read_text())
    text["units"][0]["needs"] = list(needs)
    spec.write_text(json.dumps(text))
    return spec


def test_a_shared_network_is_said(env: dict[str, str], spec: Path, good: Path) -> None:
    eperm = 1
    done = without(env, UNSHARE, eperm, good, "--spec", spec, "--json", "--require-sandbox")
    assert done.entries()[0]["sandbox"]["network"] is False
    assert "no network of its own" in done.stderr
    needing(spec, "loopback")
    done = without(env, UNSHARE, eperm, good, "--spec", spec, "--require-sandbox")
    assert done.code == 3 and "network namespace" in done.stderr


SERVER = """
import asyncio, socket
async def serve(reader, writer):
    writer.write(await reader.readline())
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"42\\n")
    return int(await reader.readline())
"""


def test_a_unit_may_need_the_loopback(judge: Judge, spec: Path) -> None:
    answer = SERVER + "def answer():\n    return asyncio.run(main())\n"
    assert judge(answer)["points"] == 0
    needing(spec, "loopback")
    assert judge(answer)["points"] == 7
    reach = "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=5)\n"
    [error] = judge(reach + RIGHT)["units"][0]["errors"]
    assert "unreachable" in error["evalue"]
    datagram = "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    [error] = judge(datagram + RIGHT)["units"][0]["errors"]
    assert error["ename"] == "PermissionError"


PROGRAM = "import subprocess, sys\nrun = subprocess.run([sys.executable, '-c', 'print(42)'], capture_output=True)\n"


def test_a_unit_may_need_processes(judge: Judge, spec: Path) -> None:
    answer = PROGRAM + "def answer():\n    return int(run.stdout)\n"
    assert judge(answer)["units"][0]["errors"][0]["ename"] == "PermissionError"
    needing(spec, "processes")
    verdict = judge(answer)
    assert verdict["points"] == 7, verdict


@pytest.mark.parametrize(
    "source",
    [
        "import threading\nseen = []\nthread = threading.Thread(target=seen.append, args=(42,))\nthread.start()\nthread.join()\nanswer = lambda: seen[0]",
        "with open('mine', 'w') as file: file.write('42')\nimport os\nos.rename('mine', 'yours')\nanswer = lambda: int(open('yours').read())",
        "import tempfile\nfile = tempfile.TemporaryFile('w+')\nfile.write('42')\nfile.seek(0)\nanswer = lambda: 42 if file.read() else int(file.seek(0) or 42)",
        "import sqlite3\ndata = sqlite3.connect('mine.db')\nanswer = lambda: data.execute('select 42').fetchone()[0]",
        "import asyncio\nanswer = lambda: asyncio.run(asyncio.to_thread(lambda: 42))",
        "import concurrent.futures\nanswer = lambda: concurrent.futures.ThreadPoolExecutor().submit(lambda: 42).result()",
        "import socket\none, other = socket.socketpair()\ndef answer():\n    one.send(b'*')\n    return other.recv(1)[0]",
        "import os, random, secrets\nos.urandom(4), secrets.token_hex(), random.random()\nanswer = lambda: 42",
        "import inspect, sys, traceback\ndef answer():\n    assert inspect.currentframe().f_code.co_name == 'answer'\n    assert traceback.extract_stack()[-1].name == 'answer'\n    return 42",
        "import signal\nseen = []\nsignal.signal(signal.SIGUSR1, lambda *a: seen.append(42))\nsignal.raise_signal(signal.SIGUSR1)\nanswer = lambda: seen[0]",
        "import gc, weakref, zoneinfo\ngc.collect()\nzoneinfo.ZoneInfo('Europe/Vienna')\nanswer = lambda: 42",
        "import logging\nlogging.warning('careful')\nanswer = lambda: 42",
    ],
    ids=["thread", "file", "temporary", "sqlite", "to-thread", "pool", "pair", "random", "frames", "signal", "modules", "logging"],
)  # fmt: skip
def test_honest_work_is_not_in_the_way(judge: Judge, source: str) -> None:
    verdict = judge(source)
    assert verdict["points"] == 7, verdict
