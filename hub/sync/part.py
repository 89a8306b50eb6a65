"""Part: a merge of two golden records is taken apart; each is again what it was, with what came to it since.

Links go home, and each side is its snapshot with the edits its own links have shown since replayed over it, won or
lost. What the merge filled is emptied again. What a side regains stands above all its records were told meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from msgspec import UNSET

from hub.errors import Rejected
from hub.sync.clock import moment
from hub.sync.feed import HUB, identities
from hub.sync.follow import group
from hub.sync.frozen import refuse_merges
from hub.sync.join import join, keep_bases, known_bases, move
from hub.sync.refer import refer_again
from hub.sync.replay import empty, leave_unread, lift, replay, since
from hub.sync.sending import queue_anew, queue_create
from hub.sync.state import Golden, Link
from hub.sync.twins import FUSED
from hub.sync.work import Work


class Parted(NamedTuple):
    """What came of taking a merge apart."""

    survivor_id: str
    loser_id: str
    fused: Sequence[tuple[int, str]]  # (stream, key) of records their system has merged for good
    again: Sequence[int]  # later merges that stand without what left them


class _Merge(NamedTuple):
    """A merge that stands, with both sides as they were before it."""

    id: int
    survivor: str
    loser: str
    seq: int
    was_survivor: str
    was_loser: str
    by: str


def part(work: Work, merge_id: int, by: str, *, archives: Collection[int] = ()) -> Parted:
    """Take a merge apart, in the transaction of `work`; those made on top of it stand without what leaves them.

    `archives` are the streams whose `on_tombstone` archives what no system holds any more. Raises Rejected where the
    merge does not stand, or a later one could not be made without it; and Busy where a record is of a frozen line.
    """
    merge = _standing(work, merge_id)
    later = _on_top_of(work, merge)
    for one in later:
        _apart(work, one, archives, again=True)
    fused = _apart(work, merge, archives)
    work.tx.run(
        "UPDATE merge SET undone_seq = ?, undone_by = ?, undone_at = ? WHERE id = ?",
        work.tx.seq, by, work.now, merge_id,
    )  # fmt: skip
    for one in reversed(later):
        try:
            join(work, one.survivor, one.loser, one.by, again=one.id)
        except Rejected as error:
            raise Rejected(
                f"merge {merge_id}: merge {one.id} was made on top of it and could not be without it: {error}; "
                f"take that one apart first: hub duplicates unmerge {one.id}"
            ) from None
    for id in (merge.survivor, merge.loser):
        lift(work, work.golden(id))
    return Parted(merge.survivor, merge.loser, fused, [one.id for one in reversed(later)])


def _standing(work: Work, merge_id: int) -> _Merge:
    rows = work.tx.rows(
        "SELECT id, survivor_id, loser_id, seq, survivor, loser, done_by, undone_by, undone_at, undone_seq "
        "FROM merge WHERE id = ?",
        merge_id,
    )
    if not rows:
        raise Rejected(f"no merge {merge_id}; list them with: hub duplicates list --state accepted")
    *told, by, at, undone = rows[0]
    if undone is not None:
        raise Rejected(f"merge {merge_id} was taken apart already, by {by} at {moment(at):%Y-%m-%d %H:%M:%S}")
    return _Merge(*told)


def _on_top_of(work: Work, merge: _Merge) -> list[_Merge]:
    """The merges that its survivor took part in since, and those made on top of these: the last one first."""
    found: dict[int, _Merge] = {}
    fresh = [merge]
    while fresh:
        rows = [
            row
            for one in fresh
            for row in work.tx.rows(
                "SELECT id FROM merge WHERE (survivor_id = ? OR loser_id = ?) AND id > ? AND undone_seq IS NULL",
                one.survivor, one.survivor, one.id,
            )
        ]  # fmt: skip
        fresh = [_standing(work, row[0]) for row in rows if row[0] not in found]
        found.update((one.id, one) for one in fresh)
    return [found[id] for id in sorted(found, reverse=True)]


def _apart(work: Work, merge: _Merge, archives: Collection[int], *, again: bool = False) -> list[tuple[int, str]]:
    """Make two of one; return the records of the loser that were merged over there. `again`: it is made once more."""
    tx = work.tx
    refuse_merges(tx, [merge.survivor, merge.loser])
    work.load_golden([merge.survivor, merge.loser])
    a, b = work.goldens[merge.survivor], work.goldens[merge.loser]
    bases = known_bases(work, a)
    tx.run("UPDATE golden SET into_id = NULL WHERE id = ?", b.id)
    b.into_id = None
    work.relearn()
    lost_a, lost_b = _lost(work, a, b)
    fused = _send_home(work, a, b, again=again)
    if not again:
        fused += lost_b
        for stream, _ in lost_b:
            queue_create(work, stream, b.id)
    edits = since(work, a, merge.seq)
    for golden, snapshot, lost in ((a, merge.was_survivor, lost_a), (b, merge.was_loser, [*fused, *lost_b])):
        golden.restore(snapshot)
        mine = [base for base in bases if base[0].golden_id == golden.id]
        replay(work, golden, edits, {*work.family(golden.id), *lost})
        empty(golden, mine)
        leave_unread(golden, mine)
        keep_bases(work, golden, mine)
        _live(work, golden, archives)
        work.joined.add(golden.id)
        work.bump(golden.id)
    _identify(work, a, b)
    refer_again(work, a, b)
    return fused


def _lost(work: Work, a: Golden, b: Golden) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """The records of either side that their system had merged into what another unmerge has taken away since."""
    theirs = set(group(work.tx, [b.id]))
    ids = sorted({*theirs, *group(work.tx, [a.id])})
    rows = work.tx.rows(
        "SELECT stream_id, key, origin_id FROM record WHERE golden_id IS NULL AND origin_id IN ? ORDER BY 1, 2", ids
    )
    ours, others = ([(stream, key) for stream, key, home in rows if (home in theirs) is side] for side in (False, True))
    return ours, others


def _send_home(work: Work, a: Golden, b: Golden, *, again: bool) -> list[tuple[int, str]]:
    """Give each link back to the side it came from; return those of the other side that were merged over there."""
    links = list(work.family(a.id).values())
    work.load_golden(link.origin_id for link in links if link.origin_id)
    fused = []
    for link in links:
        if link.origin_id is None or work.golden(link.origin_id) is not b:
            continue
        move(work, link, b, link.origin_id)
        work.tx.run(
            "UPDATE dead_letter SET golden_id = ? WHERE golden_id = ? AND stream_id = ? AND key = ?",
            b.id, a.id, link.stream, link.key,
        )  # fmt: skip
        if again:
            continue
        work.tx.run(
            "DELETE FROM dead_letter WHERE stream_id = ? AND key = ? AND want LIKE ?",
            link.stream, link.key, '{"' + FUSED + '"%',
        )  # fmt: skip
        mark = link.marks.pop(FUSED, None)
        if not link.alive and mark is not None and mark.meant is not UNSET:
            queue_anew(work, link)
            fused.append((link.stream, link.key))
    return fused


def _live(work: Work, golden: Golden, archives: Collection[int]) -> None:
    """A side is archived or not by what its own records have become; what the hub derives keeps nobody alive."""
    links = [x for x in work.family(golden.id).values() if work.merging.connections.get(x.stream) != HUB]
    if any(link.alive for link in links):
        golden.archived_at = None
    elif golden.archived_at is None and any(link.stream in archives for link in links):
        golden.archived_at = work.now


def _identify(work: Work, a: Golden, b: Golden) -> None:
    """What was claimed while they were one belongs to the side whose records show it by themselves."""

    def names(golden: Golden) -> set[str]:
        links: list[Link] = list(work.family(golden.id).values())
        own = ({path: x for path, x in link.seen.items() if not link.wrote(path)} for link in links)
        return {name for values in own for name in identities(golden.model, values)}

    theirs = sorted(names(b) - names(a))
    if theirs:
        work.tx.run("UPDATE identifier SET golden_id = ? WHERE golden_id = ? AND name IN ?", b.id, a.id, theirs)
