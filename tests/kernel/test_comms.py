"""Comms: messages with buffers both ways, targets, closing, failures, and cells that wait for them."""

import pytest

from kernel.client import PATIENCE, Kernel
from kernel.comms import Comm, buffers

# A target that keeps its comm in `c` and prints what comes.
TARGET = """
import comm, asyncio
came = asyncio.Event()
def opened(new, msg):
    global c
    c = new
    print("opened with", msg["content"]["data"], [bytes(b) for b in msg["buffers"]])
    c.on_msg(on_msg)
    c.on_close(lambda msg: print("closed with", msg["content"]["data"]))
def on_msg(msg):
    print("came", msg["content"]["data"])
    came.set()
comm.get_comm_manager().register_target("echo", opened)
"""


@pytest.fixture
def echo(kernel: Kernel) -> Comm:
    """A comm to the target above."""
    assert kernel.run(TARGET).content["status"] == "ok"
    comm = Comm(kernel)
    assert comm.open("echo").text() == "opened with {} []\n"
    return comm


def test_a_client_opens_a_comm_and_both_sides_send_buffers(kernel: Kernel) -> None:
    kernel.run(TARGET)
    comm = Comm(kernel)
    opened = comm.open("echo", {"a": 1}, buffers=[b"\0\xff", b""])
    assert opened.types == ["busy", "stream", "idle"]
    assert opened.text() == r"opened with {'a': 1} [b'\x00\xff', b'']" + "\n"

    kernel.run(
        "def answer(msg):\n"
        "    assert all(type(b) is memoryview for b in msg['buffers'])\n"
        "    c.send({'n': msg['content']['data'], 'm': msg['metadata']}, {'about': 'it'},\n"
        "           [bytes(b)[::-1] for b in msg['buffers']] + [bytearray(b'x'), memoryview(b'abc')[::2]])\n"
        "c.on_msg(answer)"
    )
    large = bytes(range(256)) * 4096
    ran = comm.send([1, None, "é"], buffers=[b"<IDS|MSG>", large], metadata={"k": 2})
    [answer] = ran.of("comm_msg")
    assert answer["content"] == {"comm_id": comm.comm_id, "data": {"n": [1, None, "é"], "m": {"k": 2}}}
    assert answer["metadata"] == {"about": "it"}
    assert buffers(answer) == [b"<IDS|MSG>"[::-1], large[::-1], b"x", b"ac"]


def test_a_cell_opens_a_comm_uses_it_and_closes_it(kernel: Kernel) -> None:
    run = kernel.run(
        "import comm\n"
        "c = comm.create_comm('theirs', data={'a': 1}, metadata={'m': 2}, buffers=[b'b'])\n"
        "c.send({'b': 2}); print('between'); c.close({'bye': 1}); c.close()\n"
        "c.comm_id, comm.get_comm_manager().comms"
    )
    assert run.types[2:-1] == ["comm_open", "comm_msg", "stream", "comm_close", "execute_result"], run.content
    opened, [closed] = run.of("comm_open")[0], run.of("comm_close")
    assert opened["content"]["target_name"] == "theirs"
    assert opened["content"]["data"] == {"a": 1}
    assert (opened["metadata"], buffers(opened)) == ({"m": 2}, [b"b"])
    assert closed["content"] == {"comm_id": opened["content"]["comm_id"], "data": {"bye": 1}}
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == repr((closed["content"]["comm_id"], {}))


def test_who_knows_no_such_target_closes(kernel: Kernel) -> None:
    for prepare in ("pass", "import comm"):
        kernel.run(prepare)
        comm = Comm(kernel)
        refused = comm.open("nobody")
        assert refused.types == ["busy", "comm_close", "idle"]
        assert refused.of("comm_close")[0]["content"] == {"comm_id": comm.comm_id, "data": {}}
        assert comm.send("lost").types == ["busy", "idle"]
    assert kernel.request("comm_info_request").content["comms"] == {}


def test_info_names_the_open_comms_of_a_target_or_all(kernel: Kernel, echo: Comm) -> None:
    run = kernel.run("mine = comm.create_comm('theirs')")
    mine = run.of("comm_open")[0]["content"]["comm_id"]
    both = {echo.comm_id: {"target_name": "echo"}, mine: {"target_name": "theirs"}}
    info = kernel.request("comm_info_request")
    assert info.content == {"status": "ok", "comms": both}
    for target, expected in (("echo", echo.comm_id), ("theirs", mine)):
        comms = kernel.request("comm_info_request", {"target_name": target}).content["comms"]
        assert comms == {expected: {"target_name": target}}
    assert kernel.request("comm_info_request", {"target_name": "none"}).content["comms"] == {}
    kernel.run("mine.close()")
    echo.close()
    assert kernel.request("comm_info_request").content["comms"] == {}


