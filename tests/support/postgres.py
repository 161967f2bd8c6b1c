"""A PostgreSQL server of the tests' own."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

from support.waiting import until

USER = "ada"
# What must be written another way in an address, and what an address is easily split at.
PASSWORD = "ses@me/7?"


@cache
def _programs() -> Path | None:
    """The folder of the server's programs: Debian does not put them into the PATH."""
    found = shutil.which("postgres")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found:
        folders.insert(0, Path(found).resolve().parent)
    wanted = ("postgres", "initdb", "psql")
    return next((folder for folder in folders if all((folder / one).exists() for one in wanted)), None)


class Postgres:
    """A server in a folder below /tmp: sockets have short names. Not as root, which it would refuse."""

    def __init__(self, programs: Path):
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="cellist-pg-", dir="/tmp"))
        self.user = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
        if self.user:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self.user["group"] = nobody.pw_gid
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.databases = 0
        password = self.folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        made = subprocess.run(
            [
                programs / "initdb", "-D", self.folder / "data", "-U", USER, "-E", "UTF8", "--locale=C.UTF-8",
                "--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={password}", "--no-sync",
            ],
            cwd=self.folder, capture_output=True, text=True, timeout=100, **self.user,
        )  # fmt: skip
        assert made.returncode == 0, made.stdout + made.stderr

    def start(self, *settings: str) -> None:
        """Starts it, and waits until it answers."""
        options = ["fsync=off", "shared_buffers=16MB", "max_connections=30", *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", "127.0.0.1",
                 "-p", str(self.port), *(part for option in options for part in ("-c", option))],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **self.user,
            )  # fmt: skip

        def answers() -> bool:
            assert self.process and self.process.poll() is None, (self.folder / "log").read_text()
            return self._psql("postgres", "SELECT 1").returncode == 0

        until(answers, "PostgreSQL to answer", seconds=60)

    def stop(self) -> None:
        """Ends it, whoever is connected."""
        if self.process and self.process.poll() is None:
            # PostgreSQL's fast shutdown, which waits for nobody.
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self.process = None

    def remove(self) -> None:
        """Ends it for good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def take(self, file: Path) -> None:
        """Copies a file beside the server's data, so that only the server can read it."""
        own = self.folder / "data" / file.name
        shutil.copy(file, own)
        own.chmod(0o600)
        if self.user:
            os.chown(own, pwd.getpwnam("nobody").pw_uid, self.user["group"])

    def database(self) -> str:
        """The name of a new, empty database."""
        self.databases += 1
        name = f"grades{self.databases}"
        self.sql("postgres", f"CREATE DATABASE {name}")
        return name

    def url(self, database: str, password: str | None = PASSWORD) -> str:
        """Its address."""
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgres://{USER}{secret}@127.0.0.1:{self.port}/{database}"

    def sql(self, database: str, statements: str) -> str:
        """What statements answer: columns parted by `|`."""
        done = self._psql(database, statements)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @contextmanager
    def session(self, database: str, statements: str) -> Iterator[None]:
        """Runs statements, and holds the session for a while."""
        with subprocess.Popen(
            self._command(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as psql:
            assert psql.stdin and psql.stdout
            psql.stdin.write(f"{statements};\n\\echo ready\n")
            psql.stdin.flush()
            assert any(line == "ready\n" for line in psql.stdout)
            yield
            psql.stdin.close()
            psql.stdout.read()

    def _command(self, database: str) -> list[str]:
        place = ["-h", str(self.folder), "-p", str(self.port), "-U", USER, "-d", database]
        return [str(self.programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", *place]

    def _psql(self, database: str, statements: str) -> subprocess.CompletedProcess[str]:
        command = [*self._command(database), "-c", statements]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)


def server() -> Iterator[Postgres]:
    """A running server for a fixture; skips the test, loudly, where there is no PostgreSQL."""
    programs = _programs()
    if not programs:
        warnings.warn("SKIPPED: there is no PostgreSQL; type: apt-get install postgresql")
        pytest.skip("there is no PostgreSQL; type: apt-get install postgresql")
    postgres = Postgres(programs)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.remove()
