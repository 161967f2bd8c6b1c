"""Who gets in, and what learners cannot do to a page."""

import subprocess
from urllib.parse import urlencode

import pytest

from serve.conftest import NOTEBOOK, Course
from support.executable import cellist
from support.page_server import PageServer, elements

EVIL_LEARNER = "<script>alert(2)<"
FORM = "application/x-www-form-urlencoded"


def test_the_printed_address_lets_in_and_nothing_else(server: PageServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    token = server.url.partition("?token=")[2]
    assert len(token) == 64
    for path in ("/", "/list", "/style.css", "/events", "/nothing", f"/?token={'0' * 64}", "/?token="):
        answer = server.ask(path)
        assert answer.status == 403, path
        assert "Set-Cookie" not in answer.headers and "ann" not in answer.text
    entered = server.ask(f"/?token={token}")
    assert (entered.status, entered.headers["Location"]) == (303, "/")
    cookie = entered.headers["Set-Cookie"]
    assert "; HttpOnly" in cookie and "; SameSite=Strict" in cookie and token not in cookie
    assert server.ask("/", Cookie=cookie.split(";")[0]).status == 200
    assert server.ask("/", Cookie=cookie.split(";")[0] + "0").status == 403
    # The token is for the door only.
    assert server.ask(f"/list?token={token}").status == 403
    name = cookie.partition("=")[0]
    assert server.ask("/", Cookie=f"{name}={token}").status == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "10.0.0.1", "localhost.evil.example", ""])
def test_other_names_for_this_machine_get_nothing(server: PageServer, host: str) -> None:
    answer = server.ask("/", Host=host, Cookie=server.cookie)
    assert (answer.status, "ann" in answer.text) in [(403, False), (400, False)]
    token = server.url.partition("?")[2]
    assert "Set-Cookie" not in server.ask(f"/?{token}", Host=host).headers


@pytest.mark.parametrize("host", ["localhost:9", "LOCALHOST", "127.0.0.1", "[::1]:80"])
def test_names_of_the_loopback_are_known(server: PageServer, host: str) -> None:
    assert server.ask("/", Host=host, Cookie=server.cookie).status == 200


@pytest.mark.parametrize("path", ["/", "/style.css", "/nothing", "/list", "/export/units.csv"])
def test_every_answer_has_the_headers(server: PageServer, path: str) -> None:
    for cookie in (server.cookie, ""):
        headers = server.ask(path, Cookie=cookie).headers
        policy = [part.strip() for part in headers["Content-Security-Policy"].split(";")]
        assert policy[0] == "default-src 'none'"
        for part in ("style-src 'self'", "script-src 'self'", "img-src 'self' data:", "form-action 'self'",
                     "frame-ancestors 'none'"):  # fmt: skip
            assert part in policy
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_forms_of_others_change_nothing(server: PageServer) -> None:
    fields = {"learner": "ann", "notebook": NOTEBOOK, "unit": "u", "item": "u-why", "points": "3"}
    csrf = {"csrf": server.csrf()}
    inside = {"Cookie": server.cookie, "Content-Type": FORM}
    fields |= {"extension": "2027-01-31"}
    for path in ("/score", "/grade", "/allow"):
        assert server.ask(path, "POST", urlencode(fields), **inside).status == 403
        assert server.ask(path, "POST", urlencode(fields | {"csrf": "0" * 64}), **inside).status == 403
        elsewhere = inside | {"Sec-Fetch-Site": "cross-site"}
        assert server.ask(path, "POST", urlencode(fields | csrf), **elsewhere).status == 403
        assert server.ask(path, "POST", urlencode(fields | csrf), **{"Content-Type": FORM}).status == 403
        assert server.ask(path, **inside).status == 405
    assert "needs grading" in server.page("/submission", learner="ann", notebook=NOTEBOOK)
    assert "Nobody is allowed anything special." in server.page("/allowances")


