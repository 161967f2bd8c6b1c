"""ZMTP 3.0 by hand: a client that can stop, lie or vanish wherever it likes.

The protocol: https://rfc.zeromq.org/spec/23/.
"""

import socket
import struct
from collections.abc import Iterable

from kernel.client import PATIENCE, Kernel

PORTS = ("shell_port", "control_port", "stdin_port", "hb_port", "iopub_port")

GREETING = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)

MORE, LONG, COMMAND = 1, 2, 4


def head(length: int, flags: int = 0) -> bytes:
    """The head of a frame, in its long form: it may promise any length."""
    return struct.pack(">BQ", flags | LONG, length)


def ready(kind: str, **properties: bytes) -> bytes:
    """The command that ends the handshake."""
    body = b"\x05READY"
    for name, value in ({"Socket-Type": kind.encode()} | properties).items():
        body += bytes([len(name)]) + name.encode() + struct.pack(">I", len(value)) + value
    return head(len(body), COMMAND) + body


def message(frames: Iterable[bytes]) -> bytes:
    """A message as it goes over the wire."""
    frames = list(frames)
    return b"".join(
        head(len(frame), MORE if place < len(frames) - 1 else 0) + frame for place, frame in enumerate(frames)
    )


def kind(port: str) -> str:
    """The type of socket that belongs at the other end."""
    return "SUB" if port == "iopub_port" else "DEALER"


def connect(kernel: Kernel, port: str) -> socket.socket:
    """A connection that has not said anything."""
    connection = kernel.connection()
    return socket.create_connection((connection["ip"], connection[port]), timeout=PATIENCE)


def greet(kernel: Kernel, port: str, **properties: bytes) -> socket.socket:
    """A connection after the handshake."""
    client = connect(kernel, port)
    client.sendall(GREETING + ready(kind(port), **properties))
    # The kernel's own greeting and READY.
    received(client, len(GREETING))
    flags, length = received(client, 2)
    assert flags == COMMAND
    received(client, length)
    return client


def received(client: socket.socket, count: int) -> bytes:
    """So many bytes."""
    data = b""
    while len(data) < count:
        piece = client.recv(count - len(data))
        assert piece, f"the kernel closed the connection after {data!r}"
        data += piece
    return data


def vanish(client: socket.socket) -> None:
    """Ends a connection as a process does that dies with unread data: by a reset."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def is_cut_off(client: socket.socket) -> bool:
    """Whether the kernel ends the connection, whatever it had to say before."""
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True
