"""Receipt: what a write that landed showed is what we wrote, in the target's own form."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from hub.connect import Receipt, Record
from hub.sync.arrival import arrive
from hub.sync.crosswalk import MERGED, golden_ids, wake
from hub.sync.feed import Feed, identities
from hub.sync.freeze import echoed
from hub.sync.merge import Snapshot, observe
from hub.sync.sending import Sending, forget
from hub.sync.state import Golden, Link
from hub.sync.walk import Walk
from hub.sync.work import Work


def receipt(
    walk: Walk,
    work: Work,
    feed: Feed,
    s: Sending,
    got: Receipt,
    seen: Record | None,
    *,
    unsure: bool = False,
) -> None:
    """Take note of a write that landed: what it showed is what we wrote, in the target's own form."""
    forget(work, feed, s.golden_id, s.key)
    golden = work.golden(s.golden_id)
    link = work.links.get((feed.id, got.key))
    if s.key and link is not None and link.golden_id is not None:
        golden = work.golden(link.golden_id)  # a merge was taken apart while the write was on its way
    if not s.key and link is not None and link.golden_id is not None and link.golden_id != golden.id:
        work.report("duplicate?", f"the record created for {golden.id} belongs to {link.golden_id}", link)
        return
    created = not s.key and (link is None or link.golden_id is None)
    if link is None:
        link = work.add(Link(feed.id, got.key))
    if link.golden_id is None:
        work.attach(link, golden, s.golden_id)
        link.ours = created
    work.touch(link)
    work.bump(golden.id)
    link.receipt_seq = work.tx.seq
    _bring_back(work, feed, s, golden)
    if got.data is not None:
        seen = Record(got.key, got.data, got.version, got.changed_at)
    if seen is None or seen.deleted:
        _blind(link, golden, s, work.now)
        return
    arrival = arrive(feed, seen, work.now)
    values = arrival.values
    look = golden_ids(work, feed, [values])
    if look is not None:
        values, _ = feed.mapping.resolve(values, look)
    values = echoed(walk, work, golden.id, values, s.want)
    exact = not unsure and (got.data is not None or not feed.stream.versioned or seen.version == got.version)
    if created:
        _defaults(feed, link, s, values, exact)
    ahead = link.waiting and link.landed and msgspec.json.decode(link.landed)[1] >= arrival.at
    if not ahead:
        link.digest, link.payload, link.waiting, link.landed = arrival.digest, arrival.payload, MERGED, None
        work.payloads.add((feed.id, link.key))
    before = link.changed_at
    observe(
        work.merging,
        link,
        golden,
        Snapshot(values, seen.version, arrival.at, False, arrival.unclear),
        s.want,
        exact=exact,
    )
    if seen.changed_at is None:  # the hub's own clock must not make a later edit look late
        link.changed_at = before
    names = identities(feed.model, values)
    if names:
        work.claim(dict.fromkeys(names, golden.id))
    wake(work, feed, [link.key])


def _bring_back(work: Work, feed: Feed, s: Sending, golden: Golden) -> None:
    """What was refused before and has landed now is a dead letter no longer; refused fields not written stay one."""
    dead = work.tx.rows(
        "SELECT id, key, want FROM dead_letter WHERE stream_id = ? AND golden_id = ? AND key IN ?",
        feed.id, golden.id, ["", s.key],
    )  # fmt: skip
    done = [id for id, key, want in dead if not key or msgspec.json.decode(want).keys() <= s.want.keys()]
    if done:
        work.tx.run("DELETE FROM dead_letter WHERE id IN ?", done)


def _blind(link: Link, golden: Golden, s: Sending, now: int) -> None:
    """Nothing is shown of the write: take it as kept as written."""
    link.changed_at = link.changed_at if link.changed_at is not None else now
    for path, (value, stamp) in s.want.items():
        link.set(path, value, value, ours=True)
        link.mark(path).base = UNSET if golden.values.get(path, UNSET) == value else stamp


def _defaults(feed: Feed, link: Link, s: Sending, values: dict[str, Any], exact: bool) -> None:
    """Fields we could have written and left out of a create show what the target fills in by habit: no information.

    What only the target can give, such as its number, is a value like any other.
    """
    ours = feed.mapping.writable | feed.mapping.creatable
    for path, x in values.items():
        if path not in s.want and path in ours:
            link.set(path, x if exact else None, None, ours=True)