def test_what_learners_write_is_never_markup(server: PageServer) -> None:
    pages = [
        server.page("/"),
        server.page("/list", notebook=NOTEBOOK),
        server.page("/list", find="<script>"),
        server.page("/submission", learner=EVIL_LEARNER, notebook=NOTEBOOK),
        server.page("/answers", notebook=NOTEBOOK, unit="u", item="u-why"),
        server.page("/exports"),
        server.page("/allowances"),
        server.page("/allowances", learner=EVIL_LEARNER, notebook=NOTEBOOK),
        server.page("/allowances", learner="'\"><script>alert(3)</script>", notebook=NOTEBOOK),
        server.get("/submission", learner="<script>", notebook=EVIL_LEARNER).text,
        server.get("/export/<script>").text,
    ]
    for page in pages:
        found = elements(page)
        scripts = [attributes for tag, attributes in found if tag == "script"]
        assert scripts in ([{"src": "/page.js", "defer": None}], []), scripts
        for tag, attributes in found:
            assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
            assert tag != "style" and not (attributes.get("href") or "").startswith("javascript")
            if tag == "img":
                assert (attributes["src"] or "").startswith("data:image/svg+xml,%3Cscript%3E")
    shown = pages[3]
    assert "&lt;script&gt;alert('x')&lt;/script&gt;" in shown.replace("&#39;", "'")
    [frame] = [attributes for tag, attributes in elements(shown) if tag == "iframe"]
    assert frame["sandbox"] == "" and "src" not in frame
    assert (frame["srcdoc"] or "").startswith("<script>alert")
    assert "\x1b" not in shown and "[31m" not in shown


def test_back_leads_nowhere_else(server: PageServer) -> None:
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "/\r\nX: y"):
        answer = server.post("/score", learner="ann", notebook=NOTEBOOK, unit="u", item="u-why",
                             action="withdraw", back=back)  # fmt: skip
        assert (answer.status, answer.headers["Location"]) == (303, "/"), back


def test_another_address_than_the_loopback_is_warned_of(graded: Course) -> None:
    with graded.serve("--bind", "0.0.0.0") as server:
        # By its address, since 0.0.0.0 is a name for this machine only here.
        assert server.enter().ask("/", Host=f"10.0.0.1:{server.port}", Cookie=server.cookie).status == 200
        assert server.ask("/", Host="evil.example", Cookie=server.cookie).status == 403
        server.process.terminate()
        _, told = server.process.communicate(timeout=20)
    assert told.startswith("warning: 0.0.0.0 is not a loopback address") and "not encrypted" in told


def test_two_servers_share_a_browser(graded: Course, server: PageServer) -> None:
    with graded.serve() as other:
        both = f"{server.cookie}; {other.enter().cookie}"
        assert server.ask("/", Cookie=both).status == 200
        assert other.ask("/", Cookie=both).status == 200
        assert other.ask("/", Cookie=server.cookie).status == 403


@pytest.mark.parametrize("what", ["missing", "other", "newer", "port", "spec"])
def test_what_cannot_be_served_is_told_in_two_lines(graded: Course, server: PageServer, tmp_path, what: str) -> None:
    book, more = tmp_path / "book.db", []
    if what == "other":
        book.write_text("not a gradebook, and long enough not to be taken for an empty file")
    elif what == "newer":
        import sqlite3

        connection = sqlite3.connect(book)
        connection.executescript("PRAGMA application_id = 1128614988; PRAGMA user_version = 99; CREATE TABLE x (y)")
        connection.close()
    elif what == "port":
        book, more = graded.gradebook, ["--port", str(server.port)]
    elif what == "spec":
        book, more = graded.gradebook, ["--spec", str(book)]
    command = [cellist(), "serve", "--gradebook", book, *more]
    done = subprocess.run(command, env=graded.env, capture_output=True, text=True, timeout=60)
    told = {
        "missing": "does not exist", "other": "is not a gradebook", "newer": "was made by a newer cellist",
        "port": f"port {server.port} is in use", "spec": "book.db",
    }  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert told[what] in done.stderr and len(done.stderr.splitlines()) <= 2, done.stderr
