"""Land: take in the records that are new or different, with the cursor, in one transaction.

What the same transaction can already merge, it merges; what must wait is stored as landed and merged later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from hub.connect import Record
from hub.mapping import Problem
from hub.model import MODELS, Values, field
from hub.store.tables import pending, quarantine
from hub.sync.clock import micros
from hub.sync.feed import Feed
from hub.sync.merge import Snapshot, observe
from hub.sync.resolve import resolve
from hub.sync.state import Link, text, values_of
from hub.sync.walk import Walk
from hub.sync.work import Work

MERGED, TO_MERGE, QUARANTINED, WANTS_REFERENCE = range(4)
_ordered = msgspec.json.Encoder(order="deterministic").encode


class Arrival(NamedTuple):
    """A record on its way in."""

    key: str
    digest: bytes
    payload: bytes
    version: str | None
    at: int
    deleted: bool
    our_id: str | None
    values: Values
    unclear: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def landed(self) -> str:
        """What is kept of it beside the payload while it waits."""
        return text((self.version, self.at, self.deleted, self.our_id))


def arrive(feed: Feed, record: Record) -> tuple[bytes, bytes]:
    """The record's digest and its payload as stored."""
    data = record.data
    payload = data if isinstance(data, bytes) else _ordered(data)
    content = payload
    if feed.stream.volatile:
        steady = {k: v for k, v in msgspec.json.decode(payload).items() if k not in feed.stream.volatile}
        content = _ordered(steady)
    state = hashlib.blake2b(content, digest_size=12)
    state.update(b"%r %r %d" % (record.version, record.changed_at, record.deleted) if _odd(record) else b"")
    return state.digest(), payload


def _odd(record: Record) -> bool:
    return record.deleted or record.version is not None or record.changed_at is not None


def read(feed: Feed, record: Record, digest: bytes, payload: bytes, now: int) -> Arrival:
    """Map and check a record."""
    at = micros(record.changed_at) if record.changed_at else now
    if record.deleted:
        return Arrival(record.key, digest, payload, record.version, at, True, record.our_id, {}, (), ())
    reading = feed.mapping.read(payload)
    values, problems = reading.values, reading.problems
    _set_line(feed, values)
    for check in feed.checks:
        problems = [*problems, *check(feed.model, values)]
    if not problems:
        return Arrival(record.key, digest, payload, record.version, at, False, record.our_id, values, (), ())
    errors = tuple(p for p in problems if p.severity == "error")
    unclear = tuple(p.field for p in problems if p.severity != "error" and p.field)
    return Arrival(record.key, digest, payload, record.version, at, False, record.our_id, values, unclear, errors)


def _set_line(feed: Feed, values: Values) -> None:
    """Every record carries its business line: the mapping's, else its connection's."""
    if feed.line is None:
        return
    if field(MODELS[feed.model], "line") is not None:
        if not values.get("line"):
            values["line"] = feed.line
    elif field(MODELS[feed.model], f"lines.{feed.line}") is not None:
        values.setdefault(f"lines.{feed.line}", True)


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
    walk.count(feed, "read", len(records))
    last = {r.key: r for r in records}  # a page that repeats a key: the later one counts
    with walk.store.read() as tx:
        rows = tx.rows(f"SELECT {KNOWN} FROM record WHERE stream_id = ? AND key IN ?", feed.id, list(last))
    known = {row[0]: row for row in rows}
    now = walk.store.now()
    arrivals = []
    for record in last.values():
        digest, payload = arrive(feed, record)
        row = known.get(record.key)
        if row is not None:
            if row[1] == digest or asked < row[2]:
                continue
            before = msgspec.json.decode(row[4])[1] if row[4] else row[3]
            if before is not None and record.changed_at and micros(record.changed_at) < before:
                continue  # a late list
        elif record.deleted and not hold:
            arrivals.append(Arrival(record.key, digest, payload, None, now, True, None, {}, (), ()))
            continue
        arrivals.append(read(feed, record, digest, payload, now))
    arrivals = doubt(walk, feed, arrivals)
    with walk.begin() as work:
        if arrivals:
            take(walk, work, feed, arrivals, hold=hold)
        work.tx.run(
            "UPDATE stream SET cursor = ?, read_to_end = (read_to_end OR ?), synced_at = ? WHERE id = ?",
            cursor, end, now, feed.id,
        )  # fmt: skip


