"""Clients that stop in the middle, lie about what comes, or never read: the others are served.

The seeds are those of test_fuzz.py.
"""

import random
import socket
import struct
from contextlib import ExitStack

import pytest

from kernel import zmtp
from kernel.client import PATIENCE, Kernel
from kernel.junk import Forge
from kernel.test_fuzz import BREACH, assert_serves, raw, seeded
from kernel.zmtp import COMMAND, GREETING, MORE, PORTS
from support.waiting import until


@pytest.fixture(autouse=True)
def breach(kernel: Kernel) -> None:
    kernel.run(BREACH)


def beginnings(draw: random.Random, kind: str) -> list[bytes]:
    """All that a client may say before it falls silent."""
    ready, other = zmtp.ready(kind), zmtp.ready("SUB" if kind == "DEALER" else "DEALER")
    good = GREETING + ready
    return [
        b"", b"\xff", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00", draw.randbytes(100),
        GREETING[: draw.randrange(1, 10)], GREETING[: draw.randrange(10, 64)], GREETING,
        GREETING[:10] + b"\x01" + bytes(53), GREETING[:12] + b"CURVE".ljust(20, b"\0") + bytes(32),
        GREETING + draw.randbytes(200).replace(b"\x02", b"\0"), good[: draw.randrange(65, len(good))],
        GREETING + other, GREETING + zmtp.ready("NONE"), GREETING + zmtp.ready(kind, Identity=b"x" * 300),
        GREETING + ready.replace(b"READY", b"ERROR"), GREETING + zmtp.message([b"no command"]),
        GREETING + zmtp.head(6, COMMAND) + b"\x05READY", GREETING + zmtp.head(0, COMMAND),
        GREETING + zmtp.head(12, COMMAND) + b"\x05READY\xffabcde", good, good + b"\x01",
        good + zmtp.head(1 << 28) + b"x", good + zmtp.head(50, MORE) + b"x" * 50,
        good + zmtp.head(6, COMMAND) + b"\x05PING\0", good + b"\xff" * 2 + b"x" * 40,
        good + zmtp.message([b"x" * 100] * 3)[: draw.randrange(1, 320)],
    ]


@seeded
def test_clients_that_stop_in_the_middle(kernel: Kernel, seed: int) -> None:
    draw = random.Random(seed)
    clients = []
    for port in PORTS:
        for said in beginnings(draw, zmtp.kind(port)):
            clients.append(zmtp.connect(kernel, port))
            clients[-1].sendall(said)
    assert_serves(kernel)
    draw.shuffle(clients)
    for place, client in enumerate(clients):
        zmtp.vanish(client) if place % 2 else client.close()
    assert_serves(kernel)


#: Frames longer than any memory.
ABSURD = (1 << 31, 1 << 40, 1 << 46, 1 << 62, (1 << 63) - (1 << 17), (1 << 63) - 1, 1 << 63, (1 << 64) - 1)


@pytest.mark.parametrize("port", PORTS)
def test_frames_that_promise_more_than_there_is_memory(kernel: Kernel, port: str) -> None:
    for length in ABSURD:
        for before in (GREETING, GREETING + zmtp.ready(zmtp.kind(port)), GREETING + zmtp.ready(zmtp.kind(port))
                       + zmtp.head(3, MORE) + b"abc"):
            for flags in (0, MORE, COMMAND):
                client = zmtp.connect(kernel, port)
                # In pieces: the length may come in two.
                said = before + zmtp.head(length, flags) + b"x" * 50
                client.sendall(said[:-54])
                client.sendall(said[-54:])
                assert zmtp.is_cut_off(client), (length, flags)
                client.close()
    assert_serves(kernel)


def test_a_message_without_end_is_cut_off(kernel: Kernel) -> None:
    """Small frames, and always one more: the kernel's memory must not go with them."""
    with zmtp.greet(kernel, "shell_port") as client:
        with pytest.raises(ConnectionError):
            for _ in range(1 << 12):
                client.sendall(struct.pack("BB", MORE, 0) * (1 << 15))
    assert_serves(kernel)


def test_the_second_of_two_clients_with_one_identity_is_served(kernel: Kernel) -> None:
    """As a client that comes back before its old connection is known to be dead."""
    forge = Forge(kernel.connection()["key"], 1)

    def served(client: socket.socket) -> None:
        client.sendall(zmtp.message(forge.signed(forge.header("kernel_info_request"))))
        flags, length = zmtp.received(client, 2)
        assert (flags, zmtp.received(client, length)) == (MORE, b"<IDS|MSG>")
        while flags & MORE:
            flags = zmtp.received(client, 1)[0]
            length = int.from_bytes(zmtp.received(client, 8 if flags & zmtp.LONG else 1), "big")
            zmtp.received(client, length)

    first = zmtp.greet(kernel, "shell_port", Identity=b"same")
    served(first)
    second = zmtp.greet(kernel, "shell_port", Identity=b"same")
    served(second)
    zmtp.vanish(first)
    for _ in range(3):
        served(second)
    second.close()
    assert_serves(kernel)


