"""Gradebooks as tests look at them from behind: a file of SQLite, a database of PostgreSQL."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.postgres import PASSWORD, Postgres

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass
class SqliteBook:
    """A gradebook in a file."""

    path: Path

    @property
    def place(self) -> str:
        """What `--gradebook` takes."""
        return str(self.path)

    @property
    def shown(self) -> str:
        """What messages call it."""
        return str(self.path)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What a question answers."""
        connection = sqlite3.connect(self.path)
        rows = connection.execute(question).fetchall()
        connection.close()
        return rows

    def run(self, statements: str) -> None:
        """Runs statements."""
        connection = sqlite3.connect(self.path)
        connection.executescript(statements)
        connection.close()

    def content(self) -> Rows:
        """Every row of every table."""
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: self.rows(f"SELECT * FROM {name}") for (name,) in names}

    @property
    def version(self) -> int:
        """Of the tables."""
        return self.rows("PRAGMA user_version")[0][0]

    @version.setter
    def version(self, version: int) -> None:
        self.run(f"PRAGMA user_version = {version}")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes."""
        writer = sqlite3.connect(self.path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        yield
        writer.execute("ROLLBACK")
        writer.close()

    def check(self, told: str) -> None:
        """What was printed may be."""


@dataclass
class PostgresBook:
    """A gradebook in a database."""

    server: Postgres
    database: str

    @property
    def place(self) -> str:
        """What `--gradebook` takes."""
        return self.server.url(self.database)

    @property
    def shown(self) -> str:
        """What messages call it."""
        return self.server.url(self.database, password=None)

    def rows(self, question: str) -> list[tuple[Any, ...]]:
        """What a question answers."""
        answer = self.server.sql(self.database, f"SELECT json_agg(one) FROM ({question}) AS one")
        return [tuple(row.values()) for row in json.loads(answer or "[]")]

    def run(self, statements: str) -> None:
        """Runs statements."""
        self.server.sql(self.database, statements)

    def content(self) -> Rows:
        """Every row of every table, but for the count of writes."""
        names = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [name for (name,) in names if name != "cellist_gradebook"]
        return {name: self.rows(f"SELECT * FROM {name} AS one ORDER BY one") for name in tables}

    @property
    def version(self) -> int:
        """Of the tables."""
        return self.rows("SELECT version FROM cellist_gradebook")[0][0]

    @version.setter
    def version(self, version: int) -> None:
        self.run(f"UPDATE cellist_gradebook SET version = {version}")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program writes."""
        with self.server.session(self.database, "BEGIN; UPDATE cellist_gradebook SET changes = changes"):
            yield

    def check(self, told: str) -> None:
        """What was printed does not show the password, in neither way of writing it."""
        assert PASSWORD not in told and "ses%40me" not in told, told


GradebookStore = SqliteBook | PostgresBook
