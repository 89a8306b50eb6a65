"""The log: entries in the order of the hub's sequence, chained by SHA-256, so that a changed one is found.

An entry's hash covers its number, time, person, act and data, and the hash of the entry before. How many there are is
kept beside them, so that a missing end is found too. Who can rewrite the whole database can rewrite the whole chain:
keep a `head` outside of it, as an archive's manifest and a certificate do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from hub.store import Store, Tx
from hub.store.tables.audit import audit

FIRST = "0" * 64  # what stands before the first entry
PAGE = 1_000
COLUMNS = ("n", "seq", "at", "who", "what", "data", "previous", "hash")
_ordered = msgspec.json.Encoder(order="deterministic", decimal_format="string").encode


class Entry(NamedTuple):
    """One act, who did it, and its place in the chain; `at` is microseconds since 1970."""

    n: int
    seq: int
    at: int
    who: str
    what: str
    data: dict[str, Any]
    before: str
    hash: str


class Broken(NamedTuple):
    """The first entry that is not what was written, and why it is known."""

    n: int
    why: str


def append(tx: Tx, who: str, what: str, data: Mapping[str, Any] | None = None, *, at: int) -> Entry:
    """Add an entry in a transaction of `store.begin()`; `at` is the hub's clock, `store.now()`.

    The time never runs backwards in the log: a clock that was set back gives the time of the entry before.
    """
    if not tx.seq:
        raise ValueError("the audit log is written in a counted transaction only: use store.begin()")
    last, before, then = head(tx)
    n, at = last + 1, max(at, then)
    text = _ordered(data or {}).decode()
    digest = _hash(n, tx.seq, at, who, what, text, before)
    tx.insert(audit, COLUMNS, [(n, tx.seq, at, who, what, text, before, digest)])
    tx.run(
        "INSERT INTO counter (name, value) VALUES ('audit', ?) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value", n,
    )  # fmt: skip
    return Entry(n, tx.seq, at, who, what, msgspec.json.decode(text), before, digest)


def head(tx: Tx) -> tuple[int, str, int]:
    """Number, hash and time of the newest entry; (0, zeros, 0) where there is none."""
    rows = tx.rows("SELECT n, hash, at FROM audit ORDER BY n DESC LIMIT 1")
    return (int(rows[0][0]), str(rows[0][1]), int(rows[0][2])) if rows else (0, FIRST, 0)


def now(tx: Tx, store: Store) -> int:
    """The time by which expiry is judged: the clock, but never before the newest entry, so no clock revives anything."""
    return max(store.now(), head(tx)[2])


def entries(store: Store, *, since: int = 0, what: str | None = None, who: str | None = None) -> Iterator[Entry]:
    """The entries after number `since`, oldest first, a page at a time; `what` may end in * for all that begin so."""
    while True:
        where, values = "", []
        if what and what.endswith("*"):
            where, values = " AND what LIKE ?", [what[:-1].replace("%", "") + "%"]
        elif what:
            where, values = " AND what = ?", [what]
        if who:
            where, values = where + " AND who = ?", [*values, who]
        with store.read() as tx:
            rows = tx.rows(
                f"SELECT {', '.join(COLUMNS)} FROM audit WHERE n > ?{where} ORDER BY n LIMIT {PAGE}", since, *values
            )
        for row in rows:
            n, seq, at, by, act, text, before, digest = row
            yield Entry(n, seq, at, by, act, msgspec.json.decode(text), before, digest)
        if len(rows) < PAGE:
            return
        since = rows[-1][0]


def verify(store: Store) -> tuple[int, Broken | None]:
    """Read the whole chain; return how many entries hold, and the first that does not."""
    before, last, seq = FIRST, 0, 0
    with store.read() as tx:
        counted = tx.rows("SELECT value FROM counter WHERE name = 'audit'")
    while True:
        with store.read() as tx:
            rows = tx.rows(f"SELECT {', '.join(COLUMNS)} FROM audit WHERE n > ? ORDER BY n LIMIT {PAGE}", last)
        for row in rows:
            n = int(row[0])
            if n != last + 1:
                return last, Broken(last + 1, "it is missing")
            if row[6] != before:
                return last, Broken(n, "it does not follow from the entry before")
            if _hash(n, *row[1:7]) != row[7]:
                return last, Broken(n, "its content is not what was written")
            if int(row[1]) < seq:
                return last, Broken(n, "its sequence runs backwards")
            before, last, seq = row[7], n, int(row[1])
        if len(rows) < PAGE:
            break
    expected = int(counted[0][0]) if counted else 0
    return last, Broken(last + 1, f"it is missing, and so are all up to {expected}") if last < expected else None


def _hash(n: int, seq: int, at: int, who: str, what: str, data: str, before: str) -> str:
    text = _ordered([int(n), int(seq), int(at), who, what, data, before])
    return hashlib.sha256(text).hexdigest()
