"""Resolve: which golden record is it? The link it has, our id in it, an exact identifier, else a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from hub.store.tables import identifier
from hub.sync.feed import Feed, identities, referred
from hub.sync.state import Golden, Link
from hub.sync.walk import Walk
from hub.sync.work import Work

if TYPE_CHECKING:
    from hub.sync.arrival import Arrival

Going: TypeAlias = "tuple[Arrival, Link | None]"
Proposal: TypeAlias = "tuple[Arrival, Link | None, str, list[str]]"
"""A record without a golden record, its link, the id a new one would get, and the record's identifiers."""


def resolve(walk: Walk, work: Work, feed: Feed, going: Sequence[Going]) -> list[tuple[Arrival, Link]]:
    """Give every record a golden record, and return those that are still to be merged, with their links.

    Identifiers are claimed first and read back only where some were taken, so that two processes that meet the same
    customer at once agree. A golden record that already has a living record in this stream takes no second one: two
    records of one system are a duplicate for a person to decide on, never merged by an identifier.

    What is nobody's yet, and refers to nothing, is adopted as it is: that is all there is to merge in it.
    """
    merging = [(a, link) for a, link in going if link is not None]
    homeless = [(a, link) for a, link in going if link is None or link.golden_id is None]
    if not homeless:
        return merging
    carried = [a.our_id for a, _ in homeless if a.our_id]
    if carried:
        work.load_golden(carried)
    names: list[tuple[str, str]] = []
    proposed: list[Proposal] = []
    for a, link in homeless:
        id = walk.ids(feed.model)
        own = identities(feed.model, a.values)
        proposed.append((a, link, id, own))
        names += [(name, id) for name in own]
    if len(dict(names)) < len(names):
        _report_twins(work, feed, proposed)
    taken = work.claim(names)
    fresh = {id for _, _, id, _ in proposed} if taken else ()
    work.load_golden(i for i in taken.values() if i not in fresh)
    moved: dict[str, str] = {}
    for a, link, id, own in proposed:
        known = bool(taken) and any(name in taken for name in own)
        if link is None:
            if not (known or a.our_id or next(referred(feed.model, a.values), None)):
                work.adopt(feed.id, id, feed.model, a)
                continue
            link = work.land(feed.id, a)
            merging.append((a, link))
        found = _ours(work, feed, a)
        if found is None and known:
            found = _matched(work, feed, link, own, taken)
        if found is None:
            work.goldens[id] = Golden(id, feed.model)
            work.attach(link, work.goldens[id])
        else:
            moved[id] = found
            work.attach(link, work.golden(found), found)
    _hand_over(work, proposed, moved)
    return merging


def _report_twins(work: Work, feed: Feed, proposed: Sequence[Proposal]) -> None:
    """Two new records of one batch with one identifier: said, and left to a person."""
    first: dict[str, str] = {}
    for a, _, _, own in proposed:
        for name in own:
            other = first.setdefault(name, a.key)
            if other != a.key:
                words = f"{name} is also on record {other}: one thing twice over there?"
                work.report("duplicate?", words, stream=feed.id, key=a.key)


def _ours(work: Work, feed: Feed, a: Arrival) -> str | None:
    """The golden id the record carries, where there is such a golden record."""
    if not a.our_id or a.our_id not in work.goldens:
        return None
    return a.our_id if work.golden(a.our_id).model == feed.model else None


def _matched(work: Work, feed: Feed, link: Link, own: list[str], taken: dict[str, str]) -> str | None:
    """The id of the golden record that owns the strongest identifier and has no living record in this stream yet.

    One that was merged into another keeps its identifiers: what they find belongs to its side.
    """
    found: Golden | None = None
    owner: str | None = None
    for name in own:
        if name not in taken or taken[name] not in work.goldens:
            continue
        golden = work.golden(taken[name])
        if found is not None:
            if golden is not found:
                work.report("duplicate?", f"{name} belongs to {golden.id}, other identifiers to {found.id}", link)
            continue
        rivals = [x for (stream, _), x in work.family(golden.id).items() if stream == feed.id and x.alive]
        if rivals:
            work.report("duplicate?", f"{name} is also on record {rivals[0].key}: one thing twice over there?", link)
            continue
        found, owner = golden, taken[name]
    return owner


def _hand_over(work: Work, proposed: Sequence[Proposal], moved: dict[str, str]) -> None:
    """Identifiers claimed for golden records that were not needed go to those that were found."""
    names = sorted({name for _, _, id, own in proposed if id in moved for name in own})
    if not names:
        return
    rows = work.tx.rows("SELECT name, golden_id FROM identifier WHERE name IN ?", names)
    work.tx.upsert(identifier, ("name", "golden_id"), [(name, moved[id]) for name, id in rows if id in moved])
