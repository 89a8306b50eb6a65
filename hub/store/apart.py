"""What differs between the databases for those who read much at once, or want a value gone for good."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Table, event
from sqlalchemy.exc import OperationalError

from hub.store.store import Store
from hub.store.tx import Tx, dialects


@contextmanager
def snapshot(store: Store) -> Iterator[Tx]:
    """Read the database as it stands now, however long that takes and whatever others write meanwhile."""
    connection = store.engine.raw_connection()
    try:
        tx = dialects[store.kind](connection, 0)
        if store.kind == "sqlite":
            tx.run("BEGIN")
            tx.rows("SELECT 1 FROM counter LIMIT 1")  # the snapshot is taken by the first read
        else:
            tx.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield tx
    finally:
        connection.rollback()
        connection.close()


@contextmanager
def alone(store: Store, table: Table) -> Iterator[Tx]:
    """Write in one transaction as the only writer of a table, outside of the walk's order."""
    with store.begin(count=False) as tx:
        if store.kind == "postgresql":
            tx.run(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")  # SQLite has one writer by nature
        yield tx


@contextmanager
def erasing(store: Store, table: Table) -> Iterator[Tx]:
    """Write in one transaction of which the old values do not stay behind in the database's files.

    SQLite overwrites them with zeros and empties its log; PostgreSQL gives up the old rows, whose pages are written
    over in time. Backups and PostgreSQL's archived log keep them as long as they are kept themselves.
    """
    connection = store.engine.raw_connection()
    try:
        tx = dialects[store.kind](connection, 0)
        tx.overwrite()
        tx.start()
        yield tx
        tx.commit()
        if store.kind == "sqlite":
            tx.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.close()
    if store.kind == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
            plain.exec_driver_sql(f"VACUUM {table.name}")


def scrub(store: Store) -> bool:
    """Write the database's file anew without what was deleted before, and empty its log; False where others use it.

    Rows deleted under `Tx.overwrite` are zeros already; this is for what earlier changes of them left behind. It takes
    as much room again as the database has. PostgreSQL gives up the old rows, whose pages it writes over in time.
    """
    try:
        if store.kind == "postgresql":
            with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as plain:
                plain.exec_driver_sql("VACUUM")
            return True
        with store.read() as tx:
            tx.rows("VACUUM")
            ((busy, *_),) = tx.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy
    except (OperationalError, sqlite3.OperationalError):
        return False


def only(url: str, table: Table) -> Store:
    """Open a database that holds this one table, and make it where it is not there.

    Its values are secrets: not even a row that moves to another page leaves its bytes behind in SQLite's file.
    """
    store = Store(url)
    if store.kind == "sqlite":
        event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA secure_delete = ON"))
    table.create(store.engine, checkfirst=True)
    return store
