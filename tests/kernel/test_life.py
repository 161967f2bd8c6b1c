"""How a kernel begins and ends."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.client import PATIENCE, Kernel, Run
from support.executable import cellist
from support.waiting import until


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("restart", [False, True])
def test_the_reply_to_shutdown_arrives_and_the_process_ends(
    kernel: Kernel, channel: str, restart: bool
) -> None:
    run = Run(kernel.send(channel, "shutdown_request", {"restart": restart}))
    kernel.finish(run, channel)
    assert run.content == {"status": "ok", "restart": restart}
    assert run.types == ["busy", "shutdown_reply", "idle"]
    assert kernel.process.wait(10) == 0


@pytest.mark.parametrize(
    "code",
    [
        "while True: pass",
        "import asyncio; await asyncio.sleep(1000)",
        "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass",
        "input()",
    ],
)
def test_shutdown_does_not_wait_for_the_running_cell(kernel: Kernel, code: str) -> None:
    run = kernel.start(f"print('begun')\n{code}")
    kernel.await_output(run, "begun")
    kernel.send("control", "shutdown_request", {"restart": False})
    assert kernel.receive("control")["content"]["status"] == "ok"
    kernel.process.wait(4.5)  # jupyter_client kills after 5 s


def test_shutdown_right_after_launch(start_kernel: Callable[..., Kernel]) -> None:
    kernel = start_kernel()
    kernel.process.kill()
    kernel.process.wait()
    kernel.process = kernel.launch()
    # Sent before the interpreter can be up, most likely before there is a socket.
    run = Run(kernel.send("control", "shutdown_request", {"restart": False}))
    reply = kernel.receive("control")
    assert reply["parent_header"]["msg_id"] == run.msg_id
    assert kernel.process.wait(10) == 0


def test_atexit_functions_run_and_may_print(kernel: Kernel, tmp_path: Path) -> None:
    proof = tmp_path / "proof"
    kernel.run(f"import atexit, pathlib; atexit.register(lambda: pathlib.Path({str(proof)!r}).touch())")
    kernel.client.shutdown()
    kernel.receive("control")
    assert kernel.process.wait(10) == 0
    assert proof.exists()


def test_sigterm_ends_the_kernel_in_good_order(kernel: Kernel) -> None:
    run = kernel.start("print('begun')\nwhile True: pass")
    kernel.await_output(run, "begun")
    kernel.process.send_signal(signal.SIGTERM)
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    assert kernel.process.wait(10) == 0


# A code object that only a faulty compiler could make.
CRASH = "exec((lambda: x).__code__.replace(co_names=()))"


@pytest.mark.parametrize("where", ["main shell", "subshell"])
def test_a_crash_of_the_interpreter_is_told(kernel: Kernel, where: str) -> None:
    kernel.run("kept = 1")
    message = kernel.client.session.msg("execute_request", {"code": CRASH})
    if where == "subshell":
        created = kernel.request("create_subshell_request", channel="control")
        message["header"]["subshell_id"] = created.content["subshell_id"]
    kernel.client.shell_channel.send(message)
    crashed = kernel.finish(Run(message["header"]["msg_id"]))
    assert crashed.content["status"] == "error" and crashed.content["ename"] == "InterpreterCrash"
    assert "index out of bounds" in crashed.content["evalue"] and "restart" in crashed.content["evalue"]
    assert crashed.of("error")[0]["content"]["ename"] == "InterpreterCrash"
    assert kernel.process.wait(10) == 70
    assert "the interpreter crashed" in kernel.log.read_text()


def test_a_crash_leaves_nobody_waiting(kernel: Kernel) -> None:
    first, second = kernel.start(CRASH), kernel.start("print('never')")
    assert kernel.finish(first).content["ename"] == "InterpreterCrash"
    assert kernel.finish(second).content["status"] == "aborted"
    assert kernel.process.wait(10) == 70


def test_a_kernel_ends_when_its_parent_does(env: dict[str, str], tmp_path: Path) -> None:
    with Kernel(tmp_path, env) as kernel:
        kernel.process.kill()
        kernel.process.wait()
        # A parent that starts the kernel as Jupyter does, tells us its pid, and stays.
        starter = (
            "import os, subprocess, sys, time\n"
            "env = os.environ | {'JPY_PARENT_PID': str(os.getpid())}\n"
            "kernel = subprocess.Popen(sys.argv[1:], env=env, stdout=subprocess.DEVNULL)\n"
            "print(kernel.pid, flush=True)\n"
            "time.sleep(1000)\n"
        )
        command = [sys.executable, "-c", starter, cellist(), "kernel", "-f", kernel.file]
        parent = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
        pid = int(parent.stdout.readline())
        watch = os.pidfd_open(pid)
        kernel.client.wait_for_ready(timeout=PATIENCE)
        parent.kill()
        parent.wait()
        parent.stdout.close()
        assert select.select([watch], [], [], 10)[0], "the kernel outlives its parent"
        os.close(watch)


def fails(arguments: list[object], env: dict[str, str], code: int) -> str:
    """Runs `cellist kernel …`, which must fail with this exit code; returns what it says."""
    command = [cellist(), "kernel", *map(str, arguments)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == code, done
    assert done.stdout == ""
    return done.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "k.json"


def good() -> dict[str, object]:
    ports = {name: 1 for name in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")}
    return ports | {"ip": "127.0.0.1", "key": "k", "transport": "tcp", "signature_scheme": "hmac-sha256"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "does not exist"),
        ("", "is not JSON"),
        ('{"ip": "127.0.0.1",', "is not JSON"),
        ("[]", "an array"),
        ("{}", "`ip`"),
        (json.dumps({k: v for k, v in good().items() if k != "hb_port"}), "`hb_port`"),
        (json.dumps(good() | {"shell_port": "x"}), "`shell_port`"),
        (json.dumps(good() | {"signature_scheme": "hmac-md5"}), "`signature_scheme`"),
        (json.dumps(good() | {"transport": "carrier pigeon"}), "`transport`"),
        (json.dumps(good() | {"curve_publickey": "k", "curve_secretkey": "k"}), "`curve_publickey`"),
        (json.dumps(good() | {"ip": "no.such.host.invalid"}), "no.such.host.invalid"),
    ],
)
def test_a_broken_connection_file_is_named(
    env: dict[str, str], file: Path, content: str | None, said: str
) -> None:
    if content is not None:
        file.write_text(content)
    message = fails(["-f", file], env, 1)
    assert str(file) in message and said in message
    assert len(message.splitlines()) <= 3


def test_a_taken_port_is_named(env: dict[str, str], file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file.write_text(json.dumps(good() | {"shell_port": port}))
        message = fails(["-f", file], env, 1)
    assert f"port {port}" in message and "`shell_port`" in message and str(file) in message


@pytest.mark.parametrize("arguments", [[], ["-f"], ["install", "--user", "--prefix", "/x"], ["nonsense"]])
def test_wrong_usage_says_how_to_go_on(env: dict[str, str], arguments: list[str]) -> None:
    assert "help" in fails(arguments, env, 2)


@pytest.mark.parametrize("code", ["1 + 1", "import asyncio; await asyncio.sleep(0)"])
def test_a_kernel_at_rest_keeps_little_of_its_executable_in_memory(kernel: Kernel, code: str) -> None:
    for _ in range(2):
        # The second time nothing is imported.
        assert kernel.run(code).content["status"] == "ok"
        until(lambda: _resident_executable(kernel.process.pid) < 4096, "a kernel of less than 4 MiB of executable")


def _resident_executable(pid: int) -> int:
    """KiB of what the process has read from its executable and cannot write."""
    found, counts = 0, False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        first, *rest = line.split()
        if "-" in first:
            counts = rest[-1] == str(cellist().resolve()) and "w" not in rest[0]
        elif counts and first in ("Private_Clean:", "Shared_Clean:"):
            found += int(rest[0])
    return found
