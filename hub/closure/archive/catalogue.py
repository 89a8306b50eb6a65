"""What goes into an archive, and in which order: by customer, so that what one key seals stands together.

The ids are kept in a scratch file, not in memory; a line may have millions of documents.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from hub.closure.archive.classes import class_of, customer_of
from hub.model import MODELS
from hub.store import Tx

BATCH = 1_000
T = TypeVar("T")


class Item(NamedTuple):
    """One golden record of the archive.

    `part` is `line` where it was asked for, `merged` where it became a part of such a one, and `referred` where one
    only refers to it: a document without its customer could not be read.
    """

    id: str
    model: str
    customer: str
    part: str

    @property
    def owner(self) -> tuple[str, str]:
        """Whose key seals it."""
        return self.customer, class_of(self.model)


class Catalogue:
    """The list of what is archived."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        self._db.executescript(
            "PRAGMA journal_mode = off; PRAGMA synchronous = off;"
            "DROP TABLE IF EXISTS item; DROP TABLE IF EXISTS wanted;"
            "CREATE TABLE item (model, customer, id, part, PRIMARY KEY (customer, model, id)) WITHOUT ROWID;"
            "CREATE TABLE wanted (id PRIMARY KEY, part) WITHOUT ROWID; BEGIN"
        )
        self.scope = ""

    def close(self) -> None:
        """Let go of the scratch file."""
        self._db.close()

    def fill(self, tx: Tx, scope: Mapping[str, Iterable[str]]) -> None:
        """Take in the ids of the scope, what they refer to, and whose each is."""
        for model in MODELS:
            for batch in batched(scope.get(model, ()), BATCH):
                self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?, 'line')", [(id,) for id in batch])
        self.scope = scope_hash(id for (id,) in self._db.execute("SELECT id FROM wanted ORDER BY id"))
        self._gather(tx)
        for rows in batched(self._db.execute("SELECT id, part FROM wanted ORDER BY id"), BATCH):
            self._place(tx, dict(rows))

    def _gather(self, tx: Tx) -> None:
        """Add what was merged into records of the scope, and what these refer to."""
        for ids in self._pages("line"):
            losers = tx.rows("SELECT loser_id FROM merge WHERE survivor_id IN ? AND undone_seq IS NULL", ids)
            self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?, 'merged')", losers)
        for ids in self._pages("line"):
            targets = tx.rows("SELECT DISTINCT target_id FROM reference WHERE golden_id IN ?", ids)
            self._db.executemany("INSERT OR IGNORE INTO wanted VALUES (?, 'referred')", targets)

    def _pages(self, part: str) -> Iterator[list[str]]:
        """The ids of a part, a page at a time; others may be added meanwhile."""
        last = ""
        while True:
            rows = self._db.execute(
                "SELECT id FROM wanted WHERE part = ? AND id > ? ORDER BY id LIMIT ?", (part, last, BATCH)
            ).fetchall()
            if not rows:
                return
            yield [row[0] for row in rows]
            last = rows[-1][0]

    def _place(self, tx: Tx, parts: Mapping[str, str]) -> None:
        rows = tx.rows("SELECT id, model, data FROM golden WHERE id IN ?", list(parts))
        found = []
        for id, model, data in rows:
            found.append((model, customer_of(id, model, whose(data).customer), id, parts[id]))
        ends = survivors(tx, {row[1] for row in found})
        self._db.executemany(
            "INSERT OR IGNORE INTO item VALUES (?, ?, ?, ?)",
            [(model, ends.get(customer, customer), id, part) for model, customer, id, part in found],
        )

    def counts(self, part: str) -> dict[str, int]:
        """How many records of each model."""
        rows = self._db.execute("SELECT model, count(*) FROM item WHERE part = ? GROUP BY model", (part,))
        found = dict(rows.fetchall())
        return {model: found[model] for model in MODELS if model in found}

    def total(self) -> int:
        """How many records there are in all."""
        return int(self._db.execute("SELECT count(*) FROM item").fetchone()[0])

    def batches(self, after: Sequence[str] | None = None) -> Iterator[list[Item]]:
        """All items by customer, after a place (customer, model, id) in that order."""
        where, values = ("WHERE (customer, model, id) > (?, ?, ?)", list(after)) if after else ("", [])
        rows = self._db.cursor().execute(
            f"SELECT id, model, customer, part FROM item {where} ORDER BY customer, model, id", values
        )
        return batched(map(Item._make, rows), BATCH)


class _Whose(msgspec.Struct):
    customer: str | None = None


whose = msgspec.json.Decoder(_Whose).decode


def survivors(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """For those that were merged into others: into which in the end."""
    wanted = sorted(set(ids))
    into: dict[str, str] = {}
    missing = wanted
    while missing:
        met: set[str] = set()
        for batch in batched(missing, BATCH):
            rows = tx.rows("SELECT id, into_id FROM golden WHERE id IN ? AND into_id IS NOT NULL", batch)
            into |= dict(rows)
            met |= {row[1] for row in rows}
        missing = sorted(met - into.keys())
    ends = {}
    for id in wanted:
        end = id
        while end in into:
            end = into[end]
        if end != id:
            ends[id] = end
    return ends


def scope_hash(ids: Iterable[str]) -> str:
    """SHA-256 of the ids of a scope, which must come in order."""
    state = hashlib.sha256()
    for id in ids:
        state.update(id.encode() + b"\n")
    return state.hexdigest()


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most that many."""
    each = iter(items)
    while batch := list(islice(each, size)):
        yield batch