def test_closing_is_told_once_and_ends_messages(kernel: Kernel, echo: Comm) -> None:
    assert echo.close({"why": 1}).text() == "closed with {'why': 1}\n"
    assert echo.close().types == echo.send("late").types == ["busy", "idle"]
    # The kernel's half is closed too: nothing more is sent.
    assert kernel.run("c.close()").of("comm_close") == []


def test_a_handler_that_raises_is_shown_and_ends_nothing(kernel: Kernel, echo: Comm) -> None:
    for code, name in (("1/0", "ZeroDivisionError"), ("raise SystemExit(3)", "SystemExit")):
        kernel.run(f"def on_msg(msg):\n    {code}\nc.on_msg(on_msg)")
        failed = echo.send({})
        assert failed.types == ["busy", "error", "idle"]
        [error] = failed.of("error")
        assert error["content"]["ename"] == name
        assert "on_msg" in "".join(error["content"]["traceback"])
    kernel.run("comm.get_comm_manager().register_target('bad', lambda c, msg: 1/0)")
    other = Comm(kernel)
    assert other.open("bad").types == ["busy", "comm_close", "error", "idle"]
    assert list(kernel.request("comm_info_request").content["comms"]) == [echo.comm_id]


def test_messages_are_handled_in_order_and_in_turn_with_cells(kernel: Kernel, echo: Comm) -> None:
    kernel.run("seen = []\nc.on_msg(lambda msg: seen.append(msg['content']['data']))")
    busy = kernel.start("import time; time.sleep(0.3); print(seen)")
    sent = [echo.start(n) for n in range(100)]
    shown = kernel.start("print(seen)")
    last = echo.start("last")
    # A cell that computes is not disturbed.
    assert kernel.finish(busy).text() == "[]\n"
    assert kernel.finish(shown).text() == f"{list(range(100))}\n"
    assert len(set(sent)) == 100
    kernel.other("status", last), kernel.other("status", last)
    assert kernel.run("print(seen[-1])").text() == "last\n"


WAITS = ["await came.wait()", "asyncio.run(asyncio.wait_for(came.wait(), 1000))"]


@pytest.mark.parametrize("wait", WAITS, ids=["await", "asyncio.run"])
def test_a_cell_that_awaits_is_reached(kernel: Kernel, echo: Comm, wait: str) -> None:
    cell = kernel.start(f"print('waits')\n{wait}\nprint('goes on')")
    kernel.await_output(cell, "waits")
    # As after "Run all": it has a successor, for which the message need not wait.
    after = kernel.start("print('after')")
    click = echo.start("click")
    assert kernel.finish(cell).text() == "waits\ngoes on\n", cell.content
    came = [message for message in kernel.others if message["parent_header"].get("msg_id") == click]
    assert [m["content"].get("execution_state", m["msg_type"]) for m in came] == ["busy", "stream", "idle"]
    # After the message's idle the kernel is busy with the cell again.
    assert cell.types.count("busy") == 2
    assert kernel.finish(after).text() == "after\n"


def test_a_cell_that_awaits_can_be_asked_and_opened_to(kernel: Kernel) -> None:
    kernel.run(TARGET)
    cell = kernel.start("print('waits')\nawait came.wait()")
    kernel.await_output(cell, "waits")
    asked = kernel.send("shell", "comm_info_request")
    comm = Comm(kernel)
    kernel.send("shell", "comm_open", {"comm_id": comm.comm_id, "target_name": "echo"})
    comm.start("now")
    info = kernel.receive("shell")
    assert (info["parent_header"]["msg_id"], info["content"]["comms"]) == (asked, {})
    assert kernel.finish(cell).content["status"] == "ok"


