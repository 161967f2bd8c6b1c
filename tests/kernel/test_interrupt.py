"""The stop button, by message and by signal."""

import signal

import pytest

from kernel.client import PATIENCE, Kernel

BLOCKED = {
    "an endless loop": "while True: pass",
    "an endless loop that prints": "while True: print('x' * 100)",
    "time.sleep": "import time; time.sleep(1000)",
    "await": "import asyncio; await asyncio.sleep(1000)",
    "asyncio.run": "import asyncio; asyncio.run(asyncio.sleep(1000))",
    "sum": "sum(range(10**15))",
    "max": "max(range(2**70, 2**80))",
    "any": "any(map(int, iter(int, 1)))",
    "a set": "set(map(int, iter(int, 1)))",
    "a deque": "import collections, itertools\ncollections.deque(itertools.repeat(1), 0)",
    "a task that does not yield": (
        "import asyncio\n"
        "async def spin():\n"
        "    while True: pass\n"
        "task = asyncio.create_task(spin())\n"
        "await asyncio.sleep(1000)"
    ),
}


@pytest.mark.parametrize("how", ["message", "signal"])
@pytest.mark.parametrize("what", BLOCKED)
def test_a_cell_stops(kernel: Kernel, what: str, how: str) -> None:
    run = kernel.start(f"print('begun')\n{BLOCKED[what]}")
    kernel.await_output(run, "begun")
    if how == "message":
        assert kernel.interrupt().content == {"status": "ok"}
    else:
        kernel.process.send_signal(signal.SIGINT)
    kernel.finish(run)
    assert run.content["status"] == "error"
    assert run.content["ename"] == "KeyboardInterrupt"
    assert kernel.run("print('alive')").text() == "alive\n"


def test_an_interrupt_leaves_background_tasks_alone(kernel: Kernel) -> None:
    maker = kernel.run(
        "import asyncio\n"
        "go = asyncio.Event()\n"
        "async def later():\n"
        "    await go.wait()\n"
        "    print('survived')\n"
        "task = asyncio.create_task(later())"
    )
    run = kernel.start("print('begun')\nawait asyncio.sleep(1000)")
    kernel.await_output(run, "begun")
    kernel.interrupt()
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    kernel.run("go.set()")
    assert kernel.other("stream", maker.msg_id)["content"]["text"] == "survived\n"


def test_an_interrupt_between_cells_does_nothing(kernel: Kernel) -> None:
    for _ in range(3):
        assert kernel.interrupt().content == {"status": "ok"}
        kernel.process.send_signal(signal.SIGINT)
        assert kernel.run("print('ran')").text() == "ran\n"


def test_an_interrupt_while_python_starts_does_nothing(kernel: Kernel) -> None:
    kernel.process.kill()
    kernel.process.wait()
    kernel.process = kernel.launch()
    probe = kernel.send("control", "kernel_info_request")
    assert kernel.receive("control")["parent_header"]["msg_id"] == probe
    # Answered before Python is up; some of these come while it starts.
    for _ in range(100):
        kernel.process.send_signal(signal.SIGINT)
    kernel.client.wait_for_ready(timeout=PATIENCE)
    assert kernel.run("print('ran')").text() == "ran\n"


def test_an_interrupt_aborts_the_queue(kernel: Kernel) -> None:
    run = kernel.start("print('begun')\nwhile True: pass")
    queued = kernel.start("print('ran')")
    kernel.await_output(run, "begun")
    kernel.interrupt()
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    assert kernel.finish(queued).content["status"] == "aborted"


def test_control_answers_while_a_cell_runs(kernel: Kernel) -> None:
    run = kernel.start("print('begun')\nwhile True: pass")
    kernel.await_output(run, "begun")
    probe = kernel.send("control", "kernel_info_request")
    reply = kernel.receive("control")
    assert reply["parent_header"]["msg_id"] == probe
    assert reply["content"]["protocol_version"] == "5.5"
    kernel.interrupt()
    kernel.finish(run)


#: Code whose instructions are mostly where an interpreter drops exceptions.
DROPPING = {
    "callbacks of weak references": (
        "import weakref\nclass A: pass\nkept = weakref.WeakSet()\nwhile True: kept.add(A())"
    ),
    "__del__": (
        "class A:\n"
        "    def __del__(self):\n"
        "        for _ in range(100): pass\n"
        "while True: A()"
    ),
    "imports": "import sys\nwhile True:\n    sys.modules.pop('colorsys', None)\n    import colorsys",
    "awaiting": (
        "import asyncio, weakref\nclass A: pass\nkept = weakref.WeakSet()\n"
        "while True:\n    kept.add(A())\n    await asyncio.sleep(0)"
    ),
}


@pytest.mark.parametrize("where", DROPPING)
def test_no_interrupt_is_lost(kernel: Kernel, where: str) -> None:
    for _ in range(30):
        run = kernel.start(f"print('begun')\n{DROPPING[where]}")
        kernel.await_output(run, "begun")
        kernel.interrupt()
        assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
        assert kernel.run("1").content["status"] == "ok"


def test_an_error_that_is_being_shown_can_be_stopped(kernel: Kernel) -> None:
    run = kernel.start(
        "class Endless(Exception):\n"
        "    def __str__(self):\n"
        "        print('begun')\n"
        "        while True: pass\n"
        "raise Endless"
    )
    kernel.await_output(run, "begun")
    kernel.interrupt()
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("print('alive')").text() == "alive\n"
