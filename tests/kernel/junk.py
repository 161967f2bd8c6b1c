"""Broken messages, drawn from a seed: the same seed gives the same messages."""

import hashlib
import hmac
import json
import random
from typing import Any
from uuid import UUID

DELIMITER = b"<IDS|MSG>"

#: What clients send, as it should be. Not `shutdown_request`: who asks for the end gets it.
CONTENTS: dict[str, dict[str, Any]] = {
    "kernel_info_request": {},
    "execute_request": {
        "code": "1", "silent": False, "store_history": True, "user_expressions": {"x": "1"},
        "allow_stdin": False, "stop_on_error": True,
    },
    "complete_request": {"code": "print(ma", "cursor_pos": 8},
    "inspect_request": {"code": "print", "cursor_pos": 5, "detail_level": 1, "omit_sections": []},
    "is_complete_request": {"code": "for i in y:"},
    "history_request": {
        "output": False, "raw": True, "hist_access_type": "range", "session": 0, "start": 1, "stop": 3,
        "n": 3, "pattern": "*", "unique": False,
    },
    "comm_info_request": {"target_name": "jupyter.widget"},
    "comm_open": {"comm_id": "c", "target_name": "jupyter.widget", "data": {"state": {}}},
    "comm_msg": {"comm_id": "c", "data": {"method": "update", "state": {}}},
    "comm_close": {"comm_id": "c", "data": {}},
    "connect_request": {},
    "interrupt_request": {},
    "create_subshell_request": {},
    "delete_subshell_request": {"subshell_id": "s"},
    "list_subshell_request": {},
    "usage_request": {},
    "debug_request": {"seq": 1, "type": "request", "command": "initialize", "arguments": {}},
}

#: JSON that a careless reader stumbles over: numbers out of range, depth, lone surrogates, NUL.
ODD = (
    b"null", b"true", b"-1", b"0.5", b"-0.0", b"1e400", b"1" + b"0" * 400, b"18446744073709551615",
    b"18446744073709551616", b"-9223372036854775808", b"-9223372036854775809", b'""', b'"\\u0000"',
    b'"\\ud800"', b'"\\udc00\\ud800"', '"é\U0001f600"'.encode(), b"[]", b"{}", b"[[]]", b'[{"code": "1"}]',
    b'{"": ""}', b'"%s"' % (b"x" * 100_000), b"[" * 100 + b"]" * 100, b"[" * 100_000 + b"]" * 100_000,
    b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
)

#: Not JSON at all.
BROKEN = (
    b"", b"{", b"}", b"[", b'"', b"\0", b"\xff", b"\xef\xbb\xbf{}", b"NaN", b"{'code': 1}", b'{"code": NaN}',
    b'{"code": "1"} x', b'{"code": "\xff"}', b'{"code": "\\ud8"}', b"[" * 100_000, b'{"code":' * 100_000,
)


class Forge:
    """Makes messages for a kernel whose key it knows."""

    def __init__(self, key: str, seed: int):
        self.draw = random.Random(seed)
        self._key = key.encode()

    def header(self, msg_type: str, **fields: Any) -> dict[str, Any]:
        """The header of a new message."""
        msg_id = UUID(int=self.draw.getrandbits(128)).hex
        return {
            "msg_id": msg_id, "username": "u", "session": "s", "date": "2026-01-01T00:00:00Z",
            "msg_type": msg_type, "version": "5.5",
        } | fields

    def sign(self, parts: list[bytes]) -> bytes:
        """The signature of header, parent, metadata and content."""
        digest = hmac.new(self._key, digestmod=hashlib.sha256)
        for part in parts:
            digest.update(part)
        return digest.hexdigest().encode()

    def signed(self, header: Any, content: Any = b"{}", *buffers: bytes) -> list[bytes]:
        """The frames of a message, header and content as given or as JSON."""
        parts = [_json(header), b"{}", b"{}", _json(content)]
        return [DELIMITER, self.sign(parts), *parts, *buffers]

    def noise(self) -> bytes:
        """A frame of any kind."""
        return self.draw.choice((
            b"", DELIMITER, DELIMITER[:-1], b"{}", self.draw.randbytes(self.draw.randrange(300)),
            self.draw.choice(ODD), self.draw.choice(BROKEN),
        ))

    def frames(self) -> list[bytes]:
        """A message that is none: its frames cut off, swapped, doubled, or nothing but noise; or
        well formed and signed, with a part that cannot be read."""
        good = self.signed(self.header("execute_request"), {"code": "breach()"})
        match self.draw.randrange(6):
            case 0:
                return [self.noise() for _ in range(self.draw.randint(1, 12))]
            case 1:
                return good[: self.draw.randrange(1, len(good))]
            case 2:
                order = list(range(len(good)))
                while order == sorted(order):
                    self.draw.shuffle(order)
                return [good[place] for place in order]
            case 3:
                place = self.draw.randrange(1, len(good))
                return good[:place] + [good[place] + self.noise()[:50] + b" "] * 2 + good[place:]
            case 4:
                # Header or content broken, and signed all the same.
                parts = good[2:]
                parts[self.draw.choice((0, 3))] = self.draw.choice(BROKEN)
                return [DELIMITER, self.sign(parts), *parts]
            case _:
                # Parent and metadata may be anything; the content is not what the type needs.
                parts = [good[2], self.noise(), self.noise(), self.draw.choice(ODD + BROKEN)]
                return [DELIMITER, self.sign(parts), *parts, *[self.noise()] * 3]

    def bad_signature(self, good: bytes) -> bytes:
        """Not the signature, though often nearly."""
        place = self.draw.randrange(len(good))
        other = self.draw.choice([digit for digit in b"0123456789abcdef" if digit != good[place]])
        return self.draw.choice((
            b"", good[:-1], good[:-2], good + b"0", good + b"00", good[:place] + bytes([other]) + good[place + 1:],
            self.draw.randbytes(64), self.draw.randbytes(32), b"g" * 64, b"\0" * 64, bytes.fromhex(good.decode()),
        ))

    def content(self, msg_type: str) -> bytes:
        """Content of a known message, with fields lost, replaced, or not even an object."""
        if self.draw.random() < 0.15:
            return self.draw.choice(ODD + BROKEN)
        fields = {name: _json(value) for name, value in CONTENTS[msg_type].items()}
        for name in list(fields) + ["unknown"]:
            chance = self.draw.random()
            if chance < 0.15:
                fields.pop(name, None)
            elif chance < 0.5:
                fields[name] = self.draw.choice(ODD)
        return b"{" + b", ".join(b"%s: %s" % (_json(name), value) for name, value in fields.items()) + b"}"


def _json(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
