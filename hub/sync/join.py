"""Join: two golden records that stand for one thing become one; everything needed to take it apart again is kept.

Field by field the stronger stamp wins, and an empty value never beats one. The links move to the survivor and remember
where they were; identifiers and references stay where they are and are followed. Since the winner is the maximum of a
total order, the order in which several golden records are joined decides nothing.
"""

from __future__ import annotations

from msgspec import UNSET

from hub.errors import Rejected
from hub.sync.clock import moment
from hub.sync.feed import referred
from hub.sync.follow import group
from hub.sync.frozen import refuse_merges
from hub.sync.merge import Lineage, stronger
from hub.sync.stamp import Stamp
from hub.sync.state import Golden, Link
from hub.sync.work import Work

JOINED = 2  # the class of a lineage row that says which value a join left behind

Base = tuple[Link, str, Stamp | None]
"""A link, one of its fields, and the stamp of the golden value it was known to show."""


def join(work: Work, survivor_id: str, loser_id: str, by: str, *, again: int | None = None) -> int:
    """Make one golden record of two, in the transaction of `work`; return the number of the merge.

    `again` is the number of a merge that is made once more since an earlier one was taken apart: it keeps it.
    Raises Rejected where they cannot be one: they are already, are of two models, or one belongs to the other; and
    Busy where one is of a frozen business line.
    """
    refuse_merges(work.tx, [survivor_id, loser_id])
    work.load_golden([survivor_id, loser_id])
    a, b = _checked(work, survivor_id, loser_id)
    tx = work.tx
    number = _noted(work, a, b, by) if again is None else _noted_again(work, a, b, again)
    bases = [*known_bases(work, a), *known_bases(work, b)]
    for path in {**a.values, **b.values}:
        _decide(work, a, b, path)
    if b.archived_at is None:
        a.archived_at = None
    b.into_id, b.changed, a.changed = a.id, True, True
    tx.run("UPDATE golden SET into_id = ? WHERE id = ?", a.id, b.id)
    work.relearn()
    for link in list(work.family(b.id).values()):
        move(work, link, a, link.origin_id or b.id)
    keep_bases(work, a, bases)
    tx.run("UPDATE dead_letter SET golden_id = ? WHERE golden_id = ? AND key <> ''", a.id, b.id)
    tx.run(
        "INSERT INTO reference (target_id, golden_id, field) SELECT ?, golden_id, field FROM reference "
        "WHERE target_id = ? ON CONFLICT DO NOTHING",
        a.id, b.id,
    )  # fmt: skip
    tx.run("DELETE FROM reference WHERE target_id = ?", b.id)
    work.joined.add(a.id)
    work.bump(a.id)
    return number


def _noted(work: Work, a: Golden, b: Golden, by: str) -> int:
    rows = work.tx.rows(
        "INSERT INTO merge (survivor_id, loser_id, seq, survivor, loser, done_by, done_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id",
        a.id, b.id, work.tx.seq, a.snapshot(), b.snapshot(), by, work.now,
    )  # fmt: skip
    return int(rows[0][0])


def _noted_again(work: Work, a: Golden, b: Golden, number: int) -> int:
    work.tx.run(
        "UPDATE merge SET seq = ?, survivor = ?, loser = ? WHERE id = ?",
        work.tx.seq, a.snapshot(), b.snapshot(), number,
    )  # fmt: skip
    return number


def _checked(work: Work, survivor_id: str, loser_id: str) -> tuple[Golden, Golden]:
    for id in (survivor_id, loser_id):
        found = work.goldens.get(id)
        if found is None:
            raise Rejected(f"{id}: no such golden record; list them with: hub list MODEL")
        if found.into_id is not None:
            raise Rejected(f"{id} {told(work, id)}; nothing was merged")
    a, b = work.goldens[survivor_id], work.goldens[loser_id]
    if a is b:
        raise Rejected(f"{a.id}: a record cannot be merged with itself")
    if a.model != b.model:
        raise Rejected(f"{a.id} is a {a.model}, {b.id} is a {b.model}: only two of one model can be one")
    one, other = set(group(work.tx, [a.id])), set(group(work.tx, [b.id]))
    if any(id in other for _, id in referred(a.model, a.values)) or any(
        id in one for _, id in referred(b.model, b.values)
    ):
        raise Rejected(f"{a.id} and {b.id}: one belongs to the other, so they are two; nothing was merged")
    return a, b


def told(work: Work, id: str) -> str:
    """In words: into what a golden record was merged, by whom and when."""
    rows = work.tx.rows(
        "SELECT survivor_id, done_by, done_at FROM merge WHERE loser_id = ? AND undone_seq IS NULL ORDER BY id", id
    )
    if not rows:
        return "was merged into another one"
    survivor, by, at = rows[-1]
    return f"was merged into {survivor} by {by} at {moment(at):%Y-%m-%d %H:%M:%S}"


def _decide(work: Work, a: Golden, b: Golden, path: str) -> None:
    """Which of two values of a field the survivor keeps; the other one is recorded."""
    if path not in b.values:
        return
    theirs = (b.values[path], b.stamp(path))
    if path not in a.values:
        a.put(path, *theirs)
        return
    ours = (a.values[path], a.stamp(path))
    if (ours[0] is None) != (theirs[0] is None):
        won = ours if theirs[0] is None else theirs
    else:
        won = stronger(work.merging, a.model, path, ours, theirs)
    if ours[0] != theirs[0]:
        lost = theirs if won[0] == ours[0] else ours
        again = lost[1].again
        work.merging.lineage.append(
            Lineage(a.id, path, lost[0], lost[1], again.stream, again.key, JOINED, False, won[0])
        )
    if won != ours:
        a.put(path, *won)


def known_bases(work: Work, golden: Golden) -> list[Base]:
    """What each link of a golden record is known to be based on, before its values change."""
    rankings = work.merging.rankings
    return [
        (link, path, link.base(path, golden, rankings.of(golden.model, path)))
        for link in work.family(golden.id).values()
        for path in link.seen
    ]


def keep_bases(work: Work, golden: Golden, bases: list[Base]) -> None:
    """Write out on what links are based, where the golden record they belong to now does not say it."""
    for link, path, base in bases:
        shows = path in golden.values and golden.values[path] == link.meant(path)
        kept = UNSET if base is None or shows else base
        if path in link.marks or kept is not UNSET:
            link.mark(path).base = kept
            work.touch(link)


def move(work: Work, link: Link, to: Golden, origin: str) -> None:
    """Put a link under another golden record; `origin` is where it is at home."""
    work.family(link.golden_id or "").pop((link.stream, link.key), None)
    link.golden_id = to.id
    link.origin_id = None if origin == to.id else origin
    work.family(to.id)[link.stream, link.key] = link
    work.touch(link)