def test_clients_that_come_and_go_leave_nothing_behind(kernel: Kernel) -> None:
    forge = Forge(kernel.connection()["key"], 1)
    request = zmtp.message(forge.signed(forge.header("kernel_info_request")))
    before = kernel.open_files()
    for place in range(500):
        port = PORTS[place % len(PORTS)]
        client = zmtp.greet(kernel, port)
        client.sendall(b"\0\x01\x01" if port == "iopub_port" else request)
        zmtp.vanish(client) if place % 3 else client.close()
    assert_serves(kernel)
    until(lambda: kernel.open_files() <= before, "the kernel to close what it opened for them")


def stuck_listener(kernel: Kernel) -> socket.socket:
    """Subscribes to everything and takes nothing but the welcome."""
    connection = kernel.connection()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(PATIENCE)
    client.connect((connection["ip"], connection["iopub_port"]))
    client.sendall(GREETING + zmtp.ready("SUB") + b"\0\x01\x01")
    said = b""
    while b"iopub_welcome" not in said:
        said += zmtp.received(client, 1)
    return client


def test_listeners_that_vanish_while_output_streams(kernel: Kernel) -> None:
    run = kernel.start("for i in range(50_000): print(i)")
    with ExitStack() as stack:
        for place in range(20):
            client = stuck_listener(kernel)
            stack.callback(client.close)
            if place % 2:
                zmtp.vanish(client)
    kernel.finish(run, seconds=100)
    assert run.text() == "".join(f"{i}\n" for i in range(50_000))
    assert_serves(kernel)


SHOWS = "for i in range(400): display({'i': i, 'x': 'x' * 100_000})"


@pytest.mark.parametrize("others", [0, 1100], ids=["alone", "after-many"])
def test_a_listener_that_never_reads_is_cut_off_and_nobody_else(kernel: Kernel, others: int) -> None:
    for _ in range(others):
        zmtp.vanish(zmtp.greet(kernel, "iopub_port"))
    with stuck_listener(kernel) as stuck:
        run = kernel.run(SHOWS, seconds=100)
        shown = [m["content"]["data"]["text/plain"].split(",")[0] for m in run.of("display_data")]
        # Every one of them once: the others are not disturbed.
        assert shown == [f"{{'i': {i}" for i in range(400)]
        assert zmtp.is_cut_off(stuck)
    assert_serves(kernel)


def test_a_client_that_asks_and_never_reads_the_replies(kernel: Kernel) -> None:
    """Its replies pile up to a bound; the others get theirs meanwhile, and then it is cut off."""
    forge = Forge(kernel.connection()["key"], 1)
    with zmtp.greet(kernel, "shell_port") as stuck:
        for _ in range(100):
            stuck.sendall(zmtp.message(forge.signed(forge.header("x" * 200_000))))
        assert_serves(kernel)
        until(lambda: "cut off" in kernel.log.read_text(), "the log to say that it is cut off")
    assert_serves(kernel)


def test_heartbeats_that_are_never_read(kernel: Kernel) -> None:
    with zmtp.greet(kernel, "hb_port") as stuck:
        for _ in range(30):
            stuck.sendall(zmtp.message([b"x" * 1_000_000]))
        assert_serves(kernel)
        until(lambda: "heartbeat: a client is cut off" in kernel.log.read_text(), "the log to say that it is cut off")
    assert_serves(kernel)


def test_answers_nobody_should_give(kernel: Kernel) -> None:
    """Broken, unsigned and foreign messages do not answer a question."""
    forge = Forge(kernel.connection()["key"], 1)
    run = kernel.start("input('? ')", allow_stdin=True)
    kernel.receive("stdin")
    with raw(kernel, "stdin_port") as socket:
        unsigned = forge.signed(forge.header("input_reply"), {"value": "bad"})
        unsigned[1] = b"0" * 64
        for frames in ([b"junk"], forge.signed(forge.header("execute_request"), {"code": "breach()"}), unsigned):
            socket.send_multipart(frames)
    until(lambda: kernel.log.read_text().count("stdin: dropped") == 2, "the log to name the two")
    kernel.client.input("good")
    kernel.finish(run)
    assert run.of("execute_result")[0]["content"]["data"]["text/plain"] == "'good'"
    assert_serves(kernel)
