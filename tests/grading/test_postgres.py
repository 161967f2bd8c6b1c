"""A gradebook on a PostgreSQL server: what only a server can do to one. The rest is in test_gradebook.py."""

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from grading.conftest import RIGHT, SPEC, Run, submission
from serve.conftest import NOTEBOOK, Course
from support.books import PostgresBook
from support.executable import cellist
from support.page_server import PageServer
from support.postgres import PASSWORD, USER, Postgres

Book = Callable[..., Run]


@pytest.fixture
def store(postgres: Postgres) -> PostgresBook:
    """An empty database."""
    return PostgresBook(postgres, postgres.database())


@pytest.fixture
def book(env: dict[str, str]) -> Book:
    """Runs `cellist gradebook --file URL ARGUMENTS…`."""

    def run(place: str, *arguments: object, **more: str) -> Run:
        command = [cellist(), "gradebook", "--file", place, *map(str, arguments)]
        done = subprocess.run(command, env=env | more, capture_output=True, text=True, timeout=100)
        for secret in (PASSWORD, "ses%40me", "wrong", "opensaysme"):
            assert secret not in done.stdout + done.stderr
        return Run(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def course(env: dict[str, str], store: PostgresBook, tmp_path: Path) -> Course:
    """A course that is graded into the database."""

    class Served(Course):
        gradebook = store.place

    course = Served(env, tmp_path)
    course.spec.write_text(json.dumps(SPEC))
    return course


def test_the_password_may_come_by_the_environment(course: Course, store: PostgresBook, book: Book) -> None:
    course.hand_in("ann", submission(RIGHT))
    course.grade()
    done = book(store.shown, "list", PGPASSWORD=PASSWORD)
    assert (done.code, done.stderr) == (0, "") and "7 of 8 points" in done.stdout
    done = book(store.shown, "list")
    assert done.code == 1 and "lets nobody in: password missing" in done.stderr


def test_who_is_not_let_in_is_told(postgres: Postgres, store: PostgresBook, book: Book) -> None:
    def told(url: str) -> str:
        done = book(url, "list")
        assert (done.code, done.stdout, len(done.stderr.splitlines())) == (1, "", 2), done.stderr
        return done.stderr

    assert f'lets nobody in: password authentication failed for user "{USER}"' in told(
        postgres.url(store.database, "wrong")
    )
    assert 'database "nothing" does not exist' in told(postgres.url("nothing"))
    with socket.socket() as free:
        # Bound and not listened at: nobody else can have it meanwhile.
        free.bind(("127.0.0.1", 0))
        away = f"postgres://ada:opensaysme@127.0.0.1:{free.getsockname()[1]}/x"
        assert "x` cannot be reached: Connection refused" in told(away)
    assert "cannot be reached: server does not support TLS" in told(store.place + "?sslmode=require")
    assert "cannot be reached" in told("postgres://ada:opensaysme@nowhere.invalid/x")
    for url in ("postgres://ada:ses@me@127.0.0.1/x", "postgres://ada:wrong/7@127.0.0.1/x?opensaysme",
                "postgresql://127.0.0.1:wrong/x"):  # fmt: skip
        assert "the gradebook's address cannot be read" in told(url)


def test_an_empty_database_is_not_made_a_gradebook_by_a_reader(store: PostgresBook, book: Book) -> None:
    done = book(store.place, "list")
    assert done.code == 1 and f"the gradebook `{store.shown}` does not exist" in done.stderr
    assert store.content() == {}


def test_tables_of_others_are_left_alone(
    course: Course, env: dict[str, str], store: PostgresBook, book: Book
) -> None:
    store.run("CREATE TABLE learners (name TEXT); CREATE SCHEMA grades")
    path = course.hand_in("ann", submission(RIGHT))
    command = [cellist(), "grade", path, "--spec", course.spec, "--gradebook"]
    done = subprocess.run([*command, store.place], env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 2 and f"`{store.shown}` has tables already" in done.stderr
    assert list(store.content()) == ["learners"]
    # As the message says.
    own = store.place + "?options=-csearch_path%3Dgrades"
    subprocess.run([*command, own], env=env, check=True, capture_output=True, timeout=100)
    assert "7 of 8 points" in book(own, "list").stdout
    assert list(store.content()) == ["learners"]


def test_who_may_only_read_can_only_read(course: Course, store: PostgresBook, book: Book) -> None:
    course.hand_in("ann", submission(RIGHT, why="so"))
    course.grade()
    reader = f"reader{store.database}"
    store.run(f"CREATE ROLE {reader} LOGIN PASSWORD 'opensaysme'")
    store.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}")
    place = f"postgres://{reader}:opensaysme@127.0.0.1:{store.server.port}/{store.database}"
    assert "7 of 8 points" in book(place, "list").stdout
    done = book(place, "set", "ann", "u", "why", "1", "--by", "Ada")
    assert done.code == 1 and "could not be written: permission denied for table cellist_gradebook" in done.stderr


def test_learners_are_sorted_by_bytes_and_texts_are_kept_whole(course: Course, store: PostgresBook, book: Book) -> None:
    """As SQLite does it, whatever the language of the database; but for NUL, which PostgreSQL does not have."""
    nul = "def answer():\n    raise ValueError('a' + chr(0) + 'b')\nanswer()"
    for learner in ("b", "Z", "ä", "a b", "a'; DROP TABLE learners; --"):
        course.hand_in(learner, submission(nul))
    course.grade()
    listed = json.loads(book(store.place, "list", "--json").stdout)["standings"]
    names = [one["learner"] for one in listed]
    assert names == sorted(names, key=str.encode) and len(names) == 5
    [standing] = json.loads(book(store.place, "show", "b", "--json").stdout)["standings"]
    assert standing["verdict"]["units"][0]["errors"][0]["evalue"] == "a\ufffdb"
    before = store.content()
    course.grade()
    assert store.content() == before


@contextmanager
def breaking(store: PostgresBook, learner: str) -> Iterator[None]:
    """The server ends the connection whose transaction writes this learner down."""
    store.run(f"""
        CREATE FUNCTION breaks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT 1 FROM submissions s JOIN learners l ON l.id = s.learner
                       JOIN gradings g ON g.submission = s.id
                       WHERE g.id = NEW.grading AND l.name = '{learner}')
            THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER breaks BEFORE INSERT ON scores FOR EACH ROW EXECUTE FUNCTION breaks()""")
    yield
    store.run("DROP TRIGGER breaks ON scores; DROP FUNCTION breaks")


def test_a_connection_that_breaks_in_the_middle_writes_nothing_in_halves(
    course: Course, env: dict[str, str], store: PostgresBook, book: Book
) -> None:
    course.hand_in("nobody", submission(RIGHT))
    course.grade()
    for learner in ("ann", "bob", "cyd"):
        course.hand_in(learner, submission(RIGHT))
    command = [cellist(), "grade", course.folder, "--spec", course.spec, "--gradebook", store.place, "--quiet"]
    with breaking(store, "bob"):
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 1, done.stderr
    assert f"the gradebook `{store.shown}` cannot be reached: terminating connection" in done.stderr
    written = {one["learner"] for one in json.loads(book(store.place, "list", "--json").stdout)["standings"]}
    assert "ann" in written and "bob" not in written
    assert store.rows("SELECT count(*) AS n FROM learners WHERE name = 'bob'") == [(0,)]
    course.grade()
    listed = json.loads(book(store.place, "list", "--json").stdout)["standings"]
    assert [one["points"] for one in listed] == [7] * 4
    assert store.rows("SELECT count(*) AS n FROM scores") == [(20,)]


def test_a_page_lives_through_a_server_that_was_away(course: Course, store: PostgresBook) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    ann = {"learner": "ann", "notebook": NOTEBOOK}
    with course.serve() as server:
        server.enter()
        assert "7 of 8 points" in server.page("/submission", **ann)
        csrf = server.csrf()
        # An administrator ends it, or a firewall does.
        store.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'cellist' "
            f"AND datname = '{store.database}'"
        )
        assert server.post("/score", **ann, unit="u", item="u-why", points="2", csrf=csrf).status == 303
        assert "9 of 11 points" in server.page("/submission", **ann)
        store.server.stop()
        try:
            answer = server.post("/score", **ann, unit="u", item="u-why", points="3", csrf=csrf)
            assert answer.status == 503 and "cannot be reached" in answer.text
            assert PASSWORD not in answer.text and "ses%40me" not in answer.text
        finally:
            store.server.start()
        assert "9 of 11 points" in server.page("/submission", **ann)
        # Another program writes: the page sees it.
        course.hand_in("bob", submission(RIGHT))
        course.grade()
        assert "bob" in server.page("/list")
        assert server.interrupt() == 0
        assert server.process.stderr and server.process.stderr.read() == ""


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A folder with an authority's certificate, and one of it for the loopback."""
    key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    commands = [
        f"req -x509 {key} -keyout ca.key -out ca.crt -days 2 -subj /CN=ca",
        f"req {key} -keyout own.key -out own.csr -subj /CN=db",
        "x509 -req -in own.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out own.crt -extfile names",
    ]
    (tmp_path / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in commands:
        subprocess.run(["openssl", *command.split()], cwd=tmp_path, check=True, capture_output=True, timeout=60)
    return tmp_path


def test_what_goes_over_a_network_is_encrypted(
    course: Course, postgres: Postgres, store: PostgresBook, authority: Path, book: Book
) -> None:
    course.hand_in("ann", submission(RIGHT))
    course.grade()
    for name in ("own.crt", "own.key"):
        postgres.take(authority / name)
    postgres.stop()
    try:
        postgres.start("ssl=on", "ssl_cert_file=own.crt", "ssl_key_file=own.key")
        trusted = {"SSL_CERT_FILE": str(authority / "ca.crt")}
        secured = store.place + "?sslmode=require"
        for place in (secured, store.place + "?sslmode=verify-full"):
            assert "7 of 8 points" in book(place, "list", **trusted).stdout
        # Not by an authority that is trusted; nor would it go on without.
        for place in (secured, store.place):
            done = book(place, "list")
            assert done.code == 1 and "cannot be reached: invalid peer certificate" in done.stderr
        assert "7 of 8 points" in book(store.place + "?sslmode=disable", "list").stdout
    finally:
        postgres.stop()
        postgres.start()


def test_pages_are_served_from_it(course: Course) -> None:
    course.hand_in("ann", submission(RIGHT, why="because"))
    course.grade()
    with course.serve() as server:
        assert isinstance(server.enter(), PageServer)
        for path in ("/", "/list", "/exports", "/allowances", "/export/units.csv"):
            assert "ann" in server.page(path) or path in ("/", "/exports")
        answer = server.post("/allow", learner="eve", notebook=NOTEBOOK, late_days="2", comment="ill")
        assert answer.status == 303
        assert "late days: 2" in server.page("/allowances")
