"""The audit log holds against everything but a rewritten database, and says where it was broken."""

from __future__ import annotations

import pytest

from hub.audit import append, entries, head, now, verify
from hub.store import Store


def fill(store: Store, count: int = 5) -> None:
    for i in range(count):
        with store.begin() as tx:
            append(
                tx, f"p{i % 2}", "close approve" if i % 2 else "hold add", {"gate": "freeze", "ü": i}, at=store.now()
            )


def tamper(store: Store, sql: str, *values: object) -> None:
    """Change the table as somebody would who owns the database and takes its guard away."""
    with store.begin() as tx:
        if store.kind == "sqlite":
            for act in ("update", "delete"):
                tx.run(f"DROP TRIGGER IF EXISTS audit_no_{act}")
        else:
            tx.run("DROP TRIGGER IF EXISTS audit_append_only ON audit")
        tx.run(sql, *values)


def test_a_chain_that_nobody_touched_holds(store: Store) -> None:
    assert verify(store) == (0, None)
    fill(store)
    assert verify(store) == (5, None)
    assert [e.n for e in entries(store, what="close*")] == [2, 4]
    assert [e.data["ü"] for e in entries(store, who="p0", since=1)] == [2, 4]


@pytest.mark.parametrize(
    ("sql", "broken", "why"),
    [
        ("UPDATE audit SET data = '{}' WHERE n = 3", 3, "content"),
        ("UPDATE audit SET who = 'p9' WHERE n = 2", 2, "content"),
        ("UPDATE audit SET hash = previous WHERE n = 4", 4, "content"),
        ("UPDATE audit SET previous = hash WHERE n = 4", 4, "does not follow"),
        ("DELETE FROM audit WHERE n = 2", 2, "missing"),
        ("DELETE FROM audit WHERE n = 5", 5, "missing"),
        ("DELETE FROM audit", 1, "up to 5"),
        ("UPDATE audit SET n = 6 WHERE n = 5", 5, "missing"),
    ],
)
def test_the_first_broken_entry_is_named(store: Store, sql: str, broken: int, why: str) -> None:
    fill(store)
    tamper(store, sql)
    count, found = verify(store)
    assert found is not None
    assert (found.n, count) == (broken, broken - 1)
    assert why in found.why


def test_the_database_itself_refuses_to_change_a_row(store: Store) -> None:
    fill(store)
    for sql in ("UPDATE audit SET who = 'x'", "DELETE FROM audit WHERE n = 1"):
        with pytest.raises(Exception, match="append-only"), store.begin() as tx:
            tx.run(sql)
    assert verify(store) == (5, None)


def test_an_act_that_fails_leaves_no_entry(store: Store) -> None:
    def act() -> None:
        with store.begin() as tx:
            append(tx, "p", "act", at=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert verify(store) == (0, None)


def test_a_clock_set_back_does_not_turn_the_log_back(url: str) -> None:
    time = [2_000_000_000.0]
    store = Store.open(url, clock=lambda: time[0])
    fill(store, 1)
    time[0] -= 86_400
    fill(store, 1)
    with store.read() as tx:
        assert now(tx, store) == 2_000_000_000_000_000
        assert head(tx)[0] == 2
    first, second = entries(store)
    assert second.at == first.at
    assert second.seq > first.seq
    store.close()


def test_it_is_written_in_a_counted_transaction_only(store: Store) -> None:
    with pytest.raises(ValueError, match="counted"), store.begin(count=False) as tx:
        append(tx, "p", "act", at=1)
