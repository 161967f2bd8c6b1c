"""Output: nothing lost, in order, few messages."""

import pytest
import zmq

from kernel.client import PATIENCE, Kernel


def test_200_000_lines_arrive_complete_and_coalesced(kernel: Kernel) -> None:
    run = kernel.run("for i in range(200_000): print(i)", seconds=100)
    assert run.text() == "".join(f"{i}\n" for i in range(200_000))
    assert len(run.of("stream")) < 1000


def test_a_line_of_100_megabytes_arrives_and_ends_nothing(kernel: Kernel) -> None:
    run = kernel.run("print('x' * 100_000_000)", seconds=100)
    assert run.text() == "x" * 100_000_000 + "\n"
    assert kernel.run("print('alive')").text() == "alive\n"


def test_a_client_that_reads_late_loses_nothing(kernel: Kernel) -> None:
    run = kernel.start("for i in range(100_000): print(f'{i:0100}')")
    # Nothing is read until the cell is over.
    run.reply = kernel.receive("shell", seconds=100)
    kernel.until_idle(run, seconds=100)
    assert run.text() == "".join(f"{i:0100}\n" for i in range(100_000))


def test_streams_keep_their_order_among_each_other(kernel: Kernel) -> None:
    run = kernel.run("import sys\nfor i in range(50): print(i, file=(sys.stdout, sys.stderr)[i % 2])")
    assert "".join(m["content"]["text"] for m in run.of("stream")) == "".join(f"{i}\n" for i in range(50))
    assert run.text("stderr") == "".join(f"{i}\n" for i in range(1, 50, 2))


def test_text_shows_while_the_cell_still_runs(kernel: Kernel) -> None:
    run = kernel.start("import time\nprint('now', end='')\ntime.sleep(1000)")
    kernel.await_output(run, "now")
    kernel.interrupt()
    kernel.finish(run)


def test_displays_and_streams_keep_their_order(kernel: Kernel) -> None:
    run = kernel.run(
        "from cellist.display import clear_output\n"
        "print('a'); handle = display('b', display_id=True); print('c'); handle.update('d')\n"
        "clear_output(wait=True); print('e')"
    )
    assert run.types[2:-1] == [
        "stream", "display_data", "stream", "update_display_data", "clear_output", "stream"
    ], run.content
    shown, updated = run.of("display_data")[0], run.of("update_display_data")[0]
    assert shown["content"]["transient"] == updated["content"]["transient"] != {}
    assert run.of("clear_output")[0]["content"] == {"wait": True}


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_do_not_end_the_kernel(kernel: Kernel, start: str) -> None:
    run = kernel.run(
        "import multiprocessing, time\n"
        f"process = multiprocessing.get_context('{start}').Process(target=time.sleep, args=(1000,))\n"
        "process.start(); process.terminate(); process.join(); print(process.exitcode)"
    )
    assert run.text() == "-15\n", run.content
    assert kernel.run("print('alive')").text() == "alive\n"


def test_a_cell_that_forks_comes_back_once(kernel: Kernel) -> None:
    run = kernel.run("import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\npid > 0")
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "True"
    for n in range(3):
        assert kernel.run(f"print({n})").text() == f"{n}\n"


def test_a_client_that_never_reads_does_not_hold_up_the_others(kernel: Kernel) -> None:
    connection = kernel.connection()
    with zmq.Context() as context, context.socket(zmq.SUB) as stuck:
        stuck.set(zmq.RCVHWM, 1)
        stuck.set(zmq.RCVBUF, 4096)
        stuck.subscribe("")
        stuck.connect(f"tcp://{connection['ip']}:{connection['iopub_port']}")
        assert stuck.poll(PATIENCE * 1000)  # the welcome: it listens from now on
        count, size = 400, 100_000
        run = kernel.run(f"for i in range({count}): display({{'i': i, 'x': 'x' * {size}}})", seconds=100)
        # All of them, in order. One may come twice: nobody knows who had it before the cut.
        shown = [m["content"]["data"]["text/plain"].split(",")[0] for m in run.of("display_data")]
        assert list(dict.fromkeys(shown)) == [f"{{'i': {i}" for i in range(count)]
        assert len(shown) <= count + 1
    assert "is cut off" in kernel.log.read_text()


FORKED = """
import multiprocessing
def child(n):
    for i in range(1000): print(f"{n} {i}\\n", end="")
context = multiprocessing.get_context("fork")
children = [context.Process(target=child, args=(n,)) for n in range(3)]
for process in children: process.start()
for process in children: process.join()
"""
STARTED = """
import subprocess
count = "i=0; while [ $i -lt 1000 ]; do echo $0 $i; i=$((i + 1)); done"
children = [subprocess.Popen(["sh", "-c", count, str(n)]) for n in range(3)]
for process in children: process.wait()
"""


@pytest.mark.parametrize("code", [FORKED, STARTED], ids=["multiprocessing", "subprocess"])
def test_what_children_print_arrives_before_the_cell_ends(kernel: Kernel, code: str) -> None:
    run = kernel.run(code)
    assert run.content["status"] == "ok", run.content
    assert sorted(run.text().splitlines()) == sorted(f"{n} {i}" for n in range(3) for i in range(1000))
