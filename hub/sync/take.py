"""Take: resolve arrivals, translate their references and merge them, or leave them waiting for what holds them back."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hub.store.tables import pending, quarantine
from hub.sync.arrival import Arrival
from hub.sync.crosswalk import MERGED, QUARANTINED, TO_MERGE, WANTS_REFERENCE, golden_ids, needed, wake
from hub.sync.feed import Feed, identities
from hub.sync.freeze import buried, cold
from hub.sync.merge import Snapshot, observe
from hub.sync.resolve import resolve
from hub.sync.state import Link
from hub.sync.tombstone import back, gone
from hub.sync.walk import Walk
from hub.sync.work import Work


def take(
    walk: Walk, work: Work, feed: Feed, arrivals: Sequence[Arrival], *, hold: bool = False, fresh: bool = False
) -> None:
    """Merge arrivals, or leave them waiting where a write in flight or a missing reference holds them back.

    `fresh` ones were read by key just now: they are the present state, even where the time over there ran backwards.
    """
    work.load(feed.id, [a.key for a in arrivals if a.newcomer is None])  # of the others there is nothing to load
    if fresh:
        arrivals = [_now(work.links.get((feed.id, a.key)), a) for a in arrivals]
    sent = {row[0] for row in work.tx.rows("SELECT key FROM outbox WHERE stream_id = ? AND state = 'sent'", feed.id)}
    arrivals = buried(work, feed, arrivals)
    frozen = cold(walk, work, feed, arrivals)
    going: list[tuple[Arrival, Link | None]] = []
    bad: list[tuple[Arrival, Link]] = []
    for a in arrivals:
        link = work.links.get((feed.id, a.key))
        homeless = link is None or link.golden_id is None
        held = hold or (homeless and "" in sent)
        if homeless and a.deleted and not held:
            if link is not None:  # landed, never merged, and gone again
                work.touch(link)
                link.waiting, link.landed, link.deleted_at, link.digest = MERGED, None, a.at, a.digest
                work.tx.run("DELETE FROM quarantine WHERE stream_id = ? AND key = ?", feed.id, link.key)
            continue  # a tombstone of a record never known
        held = held or a.key in sent or a.key in frozen
        if link is None and not (held or a.problems):
            going.append((a, None))
            continue
        link = work.land(feed.id, a)
        if held:
            link.waiting, link.landed = TO_MERGE, a.landed
        # who is in quarantine is known by its identifiers; one without any could be anyone, and keeps creates back
        elif a.problems and not identities(feed.model, a.values):
            bad.append((a, link))
        else:
            going.append((a, link))
    born = len(work.adopted)
    merging = resolve(walk, work, feed, going)
    walk.count(feed, "created", len(work.adopted) - born)
    _refer(walk, work, feed, [*merging, *bad])
    wake(work, feed, [a.key for a, _ in going])


def _now(link: Link | None, a: Arrival) -> Arrival:
    return a if link is None or link.changed_at is None else replace(a, at=max(a.at, link.changed_at))


def _refer(walk: Walk, work: Work, feed: Feed, going: Sequence[tuple[Arrival, Link]]) -> None:
    """Translate references and merge; a record whose needed reference is not there yet waits for it."""
    look = golden_ids(work, feed, (a.values for a, _ in going))
    waits: list[tuple[int, str, int, str]] = []
    bad: list[tuple[Arrival, Link]] = []
    for a, link in going:
        if link.changed_at is not None and a.at < link.changed_at:  # a later state was merged meanwhile
            link.waiting, link.landed, link.digest = MERGED, None, None
            continue
        if a.problems:
            bad.append((a, link))
            link.waiting, link.landed = QUARANTINED, a.landed
            continue
        values = a.values
        if look is not None:
            values, missing = feed.mapping.resolve(values, look)
            waits += [(feed.lookup[name], key, feed.id, link.key) for _, name, key in missing if name in feed.lookup]
            if any(needed(feed, path) for path, _, _ in missing):
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
        if a.deleted:
            gone(walk, work, feed, link)
        else:
            back(work, link)
        work.bump(golden.id)
        walk.count(feed, "created" if born else "gone" if a.deleted else "changed")
    _claim_edits(work, feed, going)
    if waits:
        columns = ("target_stream_id", "target_key", "stream_id", "key")
        work.tx.insert(pending, columns, sorted(set(waits)), ignore=True)
    if bad:
        _quarantine(walk, work, feed, bad)


def _claim_edits(work: Work, feed: Feed, going: Sequence[tuple[Arrival, Link]]) -> None:
    """Claim identifiers that records which had a link before show now."""
    names = []
    for a, link in going:
        if not link.new and link.golden_id and not a.problems:
            names += [(name, link.golden_id) for name in identities(feed.model, a.values)]
    if names:
        work.claim(dict(reversed(names)))  # the first claim of a name counts


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
