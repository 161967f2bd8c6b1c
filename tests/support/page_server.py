"""`cellist serve`, and a client that is no browser."""

import re
import signal
import subprocess
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from support.executable import cellist


@dataclass
class Answer:
    """What the server answered."""

    status: int
    headers: HTTPMessage
    text: str


class PageServer:
    """A running server on a free port of the loopback; stops when the `with` block ends."""

    def __init__(self, env: dict[str, str], *arguments: object):
        command = [cellist(), "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            _, told = self.process.communicate(timeout=30)
            raise AssertionError(f"`cellist serve` did not start: {told}")
        parts = urlsplit(self.url)
        assert parts.hostname and parts.port
        self.host, self.port = parts.hostname, parts.port
        self.origin = f"http://{parts.netloc}"
        self.cookie = ""

    def __enter__(self) -> "PageServer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Answer:
        """One request with exactly these headers."""
        connection = HTTPConnection(self.host, self.port, timeout=60)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read().decode())
        connection.close()
        return answer

    def enter(self) -> "PageServer":
        """Opens the printed address, and keeps the cookie."""
        parts = urlsplit(self.url)
        answer = self.ask(f"/?{parts.query}")
        assert answer.status == 303, answer
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return self

    def get(self, path: str, **questions: str) -> Answer:
        """A page, from inside."""
        query = f"?{urlencode(questions)}" if questions else ""
        return self.ask(path + query, Cookie=self.cookie)

    def page(self, path: str, **questions: str) -> str:
        """The text of a page that is there."""
        answer = self.get(path, **questions)
        assert answer.status == 200, answer
        return answer.text

    def csrf(self) -> str:
        """What the forms of the pages carry."""
        submission = re.search(r'href="(/submission[^"]+)"', self.page("/list"))
        assert submission, "nothing is in the gradebook"
        page = self.page(unescape(submission[1]))
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert found, "no form"
        return found[1]

    def post(self, path: str, **fields: str) -> Answer:
        """Sends a form, as the pages' own."""
        return self.ask(
            path,
            "POST",
            urlencode(fields if "csrf" in fields else fields | {"csrf": self.csrf()}),
            **{"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"},
        )


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(page: str) -> list[tuple[str, dict[str, str | None]]]:
    """The page's elements with their attributes, in order."""
    parser = _Elements()
    parser.feed(page)
    return parser.found


def grade_into(env: dict[str, str], gradebook: Path, spec: Path, *arguments: object) -> None:
    """Runs `cellist grade` into a gradebook."""
    command = [cellist(), "grade", *map(str, arguments), "--spec", str(spec)]
    done = subprocess.run(
        [*command, "--gradebook", str(gradebook), "--quiet"], env=env, capture_output=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
