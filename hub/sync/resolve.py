"""Resolve: which golden record is it? The link it has, our id in it, an exact identifier, else a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from hub.store.tables import identifier, shared
from hub.sync.feed import Feed, identities
from hub.sync.identity import contrary, may_be_shared, same_name
from hub.sync.newcomer import Newcomer
from hub.sync.state import Golden, Link
from hub.sync.walk import Walk
from hub.sync.work import Work

if TYPE_CHECKING:
    from hub.sync.arrival import Arrival

Going: TypeAlias = "tuple[Arrival, Link | None]"
Proposal: TypeAlias = "tuple[Arrival, Link | None, str, list[str]]"
"""A record without a golden record, its link, the id a new one would get, and the record's identifiers."""


class Claims(NamedTuple):
    """Which identifiers of a batch are known, and whose they are."""

    taken: dict[str, str]  # to whose it is
    holders: dict[str, list[str]]  # of those that several share: all golden records known by it
    twice: frozenset[str]  # those that two new records of this batch bring
    issued: frozenset[str]  # schemes in which the system numbers by itself
    alike: frozenset[int]  # streams of other connections, read by the same mapping: they count for themselves

    def several(self, name: str) -> bool:
        """Whether an identifier is known to be shared, so that by itself it proves nothing."""
        return may_be_shared(name) and (name in self.holders or name in self.twice)

    def counted(self, name: str, golden: Golden, work: Work) -> bool:
        """Whether a number is only what two systems of one kind have both come to in counting: it proves nothing."""
        if name.split(":", 2)[1] not in self.issued:
            return False
        return any(link.alive and stream in self.alike for (stream, _), link in work.family(golden.id).items())

    def of(self, name: str) -> list[str]:
        """The golden records an identifier may mean, the first that claimed it first."""
        first = self.taken.get(name)
        return [] if first is None else list(dict.fromkeys([first, *self.holders.get(name, ())]))


def resolve(walk: Walk, work: Work, feed: Feed, going: Sequence[Going]) -> list[tuple[Arrival, Link]]:
    """Give every record a golden record, and return those that are still to be merged, with their links.

    Identifiers are claimed first and read back only where some were taken, so that two processes that meet the same
    customer at once agree. A golden record that already has a living record in this stream takes no second one: two
    records of one system are a duplicate for a person to decide on, never merged by an identifier. An address or a
    domain proves nothing where a number of a register contradicts it, nor by itself once several are known by it. A
    number that a system gives itself proves nothing against a record of another system of its kind.

    What is nobody's yet, and refers to nothing, is adopted as it is: that is all there is to merge in it.
    """
    if _all_adopted(work, feed, going):
        return []
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
        id, own, *_ = a.newcomer or Newcomer(walk.ids(feed.model), identities(feed.model, a.values))
        proposed.append((a, link, id, own))
        names += [(name, id) for name in own]
    repeated = len(dict(names)) < len(names)
    twice = _report_twins(work, feed, proposed) if repeated else frozenset()
    taken = work.claim(dict(reversed(names)))  # of two in this batch the first
    claims = Claims(taken, _holders(work, taken), twice, feed.mapping.issued, _alike(walk, feed))
    fresh = {id for _, _, id, _ in proposed} if taken else ()
    work.load_golden(i for ids in (taken.values(), *claims.holders.values()) for i in ids if i not in fresh)
    moved: dict[str, str] = {}
    for a, link, id, own in proposed:
        known = bool(taken) and any(name in taken for name in own)
        if link is None:
            if a.newcomer and a.newcomer.record and not known:
                work.adopt(feed.id, [a.newcomer])
                continue
            link = work.land(feed.id, a)
            merging.append((a, link))
        found = _ours(work, feed, a)
        if found is None and known:
            found = _matched(work, feed, a, link, own, claims)
        if found is None:
            work.goldens[id] = Golden(id, feed.model)
            work.attach(link, work.goldens[id])
        else:
            moved[id] = found
            work.attach(link, work.golden(found), found)
    _hand_over(work, proposed, moved)
    if taken or twice:
        _share(work, proposed, claims, moved)
    return merging


def _all_adopted(work: Work, feed: Feed, going: Sequence[Going]) -> bool:
    """Adopt newcomers where there is nothing but such as can be, no two of them with one identifier and none taken."""
    newcomers = [a.newcomer for a, link in going if link is None and a.newcomer and a.newcomer.record]
    if len(newcomers) < len(going):
        return False
    claimed = [(name, new.id) for new in newcomers for name in new.names]
    names = dict(claimed)
    if len(names) < len(claimed) or work.claim(names):
        return False
    work.adopt(feed.id, newcomers)
    return True


