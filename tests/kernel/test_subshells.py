"""Subshells: requests that run beside the main shell's, each line of them on a thread of its own.

https://jupyter.org/enhancement-proposals/91-kernel-subshells/kernel-subshells.html
"""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest

from kernel.client import PATIENCE, Kernel, Run


def ask(kernel: Kernel, what: str, **content: Any) -> dict[str, Any]:
    """The reply to a request about subshells."""
    return kernel.request(f"{what}_subshell_request", content, "control").content


def create(kernel: Kernel) -> str:
    reply = ask(kernel, "create")
    assert reply["status"] == "ok", reply
    return reply["subshell_id"]


@pytest.fixture
def subshell(kernel: Kernel) -> str:
    return create(kernel)


def send(kernel: Kernel, subshell: str | None, msg_type: str, content: dict[str, Any]) -> Run:
    message = kernel.client.session.msg(msg_type, content)
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    run = kernel.runs[message["header"]["msg_id"]] = Run(message["header"]["msg_id"])
    return run


def start(kernel: Kernel, subshell: str | None, code: str, **options: Any) -> Run:
    """Sends a cell to a subshell."""
    content = {"code": code, "silent": False, "allow_stdin": True, "stop_on_error": True} | options
    return send(kernel, subshell, "execute_request", content)


def finish(kernel: Kernel, *runs: Run) -> None:
    """Waits for the idles and the replies, in whatever order they come."""
    deadline = time.monotonic() + PATIENCE
    while any(run.types[-1:] != ["idle"] for run in runs):
        message = kernel.receive("iopub", max(0, deadline - time.monotonic()))
        run = kernel.runs.get(message["parent_header"].get("msg_id"))
        (run.iopub if run else kernel.others).append(message)
    while any(run.reply is None for run in runs):
        reply = kernel.receive("shell")
        # Shells answer in whatever order.
        kernel.runs[reply["parent_header"]["msg_id"]].reply = reply


def run(kernel: Kernel, subshell: str | None, code: str, **options: Any) -> Run:
    """Runs a cell in a subshell to its end."""
    started = start(kernel, subshell, code, **options)
    finish(kernel, started)
    return started


def result(run: Run) -> str:
    (message,) = run.of("execute_result")
    return message["content"]["data"]["text/plain"]


def test_they_are_offered_made_listed_and_deleted(kernel: Kernel) -> None:
    assert "kernel subshells" in kernel.request("kernel_info_request").content["supported_features"]
    assert ask(kernel, "list")["subshell_id"] == []
    first, second = create(kernel), create(kernel)
    assert ask(kernel, "list")["subshell_id"] == [first, second] and first != second
    assert result(run(kernel, second, "1 + 1")) == "2"
    assert ask(kernel, "delete", subshell_id=first) == {"status": "ok"}
    assert ask(kernel, "list")["subshell_id"] == [second]
    again = ask(kernel, "delete", subshell_id=first)
    assert again["status"] == "error" and first in again["evalue"]
    assert result(run(kernel, second, "2 + 2")) == "4"


def test_a_subshell_that_is_not_there_is_an_error(kernel: Kernel) -> None:
    for msg_type in ("execute_request", "complete_request", "kernel_info_request"):
        asked = send(kernel, "no-such", msg_type, {"code": "1"})
        finish(kernel, asked)
        assert asked.content["status"] == "error" and "no-such" in asked.content["evalue"]
        assert asked.types == ["busy", "idle"]


def test_it_runs_while_the_main_shell_computes(kernel: Kernel, subshell: str) -> None:
    main = start(kernel, None, "go = False\nprint('begun')\nwhile not go: pass\ngone = True")
    kernel.await_output(main, "begun")
    beside = run(kernel, subshell, "go = True\ngo")
    assert result(beside) == "True"
    finish(kernel, main)
    assert main.content["status"] == "ok"
    assert result(run(kernel, subshell, "gone")) == "True"


