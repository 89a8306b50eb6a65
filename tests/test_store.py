"""The store on SQLite and on PostgreSQL: the schema through its migrations, bulk writes, sequences, leases."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from hub.errors import Busy, ConfigError, Unavailable
from hub.store import Store
from hub.store.lease import Lease
from hub.store.tables import identifier, record


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


def _catalogue(store: Store) -> list[tuple[Any, ...]]:
    """All that a database says of its tables: columns with their kinds and defaults, indexes, triggers, functions."""
    if store.kind == "sqlite":
        with store.read() as tx:
            tables = [name for (name,) in tx.rows("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            said = [
                (name, *row)
                for name in tables
                for row in (
                    *tx.rows(f"PRAGMA table_xinfo({name})"),
                    *tx.rows(f"SELECT wr FROM pragma_table_list('{name}')"),
                    *sorted(row[1:] for row in tx.rows(f"PRAGMA index_list({name})")),
                )
            ]
            return said + tx.rows(
                "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql <> '' ORDER BY name"
            )
    asked = (
        "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns "
        "WHERE table_schema = 'public' ORDER BY 1, 2",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    )
    with store.read() as tx:
        return [row for sql in asked for row in tx.rows(sql)]


def test_an_empty_database_is_made_what_the_migrations_lead_to(url: str, request: pytest.FixtureRequest) -> None:
    from hub.store.migrate import migrate

    made = Store.open(url)
    with ExitStack() as stack:
        other = "sqlite://"
        if made.kind == "postgresql":
            other = stack.enter_context(request.getfixturevalue("postgres").database())
        migrated = Store(other)
        with migrated.engine.begin() as connection:
            migrate(connection)
        assert len(_catalogue(made)) > 300
        assert _catalogue(made) == _catalogue(migrated)
        made.close()
        migrated.close()


def test_a_database_of_the_first_version_is_upgraded_and_keeps_its_rows(url: str) -> None:
    from hub.store.migrate import HEAD, migrate, revision

    old = Store(url)
    with old.engine.begin() as connection:
        migrate(connection, "0001")
    with old.begin() as tx:
        tx.insert(identifier, ("name", "golden_id"), [("customer:domain:a", "g1")])
    old.close()
    new = Store.open(url)
    assert revision(new.engine) == HEAD
    with new.read() as tx:
        assert tx.rows("SELECT name, golden_id FROM identifier") == [("customer:domain:a", "g1")]
    assert new.sequence() == 1
    new.close()


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
    with store.read() as tx:
        rows = dict(tx.rows("SELECT name, golden_id FROM identifier"))
    assert rows == {"a": "1", "b": "1", "c": "2"} | dict(many)


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


def test_a_lease_is_renewed_without_leaving_a_connection(store: Store) -> None:
    """The one at work would change over to it, and fill a second cache of pages."""
    lease = Lease(store, ["crm"])
    lease.take()
    with store.read() as tx:
        tx.rows("SELECT 1")
        lease.renew()
    assert store.engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    lease.check()


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
