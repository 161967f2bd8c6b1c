"""What no client should send: the kernel stays up, runs nothing of it, and serves the others.

Each test draws from a seed, which its name shows. `CELLIST_FUZZ_ROUNDS=50` runs fifty seeds instead of one,
`CELLIST_FUZZ_SEED=7` begins at the seventh.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
import zmq

from kernel import zmtp
from kernel.client import PATIENCE, Kernel, Run
from kernel.junk import BROKEN, CONTENTS, DELIMITER, Forge
from kernel.zmtp import PORTS
from support.waiting import until

FIRST = int(os.environ.get("CELLIST_FUZZ_SEED", "1"))
ROUNDS = int(os.environ.get("CELLIST_FUZZ_ROUNDS", "1"))

seeded = pytest.mark.parametrize("seed", range(FIRST, FIRST + ROUNDS), ids="seed={}".format)

#: Run by messages that must never be run.
BREACH = "breaches = 0\ndef breach():\n    global breaches\n    breaches += 1"


@pytest.fixture
def forge(kernel: Kernel, seed: int) -> Forge:
    kernel.run(BREACH)
    return Forge(kernel.connection()["key"], seed)


def assert_serves(kernel: Kernel, breaches: int = 0) -> None:
    """A client that was not there before gets its answers on every channel."""
    assert kernel.process.poll() is None, f"the kernel is gone:\n{kernel.log.read_text()[-2000:]}"
    client = kernel.connect()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        msg_id = client.execute("(1 + 1, breaches)")
        while (message := client.get_iopub_msg(timeout=PATIENCE))["msg_type"] != "execute_result":
            pass
        assert message["parent_header"]["msg_id"] == msg_id
        assert message["content"]["data"]["text/plain"] == f"(2, {breaches})"
        assert client.get_shell_msg(timeout=PATIENCE)["content"]["status"] == "ok"
        client.control_channel.send(client.session.msg("kernel_info_request"))
        assert client.get_control_msg(timeout=PATIENCE)["content"]["status"] == "ok"
    finally:
        client.stop_channels()
    with raw(kernel, "hb_port", zmq.REQ) as heart:
        heart.send(b"beat")
        assert heart.poll(PATIENCE * 1000), "no heartbeat"
        assert heart.recv() == b"beat"


@contextmanager
def raw(kernel: Kernel, port: str, kind: int = zmq.DEALER) -> Iterator[zmq.Socket[bytes]]:
    """A socket that sends any frames at all. What it has sent is sent also when it is closed at once."""
    connection = kernel.connection()
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.connect(f"tcp://{connection['ip']}:{connection[port]}")
        socket.linger = PATIENCE * 1000
        yield socket


@seeded
def test_malformed_messages(kernel: Kernel, forge: Forge) -> None:
    with zmtp.greet(kernel, "iopub_port") as listener:
        for _ in range(100):
            listener.sendall(zmtp.message(forge.frames()))
    for port in PORTS[:-1]:
        with raw(kernel, port) as socket:
            for _ in range(100):
                socket.send_multipart(forge.frames())
            # The heartbeat sends everything back, also this.
            for _ in range(100 if port == "hb_port" else 0):
                assert socket.poll(PATIENCE * 1000), "a heartbeat is lost"
                socket.recv_multipart()
    assert_serves(kernel)


@seeded
def test_wrong_signatures(kernel: Kernel, forge: Forge) -> None:
    for port in ("shell_port", "control_port", "stdin_port"):
        with raw(kernel, port) as socket:
            for _ in range(100):
                frames = forge.signed(forge.header("execute_request"), {"code": "breach()"})
                frames[1] = forge.bad_signature(frames[1])
                socket.send_multipart(frames)
    assert_serves(kernel)


@seeded
def test_changed_after_signing(kernel: Kernel, forge: Forge) -> None:
    for port in ("shell_port", "control_port"):
        with raw(kernel, port) as socket:
            for _ in range(100):
                frames = forge.signed(forge.header("execute_request"), {"code": "breach(  )"})
                place = forge.draw.randrange(2, len(frames))
                spot = forge.draw.randrange(len(frames[place]))
                frames[place] = frames[place][:spot] + b" " + frames[place][spot:]
                socket.send_multipart(frames)
    assert_serves(kernel)


@seeded
def test_messages_that_are_sent_again(kernel: Kernel, forge: Forge) -> None:
    frames = forge.signed(forge.header("execute_request"), {"code": "breach()"})
    with raw(kernel, "shell_port") as socket:
        for _ in range(3):
            socket.send_multipart(frames)
        assert socket.poll(PATIENCE * 1000), "no reply to the first"
        socket.recv_multipart()
    for port in ("shell_port", "control_port"):
        with raw(kernel, port) as another:
            another.send_multipart(frames)
            another.send_multipart([b"identity", DELIMITER, frames[1].upper(), *frames[2:]])
    until(lambda: kernel.log.read_text().count("sent before") >= 6, "the log to name the six")
    assert_serves(kernel, breaches=1)


@seeded
def test_unknown_types_get_an_error(kernel: Kernel, forge: Forge) -> None:
    names = ["", "_request", "execute_reply", "execute_request ", "Execute_Request", "é" * 200, "\0", "x" * 100_000]
    names += ["".join(map(chr, forge.draw.choices(range(1, 0xD800), k=20))) for _ in range(20)]
    for channel in ("shell", "control"):
        for name in names:
            run = kernel.request(name, channel=channel)
            assert run.content["ename"] == "UnknownMessage"
            assert run.reply["msg_type"] == name.removesuffix("_request") + "_reply"
    assert_serves(kernel)


@seeded
@pytest.mark.parametrize("channel", ["shell", "control"])
def test_wrong_content_gets_one_answer(kernel: Kernel, forge: Forge, channel: str) -> None:
    with raw(kernel, f"{channel}_port") as socket:
        for msg_type in CONTENTS:
            for _ in range(12):
                header, content = forge.header(msg_type), forge.content(msg_type)
                socket.send_multipart(forge.signed(header, content))
                # Idle comes once the kernel is through with it: whatever it was.
                kernel.until_idle(Run(header["msg_id"]))
                assert_answered(kernel, socket, msg_type, header["msg_id"], content)
    assert_serves(kernel)


def assert_answered(
    kernel: Kernel, socket: zmq.Socket[bytes], msg_type: str, msg_id: str, content: bytes
) -> None:
    """One reply, to this message, if its type gets any."""
    if msg_type.startswith("comm_") and msg_type != "comm_info_request":
        return
    assert socket.poll(PATIENCE * 1000), f"no reply to {msg_type} {content[:500]!r}"
    reply = unpacked(kernel, socket.recv_multipart())
    assert reply["parent_header"]["msg_id"] == msg_id, f"two replies before {msg_type} {content[:500]!r}"
    assert reply["msg_type"] == msg_type.replace("_request", "_reply")
    assert reply["content"]["status"] in ("ok", "error", "complete", "incomplete", "invalid")
    if "subshell_id" in reply["content"] and msg_type == "create_subshell_request":
        kernel.request("delete_subshell_request", {"subshell_id": reply["content"]["subshell_id"]}, "control")


def unpacked(kernel: Kernel, frames: list[bytes]) -> dict[str, Any]:
    session = kernel.client.session
    return session.deserialize(session.feed_identities(frames)[1])


@seeded
def test_headers_reach_other_clients_only_when_they_can_be_read(kernel: Kernel, forge: Forge) -> None:
    """A header comes back to everyone as the parent of what it led to."""
    kernel.others.clear()
    for channel in ("shell", "control"):
        with raw(kernel, f"{channel}_port") as socket:
            for odd in BROKEN + (b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 500 + b"1" + b"}" * 500, b'"\xff"'):
                head = b'{"msg_type": "kernel_info_request", "msg_id": "m", "odd": %s}' % odd
                socket.send_multipart(forge.signed(head))
            header = forge.header("kernel_info_request", odd={"deep": [[[[1]]]]}, subshell_id=None)
            socket.send_multipart(forge.signed(header))
            kernel.until_idle(Run(header["msg_id"]))
            assert not kernel.others, kernel.others
    assert_serves(kernel)


@seeded
@pytest.mark.parametrize("subshell", [7, [], {}, "", "none", True, 1.5], ids=repr)
def test_a_subshell_that_is_none_gets_an_error(kernel: Kernel, forge: Forge, subshell: Any) -> None:
    header = forge.header("execute_request", subshell_id=subshell)
    with raw(kernel, "shell_port") as socket:
        socket.send_multipart(forge.signed(header, {"code": "breach()"}))
        assert socket.poll(PATIENCE * 1000), "no reply"
        assert unpacked(kernel, socket.recv_multipart())["content"]["ename"] == "NoSuchSubshell"
    assert_serves(kernel)


@seeded
def test_huge_messages(kernel: Kernel, forge: Forge) -> None:
    size = 20 << 20
    text = b'"%s"' % (b"x" * size)
    for channel in ("shell", "control"):
        with raw(kernel, f"{channel}_port") as socket:
            # Nobody's, dropped: not a message, and not ours.
            socket.send_multipart([b"x" * size] * 2)
            socket.send_multipart([DELIMITER, b"0" * 64, b"x" * size, b"{}", b"{}", b"{}"])
            for frames in (
                forge.signed(forge.header("no_such_request"), b'{"x": %s}' % text),
                forge.signed(forge.header("kernel_info_request", more="x" * (size // 64))),
                forge.signed(forge.header("kernel_info_request"), b"{}", b"x" * size, b"y" * size),
            ):
                socket.send_multipart(frames)
                assert socket.poll(PATIENCE * 1000), "no reply"
                socket.recv_multipart()
        code = f"len('{'x' * (size // 64)}')"
        run = kernel.finish(Run(kernel.send(channel, "execute_request", {"code": code})), channel)
        assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == str(size // 64)
    with raw(kernel, "hb_port") as heart:
        heart.send(b"x" * size)
        assert heart.poll(PATIENCE * 1000) and len(heart.recv()) == size
    # By hand: libzmq's own XSUB does not survive this.
    with zmtp.greet(kernel, "iopub_port") as listener:
        listener.sendall(zmtp.message([b"\x01" + b"x" * (size // 64)]) + zmtp.message([b"\x01"] * 1000))
    assert_serves(kernel)


@seeded
def test_many_messages_at_once(kernel: Kernel, forge: Forge) -> None:
    """Good and bad ones, of several clients: the good ones are all answered, in order."""
    with raw(kernel, "shell_port") as first, raw(kernel, "shell_port") as second:
        sent: dict[Any, list[str]] = {first: [], second: []}
        for number in count():
            socket = forge.draw.choice((first, second))
            if forge.draw.random() < 0.5:
                frames = forge.signed(forge.header("execute_request"), {"code": "breach()"})
                socket.send_multipart([frames[0], forge.bad_signature(frames[1]), *frames[2:]])
                continue
            header = forge.header("execute_request")
            socket.send_multipart(forge.signed(header, {"code": str(number), "store_history": False}))
            sent[socket].append(header["msg_id"])
            if number > 500:
                break
        for socket, wanted in sent.items():
            for msg_id in wanted:
                assert socket.poll(PATIENCE * 1000), "no reply"
                assert unpacked(kernel, socket.recv_multipart())["parent_header"]["msg_id"] == msg_id
    assert_serves(kernel)
