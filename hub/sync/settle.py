"""Settle: writes left in state `sent` by a crash or an answer that never came are looked into before anything else.

What is known is used, in this order: the idempotency key, the version, our id over there. What cannot be known is
not sent again by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.connect import Receipt, Record
from hub.errors import Rejected
from hub.sync.alike import alike
from hub.sync.answers import bury
from hub.sync.arrival import arrive
from hub.sync.crosswalk import golden_ids, their_keys
from hub.sync.feed import Feed
from hub.sync.merge import Snapshot, observe
from hub.sync.push import send, values_of_want
from hub.sync.receipt import receipt
from hub.sync.sending import ANEW, Sending, forget, queue_again
from hub.sync.stamp import Stamp
from hub.sync.tombstone import gone
from hub.sync.walk import Walk
from hub.sync.work import Work

TIMEOUT = 30.0  # seconds a call may still be on its way, where the connector does not say
ROW = "golden_id, key, want, once, expect, sent_at, attempts"
_want = msgspec.json.Decoder(dict[str, tuple[Any, Stamp]]).decode


def settle(walk: Walk, feed: Feed) -> bool:
    """Look into every write in flight of the feed; return whether none is left."""
    with walk.store.read() as tx:
        rows = tx.rows(
            f"SELECT {ROW} FROM outbox WHERE stream_id = ? AND state = 'sent' AND (due_at IS NULL OR due_at <= ?) "
            "ORDER BY seq",
            feed.id,
            walk.store.now(),
        )
    if not rows:
        return True
    sent = [Sending(r[0], r[1], _want(r[2]), r[3], r[4], r[5], r[6]) for r in rows]
    now = walk.store.now()
    again: list[Sending] = []
    creates: list[Sending] = []
    updates: list[Sending] = []
    for s in sent:
        alive = feed.stream.once is not None and now < s.sent_at + int(feed.stream.once.total_seconds() * 1e6)
        if alive and (not s.key or feed.stream.versioned):
            again.append(s)
        elif s.key:
            updates.append(s)
        else:
            creates.append(s)
    _repeat(walk, feed, again)
    _look_up(walk, feed, updates)
    _search(walk, feed, creates, now)
    with walk.store.read() as tx:
        return not tx.rows("SELECT 1 FROM outbox WHERE stream_id = ? AND state = 'sent' LIMIT 1", feed.id)


def _repeat(walk: Walk, feed: Feed, rows: Sequence[Sending]) -> None:
    """The target keeps idempotency keys: the same content under the same key is answered as it was."""
    for at in range(0, len(rows), feed.stream.batch):
        batch = list(rows[at : at + feed.stream.batch])
        with walk.begin() as work:
            work.load_golden(s.golden_id for s in batch)
            look = their_keys(work, feed, (values_of_want(s.want) for s in batch))
        for s in batch:
            values = values_of_want(s.want)
            if look is not None:
                values, _ = feed.mapping.unresolve(values, look)
            s.data = feed.mapping.write(values, create=not s.key).data
        _, go_on = send(walk, feed, batch)
        if not go_on:
            return


def _look_up(walk: Walk, feed: Feed, rows: Sequence[Sending]) -> None:
    """An update: read the record; its version, or what it shows, tells whether the write arrived."""
    if not rows:
        return
    shown = {r.key: r for r in feed.connector.read(feed.stream.name, [s.key for s in rows])}
    with walk.begin() as work:
        work.load(feed.id, [s.key for s in rows])
        for s in rows:
            link = work.links.get((feed.id, s.key))
            now = shown.get(s.key)
            work.load_golden([s.golden_id])
            work.bump(work.golden(s.golden_id).id)
            if link is None or link.golden_id is None:
                forget(work, feed, s.golden_id, s.key)
                continue
            work.touch(link)
            if now is None or now.deleted:
                forget(work, feed, s.golden_id, s.key)
                link.deleted_at = work.now
                gone(walk, work, feed, link)
                continue
            queue_again(work, feed, s)  # push drops it where nothing is left to write
            link.receipt_seq = work.tx.seq
            if feed.stream.versioned and now.version == s.expect:
                continue  # it did not arrive
            _echo(work, feed, s, now)
    walk.count(feed, "settled", len(rows))


def _echo(work: Work, feed: Feed, s: Sending, now: Record) -> None:
    """What looks like our write is its echo, the rest is merged as usual."""
    link = work.links[feed.id, s.key]
    golden = work.golden(link.golden_id or "")
    arrival = arrive(feed, now, work.now)
    values = arrival.values
    look = golden_ids(work, feed, [values])
    if look is not None:
        values, _ = feed.mapping.resolve(values, look)
    echo = {
        path: ws
        for path, ws in s.want.items()
        if path in values and values[path] != link.seen.get(path) and alike(values[path], ws[0])
    }
    link.digest, link.payload = arrival.digest, arrival.payload
    work.payloads.add((feed.id, link.key))
    observe(work.merging, link, golden, Snapshot(values, now.version, arrival.at, False, arrival.unclear), echo)


def _search(walk: Walk, feed: Feed, rows: Sequence[Sending], now: int) -> None:
    """A create: search by our id once a search can be trusted; what cannot be searched is left to a person."""
    if not rows:
        return
    if not feed.stream.findable:
        with walk.begin() as work:
            for s in rows:
                work.load_golden([s.golden_id])
                why = Rejected("it may exist over there: look, then link it or retry (hub outbox retry)")
                bury(work, feed, s, values_of_want(s.want), why)
                forget(work, feed, s.golden_id, s.key)
        walk.count(feed, "unknown", len(rows))
        return
    timeout = float(getattr(feed.connector, "timeout", TIMEOUT))
    wait = int((timeout + feed.stream.late.total_seconds() + 1) * 1e6)
    ripe = [s for s in rows if now >= s.sent_at + wait]
    if not ripe:
        return
    found = dict(feed.connector.find(feed.stream.name, [s.golden_id for s in ripe]))
    with walk.begin() as work:
        work.load(feed.id, [r.key for r in found.values()])
        work.load_golden(s.golden_id for s in ripe)
        for s in ripe:
            record = found.get(s.golden_id)
            if record is None or record.deleted:
                if s.expect == ANEW:  # no comparison would make it due once more
                    queue_again(work, feed, s)
                else:
                    forget(work, feed, s.golden_id, s.key)
                work.bump(work.golden(s.golden_id).id)
            else:
                receipt(walk, work, feed, s, Receipt(record.key, record.version), record, unsure=True)
    walk.count(feed, "settled", len(ripe))