def test_several_wait_for_each_other(kernel: Kernel) -> None:
    kernel.run("import threading; barrier = threading.Barrier(4)")
    shells = [None, *(create(kernel) for _ in range(3))]
    runs = [start(kernel, shell, "barrier.wait(20); print('through')") for shell in shells]
    finish(kernel, *runs)
    assert [run.text() for run in runs] == ["through\n"] * 4


def test_requests_of_one_subshell_are_served_in_order(kernel: Kernel, subshell: str) -> None:
    runs = [start(kernel, subshell, f"import time; time.sleep(0.01); print({n})") for n in range(5)]
    finish(kernel, *runs)
    assert [run.text() for run in runs] == [f"{n}\n" for n in range(5)]
    assert [run.content["execution_count"] for run in runs] == [1, 2, 3, 4, 5]


def test_variables_are_shared_and_numbers_and_history_are_not(kernel: Kernel, subshell: str) -> None:
    kernel.run("x = 1")
    kernel.run("x + 1")
    own = run(kernel, subshell, "x = x + 10\nx")
    assert result(own) == "11" and own.content["execution_count"] == 1
    assert own.of("execute_input")[0]["content"]["execution_count"] == 1
    main = run(kernel, None, "x, _, list(Out)")
    assert result(main) == "(11, 2, [2])" and main.content["execution_count"] == 3

    def history(shell: str | None) -> list[Any]:
        asked = send(kernel, shell, "history_request", {"hist_access_type": "range", "session": 0})
        finish(kernel, asked)
        return [row[1:] for row in asked.content["history"]]

    assert history(subshell) == [[1, "x = x + 10\nx"]]
    assert history(None) == [[1, "x = 1"], [2, "x + 1"], [3, "x, _, list(Out)"]]
    assert run(kernel, subshell, "%history -n").text() == "   1: x = x + 10\n      x\n"


def test_output_belongs_to_the_cell_that_made_it(kernel: Kernel, subshell: str) -> None:
    kernel.run("import threading, time; barrier = threading.Barrier(2)")
    # Variables of cells are everybody's, those of functions are not.
    code = (
        "def f(who):\n"
        "    barrier.wait(20)\n"
        "    for n in range(200):\n"
        "        print(who, n)\n"
        "    display(who)\n"
        "    thread = threading.Thread(target=print, args=(who, 'thread')); thread.start(); thread.join()\n"
        "f({0!r})\n"
        "!echo {0}\n")
    names = ["main", "beside"]
    runs = [start(kernel, shell, code.format(name)) for shell, name in zip([None, subshell], names, strict=True)]
    finish(kernel, *runs)
    for ran, name in zip(runs, names, strict=True):
        assert ran.content["status"] == "ok", ran.content
        lines = [f"{name} {n}" for n in range(200)] + [f"{name} thread", name]
        assert ran.text().splitlines() == lines
        assert ran.of("display_data")[0]["content"]["data"]["text/plain"] == repr(name)


def test_each_has_an_event_loop_of_its_own(kernel: Kernel, subshell: str) -> None:
    code = (
        "import asyncio, threading\n"
        "async def name(): return threading.current_thread().name\n"
        "await asyncio.sleep(0.01)\n"
        "print(asyncio.run(name()) == await name() == await asyncio.create_task(name()),"
        " id(asyncio.get_running_loop()))\n")
    main, beside = start(kernel, None, code), start(kernel, subshell, code)
    finish(kernel, main, beside)
    (said, one), (said2, other) = main.text().split(), beside.text().split()
    assert said == said2 == "True" and one != other


def test_its_tasks_go_on_between_its_cells(kernel: Kernel, subshell: str) -> None:
    first = run(kernel, subshell, (
        "import asyncio\n"
        "async def later():\n"
        "    await event.wait()\n"
        "    print('later')\n"
        "event = asyncio.Event()\n"
        "task = asyncio.create_task(later())"))
    assert run(kernel, subshell, "event.set()").content["status"] == "ok"
    assert kernel.other("stream", first.msg_id)["content"]["text"] == "later\n"


