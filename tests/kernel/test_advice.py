"""What a cell is told of its coroutines and tasks: each thing once, where it is, and what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.client import Kernel, Run

WORK = "import asyncio, time\nasync def work(seconds=0):\n    await asyncio.sleep(seconds)\n"


@pytest.fixture
def notebook(kernel: Kernel) -> Iterator[Kernel]:
    # On a machine that is busy, any step may take long.
    kernel.run(f"{WORK}%config Warnings.slow = 1000")
    yield kernel


def advice(run: Run) -> list[str]:
    """The first line of each piece of advice; every one has two."""
    assert run.content["status"] == "ok", run.content
    lines = run.text("stderr").splitlines()
    assert all(line.startswith("⚠ ") for line in lines[::2]), lines
    assert all(line.startswith("  ") for line in lines[1::2]), lines
    return lines[::2]


def kernel_setting(notebook: Kernel, name: str) -> str:
    """What `%config NAME` shows."""
    return notebook.run(f"%config {name}").of("execute_result")[0]["content"]["data"]["text/plain"]


def test_a_coroutine_that_nobody_awaits(notebook: Kernel) -> None:
    run = notebook.run("async def main():\n    work()\n    work(1)\nasyncio.run(main())")
    assert advice(run) == [
        "⚠ Cell In[2], line 2: `work()` was never awaited, so it never ran",
        "⚠ Cell In[2], line 3: `work()` was never awaited, so it never ran",
    ]
    assert "Write `await work(…)`" in run.text("stderr")
    shown = notebook.run("work()")
    assert advice(shown) == ["⚠ Cell In[3], line 1: `work()` only made a coroutine: it has not run"]
    assert advice(notebook.run("coroutine = work()\nawait coroutine")) == []


def test_python_is_asked_not_to_warn(notebook: Kernel) -> None:
    run = notebook.run(
        "import warnings\nwith warnings.catch_warnings():\n    warnings.simplefilter('ignore')\n    work()\n"
        "with warnings.catch_warnings(record=True) as caught:\n    warnings.simplefilter('always')\n    work()\n"
        "print(len(caught))")
    assert (advice(run), run.text()) == ([], "1\n")


def test_a_call_that_blocks_the_loop(notebook: Kernel) -> None:
    run = notebook.run("async def main():\n    time.sleep(0.02)\nasyncio.run(main())")
    (said,) = advice(run)
    assert said.startswith("⚠ Cell In[2], line 2: `time.sleep` held up the event loop for "), said
    assert "await asyncio.sleep" in run.text("stderr")
    # Where no coroutine is, nothing is held up.
    assert advice(notebook.run("time.sleep(0.02)\nawait work()")) == []
    assert advice(notebook.run("time.sleep(0.02)")) == []


def test_lines_are_known_after_any_number_of_places(notebook: Kernel) -> None:
    """Only so many can be known at once: a long session must not have used them up."""
    many = (
        "async def main():\n    for number in range(9000):\n        names = {'sleep': asyncio.sleep}\n"
        "        exec('async def once(): await sleep(1e-6)', names)\n        await asyncio.create_task(names['once']())\n"
        "asyncio.run(main())")
    assert advice(notebook.run(many, seconds=100)) == []
    (said,) = advice(notebook.run("async def main():\n    time.sleep(0.02)\nasyncio.run(main())"))
    assert said.startswith("⚠ Cell In[3], line 2: `time.sleep` held up the event loop for "), said


def test_a_step_that_computes_for_long(notebook: Kernel) -> None:
    notebook.run("%config Warnings.slow = 0.2")
    run = notebook.run(
        "async def main():\n    end = time.monotonic() + 0.5\n    while time.monotonic() < end: pass\n"
        "asyncio.run(main())")
    (said,) = advice(run)
    assert said.startswith("⚠ Cell In[3], line 3: `main` held up the event loop for "), said
    assert "(`while time.monotonic() < end: pass`)" in said


def test_a_socket_read_in_a_coroutine(notebook: Kernel) -> None:
    notebook.run("%config Warnings.slow = 0.2")
    run = notebook.run(
        "import socket, threading\none, other = socket.socketpair()\nasync def main():\n    one.recv(1)\n"
        "timer = threading.Timer(0.5, other.send, [b'x'])\ntimer.start()\nasyncio.run(main())")
    (said,) = advice(run)
    assert "line 4: `main` held up the event loop" in said and "one.recv(1)" in said


def test_an_exception_that_nobody_looks_at_is_told_once(notebook: Kernel) -> None:
    run = notebook.run(
        "async def fails():\n    1 / 0\nasync def main():\n    task = asyncio.create_task(fails())\n"
        "    await asyncio.wait([task])\nasyncio.run(main())")
    (said,) = advice(run)
    assert said.startswith("⚠ Cell In[2], line 2: the task `fails` (Task-")
    assert said.endswith("failed, and nobody looked: ZeroDivisionError: division by zero")
    own = notebook.run(
        "async def main():\n    asyncio.get_running_loop().set_exception_handler(lambda l, c: print(c['message']))\n"
        "    await asyncio.wait([asyncio.create_task(fails())])\nasyncio.run(main())")
    assert (advice(own), own.text()) == ([], "Task exception was never retrieved\n")


def test_tasks_that_are_lost(notebook: Kernel) -> None:
    run = notebook.run("async def main():\n    asyncio.create_task(work(9))\n    await work()\nasyncio.run(main())")
    (said,) = advice(run)
    assert said.startswith("⚠ Cell In[2], line 2: the task `work` (Task-")
    assert said.endswith("had not ended when `asyncio.run` did, and was cancelled")
    run = notebook.run("asyncio.create_task(work(1000)); kept = asyncio.create_task(work(1000))\nawait work()")
    (said,) = advice(run)
    assert "line 1: the task `work`" in said and said.endswith("it can vanish before it ends")
    assert advice(notebook.run("await work()")) == [], "each is told once"
    notebook.run("%tasks cancel all")


def test_it_can_be_turned_off(notebook: Kernel) -> None:
    run = notebook.run("%config Warnings.enabled = False\nwork()\nprint(1)")
    assert "RuntimeWarning: coroutine 'work' was never awaited" in run.text("stderr")
    assert "⚠" not in run.text("stderr")
    notebook.run("%config Warnings.enabled = True")
    run = notebook.run(
        "async def main():\n    end = time.monotonic() + 0.3\n    while time.monotonic() < end: pass\nasyncio.run(main())")
    assert advice(run) == [], "a step may take 1000 s here"
    assert kernel_setting(notebook, "Warnings.slow") == "1000"


def test_a_kernel_can_be_told_to_be_silent(env: dict[str, str], tmp_path: Path) -> None:
    with Kernel(tmp_path, env | {"CELLIST_WARNINGS": "0"}) as kernel:
        kernel.run(WORK)
        run = kernel.run("async def main():\n    time.sleep(0.02)\nasyncio.run(main())")
        assert run.text("stderr") == ""


def test_checks_have_words_of_their_own(notebook: Kernel) -> None:
    notebook.run("async def main():\n    work()\n    time.sleep(0.2)")
    run = notebook.run("#| check: clean\nt = lab.run('main')\nassert t.problems.kinds() == ['blocking-call', 'never-awaited']")
    assert run.of("display_data")[0]["content"]["data"]["text/plain"] == "✔ clean: passed"
    assert run.text("stderr") == ""
