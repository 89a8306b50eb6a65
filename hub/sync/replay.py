"""Replay: what a side of a merge holds again, from what it was and what its own records have shown since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import msgspec

from hub.sync.join import JOINED, Base, keep_bases, known_bases
from hub.sync.stamp import FOUND, Own, Stamp, above
from hub.sync.state import Golden
from hub.sync.work import Work


class Edit(NamedTuple):
    """A value a link has shown since the merge."""

    path: str
    value: Any
    stamp: Stamp
    at: tuple[int | None, str | None]


def since(work: Work, a: Golden, seq: int) -> list[Edit]:
    """All that links have shown since the merge, also while the survivor was itself part of another record."""
    ids, fresh = {a.id}, [a.id]
    while fresh:
        rows = work.tx.rows("SELECT survivor_id FROM merge WHERE loser_id IN ? AND seq >= ?", fresh, seq)
        fresh = [row[0] for row in rows if row[0] not in ids]
        ids.update(fresh)
    rows = work.tx.rows(
        "SELECT field, value, stamp, stream_id, key FROM lineage WHERE golden_id IN ? AND seq > ? AND class <> ? "
        "ORDER BY id",
        sorted(ids), seq, JOINED,
    )  # fmt: skip
    decode = msgspec.json.Decoder(Stamp).decode
    return [Edit(r[0], msgspec.json.decode(r[1]), decode(r[2]), (r[3], r[4])) for r in rows]


def replay(work: Work, golden: Golden, edits: Sequence[Edit], shown_by: Collection[tuple[Any, ...]]) -> None:
    """Let what these records have shown since count again, also those that their system has merged for good."""
    for edit in edits:
        if edit.at not in shown_by:
            continue
        ranking = work.merging.rankings.of(golden.model, edit.path)
        if edit.path not in golden.values or ranking.greater(edit.stamp, golden.stamp(edit.path)):
            golden.put(edit.path, edit.value, edit.stamp)


def empty(golden: Golden, bases: Sequence[Base]) -> None:
    """What the merge put where the side had nothing goes again, also where the record is gone for now."""
    for link, path, base in bases:
        if path not in golden.values and link.wrote(path) and base is not None and link.meant(path) is not None:
            own = Own(FOUND, link.changed_at or 0, link.stream, link.key)  # nobody else has said so
            golden.put(path, None, above(base, own))


def leave_unread(golden: Golden, bases: Sequence[Base]) -> None:
    """What could not be read stands for what its side holds now, so that nothing is written over it."""
    for link, path, _ in bases:
        if link.seen[path] is None and link.meant(path) is not None and not link.wrote(path):
            link.set(path, None, golden.values.get(path), ours=False)


def lift(work: Work, golden: Golden) -> None:
    """What it regains stands above what its records were told while it was merged."""
    bases = known_bases(work, golden)
    for link, path, base in bases:
        if base is None or path not in golden.values or link.meant(path) == golden.values[path]:
            continue
        if work.merging.rankings.of(golden.model, path).greater(base, golden.stamp(path)):
            golden.put(path, golden.values[path], above(base, golden.stamp(path).again))
    keep_bases(work, golden, bases)
