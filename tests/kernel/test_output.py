"""Output: nothing lost, in order, few messages."""

import pytest

from kernel.client import Kernel


def test_200_000_lines_arrive_complete_and_coalesced(kernel: Kernel) -> None:
    run = kernel.run("for i in range(200_000): print(i)", seconds=100)
    assert run.text() == "".join(f"{i}\n" for i in range(200_000))
    assert len(run.of("stream")) < 1000


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
