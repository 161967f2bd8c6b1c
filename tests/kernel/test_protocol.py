"""What every message gets: a reply, busy and idle, the right parent. And what gets none."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq

from kernel.client import PATIENCE, Kernel, Run
from support.waiting import until

REQUESTS = {
    "kernel_info_request": {},
    "execute_request": {"code": "1"},
    "complete_request": {"code": "pri", "cursor_pos": 3},
    "inspect_request": {"code": "print", "cursor_pos": 5, "detail_level": 0},
    "is_complete_request": {"code": "1"},
    "history_request": {"hist_access_type": "tail", "n": 3, "output": False, "raw": True},
    "comm_info_request": {},
    "connect_request": {},
    "interrupt_request": {},
    "debug_request": {"seq": 1, "type": "request", "command": "initialize", "arguments": {}},
    "no_such_request": {"anything": [1, 2]},
    "odd": {},
}


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("msg_type", REQUESTS)
def test_every_request_gets_busy_a_reply_and_idle(kernel: Kernel, msg_type: str, channel: str) -> None:
    run = kernel.request(msg_type, REQUESTS[msg_type], channel)
    assert run.types[0] == "busy" and run.types[-1] == "idle"
    assert run.types.count("busy") == run.types.count("idle") == 1
    assert run.reply["msg_type"] == msg_type.removesuffix("_request") + "_reply"
    bad = msg_type in ("debug_request", "no_such_request", "odd")
    allowed = ("ok", "complete") if not bad else ("error",)
    assert run.content["status"] in allowed, run.content


@pytest.mark.parametrize("content", [{}, {"code": 5}, {"code": None, "silent": "maybe"}])
@pytest.mark.parametrize(
    "msg_type", ["execute_request", "complete_request", "inspect_request", "is_complete_request"]
)
def test_garbled_content_gets_an_error_reply(kernel: Kernel, msg_type: str, content: dict) -> None:
    run = kernel.request(msg_type, content)
    assert run.content["status"] == "error"
    assert "code" in run.content["evalue"] or "string" in run.content["evalue"]
    assert run.types == ["busy", "idle"]


def test_an_empty_history_request_is_answered(kernel: Kernel) -> None:
    kernel.run("1")
    assert [row[2] for row in kernel.request("history_request").content["history"]][-1:] == ["1"]


def test_the_parent_header_comes_back_with_fields_the_kernel_does_not_know(kernel: Kernel) -> None:
    message = kernel.client.session.msg("kernel_info_request")
    message["header"]["subshell_id"] = None
    message["header"]["color"] = {"b": [1], "a": 2}
    kernel.client.shell_channel.send(message)
    run = kernel.finish(Run(message["header"]["msg_id"]))
    assert run.reply["parent_header"]["color"] == {"b": [1], "a": 2}
    assert all(m["parent_header"]["color"] == {"b": [1], "a": 2} for m in run.iopub)


def test_a_comm_to_no_target_is_closed(kernel: Kernel) -> None:
    run = Run(kernel.send("shell", "comm_open", {"comm_id": "c1", "target_name": "widget", "data": {}}))
    kernel.until_idle(run)
    assert run.types == ["busy", "comm_close", "idle"]
    assert run.of("comm_close")[0]["content"]["comm_id"] == "c1"
    for msg_type in ("comm_msg", "comm_close"):
        run = Run(kernel.send("shell", msg_type, {"comm_id": "c1", "data": {}}))
        assert kernel.until_idle(run).types == ["busy", "idle"]


def test_a_message_with_the_wrong_key_is_dropped_and_logged(kernel: Kernel) -> None:
    right = kernel.client.session.key
    for channel in ("shell", "control", "stdin"):
        kernel.client.session.key = b"wrong"
        kernel.send(channel, "kernel_info_request")
        kernel.client.session.key = right
        until(lambda: f"{channel}: dropped" in kernel.log.read_text(), "the log")
    assert "signature" in kernel.log.read_text()
    assert right.decode() not in kernel.log.read_text()
    # The first answer to come is the one to the first message with the right key.
    assert kernel.run("print('alive')").text() == "alive\n"


def test_junk_on_the_sockets_does_no_harm(kernel: Kernel) -> None:
    connection = kernel.connection()
    context = zmq.Context()
    for port in ("shell_port", "control_port", "stdin_port", "hb_port"):
        with context.socket(zmq.DEALER) as dealer:
            dealer.connect(f"tcp://{connection['ip']}:{connection[port]}")
            for frames in ([b""], [b"junk"], [b"<IDS|MSG>"], [b"<IDS|MSG>"] + [b"{"] * 5, [b"\xff"] * 9):
                dealer.send_multipart(frames)
        with socket.create_connection((connection["ip"], connection[port])) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
    context.term()
    assert kernel.run("print('alive')").text() == "alive\n"


def test_the_heartbeat_sends_back_what_it_gets(kernel: Kernel) -> None:
    connection = kernel.connection()
    with zmq.Context() as context, context.socket(zmq.REQ) as heart:
        heart.connect(f"tcp://{connection['ip']}:{connection['hb_port']}")
        for beat in (b"ping", b"", b"\x00\xff" * 5000):
            heart.send(beat)
            assert heart.poll(PATIENCE * 1000) and heart.recv() == beat


def test_an_empty_key_means_unsigned(start_kernel: Callable[..., Kernel]) -> None:
    kernel = start_kernel(key=b"")
    assert kernel.run("print(1)").text() == "1\n"


def test_unix_sockets(start_kernel: Callable[..., Kernel], tmp_path: Path) -> None:
    kernel = start_kernel(transport="ipc", ip=str(tmp_path / "s"))
    assert kernel.run("print(1)").text() == "1\n"
    # A kernel that was killed leaves its paths behind; a restart takes them over.
    kernel.process.kill()
    kernel.process.wait()
    assert list(tmp_path.glob("s-*"))
    kernel.process = kernel.launch()
    kernel.client.wait_for_ready(timeout=PATIENCE)
    assert kernel.run("print(2)").text() == "2\n"
    kernel.client.shutdown()
    assert kernel.receive("control")["content"]["status"] == "ok"
    assert kernel.process.wait(10) == 0
    assert not list(tmp_path.glob("s-*"))


def test_every_client_hears_everything_and_gets_its_own_replies(kernel: Kernel) -> None:
    second = kernel.connect()
    second.wait_for_ready(timeout=PATIENCE)
    run = kernel.run("print('to all')")
    while True:
        message = second.get_iopub_msg(timeout=PATIENCE)
        if message["msg_type"] == "stream":
            break
    assert message["parent_header"]["msg_id"] == run.msg_id
    assert not second.shell_channel.socket.poll(0)
    second.stop_channels()


def test_a_client_that_leaves_before_the_reply_does_no_harm(kernel: Kernel) -> None:
    second = kernel.connect()
    second.wait_for_ready(timeout=PATIENCE)
    second.execute("import time; time.sleep(0.3); print('gone')")
    message = kernel.receive("iopub")
    while message["msg_type"] != "execute_input":
        message = kernel.receive("iopub")
    second.stop_channels()
    assert kernel.run("print('alive')").text() == "alive\n"


def test_a_large_message_passes_both_ways(kernel: Kernel) -> None:
    size = 20_000_000
    run = kernel.run(f"x = '{'y' * size}'; print(x)", seconds=100)
    assert run.text() == "y" * size + "\n"
    assert json.loads(json.dumps(run.content))["status"] == "ok"
