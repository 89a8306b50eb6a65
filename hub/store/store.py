"""The store: one database, SQLite or PostgreSQL, opened, migrated and written in transactions that carry a sequence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import NullPool, StaticPool

from hub.errors import ConfigError, Unavailable
from hub.store.tx import Tx, dialects

PRAGMAS = (
    "page_size = 16384",  # takes effect in a new file; a first sync is a fifth quicker than with 4096
    "journal_mode = wal",
    "synchronous = normal",
    "busy_timeout = 30000",
    "cache_size = -49152",
)


class Store:
    """A database of the hub.

    `begin` opens a write transaction. Each one takes the next number of the hub's counter first; on PostgreSQL the
    counter's row lock lets one writer in at a time, as SQLite does by nature, so numbers grow in commit order.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ConfigError(
                "hub.toml: store is no database URL; write sqlite:///hub.db or postgresql://..."
            ) from None
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.kind = parsed.get_backend_name()
        if self.kind not in dialects:
            raise ConfigError(f"hub.toml: store: {self.kind} is not supported; use SQLite or PostgreSQL")
        self.clock = clock
        self.watch: Callable[[str], None] | None = None  # tests look at, or break, each commit here
        self._rehearsal: Any = None  # the one connection of a rehearsal
        options: dict[str, Any] = {}
        if self.kind == "sqlite":
            options["connect_args"] = {"check_same_thread": False, "isolation_level": None}
            if not parsed.database or parsed.database == ":memory:":
                options["poolclass"] = StaticPool
        if "poolclass" not in options:
            options["pool_use_lifo"] = True  # the same connection again: its page cache and plans are warm
        self.engine: Engine = create_engine(parsed, **options)
        self._aside = self.engine
        if "poolclass" not in options:
            self._aside = create_engine(parsed, poolclass=NullPool, connect_args=options.get("connect_args", {}))
        if self.kind == "sqlite":
            for engine in {self.engine, self._aside}:
                event.listen(engine, "connect", _pragmas)

    def __repr__(self) -> str:
        return f"Store({self.engine.url.render_as_string(hide_password=True)!r})"

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], float] = time.time) -> Store:
        """Open the database and bring its schema up to date. Raises Unavailable when it cannot be reached."""
        from hub.store.migrate import upgrade

        store = cls(url, clock=clock)
        try:
            upgrade(store.engine)
        except OperationalError as error:
            raise Unavailable(f"{store!r}: {error.orig}; is the database there?") from None
        return store

    def now(self) -> int:
        """The hub's clock in microseconds since 1970."""
        return int(self.clock() * 1_000_000)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Read without a lock; each statement sees what is committed."""
        if self._rehearsal is not None:
            yield dialects[self.kind](self._rehearsal, 0)
            return
        connection = self.engine.raw_connection()
        try:
            yield dialects[self.kind](connection, 0)
            connection.rollback()
        finally:
            connection.close()

    @contextmanager
    def begin(self, *, count: bool = True, aside: bool = False) -> Iterator[Tx]:
        """Write in one transaction; everything in it is committed, or nothing.

        `count` takes the next number of the hub's sequence; without it the transaction is not one of the walk's.
        `aside` is for a thread beside the one that works: on a connection that is closed afterwards, so that the other
        does not change over to it and fill a second cache of pages.
        """
        if self._rehearsal is not None:
            tx = dialects[self.kind](self._rehearsal, 0)
            tx.next()
            yield tx
            return
        connection = (self._aside if aside else self.engine).raw_connection()
        try:
            tx = dialects[self.kind](connection, 0)
            tx.start()
            if count:
                tx.next()
            yield tx
            if self.watch:
                self.watch("before")
            tx.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            connection.close()
        if self.watch:
            self.watch("after")

    @contextmanager
    def rehearse(self) -> Iterator[None]:
        """Do everything inside in one transaction, and undo it at the end; other writers wait meanwhile."""
        connection = self.engine.raw_connection()
        try:
            dialects[self.kind](connection, 0).start()
            self._rehearsal = connection
            yield
        finally:
            self._rehearsal = None
            connection.rollback()
            connection.close()

    @property
    def parallel(self) -> bool:
        """Whether one thread gains by reading while another writes; SQLite's writer would fight it for every row."""
        return self.kind == "postgresql" and self._rehearsal is None

    def analyze(self) -> None:
        """Let PostgreSQL count what its tables hold: plans made for empty ones are quadratic on full ones."""
        if self.kind == "postgresql":
            with self.begin(count=False) as tx:
                tx.run("SET LOCAL default_statistics_target = 10")  # a rough count will do, at a fifth of the time
                tx.run("ANALYZE record, golden, identifier, reference, outbox")

    def sequence(self) -> int:
        """The number of the last write transaction."""
        with self.read() as tx:
            found = tx.rows("SELECT value FROM counter WHERE name = 'seq'")
        return int(found[0][0]) if found else 0

    def close(self) -> None:
        """Close all connections to the database."""
        self.engine.dispose()


def _pragmas(connection: Any, _: Any) -> None:
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