STUCK = {
    "loop that prints": "while True: print(end='.')",
    "loop that sleeps": "import time\nwhile True: time.sleep(0.01)",
    "loop that computes": "n = 0\nwhile True: n += 1",
    "for that computes": "import itertools\nfor n in itertools.count(): pass",
    "comprehension": "import itertools\n[n for n in itertools.count() if n < 0]",
    "recursion": "def fib(n):\n    'Fibonacci.'\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\nfib(60)",
    "sleep": "import time; time.sleep(1000)",
    "event": "import threading; threading.Event().wait()",
    "queue": "import queue; queue.Queue().get()",
    "join": "import threading\nt = threading.Thread(target=lambda: e.wait(), daemon=True); t.start(); t.join()",
    "await": "import asyncio; await asyncio.sleep(1000)",
    "gather": "import asyncio; await asyncio.gather(asyncio.sleep(1000), asyncio.sleep(2000))",
    "asyncio.run": "import asyncio; asyncio.run(asyncio.sleep(1000))",
    "loop that awaits": "import asyncio\nasync def f():\n    while True: await asyncio.sleep(0)\nawait f()",
}


@pytest.mark.parametrize("code", STUCK.values(), ids=STUCK)
def test_an_interrupt_ends_its_cell(kernel: Kernel, subshell: str, code: str) -> None:
    kernel.run("import threading; e = threading.Event()")
    stuck = start(kernel, subshell, f"kept = 7\nprint('begun')\n{code}")
    kernel.await_output(stuck, "begun")
    assert kernel.interrupt().content["status"] == "ok"
    finish(kernel, stuck)
    assert stuck.content["ename"] == "KeyboardInterrupt", stuck.content
    assert result(run(kernel, subshell, "kept")) == "7"
    # Nothing of it is left for the next cells, here or there.
    assert run(kernel, subshell, "for n in range(10_000): pass").content["status"] == "ok"
    assert run(kernel, None, "e.set()").content["status"] == "ok"


def test_an_interrupt_ends_the_cells_of_all_shells(kernel: Kernel) -> None:
    shells = [None, create(kernel), create(kernel)]
    runs = [start(kernel, shell, "import time\nprint('begun')\nwhile True: time.sleep(0.01)") for shell in shells]
    for each in runs:
        await_output(kernel, runs, each)
    kernel.interrupt()
    finish(kernel, *runs)
    assert [each.content["ename"] for each in runs] == ["KeyboardInterrupt"] * 3


def await_output(kernel: Kernel, runs: list[Run], wanted: Run) -> None:
    while not wanted.text():
        message = kernel.receive("iopub")
        for each in runs:
            if message["parent_header"].get("msg_id") == each.msg_id:
                each.iopub.append(message)


def test_an_interrupt_between_cells_is_not_the_next_cells(kernel: Kernel, subshell: str) -> None:
    run(kernel, subshell, "1")
    kernel.interrupt()
    assert run(kernel, subshell, "import time; time.sleep(0.05); 2").content["status"] == "ok"


def test_input_is_asked_of_the_client_that_sent_the_cell(kernel: Kernel, subshell: str) -> None:
    asking = start(kernel, subshell, "print(input('name? '))")
    asked = kernel.receive("stdin")
    assert asked["content"]["prompt"] == "name? "
    assert asked["parent_header"]["subshell_id"] == subshell
    kernel.client.input("Ada")
    finish(kernel, asking)
    assert asking.text() == "Ada\n"


