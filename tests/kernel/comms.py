"""The front end's half of a comm."""

from typing import Any
from uuid import uuid4

from kernel.client import Kernel, Message, Run


class Comm:
    """A comm, opened by the front end or (with `comm_id`) by the kernel."""

    def __init__(self, kernel: Kernel, comm_id: str = ""):
        self._kernel = kernel
        self.comm_id = comm_id or uuid4().hex

    def open(self, target: str, data: Any = None, **parts: Any) -> Run:
        """Opens it to a target in the kernel."""
        return self._send("comm_open", {"target_name": target, "data": data or {}}, **parts)

    def send(self, data: Any, **parts: Any) -> Run:
        """Sends a message and waits until it has been handled."""
        return self._send("comm_msg", {"data": data}, **parts)

    def start(self, data: Any, **parts: Any) -> str:
        """Sends a message and does not wait; returns its id."""
        return self._kernel.send("shell", "comm_msg", {"comm_id": self.comm_id, "data": data}, **parts)

    def update(self, state: dict[str, Any], **parts: Any) -> Run:
        """Changes a widget's state."""
        paths = parts.pop("buffer_paths", [])
        return self.send({"method": "update", "state": state, "buffer_paths": paths}, **parts)

    def close(self, data: Any = None) -> Run:
        """Closes it."""
        return self._send("comm_close", {"data": data or {}})

    def _send(self, msg_type: str, content: dict[str, Any], **parts: Any) -> Run:
        msg_id = self._kernel.send("shell", msg_type, {"comm_id": self.comm_id, **content}, **parts)
        return self._kernel.until_idle(Run(msg_id))


def buffers(message: Message) -> list[bytes]:
    """A message's binary data."""
    return [bytes(buffer) for buffer in message["buffers"]]