def merge_waiting(walk: Walk, feed: Feed, limit: int = 500) -> int:
    """Merge records that were landed and had to wait; return how many were taken up."""
    done, after = 0, ""
    while True:
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT key, digest, payload, version, changed_at, landed, deleted_at FROM record "
                f"WHERE stream_id = ? AND waiting = 1 AND key > ? ORDER BY key LIMIT {limit}",
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
    return arrival._replace(at=now if at is None else at)


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
        seen = values_of(row[2])
        links = feed.mapping.links
        if a.deleted != (row[3] is not None) or any(
            seen.get(path) != x for path, x in a.values.items() if path not in links
        ):
            keys.append(a.key)
    if not keys:
        return arrivals
    fresh = {}
    now = walk.store.now()
    for record in feed.connector.read(feed.stream.name, keys):
        digest, payload = arrive(feed, record)
        fresh[record.key] = read(feed, record, digest, payload, now)
    return [fresh.get(a.key, a) for a in arrivals]


def take(walk: Walk, work: Work, feed: Feed, arrivals: Sequence[Arrival], *, hold: bool = False) -> None:
    """Merge arrivals, or leave them waiting where a write in flight or a missing reference holds them back."""
    work.load(feed.id, [a.key for a in arrivals])
    sent = {row[0] for row in work.tx.rows("SELECT key FROM outbox WHERE stream_id = ? AND state = 'sent'", feed.id)}
    going: list[tuple[Arrival, Link]] = []
    for a in arrivals:
        link = work.links.get((feed.id, a.key))
        homeless = link is None or link.golden_id is None
        if homeless and a.deleted and not ("" in sent or hold):
            if link is not None:  # landed, never merged, and gone again
                work.touch(link)
                link.waiting, link.landed, link.deleted_at, link.digest = MERGED, None, a.at, a.digest
            continue  # a tombstone of a record never known
        if link is None:
            link = work.add(Link(feed.id, a.key))
        link.digest, link.payload = a.digest, a.payload
        work.payloads.add((feed.id, a.key))
        work.touch(link)
        if hold or a.key in sent or (homeless and "" in sent):
            link.waiting, link.landed = TO_MERGE, a.landed
            continue
        going.append((a, link))
    resolve(walk, work, feed, going)
    _refer(walk, work, feed, going)


def _refer(walk: Walk, work: Work, feed: Feed, going: Sequence[tuple[Arrival, Link]]) -> None:
    """Translate references and merge; a record whose needed reference is not there yet waits for it."""
    look = _crosswalk(work, feed, going)
    waits: list[tuple[int, str, int, str]] = []
    bad: list[tuple[Arrival, Link]] = []
    merged = 0
    for a, link in going:
        if a.problems:
            bad.append((a, link))
            link.waiting, link.landed = QUARANTINED, a.landed
            continue
        values = a.values
        if look is not None:
            values, missing = feed.mapping.resolve(values, look)
            waits += [(feed.lookup[stream], key, feed.id, link.key) for _, stream, key in missing]
            if any(_needed(feed, path) for path, _, _ in missing):
                link.waiting, link.landed = WANTS_REFERENCE, a.landed
                walk.count(feed, "waiting")
                continue
        waited = link.waiting != MERGED
        link.waiting, link.landed = MERGED, None
        if waited:
            work.tx.run("DELETE FROM quarantine WHERE stream_id = ? AND key = ?", feed.id, link.key)
        golden = work.golden(link.golden_id or "")
        born = golden.new and golden.first is None
        observe(work.merging, link, golden, Snapshot(values, a.version, a.at, a.deleted, a.unclear))
        work.bump(golden.id)
        merged += 1
        walk.count(feed, "created" if born else "gone" if a.deleted else "changed")
    _claim_edits(work, feed, going)
    if waits:
        columns = ("target_stream_id", "target_key", "stream_id", "key")
        work.tx.insert(pending, columns, sorted(set(waits)), ignore=True)
    _wake(work, feed, [link.key for _, link in going])
    if bad:
        _quarantine(walk, work, feed, bad)


