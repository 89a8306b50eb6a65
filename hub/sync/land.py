"""Land: take in the records that are new or different, with the cursor, in one transaction.

What the same transaction can already merge, it merges; what must wait is stored as landed and merged later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from hub.connect import Record
from hub.sync.arrival import Arrival, arrive, differs, digested, read
from hub.sync.clock import micros
from hub.sync.feed import Feed
from hub.sync.newcomer import newcomer
from hub.sync.outbox import announce
from hub.sync.state import values_of
from hub.sync.take import take
from hub.sync.walk import Walk

KNOWN = "key, digest, receipt_seq, changed_at, landed, waiting"


def land(
    walk: Walk,
    feed: Feed,
    records: Sequence[Record],
    cursor: str | None,
    asked: int,
    *,
    hold: bool = False,
    end: bool = False,
) -> None:
    """Land a batch of records and move the cursor, in one transaction.

    `asked` is the hub's sequence before the records were asked for: what is older than our last receipt is dropped,
    since our write brings it again. `hold` only lands and leaves merging for later. `end` marks the last batch.
    """
    write(walk, feed, arriving(walk, feed, records, asked, hold=hold), cursor, hold=hold, end=end)


def arriving(walk: Walk, feed: Feed, records: Sequence[Record], asked: int, *, hold: bool = False) -> list[Arrival]:
    """Those of the records that are new or different, mapped and checked; nothing is written yet."""
    walk.count(feed, "read", len(records))
    last = {r.key: r for r in records}  # a page that repeats a key: the later one counts
    with walk.store.read() as tx:
        rows = tx.rows(f"SELECT {KNOWN} FROM record WHERE stream_id = ? AND key IN ?", feed.id, list(last))
    known = {row[0]: row for row in rows}
    now = walk.store.now()
    arrivals = []
    for key, record in last.items():
        digest, payload = digested(feed, record)
        row = known.get(key)
        if row is not None:
            if row[1] == digest or asked < row[2]:
                continue
            before = msgspec.json.decode(row[4])[1] if row[4] else row[3]
            if before is not None and record.changed_at and micros(record.changed_at) < before:
                continue  # a late list
        elif record.deleted and not hold:
            arrivals.append(Arrival(record.key, digest, payload, None, now, True, None, {}, (), ()))
            continue
        a = read(feed, record, digest, payload, now)
        if row is None and not hold and not a.problems:
            a.newcomer = newcomer(walk.ids, feed, a)
        arrivals.append(a)
    same_time = [a for a in arrivals if (row := known.get(a.key)) is not None and row[3] == a.at]
    if same_time:  # only of these can it be doubted which state is the later one
        fresh = {a.key: a for a in doubt(walk, feed, same_time)}
        arrivals = [fresh.get(a.key, a) for a in arrivals]
    return arrivals


def write(
    walk: Walk,
    feed: Feed,
    arrivals: Sequence[Arrival],
    cursor: str | None,
    *,
    hold: bool = False,
    end: bool = False,
    again: bool = False,
) -> None:
    """Merge what arrived and move the cursor, in one transaction.

    `again` says that it can be read again: should a power failure take it back, then its cursor too.
    """
    with walk.begin() as work:
        if again:
            work.tx.relax()
        if arrivals:
            take(walk, work, feed, arrivals, hold=hold)
            announce(walk, work, feed)
        work.tx.run(
            "UPDATE stream SET cursor = ?, read_to_end = (read_to_end OR ?), synced_at = ? WHERE id = ?",
            cursor, end, walk.store.now(), feed.id,
        )  # fmt: skip


def merge_waiting(walk: Walk, feed: Feed, limit: int = 500) -> int:
    """Merge records that were landed and had to wait; return how many were taken up."""
    done, after = 0, ""
    while True:
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT key, digest, payload, version, changed_at, landed, deleted_at FROM record "
                # `waiting > 0` is the condition of the index, which SQLite finds only word for word
                f"WHERE stream_id = ? AND waiting = 1 AND waiting > 0 AND key > ? ORDER BY key LIMIT {limit}",
                feed.id,
                after,
            )
        if not rows:
            return done
        after = rows[-1][0]
        arrivals = doubt(walk, feed, [_again(feed, row, walk.store.now()) for row in rows])
        with walk.begin() as work:
            take(walk, work, feed, arrivals)
        done += len(rows)


def _again(feed: Feed, row: tuple[Any, ...], now: int) -> Arrival:
    """A waiting row as an arrival."""
    key, digest, payload, version, at, landed, deleted_at = row
    deleted, our_id = deleted_at is not None, None
    if landed:
        version, at, deleted, our_id = msgspec.json.decode(landed)
    arrival = read(feed, Record(key, payload, version, None, deleted, our_id), digest, payload, now)
    return replace(arrival, at=now if at is None else at)


def doubt(walk: Walk, feed: Feed, arrivals: list[Arrival]) -> list[Arrival]:
    """Read again by key what changed although its time is the one last merged.

    Two states in one second, or a late list: only a fresh read can tell.
    """
    if not arrivals:
        return arrivals
    with walk.store.read() as tx:
        rows = tx.rows(
            "SELECT key, changed_at, seen, deleted_at FROM record WHERE stream_id = ? AND key IN ? AND golden_id IS NOT NULL",
            feed.id,
            [a.key for a in arrivals],
        )
    merged = {row[0]: row for row in rows}
    keys = []
    for a in arrivals:
        row = merged.get(a.key)
        if row is None or row[1] != a.at or a.problems:
            continue
        if a.deleted != (row[3] is not None) or differs(feed, values_of(row[2]), a.values):
            keys.append(a.key)
    if not keys:
        return arrivals
    fresh = {}
    now = walk.store.now()
    for record in feed.connector.read(feed.stream.name, keys):
        fresh[record.key] = arrive(feed, record, now)
    return [fresh.get(a.key, a) for a in arrivals]
