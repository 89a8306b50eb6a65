"""A whole small system in one SQLite file: customers to payments, with erasing, and faults every process sees."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.connect import Answer, Connector, Page, Receipt, Record, Stream, Write
from hub.errors import Missing, Rejected, Unauthorized, Unavailable
from hub.plugin import hookimpl

FIELDS = {
    "customers": ("name", "mail", "street", "city", "language", "tier"),
    "contracts": ("number", "customer", "end", "renewal", "days", "period", "amount", "state"),
    "orders": ("number", "customer", "total", "state"),
    "invoices": ("number", "customer", "total", "open", "state", "issued", "note"),
    "payments": ("reference", "customer", "invoice", "amount", "paid", "state"),
}
MODELS = {
    "customers": "customer",
    "contracts": "contract",
    "orders": "order",
    "invoices": "invoice",
    "payments": "payment",
}
TABLES = """
CREATE TABLE IF NOT EXISTS row (stream, key, data, version, at, gone, our_id, PRIMARY KEY (stream, key));
CREATE TABLE IF NOT EXISTS answer (once PRIMARY KEY, stream, key);
CREATE TABLE IF NOT EXISTS log (op, stream, key);
CREATE TABLE IF NOT EXISTS setting (name PRIMARY KEY, value);
"""
ROW = "key, data, version, at, gone, our_id"
Data = dict[str, Any]


class Shop:
    """The file itself: what people do in it, and what a test looks at."""

    def __init__(self, file: str | Path) -> None:
        self.file = str(file)

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        db = sqlite3.connect(self.file, isolation_level=None, timeout=20)
        try:
            db.execute("PRAGMA journal_mode = wal")
            db.execute("PRAGMA synchronous = off")
            db.executescript(TABLES)
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")
        finally:
            db.close()

    def add(self, stream: str, **data: Any) -> str:
        """Create a record as a person would."""
        with self.begin() as db:
            return put(db, stream, None, dict.fromkeys(FIELDS[stream]) | data, None)

    def fill(self, stream: str, rows: Sequence[Data]) -> list[str]:
        """Create many records in one go."""
        with self.begin() as db:
            return [put(db, stream, None, dict.fromkeys(FIELDS[stream]) | data, None) for data in rows]

    def edit(self, stream: str, key: str, **data: Any) -> None:
        """Change a record as a person would."""
        with self.begin() as db:
            put(db, stream, key, data, None)

    def rows(self, stream: str) -> dict[str, Data]:
        """All living records by key."""
        with self.begin() as db:
            found = db.execute("SELECT key, data FROM row WHERE stream = ? AND gone = 0 ORDER BY key", (stream,))
            return {key: json.loads(data) for key, data in found}

    def log(self, op: str) -> list[tuple[str, str]]:
        """What the hub has done: create, update or erase."""
        with self.begin() as db:
            return list(db.execute("SELECT stream, key FROM log WHERE op = ? ORDER BY rowid", (op,)))

    def set(self, **settings: Any) -> None:
        """Change settings: refuse {field: value}, lost n, die_after n, down, token."""
        with self.begin() as db:
            for name, value in settings.items():
                db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def settings(self) -> Data:
        """The settings in force."""
        with self.begin() as db:
            return {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM setting")}


def put(db: sqlite3.Connection, stream: str, key: str | None, data: Data, our_id: str | None) -> str:
    """Store a record at the next millisecond of the file's own clock."""
    found = db.execute("SELECT value FROM setting WHERE name = 'now'").fetchone()
    at = round((json.loads(found[0]) if found else 1_767_225_600.0) + 0.001, 3)
    db.execute("INSERT OR REPLACE INTO setting VALUES ('now', ?)", (json.dumps(at),))
    if key is None:
        key = f"{stream[:3]}{db.execute('SELECT count(*) FROM row').fetchone()[0] + 1:05}"
    row = db.execute("SELECT data, version, our_id FROM row WHERE stream = ? AND key = ?", (stream, key)).fetchone()
    before, version, known = (json.loads(row[0]), row[1], row[2]) if row else ({}, 0, None)
    values = (stream, key, json.dumps(before | data), version + 1, at, 0, our_id or known)
    db.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return key