def test_an_error_aborts_what_waits_in_its_own_shell_only(kernel: Kernel, subshell: str) -> None:
    kernel.run("import threading; go = threading.Event()")
    failing = start(kernel, subshell, "go.wait(20); 1 / 0")
    behind = start(kernel, subshell, "print('behind')")
    main = start(kernel, None, "go.set(); print('main')")
    finish(kernel, failing, behind, main)
    assert failing.content["ename"] == "ZeroDivisionError"
    assert behind.content["status"] == "aborted" and main.text() == "main\n"
    assert result(run(kernel, subshell, "1")) == "1"


def test_completion_and_inspection_while_the_main_shell_is_busy(kernel: Kernel, subshell: str) -> None:
    kernel.run("import threading; go = threading.Event(); favourite = 1")
    busy = start(kernel, None, "go.wait(20)")
    asked = send(kernel, subshell, "complete_request", {"code": "favou", "cursor_pos": 5})
    finish(kernel, asked)
    assert "favourite" in asked.content["matches"]
    asked = send(kernel, subshell, "inspect_request", {"code": "len", "cursor_pos": 3})
    finish(kernel, asked)
    assert asked.content["found"]
    done = start(kernel, subshell, "go.set()")
    finish(kernel, busy, done)


def test_deleting_one_ends_what_it_runs(kernel: Kernel, subshell: str) -> None:
    stuck = start(kernel, subshell, "import time\nprint('begun')\nwhile True: time.sleep(0.01)")
    behind = start(kernel, subshell, "1")
    kernel.await_output(stuck, "begun")
    assert ask_while_busy(kernel, subshell)["status"] == "ok"
    finish(kernel, stuck, behind)
    assert stuck.content["ename"] == "KeyboardInterrupt" and behind.content["status"] == "aborted"
    assert run(kernel, None, "1 + 1").content["status"] == "ok"
    # Its thread has gone too.
    gone = "import threading; any('subshell-' in t.name for t in threading.enumerate())"
    while result(run(kernel, None, gone)) != "False":
        pass


def ask_while_busy(kernel: Kernel, subshell: str) -> dict[str, Any]:
    kernel.send("control", "delete_subshell_request", {"subshell_id": subshell})
    return kernel.receive("control")["content"]


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(1000)", "await asyncio.sleep(1000)", "1"])
def test_the_kernel_ends_whatever_its_subshells_do(kernel: Kernel, subshell: str, code: str) -> None:
    stuck = start(kernel, subshell, f"import asyncio\nprint('begun')\n{code}")
    kernel.await_output(stuck, "begun")
    kernel.send("control", "shutdown_request", {"restart": False})
    assert kernel.receive("control")["content"]["status"] == "ok"
    assert kernel.process.wait(4.5) == 0  # jupyter_client kills after 5 s


def test_exit_in_a_subshell_ends_the_kernel(kernel: Kernel, subshell: str) -> None:
    ended = start(kernel, subshell, "exit(3)")
    finish(kernel, ended)
    assert ended.content["payload"][0]["source"] == "ask_exit"
    assert kernel.process.wait(10) == 3


def test_the_magic_tells_where_one_is(kernel: Kernel, subshell: str) -> None:
    said = run(kernel, subshell, "%subshell").text()
    assert f"subshell id: {subshell}" in said and f"subshell list: ['{subshell}']" in said
    assert "subshell id: None" in run(kernel, None, "%subshell").text()


def test_an_error_looks_as_in_the_main_shell(kernel: Kernel, subshell: str) -> None:
    failed = run(kernel, subshell, "def f():\n    return 1 / 0\nf()")
    assert failed.content["ename"] == "ZeroDivisionError"
    shown = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(failed.content["traceback"]))
    assert "return 1 / 0" in shown and "Cell In[1]" in shown and "subshells" not in shown


def test_many_come_and_go(start_kernel: Callable[..., Kernel]) -> None:
    kernel = start_kernel()
    for _ in range(20):
        shell = create(kernel)
        assert result(run(kernel, shell, "6 * 7")) == "42"
        assert ask(kernel, "delete", subshell_id=shell)["status"] == "ok"
    assert ask(kernel, "list")["subshell_id"] == []
