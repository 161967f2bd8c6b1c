"""execute_request: order, numbering, failures, input, the end."""

import signal

import pytest

from kernel.client import Kernel, Run
from support.waiting import until


def test_a_cell_is_wrapped_in_busy_and_idle(kernel: Kernel) -> None:
    run = kernel.run("print('out')\n1 + 1", user_expressions={"three": "1 + 2", "bad": "1 / 0"})
    assert run.types == ["busy", "execute_input", "stream", "execute_result", "idle"]
    assert run.of("execute_input")[0]["content"] == {"code": "print('out')\n1 + 1", "execution_count": 1}
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "2"
    assert run.content["status"] == "ok"
    assert run.content["execution_count"] == 1
    expressions = run.content["user_expressions"]
    assert expressions["three"]["data"]["text/plain"] == "3"
    assert (expressions["bad"]["status"], expressions["bad"]["ename"]) == ("error", "ZeroDivisionError")


def test_a_failure_is_published_and_replied(kernel: Kernel) -> None:
    run = kernel.run("def f():\n    return 1 / 0\nf()")
    assert run.types == ["busy", "execute_input", "error", "idle"]
    error = run.of("error")[0]["content"]
    assert (error["ename"], error["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert "return" in "\n".join(error["traceback"])
    assert run.content["status"] == "error"
    assert run.content["traceback"] == error["traceback"]


def test_numbers_count_what_is_stored(kernel: Kernel) -> None:
    def number(code: str, **options: bool) -> int:
        return kernel.run(code, **options).content["execution_count"]

    assert number("1") == 1
    assert number("2", store_history=False) == 2
    assert number("3", silent=True) == 2
    assert number("4") == 2
    assert number("") == 2
    assert number("1 / 0") == 3
    assert number("5") == 4
    history = kernel.request("history_request", {"hist_access_type": "range", "session": 0})
    assert [row[1:] for row in history.content["history"]] == [[1, "1"], [2, "4"], [3, "1 / 0"], [4, "5"]]


def test_a_silent_cell_shows_neither_itself_nor_its_value(kernel: Kernel) -> None:
    run = kernel.run("print('said')\n1", silent=True)
    assert run.types == ["busy", "stream", "idle"]


@pytest.mark.parametrize("failing", ["1 / 0", "import time; time.sleep(0.3); 1 / 0", "not Python"])
def test_a_failure_aborts_what_is_queued_behind_it(kernel: Kernel, failing: str) -> None:
    first = kernel.start(failing)
    queued = [kernel.start("print('ran')") for _ in range(20)]
    kernel.finish(first)
    for run in queued:
        kernel.finish(run)
        assert run.content["status"] == "aborted"
        assert run.types == ["busy", "idle"]
    # What comes after the client could know is run.
    assert kernel.run("print('ran')").text() == "ran\n"


def test_without_stop_on_error_the_queue_goes_on(kernel: Kernel) -> None:
    first = kernel.start("import time; time.sleep(0.5); 1 / 0", stop_on_error=False)
    second = kernel.start("print('ran')")
    assert kernel.finish(first).content["status"] == "error"
    assert kernel.finish(second).text() == "ran\n"


def test_other_requests_in_the_queue_are_not_aborted(kernel: Kernel) -> None:
    first = kernel.start("import time; time.sleep(0.5); 1 / 0")
    info = Run(kernel.send("shell", "kernel_info_request"))
    complete = Run(kernel.send("shell", "is_complete_request", {"code": "1"}))
    kernel.finish(first)
    assert kernel.finish(info).content["implementation"] == "cellist"
    assert kernel.finish(complete).content["status"] == "complete"


def test_input_is_asked_of_the_client_that_ran_the_cell(kernel: Kernel) -> None:
    run = kernel.start("print(input('Name? ') + input('Word? '))")
    asked = kernel.receive("stdin")
    assert asked["msg_type"] == "input_request"
    assert asked["parent_header"]["msg_id"] == run.msg_id
    assert asked["content"] == {"prompt": "Name? ", "password": False}
    kernel.client.input("Zoë ")
    assert kernel.receive("stdin")["content"] == {"prompt": "Word? ", "password": False}
    kernel.client.input("𝄢")
    assert "Zoë 𝄢" in kernel.finish(run).text()


def test_a_password_is_asked_for_as_one(kernel: Kernel) -> None:
    run = kernel.start("import getpass; print(len(getpass.getpass('Key? ')))")
    assert kernel.receive("stdin")["content"] == {"prompt": "Key? ", "password": True}
    kernel.client.input("12345")
    assert kernel.finish(run).text() == "5\n"


def test_input_fails_when_the_client_takes_no_questions(kernel: Kernel) -> None:
    run = kernel.run("input()", allow_stdin=False)
    assert run.content["status"] == "error"
    assert run.content["ename"] in ("StdinNotImplementedError", "RuntimeError", "EOFError")


@pytest.mark.parametrize("how", ["message", "signal"])
def test_input_can_be_interrupted(kernel: Kernel, how: str) -> None:
    run = kernel.start("input('? ')")
    kernel.receive("stdin")
    if how == "message":
        kernel.interrupt()
    else:
        until(kernel.sleeps, "the kernel to wait for the answer")
        kernel.process.send_signal(signal.SIGINT)
    assert kernel.finish(run).content["ename"] == "KeyboardInterrupt"
    # An answer that comes too late is not the answer to the next question.
    kernel.client.input("late")
    again = kernel.start("print(input('again? '))")
    kernel.receive("stdin")
    kernel.client.input("in time")
    assert "in time" in kernel.finish(again).text()


@pytest.mark.parametrize("code", ["exit()", "quit()", "import sys; sys.exit()"])
def test_exit_ends_the_kernel_after_the_reply(kernel: Kernel, code: str) -> None:
    run = kernel.run(code)
    assert run.content["status"] == "ok"
    assert run.content["payload"] == [{"source": "ask_exit", "keepkernel": False}]
    assert kernel.process.wait(10) == 0


def test_the_exit_code_is_the_one_the_cell_gave(kernel: Kernel) -> None:
    kernel.run("import sys; sys.exit(3)")
    assert kernel.process.wait(10) == 3


def test_surrogates_and_nul_do_not_break_the_wire(kernel: Kernel) -> None:
    run = kernel.run("print('a\\0b \\ud800 𝄢'); '\\udfff'")
    assert run.content["status"] == "ok", run.content
    assert run.text().startswith("a\0b ") and run.text().endswith("𝄢\n")


def test_cursor_positions_count_code_points(kernel: Kernel) -> None:
    code = "𝄢 = 1; zi"
    reply = kernel.request("complete_request", {"code": code, "cursor_pos": len(code)}).content
    assert "zip" in reply["matches"]
    assert (reply["cursor_start"], reply["cursor_end"]) == (len(code) - 2, len(code))


def test_a_function_keeps_its_lines_for_as_long_as_it_lives(kernel: Kernel) -> None:
    """Those of cells that leave nothing behind are not kept for ever."""
    kernel.run("def fail():\n    return 1 / 0  # here")
    kernel.run("%%time\ndef fall():\n    return 1 / 0  # there")
    for number in range(1010):
        kernel.run(f"{number} + 0")
    for name, mark in {"fail": "# here", "fall": "# there"}.items():
        assert mark in "\n".join(kernel.run(f"{name}()").content["traceback"])
    kept = kernel.run("import linecache; len([name for name in linecache.cache if name.startswith('Cell')])")
    assert int(kept.of("execute_result")[0]["content"]["data"]["text/plain"]) < 1010
