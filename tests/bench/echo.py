#!/usr/bin/env python3
"""A kernel that runs nothing and answers at once, with messages that are ready: what a client takes
for itself, below which no kernel can be.

Started as a kernel, with `-f` and a connection file. Answers a cell with the value 2 or, if it prints
in a loop, with the numbers from 0 to 49999.
"""

import hashlib
import hmac
import json
import sys

import zmq

LINES = "".join(f"{number}\n" for number in range(50_000))
CHUNK = 1 << 16

IDLE, BUSY = (json.dumps({"execution_state": state}).encode() for state in ("idle", "busy"))
RESULT = b'{"execution_count":1,"data":{"text/plain":"2"},"metadata":{}}'
REPLIES = {
    "kernel_info": b'{"status":"ok","protocol_version":"5.3","implementation":"echo","banner":"",'
                   b'"implementation_version":"1","language_info":{"name":"python","version":"3",'
                   b'"mimetype":"text/x-python","file_extension":".py"}}',
    "execute": b'{"status":"ok","execution_count":1,"user_expressions":{},"payload":[]}',
    "shutdown": b'{"status":"ok","restart":false}',
}
STREAMS = [json.dumps({"name": "stdout", "text": LINES[at: at + CHUNK]}).encode()
           for at in range(0, len(LINES), CHUNK)]


class Echo:
    def __init__(self, connection: dict):
        self.key = hmac.new(connection["key"].encode(), digestmod=hashlib.sha256)
        self.sent = 0
        context = zmq.Context()
        self.shell, self.control, self.stdin, self.beat = (context.socket(zmq.ROUTER) for _ in range(4))
        self.iopub = context.socket(zmq.PUB)
        for name, socket in (("shell", self.shell), ("control", self.control), ("stdin", self.stdin),
                             ("hb", self.beat), ("iopub", self.iopub)):
            socket.bind(f"tcp://{connection['ip']}:{connection[f'{name}_port']}")

    def message(self, kind: str, parent: bytes, content: bytes) -> list[bytes]:
        self.sent += 1
        header = json.dumps({"msg_id": str(self.sent), "username": "echo", "session": "echo", "msg_type": kind,
                             "date": "2026-01-01T00:00:00.000000Z", "version": "5.3"}).encode()
        signature = self.key.copy()
        for frame in (header, parent, b"{}", content):
            signature.update(frame)
        return [b"<IDS|MSG>", signature.hexdigest().encode(), header, parent, b"{}", content]

    def publish(self, kind: str, parent: bytes, content: bytes) -> None:
        self.iopub.send_multipart([kind.encode(), *self.message(kind, parent, content)])

    def answer(self, socket: zmq.Socket) -> str:
        frames = socket.recv_multipart()
        start = frames.index(b"<IDS|MSG>")
        parent, content = frames[start + 2], frames[start + 5]
        kind = json.loads(parent)["msg_type"].removesuffix("_request")
        self.publish("status", parent, BUSY)
        if kind == "execute":
            self.publish("execute_input", parent, content)
            for text in STREAMS if b"range" in content else ():
                self.publish("stream", parent, text)
            if b"range" not in content:
                self.publish("execute_result", parent, RESULT)
        reply = self.message(f"{kind}_reply", parent, REPLIES.get(kind, b'{"status":"ok"}'))
        socket.send_multipart([*frames[:start], *reply])
        self.publish("status", parent, IDLE)
        return kind

    def serve(self) -> None:
        poller = zmq.Poller()
        for socket in (self.shell, self.control, self.beat):
            poller.register(socket, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                if socket is self.beat:
                    socket.send_multipart(socket.recv_multipart())
                elif self.answer(socket) == "shutdown":
                    return


if __name__ == "__main__":
    with open(sys.argv[sys.argv.index("-f") + 1], encoding="utf-8") as file:
        Echo(json.load(file)).serve()
