"""The store on SQLite and on PostgreSQL: the schema through its migrations, bulk writes, sequences, leases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from hub.errors import Busy, ConfigError, Unavailable
from hub.store import Store
from hub.store.lease import Lease
from hub.store.tables import identifier, metadata, record


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hub.db"
    return str(request.getfixturevalue("pg_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store.open(url)
    yield store
    store.close()


def test_migrations_end_in_the_schema_the_code_expects(store: Store) -> None:
    there = inspect(store.engine)
    for table in metadata.sorted_tables:
        columns = {c["name"]: c["nullable"] for c in there.get_columns(table.name)}
        assert columns == {c.name: bool(c.nullable) for c in table.columns}, table.name
        indexes = {i["name"] for i in there.get_indexes(table.name)}
        assert indexes == {i.name for i in table.indexes}, table.name
        assert there.get_pk_constraint(table.name)["constrained_columns"] == [c.name for c in table.primary_key]


def test_the_newest_migration_is_the_one_that_is_asked_for(store: Store) -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from hub.store.migrate import HEAD, HERE, revision

    config = Config()
    config.set_main_option("script_location", str(HERE))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD == revision(store.engine)


def test_opening_twice_keeps_what_is_there(url: str) -> None:
    first = Store.open(url)
    with first.begin() as tx:
        tx.insert(identifier, ("name", "golden_id"), [("customer:domain:a", "g1")])
    first.close()
    again = Store.open(url)
    with again.read() as tx:
        assert tx.rows("SELECT golden_id FROM identifier WHERE name = ?", "customer:domain:a") == [("g1",)]
    again.close()


@pytest.mark.parametrize("count", [1, 19, 200])
def test_rows_are_inserted_and_replaced_in_bulk(store: Store, count: int) -> None:
    columns = ("key", "stream_id", "payload", "waiting", "seen", "ours", "changed_at", "receipt_seq")
    rows = [(f"k{i}", 1, b"\x00{}", 0, '{"a": "ü"}', False, 2**60, 0) for i in range(count)]
    with store.begin() as tx:
        assert tx.insert(record, columns, rows) == count
        tx.upsert(record, columns, [(f"k{i}", 1, None, 2, "{}", True, None, 5) for i in range(count + 1)])
    with store.read() as tx:
        found = tx.rows("SELECT key, payload, waiting, ours, changed_at FROM record ORDER BY key")
    assert len(found) == count + 1
    assert all((r[1], r[2], bool(r[3]), r[4]) == (None, 2, True, None) for r in found)


def test_an_insert_that_ignores_says_how_many_were_new(store: Store) -> None:
    with store.begin() as tx:
        assert tx.insert(identifier, ("name", "golden_id"), [("a", "1"), ("b", "1")], ignore=True) == 2
        assert tx.insert(identifier, ("name", "golden_id"), [("a", "2"), ("c", "2")], ignore=True) == 1
        assert tx.rows("SELECT name FROM identifier WHERE golden_id = ? AND name IN ?", "2", ["a", "c"]) == [("c",)]
    many = [(f"n{number}", "1") for number in range(90)]
    with (
        store.begin() as tx
    ):  # none is there; some are; one is met only while it is written: here, twice among the rows
        assert tx.insert(identifier, ("name", "golden_id"), many[:40], ignore=True) == 40
        assert tx.insert(identifier, ("name", "golden_id"), [*many[20:60], ("a", "3")], ignore=True) == 20
        assert tx.insert(identifier, ("name", "golden_id"), [*many[60:], ("n60", "4")], ignore=True) == 30
        more = [(f"m{number}", "1") for number in range(60)]
        assert tx.insert(identifier, ("name", "golden_id"), more[:30], ignore=True, free=False) == 30
        wrong = [("m0", "5"), *more[30:]]  # somebody took one since it was looked up
        assert tx.insert(identifier, ("name", "golden_id"), wrong, ignore=True, free=True) == 30
    with store.read() as tx:
        rows = dict(tx.rows("SELECT name, golden_id FROM identifier"))
    assert rows == {"a": "1", "b": "1", "c": "2"} | dict(many) | dict(more)


def test_sequences_grow_in_the_order_of_commits(store: Store) -> None:
    seen: list[int] = []

    def write() -> None:
        for _ in range(20):
            with store.begin() as tx:
                seen.append(tx.seq)

    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == sorted(seen) == list(range(1, 61))
    assert store.sequence() == 60


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    def fail() -> None:
        with store.begin() as tx:
            tx.insert(identifier, ("name", "golden_id"), [("a", "1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with store.read() as tx:
        assert tx.rows("SELECT 1 FROM identifier") == []


def test_a_rehearsal_leaves_nothing(store: Store) -> None:
    with store.rehearse():
        with store.begin() as tx:
            tx.insert(identifier, ("name", "golden_id"), [("a", "1")])
        with store.read() as tx:
            assert tx.rows("SELECT golden_id FROM identifier") == [("1",)]
    with store.read() as tx:
        assert tx.rows("SELECT 1 FROM identifier") == []
        assert store.sequence() == 0


def test_a_lease_lets_one_in(store: Store) -> None:
    with Lease(store, ["crm", "erp"]).held():
        with pytest.raises(Busy, match="erp: another run works on it"):
            Lease(store, ["erp", "bank"]).take()
        Lease(store, ["bank"]).take()
    Lease(store, ["erp"]).take()


def test_a_dead_process_loses_its_lease(store: Store, url: str) -> None:
    code = (
        "import os, sys\nfrom hub.store import Store\nfrom hub.store.lease import Lease\n"
        "Lease(Store(sys.argv[1]), ['crm']).take()\nos._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, url], check=False, env={**os.environ, "PYTHONPATH": os.getcwd()})
    with store.read() as tx:
        assert tx.rows("SELECT name FROM lease") == [("crm",)]
    Lease(store, ["crm"]).take()


def test_a_silent_process_loses_its_lease(url: str) -> None:
    now = [1000.0]
    store = Store.open(url, clock=lambda: now[0])
    first = Lease(store, ["crm"])
    first.take()
    now[0] += 61
    Lease(store, ["crm"]).take()
    with pytest.raises(Busy, match="lost its lease"):
        first.renew()
    with pytest.raises(Busy, match="lost its lease"):
        first.check()
    store.close()


def test_a_password_never_shows() -> None:
    store = Store("postgresql://user:canary-4711@127.0.0.1:1/none")
    assert "canary" not in repr(store)
    with pytest.raises(Unavailable) as failed:
        Store.open("postgresql://user:canary-4711@127.0.0.1:1/none?connect_timeout=2")
    assert "canary" not in str(failed.value)
    with pytest.raises(ConfigError, match="not supported"):
        Store("mysql://user:canary-4711@host/none")