def _needed(feed: Feed, path: str) -> bool:
    declared = field(MODELS[feed.model], path)
    return declared is not None and declared.required


def _crosswalk(work: Work, feed: Feed, going: Sequence[tuple[Arrival, Link]]) -> Any:
    """A look-up of (stream, their key) to golden id, for all references of the batch at once."""
    if not feed.mapping.links:
        return None
    wanted: dict[str, set[str]] = {}
    for a, _ in going:
        for _, stream, key in feed.mapping.references(a.values):
            wanted.setdefault(stream, set()).add(key)
    found: dict[tuple[str, str], str] = {}
    for stream, keys in wanted.items():
        target = feed.lookup.get(stream)
        if target is None:
            continue
        rows = work.tx.rows(
            "SELECT key, golden_id FROM record WHERE stream_id = ? AND key IN ? AND golden_id IS NOT NULL",
            target,
            sorted(keys),
        )
        found.update(((stream, key), golden_id) for key, golden_id in rows)
        if target == feed.id:
            found.update(((stream, link.key), link.golden_id) for _, link in going if link.golden_id)
    return lambda stream, key: found.get((stream, key))


def _claim_edits(work: Work, feed: Feed, going: Sequence[tuple[Arrival, Link]]) -> None:
    """Claim identifiers that records which had a link before show now."""
    from hub.sync.feed import identities

    names = []
    for a, link in going:
        if not link.new and link.golden_id and not a.problems:
            names += [(name, link.golden_id) for name in identities(feed.model, a.values)]
    if names:
        work.claim(names)


def _wake(work: Work, feed: Feed, keys: Sequence[str]) -> None:
    """Let records that waited for these keys be merged again."""
    if not keys or not work.tx.rows("SELECT 1 FROM pending WHERE target_stream_id = ? LIMIT 1", feed.id):
        return
    rows = work.tx.rows(
        "SELECT stream_id, key FROM pending WHERE target_stream_id = ? AND target_key IN ?", feed.id, list(keys)
    )
    for stream, key in rows:
        inside = work.links.get((stream, key))
        if inside is not None:
            inside.waiting = TO_MERGE if inside.waiting in (MERGED, WANTS_REFERENCE) else inside.waiting
            work.touch(inside)
        else:
            work.tx.run(
                "UPDATE record SET waiting = 1 WHERE stream_id = ? AND key = ? AND waiting IN (0, 3)", stream, key
            )
    if rows:
        work.tx.run("DELETE FROM pending WHERE target_stream_id = ? AND target_key IN ?", feed.id, list(keys))


def _quarantine(walk: Walk, work: Work, feed: Feed, bad: Sequence[tuple[Arrival, Link]]) -> None:
    """Keep records that failed mapping or checks apart, with what was wrong."""
    work.tx.run("DELETE FROM quarantine WHERE stream_id = ? AND key IN ?", feed.id, [a.key for a, _ in bad])
    rows = [
        (
            feed.id,
            a.key,
            feed.mapping.name,
            p.field,
            None if p.value is None else str(p.value)[:500],
            p.reason,
            work.now,
        )
        for a, _ in bad
        for p in a.problems
    ]
    work.tx.insert(quarantine, ("stream_id", "key", "mapping", "field", "value", "reason", "at"), rows)
    walk.count(feed, "quarantined", len(bad))