def _report_twins(work: Work, feed: Feed, proposed: Sequence[Proposal]) -> frozenset[str]:
    """Two new records of one batch with one identifier: said, left to a person, and the identifier returned."""
    first: dict[str, str] = {}
    twice = set()
    for a, _, _, own in proposed:
        for name in own:
            other = first.setdefault(name, a.key)
            if other != a.key:
                words = f"{name} is also on record {other}: one thing twice over there?"
                work.report("duplicate?", words, stream=feed.id, key=a.key)
                twice.add(name)
    return frozenset(twice)


def _holders(work: Work, taken: dict[str, str]) -> dict[str, list[str]]:
    """Of identifiers that several share: the golden records known by them."""
    names = sorted(filter(may_be_shared, taken))
    found: dict[str, list[str]] = {}
    if names:
        for name, id in work.tx.rows("SELECT name, golden_id FROM shared WHERE name IN ? ORDER BY golden_id", names):
            found.setdefault(name, []).append(id)
    return found


def _alike(walk: Walk, feed: Feed) -> frozenset[int]:
    """The streams of other connections that are read by the same mapping."""
    others = (f for f in walk.feeds.values() if f.connection != feed.connection)
    return (
        frozenset(f.id for f in others if f.mapping.name == feed.mapping.name) if feed.mapping.issued else frozenset()
    )


def _ours(work: Work, feed: Feed, a: Arrival) -> str | None:
    """The golden id the record carries, where there is such a golden record."""
    if not a.our_id or a.our_id not in work.goldens:
        return None
    return a.our_id if work.golden(a.our_id).model == feed.model else None


def _matched(work: Work, feed: Feed, a: Arrival, link: Link, own: list[str], claims: Claims) -> str | None:
    """The id of the golden record that owns the strongest identifier and has no living record in this stream yet.

    One that was merged into another keeps its identifiers: what they find belongs to its side.
    """
    owner: str | None = None
    for name in own:
        ids = [id for id in claims.of(name) if id in work.goldens]
        ids = [id for id in ids if not claims.counted(name, work.golden(id), work)]
        if ids and owner is None:
            owner = _meant(work, feed, a, link, name, ids, claims.several(name))
        elif ids and owner is not None:
            found, golden = work.golden(owner), work.golden(ids[0])
            if golden is not found and not claims.several(name) and not contrary(golden.values, a.values):
                work.report("duplicate?", f"{name} belongs to {golden.id}, other identifiers to {found.id}", link)
    return owner


def _meant(work: Work, feed: Feed, a: Arrival, link: Link, name: str, ids: Sequence[str], several: bool) -> str | None:
    """Which of the golden records known by an identifier the record is; None, and said, where that is not certain."""
    free: list[str] = []
    why = "several are known by it"
    for id in ids:
        golden = work.golden(id)
        rivals = [x for (stream, _), x in work.family(golden.id).items() if stream == feed.id and x.alive]
        register = contrary(golden.values, a.values) if may_be_shared(name) else None
        if rivals:
            why = f"it is also on record {rivals[0].key}"
        elif register:
            why = f"it is also on {golden.id}, whose {register} number is another"
        else:
            free.append(id)
    if several or len(free) < len(ids):
        free = [id for id in free if same_name(work.golden(id).values, a.values)]
    if len({work.golden(id).id for id in free}) == 1:
        return free[0]
    work.report("duplicate?", f"{name}: {why}: one thing twice, or two that share it?", link)
    return None


def _hand_over(work: Work, proposed: Sequence[Proposal], moved: dict[str, str]) -> None:
    """Identifiers claimed for golden records that were not needed go to those that were found."""
    names = sorted({name for _, _, id, own in proposed if id in moved for name in own})
    if not names:
        return
    rows = work.tx.rows("SELECT name, golden_id FROM identifier WHERE name IN ?", names)
    work.tx.upsert(identifier, ("name", "golden_id"), [(name, moved[id]) for name, id in rows if id in moved])


def _share(work: Work, proposed: Sequence[Proposal], claims: Claims, moved: dict[str, str]) -> None:
    """Take note of addresses and domains by which several golden records are known from now on."""
    held: dict[str, set[str]] = {}
    for _, _, id, own in proposed:
        for name in filter(may_be_shared, own):
            if name in claims.taken or name in claims.twice:
                ends = (work.golden(i).id if i in work.goldens else i for i in (moved.get(id, id), *claims.of(name)))
                held.setdefault(name, set()).update(ends)
    rows = [(name, id) for name, ids in sorted(held.items()) if len(ids) > 1 for id in sorted(ids)]
    work.tx.insert(shared, ("name", "golden_id"), rows, ignore=True)