def test_a_comm_that_is_opened_behind_a_cell_is_opened_after_it(kernel: Kernel) -> None:
    kernel.run("import comm, asyncio; go = asyncio.Event()\n"
               "first = comm.create_comm('theirs'); first.on_msg(lambda msg: go.set())")
    opened = kernel.run("first.comm_id").of("execute_result")[0]["content"]["data"]["text/plain"]
    cell = kernel.start("print('waits')\nawait go.wait()")
    kernel.await_output(cell, "waits")
    registers = kernel.start(TARGET)
    comm = Comm(kernel)
    made = kernel.send("shell", "comm_open", {"comm_id": comm.comm_id, "target_name": "echo"})
    Comm(kernel, opened.strip("'")).start("go")
    kernel.finish(cell)
    kernel.finish(registers)
    assert kernel.other("stream", made)["content"]["text"] == "opened with {} []\n"


def test_output_of_a_handler_and_its_task_belongs_to_the_message(kernel: Kernel, echo: Comm) -> None:
    kernel.run(
        "async def later():\n"
        "    await asyncio.sleep(0.01)\n"
        "    print('later', flush=True)\n"
        "def on_msg(msg):\n"
        "    parent = get_ipython().kernel.get_parent()\n"
        "    assert parent['header'] == msg['header'] and parent['msg_type'] == 'comm_msg'\n"
        "    display(parent['header']['msg_id'])\n"
        "    asyncio.get_running_loop().create_task(later())\n"
        "c.on_msg(on_msg)"
    )
    ran = echo.send({})
    assert ran.of("display_data")[0]["content"]["data"]["text/plain"] == repr(ran.msg_id)
    assert kernel.other("stream", ran.msg_id)["content"]["text"] == "later\n"
    run = kernel.run("print(get_ipython().kernel.get_parent()['header']['msg_id'])")
    assert run.text() == f"{run.msg_id}\n"


def test_a_handler_cannot_ask_and_can_be_interrupted(kernel: Kernel, echo: Comm) -> None:
    kernel.run("c.on_msg(lambda msg: input('?'))")
    assert echo.send({}).of("error")[0]["content"]["ename"] == "RuntimeError"
    kernel.run("def on_msg(msg):\n    print('turning')\n    while True: pass\nc.on_msg(on_msg)")
    turning = echo.start({})
    assert kernel.other("stream", turning)["content"]["text"] == "turning\n"
    kernel.interrupt()
    assert kernel.other("error", turning)["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.run("print('alive')").text() == "alive\n"


def test_values_without_a_json_form_are_given_one_or_refused(kernel: Kernel) -> None:
    run = kernel.run(
        "import comm, datetime, fractions\n"
        "c = comm.create_comm('t', data={1: (1, {2}), 'd': datetime.date(2020, 1, 2), 'b': b'ab',\n"
        "                               'f': fractions.Fraction(1, 2), 'g': (n for n in 'ab')})"
    )
    assert run.of("comm_open")[0]["content"]["data"] == {
        "1": [1, [2]], "d": "2020-01-02", "b": "YWI=", "f": 0.5, "g": ["a", "b"]
    }
    refused = kernel.run("c.send({'o': object()})")
    assert refused.content["ename"] == "ValueError"
    assert "has no form in JSON" in refused.content["evalue"]


def test_a_forked_child_leaves_the_kernels_messages_alone(kernel: Kernel, echo: Comm) -> None:
    run = kernel.run(
        "import multiprocessing\n"
        "def child(): asyncio.run(asyncio.sleep(0.1))\n"
        "process = multiprocessing.get_context('fork').Process(target=child)\n"
        "process.start(); process.join(); print(process.exitcode)"
    )
    assert run.text() == "0\n", run.content
    assert echo.send("still").text() == "came still\n"
    cell = kernel.start("came.clear(); print('waits'); await came.wait()")
    kernel.await_output(cell, "waits")
    echo.start("here")
    assert kernel.finish(cell, seconds=PATIENCE).content["status"] == "ok"


def test_a_learners_own_module_named_comm_stays_theirs(kernel: Kernel, tmp_path) -> None:
    (tmp_path / "comm.py").write_text("mine = True\n")
    run = kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import comm; comm.mine")
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "True"


def test_older_libraries_find_ipykernels_names(kernel: Kernel) -> None:
    run = kernel.run(
        "import comm, comm.base_comm, ipykernel\nfrom ipykernel.comm import Comm\n"
        "manager = get_ipython().kernel.comm_manager\n"
        "c = Comm(target_name='t')\n"
        "manager is comm.get_comm_manager(), manager.get_comm(c.comm_id) is c, "
        "isinstance(c, comm.base_comm.BaseComm), ipykernel.version_info >= (6, 18)"
    )
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "(True, True, True, True)"
