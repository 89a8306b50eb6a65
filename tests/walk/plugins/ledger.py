"""A small system in one SQLite file: people work in it, other processes see it, and faults can be set."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.connect import Answer, Connector, Page, Receipt, Record, Secret, Stream, Write
from hub.errors import ConfigError, Conflict, Missing, Rejected, Unauthorized, Unavailable
from hub.plugin import hookimpl

FIELDS = {
    "clients": ("name", "mail", "phone", "owner", "note", "parent"),
    "bills": ("number", "client", "amount", "text"),
}
MODELS = {"clients": "customer", "bills": "invoice"}
TABLES = """
CREATE TABLE IF NOT EXISTS row (stream, key, data, version, at, gone, our_id, PRIMARY KEY (stream, key));
CREATE TABLE IF NOT EXISTS answer (once PRIMARY KEY, stream, key);
CREATE TABLE IF NOT EXISTS log (op, stream, key, data, our_id);
CREATE TABLE IF NOT EXISTS setting (name PRIMARY KEY, value);
"""
HABITS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "trim": str.strip,
    "cut": lambda text: text[:40],
    "spaced": lambda text: " ".join(text[i : i + 3] for i in range(0, len(text), 3)),
}
Data = dict[str, Any]


class Book:
    """The file itself: what a person does in it, and what a test looks at."""

    def __init__(self, file: str | Path) -> None:
        self.file = str(file)
        self._open: sqlite3.Connection | None = None

    @contextmanager
    def begin(self) -> Iterator[sqlite3.Connection]:
        """One transaction."""
        if self._open is None:
            self._open = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False, timeout=10)
            self._open.execute("PRAGMA journal_mode = wal")
            self._open.execute("PRAGMA synchronous = off")
            self._open.executescript(TABLES)
        self._open.execute("BEGIN IMMEDIATE")
        try:
            yield self._open
        except BaseException:
            self._open.execute("ROLLBACK")
            raise
        self._open.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def settings(self) -> Data:
        """The settings, which every process sees."""
        with self.begin() as db:
            return {name: json.loads(value) for name, value in db.execute("SELECT name, value FROM setting")}

    def set(self, **settings: Any) -> None:
        """Change settings: down, refuse, habits, lost, crash, malformed, now."""
        with self.begin() as db:
            for name, value in settings.items():
                db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def add(self, stream: str, /, at: float | None = None, **data: Any) -> str:
        """Create a record as a person would."""
        with self.begin() as db:
            return self.put(db, stream, None, dict.fromkeys(FIELDS[stream]) | data, None, at)

    def edit(self, stream: str, key: str, /, at: float | None = None, **data: Any) -> None:
        """Change a record as a person would."""
        with self.begin() as db:
            self.put(db, stream, key, data, None, at)

    def remove(self, stream: str, key: str) -> None:
        """Delete a record; pulls show a tombstone."""
        with self.begin() as db:
            self.put(db, stream, key, {}, None, None)
            db.execute("UPDATE row SET gone = 1 WHERE stream = ? AND key = ?", (stream, key))

    def vanish(self, stream: str, *keys: str) -> None:
        """Delete records without a trace."""
        with self.begin() as db:
            db.executemany("DELETE FROM row WHERE stream = ? AND key = ?", [(stream, key) for key in keys])

    def rows(self, stream: str) -> dict[str, Data]:
        """All living records by key."""
        with self.begin() as db:
            found = db.execute("SELECT key, data FROM row WHERE stream = ? AND gone = 0 ORDER BY key", (stream,))
            return {key: json.loads(data) for key, data in found}

    def log(self) -> list[tuple[str, str, str, Data, str]]:
        """Every write the hub carried out: (create | update, stream, key, data, our id)."""
        with self.begin() as db:
            return [(r[0], r[1], r[2], json.loads(r[3]), r[4]) for r in db.execute("SELECT * FROM log ORDER BY rowid")]

    def put(
        self, db: sqlite3.Connection, stream: str, key: str | None, data: Data, our_id: str | None, at: float | None
    ) -> str:
        """Store a record; its time is the one given, else the next millisecond of the file's own clock."""
        found = db.execute("SELECT value FROM setting WHERE name = 'now'").fetchone()
        now = json.loads(found[0]) if found else 1_767_225_600.0
        if at is None:
            at = round(now + 0.001, 3)
            db.execute("INSERT OR REPLACE INTO setting VALUES ('now', ?)", (json.dumps(at),))
        if key is None:
            key = f"k{db.execute('SELECT count(*) FROM row').fetchone()[0] + 1:05}"
        row = db.execute("SELECT data, version, our_id FROM row WHERE stream = ? AND key = ?", (stream, key)).fetchone()
        before, version, known = (json.loads(row[0]), row[1], row[2]) if row else ({}, 0, None)
        values = (stream, key, json.dumps(before | data), version + 1, at, 0, our_id or known)
        db.execute("INSERT OR REPLACE INTO row VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        return key


class Ledger(Connector):
    """Clients and bills in one file. `strong` systems keep idempotency keys; all give versions and find our ids."""

    name = "ledger"
    streams = tuple(
        Stream(name, model, push=True, versioned=True, findable=True, once=timedelta(days=1), batch=20)
        for name, model in MODELS.items()
    )
    timeout = 0.0  # an answer comes at once or never

    def __init__(self, file: str, token: str = "", page: int = 50, strong: bool = True, versions: bool = True) -> None:
        self.book = Book(file)
        self.page = page
        self.strong = strong
        self.versions = versions
        self.now: Data = {}  # the settings at the last request
        self._token = Secret(token)
        once = timedelta(days=1) if strong else None
        self.streams = tuple(  # type: ignore[misc]
            Stream(name, model, push=True, versioned=versions, findable=True, once=once, batch=20)
            for name, model in MODELS.items()
        )

    def check(self) -> None:
        """Ask once."""
        self._ask("check")

    def close(self) -> None:
        """Close the file."""
        self.book.close()

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Page by (time, key), from one second before the cursor on."""
        newest = float(cursor) if cursor else 0.0
        start, after = newest - 1, (0.0, "")
        while True:
            self._ask("pull")
            with self.book.begin() as db:
                rows = db.execute(
                    "SELECT key, data, version, at, gone, our_id FROM row WHERE stream = ? AND at >= ? AND (at, key) > (?, ?) "
                    "ORDER BY at, key LIMIT ?", (stream, start, *after, self.page),
                ).fetchall()  # fmt: skip
            if not rows:
                return
            after = (rows[-1][3], rows[-1][0])
            newest = max(newest, after[0])
            yield Page([self._record(stream, row) for row in rows], str(newest))

    def cursor_at(self, stream: str, moment: str) -> str:
        """Cursors are times."""
        try:
            return str(datetime.fromisoformat(moment).timestamp())
        except ValueError:
            raise ConfigError(f"{moment} is no moment") from None

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Read each as it is."""
        self._ask("read")
        with self.book.begin() as db:
            marks = ", ".join("?" * len(keys))
            rows = db.execute(
                f"SELECT key, data, version, at, gone, our_id FROM row WHERE stream = ? AND key IN ({marks})",
                (stream, *keys),
            ).fetchall()
        for row in rows:
            yield self._record(stream, row)
        for key in set(keys) - {row[0] for row in rows}:
            yield Record(key, {}, deleted=True)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Search by the id that a create brought."""
        self._ask("find")
        with self.book.begin() as db:
            marks = ", ".join("?" * len(our_ids))
            rows = db.execute(
                "SELECT key, data, version, at, gone, our_id FROM row "
                f"WHERE stream = ? AND gone = 0 AND our_id IN ({marks})",
                (stream, *our_ids),
            ).fetchall()
        for row in rows:
            yield row[5], self._record(stream, row)

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write one after the other, each in its own transaction."""
        for write in writes:
            self._ask("push")
            answer = self._write(stream, write)
            if self.now.get("lost"):
                self.book.set(lost=self.now["lost"] - 1)
                raise Unavailable("ledger: the answer was lost")
            yield answer

    def _write(self, stream: str, write: Write) -> Answer:
        refuse, habits, busy = (self.now.get(name, {}) for name in ("refuse", "habits", "busy"))
        with self.book.begin() as db:
            columns = "key, data, version, at, gone, our_id"
            if self.strong:
                kept = db.execute("SELECT key FROM answer WHERE once = ?", (write.once,)).fetchone()
                if kept:
                    return self._receipt(db, stream, kept[0])
            for name, bad in refuse.items():
                if name in write.data and write.data[name] == bad:
                    return Rejected(f"{name}: {bad!r} is on our black list", [name])
            if any(write.data.get(name) is not None for name in busy):
                return Unavailable("ledger: this row is locked, try again")
            if write.key is not None:
                row = db.execute(
                    f"SELECT {columns} FROM row WHERE stream = ? AND key = ?", (stream, write.key)
                ).fetchone()
                if row is None or row[4]:
                    return Missing(f"{write.key} is gone")
                if self.versions and write.expect not in (None, str(row[2])):
                    return Conflict(f"{write.key} has version {row[2]}, not {write.expect}")
            data = dict(write.data)
            for name, names in habits.items():
                for habit in names if isinstance(data.get(name), str) else ():
                    data[name] = HABITS[habit](data[name])
            if write.key is None:
                data = dict.fromkeys(FIELDS[stream]) | data
            key = self.book.put(db, stream, write.key, data, write.our_id if write.key is None else None, None)
            if self.strong:
                db.execute("INSERT INTO answer VALUES (?, ?, ?)", (write.once, stream, key))
            db.execute(
                "INSERT INTO log VALUES (?, ?, ?, ?, ?)",
                ("update" if write.key else "create", stream, key, json.dumps(dict(write.data)), write.our_id),
            )
            return self._receipt(db, stream, key)

    def _receipt(self, db: sqlite3.Connection, stream: str, key: str) -> Receipt:
        row = db.execute(
            "SELECT key, data, version, at, gone, our_id FROM row WHERE stream = ? AND key = ?", (stream, key)
        ).fetchone()
        made = self._record(stream, row)
        return Receipt(key, made.version, made.data, made.changed_at)

    def _record(self, stream: str, row: Any) -> Record:
        key, data, version, at, gone, our_id = row
        if key in self.now.get("malformed", ()):
            return Record(key, b'{"name": "cut o', str(version), datetime.fromtimestamp(at, UTC), bool(gone), our_id)
        shown = str(version) if self.versions else None
        return Record(key, {"id": key, **json.loads(data)}, shown, datetime.fromtimestamp(at, UTC), bool(gone), our_id)

    def _ask(self, op: str) -> None:
        self.now = self.book.settings()
        if self.now.get("down") in (True, op):
            raise Unavailable("ledger: closed today")
        if self.now.get("crash") == op:
            raise RuntimeError(f"ledger: a bug met {self._token.reveal()}")
        wanted = self.now.get("token")
        if wanted is not None and wanted != self._token.reveal():
            raise Unauthorized("ledger: token refused (401); set the right one and run: hub check")


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Bring the ledger."""
    register(Ledger)
