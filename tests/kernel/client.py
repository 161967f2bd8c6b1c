"""A kernel process, and the real jupyter_client on its five sockets."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any
from uuid import uuid4

from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.connect import write_connection_file

from support.executable import cellist

Message = dict[str, Any]

# How long a message that must come may take. Far longer than it takes: other tests run meanwhile.
PATIENCE = 30


@dataclass
class Run:
    """Everything a request led to: iopub messages in order, and the reply."""

    msg_id: str
    iopub: list[Message] = field(default_factory=list)
    reply: Message | None = None

    def text(self, name: str = "stdout") -> str:
        """What was printed to a stream."""
        return "".join(m["content"]["text"] for m in self.of("stream") if m["content"]["name"] == name)

    def of(self, msg_type: str) -> list[Message]:
        """The iopub messages of one type."""
        return [message for message in self.iopub if message["msg_type"] == msg_type]

    @property
    def types(self) -> list[str]:
        """The types of the iopub messages, states spelled out."""
        return [m["content"].get("execution_state", m["msg_type"]) for m in self.iopub]

    @property
    def content(self) -> dict[str, Any]:
        """The content of the reply."""
        assert self.reply is not None, f"no reply to {self.msg_id}"
        return self.reply["content"]


class Kernel:
    """A running kernel. Leaving the `with` block fails if a reply was left unread."""

    def __init__(self, folder: Path, env: dict[str, str], **connection: Any):
        self.env = env
        self.log = folder / "kernel.log"
        self.file = folder / "connection.json"
        write_connection_file(str(self.file), **({"key": uuid4().hex.encode()} | connection))
        self.client = self.connect()
        self.process = self.launch()
        # iopub messages that belong to none of the requests asked about so far.
        self.others: list[Message] = []
        # Requests that run beside each other, by id.
        self.runs: dict[str, Run] = {}

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Starts the kernel on the connection file."""
        command = [cellist(), "kernel", "-f", self.file, *arguments]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, env=self.env, stdin=subprocess.DEVNULL, stderr=log)

    def connect(self) -> BlockingKernelClient:
        """Another client of this kernel."""
        client = BlockingKernelClient(connection_file=str(self.file))
        client.load_connection_file()
        client.start_channels()
        return client

    def __enter__(self) -> "Kernel":
        self.client.wait_for_ready(timeout=PATIENCE)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None and self.process.poll() is None:
                self._assert_nothing_left()
        finally:
            self.client.stop_channels()
            self.process.kill()
            self.process.wait()

    def _assert_nothing_left(self) -> None:
        """Asks one thing on each channel: what comes back first must be the answer to it."""
        for channel in ("shell", "control"):
            probe = self.send(channel, "kernel_info_request")
            assert self.receive(channel, PATIENCE)["parent_header"]["msg_id"] == probe, channel

    def send(
        self, channel: str, msg_type: str, content: dict[str, Any] | None = None, **parts: Any
    ) -> str:
        """Sends any message at all, with `metadata` and `buffers` if wanted; returns its id."""
        message = self.client.session.msg(msg_type, content or {}) | parts
        getattr(self.client, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def receive(self, channel: str, seconds: float = PATIENCE) -> Message:
        """The next message of a channel."""
        return getattr(self.client, f"get_{channel}_msg")(timeout=seconds)

    def until_idle(self, run: Run, seconds: float = PATIENCE) -> Run:
        """Collects what a request puts on iopub, up to its idle."""
        deadline = time.monotonic() + seconds
        while run.types[-1:] != ["idle"]:
            message = self._next_iopub(run, deadline)
            mine = message["parent_header"].get("msg_id") == run.msg_id
            (run.iopub if mine else self.others).append(message)
        return run

    def _next_iopub(self, run: Run, deadline: float) -> Message:
        try:
            return self.receive("iopub", max(0.0, deadline - time.monotonic()))
        except Empty:
            ended = self.process.poll()
            raise AssertionError(f"{run.types} and no idle; the process: {ended}") from None

    def other(self, wanted: str, parent: str, seconds: float = PATIENCE) -> Message:
        """The next message of a type and parent that no `Run` waits for: output of a task."""
        deadline = time.monotonic() + seconds
        while True:
            for message in self.others:
                if (message["msg_type"], message["parent_header"].get("msg_id")) == (wanted, parent):
                    self.others.remove(message)
                    return message
            self.others.append(self._next_iopub(Run(parent), deadline))

    def start(self, code: str, **options: Any) -> Run:
        """Sends a cell and does not wait."""
        return Run(self.client.execute(code, **options))

    def finish(self, run: Run, channel: str = "shell", seconds: float = PATIENCE) -> Run:
        """Waits for the idle and the reply of a request."""
        self.until_idle(run, seconds)
        run.reply = self.receive(channel, seconds)
        assert run.reply["parent_header"]["msg_id"] == run.msg_id, "the reply to another request"
        return run

    def run(self, code: str, seconds: float = PATIENCE, **options: Any) -> Run:
        """Runs a cell to its end."""
        return self.finish(self.start(code, **options), seconds=seconds)

    def request(self, msg_type: str, content: Any = None, channel: str = "shell") -> Run:
        """Sends a request and waits for its idle and its reply."""
        return self.finish(Run(self.send(channel, msg_type, content)), channel)

    def await_output(self, run: Run, text: str) -> None:
        """Waits until a running cell has printed this."""
        deadline = time.monotonic() + PATIENCE
        while text not in run.text():
            message = self._next_iopub(run, deadline)
            mine = message["parent_header"].get("msg_id") == run.msg_id
            (run.iopub if mine else self.others).append(message)

    def interrupt(self) -> Run:
        """Presses the stop button. The reply comes at once, and not on iopub's account."""
        run = Run(self.send("control", "interrupt_request"))
        run.reply = self.receive("control")
        return run

    def sleeps(self) -> bool:
        """Whether the main thread waits for something, as Linux sees it."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"

    def open_files(self) -> int:
        """How many file descriptors the process has."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def connection(self) -> dict[str, Any]:
        """The connection file."""
        return json.loads(self.file.read_text())
