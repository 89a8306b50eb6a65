"""What waits for a person: records in quarantine, and writes that wait, are under way or were refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.store import Store, Tx
from hub.sync.clock import moment

Rows = list[dict[str, Any]]  # since the shelves have a method of the name `list`
Row = tuple[Any, ...]
_streams = "JOIN stream s ON s.id = x.stream_id"


def _filter(connection: str | None, stream: str | None) -> tuple[str, list[str]]:
    where = ""
    values: list[str] = []
    if connection:
        where, values = where + " AND s.connection = ?", [*values, connection]
    if stream:
        where, values = where + " AND s.name = ?", [*values, stream]
    return where, values


class Quarantine:
    """Records that failed a mapping or a check."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, connection: str | None = None, stream: str | None = None) -> Rows:
        """Each value that keeps a record out, with its reason."""
        where, values = _filter(connection, stream)
        with self._store.read() as tx:
            rows = tx.rows(
                "SELECT x.id, s.connection, s.name, x.key, x.field, x.value, x.reason, x.at, x.mapping "
                f"FROM quarantine x {_streams} WHERE 1 = 1{where} ORDER BY x.id",
                *values,
            )
        return [
            {
                "id": r[0],
                "connection": r[1],
                "stream": r[2],
                "key": r[3],
                "field": r[4],
                "value": r[5],
                "reason": r[6],
                "at": moment(r[7]).isoformat(),
                "mapping": r[8],
            }  # fmt: skip
            for r in rows
        ]

    def retry(self, ids: Sequence[str] | None = None) -> int:
        """Let the next run map and check the records again; return how many records."""
        with self._store.begin() as tx:
            keys = _records(tx, ids)
            for stream, key in keys:
                tx.run("UPDATE record SET waiting = 1 WHERE stream_id = ? AND key = ? AND waiting = 2", stream, key)
        return len(keys)

    def drop(self, ids: Sequence[str]) -> int:
        """Leave the records out for good, until they change over there."""
        with self._store.begin() as tx:
            keys = _records(tx, ids)
            for stream, key in keys:
                tx.run("DELETE FROM quarantine WHERE stream_id = ? AND key = ?", stream, key)
                tx.run("UPDATE record SET waiting = 0, landed = NULL WHERE stream_id = ? AND key = ?", stream, key)
        return len(keys)


def _records(tx: Tx, ids: Sequence[str] | None) -> list[tuple[int, str]]:
    if ids is None:
        rows = tx.rows("SELECT DISTINCT stream_id, key FROM quarantine")
    else:
        numbers = [int(i) for i in ids if str(i).isdigit()]
        rows = tx.rows("SELECT DISTINCT stream_id, key FROM quarantine WHERE id IN ?", numbers)
    return [(r[0], r[1]) for r in rows]


def _sooner(tx: Tx, ids: Sequence[str] | None) -> int:
    """Take from writes that wait for their time what they wait for."""
    if ids is None:
        return tx.run("UPDATE outbox SET due_at = NULL WHERE due_at IS NOT NULL")
    count = 0
    for parts in (id.split("/", 2) for id in ids):
        if len(parts) == 3:
            count += tx.run(
                "UPDATE outbox SET due_at = NULL WHERE stream_id = ? AND golden_id = ? AND key = ?",
                int(parts[0]), parts[1], parts[2],
            )  # fmt: skip
    return count


class Outbox:
    """Writes on their way, and dead letters."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def list(self, connection: str | None = None, stream: str | None = None) -> Rows:
        """Each write that waits, is under way, or was refused with the target's message."""
        where, values = _filter(connection, stream)
        with self._store.read() as tx:
            waiting = tx.rows(
                "SELECT x.stream_id, s.connection, s.name, x.key, x.golden_id, x.state, x.want, x.note, x.sent_at "
                f"FROM outbox x {_streams} WHERE 1 = 1{where} ORDER BY x.seq, x.golden_id",
                *values,
            )
            dead = tx.rows(
                "SELECT x.id, s.connection, s.name, x.key, x.golden_id, 'dead', x.want, x.message, x.at "
                f"FROM dead_letter x {_streams} WHERE 1 = 1{where} ORDER BY x.id",
                *values,
            )
        found = [_row(f"{r[0]}/{r[4]}/{r[3]}", r) for r in waiting]
        return found + [_row(str(r[0]), r) for r in dead]

    def retry(self, ids: Sequence[str] | None = None) -> int:
        """Let the next run send dead letters again, and what waits for its time; return how many."""
        with self._store.begin() as tx:
            sooner = _sooner(tx, ids)
            rows = self._dead(tx, ids)
            for id, stream, golden_id, key, want in rows:
                self._forgive(tx, stream, key, tuple(msgspec.json.decode(want)))
                tx.run("DELETE FROM dead_letter WHERE id = ?", id)
                tx.run("UPDATE golden SET seq = ? WHERE id = ?", tx.seq, golden_id)
        return len(rows) + sooner

    def drop(self, ids: Sequence[str]) -> int:
        """Forget dead letters, or writes that wait; the target keeps what it has until the value changes."""
        with self._store.begin() as tx:
            rows = self._dead(tx, ids)
            for row in rows:
                tx.run("DELETE FROM dead_letter WHERE id = ?", row[0])
            count = len(rows)
            for id in ids:
                parts = id.split("/", 2)
                if len(parts) == 3:
                    count += tx.run(
                        "DELETE FROM outbox WHERE stream_id = ? AND golden_id = ? AND key = ? AND state = 'queued'",
                        int(parts[0]), parts[1], parts[2],
                    )  # fmt: skip
        return count

    @staticmethod
    def _dead(tx: Tx, ids: Sequence[str] | None) -> Sequence[Row]:
        columns = "id, stream_id, golden_id, key, want"
        if ids is None:
            return tx.rows(f"SELECT {columns} FROM dead_letter")
        numbers = [int(i) for i in ids if str(i).isdigit()]
        return tx.rows(f"SELECT {columns} FROM dead_letter WHERE id IN ?", numbers)

    @staticmethod
    def _forgive(tx: Tx, stream: int, key: str, paths: Sequence[str]) -> None:
        from msgspec import UNSET

        from hub.sync.state import LINK, link_of

        for row in tx.rows(f"SELECT {LINK} FROM record WHERE stream_id = ? AND key = ?", stream, key):
            link = link_of(row)
            for path in paths:
                link.mark(path).refused = UNSET
            tx.run("UPDATE record SET marks = ? WHERE stream_id = ? AND key = ?", link.marks_text(), stream, key)


def _row(id: str, r: Any) -> dict[str, Any]:
    return {
        "id": id, "connection": r[1], "stream": r[2], "key": r[3] or None, "golden": r[4], "state": r[5],
        "fields": sorted(msgspec.json.decode(r[6])) if r[6] else None, "reason": r[7],
        "at": moment(r[8]).isoformat() if r[8] else None,
    }  # fmt: skip