class Depot(Connector):
    """Gives versions, keeps idempotency keys, finds our ids, and erases where it is told that it can."""

    name = "depot"
    streams = tuple(
        Stream(n, m, push=True, versioned=True, findable=True, once=timedelta(days=1), batch=20, erases=True)
        for n, m in MODELS.items()
    )

    def __init__(self, file: str, erases: bool = True, token: str = "") -> None:
        self.shop = Shop(file)
        self.token = token
        self.streams = tuple(  # type: ignore[misc]
            Stream(n, m, push=True, versioned=True, findable=True, once=timedelta(days=1), batch=20, erases=erases,
                   freezes=n == "customers")
            for n, m in MODELS.items()
        )  # fmt: skip

    def check(self) -> None:
        """Ask once."""
        self._ask()

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Page by (time, key), from one second before the cursor on."""
        newest = float(cursor) if cursor else 0.0
        start, after = newest - 1, (0.0, "")
        while True:
            self._ask()
            with self.shop.begin() as db:
                rows = db.execute(
                    f"SELECT {ROW} FROM row WHERE stream = ? AND at >= ? AND (at, key) > (?, ?) ORDER BY at, key LIMIT 200",
                    (stream, start, *after),
                ).fetchall()
            if not rows:
                return
            after = (rows[-1][3], rows[-1][0])
            newest = max(newest, after[0])
            yield Page([record(row) for row in rows], str(newest))

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Read each as it is."""
        self._ask()
        with self.shop.begin() as db:
            marks = ", ".join("?" * len(keys))
            rows = db.execute(
                f"SELECT {ROW} FROM row WHERE stream = ? AND key IN ({marks})", (stream, *keys)
            ).fetchall()
        yield from (record(row) for row in rows)
        yield from (Record(key, {}, deleted=True) for key in set(keys) - {row[0] for row in rows})

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Search by the id that a create brought."""
        self._ask()
        with self.shop.begin() as db:
            marks = ", ".join("?" * len(our_ids))
            rows = db.execute(
                f"SELECT {ROW} FROM row WHERE stream = ? AND gone = 0 AND our_id IN ({marks})", (stream, *our_ids)
            ).fetchall()
        yield from ((row[5], record(row)) for row in rows)

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write one after the other, each in its own transaction."""
        for write in writes:
            now = self._ask()
            with self.shop.begin() as db:
                answer = self._write(db, stream, write, now)
            self._die(now)
            if now.get("lost"):
                self.shop.set(lost=now["lost"] - 1)
                raise Unavailable("depot: the answer was lost")
            yield answer

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Delete for good, without a trace."""
        for key in keys:
            now = self._ask()
            with self.shop.begin() as db:
                gone = db.execute("DELETE FROM row WHERE stream = ? AND key = ?", (stream, key)).rowcount
                db.execute("INSERT INTO log VALUES ('erase', ?, ?)", (stream, key))
            self._die(now)
            yield Receipt(key) if gone else Missing(f"{key} is gone")

    def freeze(self, stream: str, name: str, keys: Sequence[str]) -> None:
        """Remember what is frozen; who works here by a side door does not mind."""
        self._ask()
        self.shop.set(frozen=sorted(keys))

    def _write(self, db: sqlite3.Connection, stream: str, write: Write, now: Data) -> Answer:
        kept = db.execute("SELECT key FROM answer WHERE once = ?", (write.once,)).fetchone()
        if kept:
            return self._receipt(db, stream, kept[0])
        for name, bad in now.get("refuse", {}).items():
            if write.data.get(name) in bad:
                return Rejected(f"{name}: {write.data[name]!r} is not allowed here", [name])
        data = dict(write.data) if write.key else dict.fromkeys(FIELDS[stream]) | dict(write.data)
        key = put(db, stream, write.key, data, write.our_id if write.key is None else None)
        db.execute("INSERT INTO answer VALUES (?, ?, ?)", (write.once, stream, key))
        db.execute("INSERT INTO log VALUES (?, ?, ?)", ("update" if write.key else "create", stream, key))
        return self._receipt(db, stream, key)

    def _receipt(self, db: sqlite3.Connection, stream: str, key: str) -> Receipt:
        made = record(db.execute(f"SELECT {ROW} FROM row WHERE stream = ? AND key = ?", (stream, key)).fetchone())
        return Receipt(key, made.version, made.data, made.changed_at)

    def _ask(self) -> Data:
        now = self.shop.settings()
        if now.get("down"):
            raise Unavailable("depot: closed today")
        if now.get("token") not in (None, self.token):
            raise Unauthorized("depot: the token has expired (401)")
        return now

    def _die(self, now: Data) -> None:
        """End this very process after so many acts, as a power cut would."""
        left = now.get("die_after")
        if left is not None:
            self.shop.set(die_after=left - 1 if left > 1 else None)
            if left <= 1:
                os._exit(9)


def record(row: Any) -> Record:
    """A row as a record."""
    key, data, version, at, gone, our_id = row
    return Record(
        key, {"id": key, **json.loads(data)}, str(version), datetime.fromtimestamp(at, UTC), bool(gone), our_id
    )


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Bring the depot."""
    register(Depot)
