"""The data keys: one for each customer and retention class of a line, kept wrapped, outside of every archive.

To destroy a key is to shred what it opens in all archives of the line; the row stays and tells when that was.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.closure.keys.masters import Masters
from hub.errors import Unauthorized
from hub.store import Store
from hub.store.apart import alone, erasing
from hub.store.tables.archive import archive_key

BATCH = 500
COLUMNS = ("id", "line", "customer", "class", "wrapped", "made_at")
Owner = tuple[str, str]  # customer, retention class


class DataKey:
    """One opened key; its id says which, its bytes are never shown."""

    __slots__ = ("cipher", "id")

    def __init__(self, id: str, key: bytes) -> None:
        self.id = id
        self.cipher = AESGCM(key)

    def __repr__(self) -> str:
        return f"DataKey({self.id!r})"


class KeyRing:
    """The data keys of all lines in one table, opened by what holds the lines' keys."""

    def __init__(self, store: Store, masters: Masters) -> None:
        self.store = store
        self.masters = masters

    def give(self, line: str, owners: Iterable[Owner]) -> dict[Owner, DataKey]:
        """The key of each owner; those that have none get one, durable before anything is sealed with it."""
        wanted = list(dict.fromkeys(owners))
        found: dict[Owner, DataKey] = {}
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            found |= self._known(line, batch)
            missing = [owner for owner in batch if owner not in found]
            if missing:
                found |= self._made(line, missing)
        return found

    def _made(self, line: str, owners: Sequence[Owner]) -> dict[Owner, DataKey]:
        self._line(line)
        with alone(self.store, archive_key) as tx:
            found = _open(line, self.masters, self._rows(tx, line, owners))  # another process may have been quicker
            lacking = [owner for owner in owners if owner not in found]
            keys = [AESGCM.generate_key(256) for _ in lacking]
            rows = []
            for owner, key, wrapped in zip(lacking, keys, self.masters.wrap(line, keys), strict=True):
                id = os.urandom(16).hex()
                found[owner] = DataKey(id, key)
                rows.append((id, line, *owner, wrapped, self.store.now()))
            tx.insert(archive_key, COLUMNS, rows)
        return found

    def _line(self, line: str) -> None:
        """Make the line's key, but never a second one beside data keys that the first has wrapped."""
        if self.masters.has(line):
            return
        with self.store.read() as tx:
            if tx.rows("SELECT 1 FROM archive_key WHERE line = ? AND wrapped IS NOT NULL LIMIT 1", line):
                raise Unauthorized(
                    f"{line}: there are archives of it, but the line's key is gone; bring it back from where its copy is kept"
                )
        self.masters.make(line)

    def _known(self, line: str, owners: Sequence[Owner]) -> dict[Owner, DataKey]:
        with self.store.read() as tx:
            return _open(line, self.masters, self._rows(tx, line, owners))

    @staticmethod
    def _rows(tx: Any, line: str, owners: Sequence[Owner]) -> list[Any]:
        customers = sorted({customer for customer, _ in owners})
        wanted = set(owners)
        rows = tx.rows(
            "SELECT id, customer, class, wrapped FROM archive_key "
            "WHERE line = ? AND customer IN ? AND wrapped IS NOT NULL",
            line,
            customers,
        )
        return [row for row in rows if (row[1], row[2]) in wanted]

    def open(self, line: str, ids: Iterable[str]) -> dict[str, DataKey | None]:
        """Keys by id; None stands for one that is destroyed, one that was never there is left out."""
        wanted = list(dict.fromkeys(ids))
        found: dict[str, DataKey | None] = {}
        for start in range(0, len(wanted), BATCH):
            with self.store.read() as tx:
                rows = tx.rows("SELECT id, line, wrapped FROM archive_key WHERE id IN ?", wanted[start : start + BATCH])
            mine = [(row[0], row[2]) for row in rows if row[1] == line]
            found |= dict.fromkeys(id for id, wrapped in mine if wrapped is None)
            there = [(id, bytes(wrapped)) for id, wrapped in mine if wrapped is not None]
            opened = self.masters.unwrap(line, [wrapped for _, wrapped in there])
            found |= {id: DataKey(id, key) for (id, _), key in zip(there, opened, strict=True)}
        return found

    def destroy(self, line: str, customers: Sequence[str] | None = None, classes: Sequence[str] | None = None) -> int:
        """Destroy the keys of these customers and classes (None: all of the line); return how many were there."""
        done = 0
        batches = [None] if customers is None else [customers[i : i + BATCH] for i in range(0, len(customers), BATCH)]
        with erasing(self.store, archive_key) as tx:
            for batch in batches:
                where, values = "line = ? AND wrapped IS NOT NULL", list[object]([line])
                if batch is not None:
                    where, values = where + " AND customer IN ?", [*values, list(batch)]
                if classes is not None:
                    where, values = where + " AND class IN ?", [*values, list(classes)]
                done += tx.run(
                    f"UPDATE archive_key SET wrapped = NULL, destroyed_at = ? WHERE {where}", self.store.now(), *values
                )
        return done

    def counts(self, line: str) -> tuple[int, int]:
        """How many keys of the line there are, and how many were destroyed."""
        with self.store.read() as tx:
            row = tx.rows("SELECT count(*), count(destroyed_at) FROM archive_key WHERE line = ?", line)[0]
        return int(row[0]) - int(row[1]), int(row[1])


def _open(line: str, masters: Masters, rows: Sequence[Any]) -> dict[Owner, DataKey]:
    opened = masters.unwrap(line, [bytes(row[3]) for row in rows])
    return {(row[1], row[2]): DataKey(row[0], key) for row, key in zip(rows, opened, strict=True)}
