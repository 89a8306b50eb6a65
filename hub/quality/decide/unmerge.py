"""Unmerge: a merge is taken apart, and its records are not proposed as one again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.audit import append
from hub.errors import ConfigError
from hub.quality.decide.desk import Desk
from hub.quality.decide.pairs import decide, is_record, touching
from hub.store import Tx
from hub.sync.clock import moment
from hub.sync.part import part


class Merge(NamedTuple):
    """A merge that was made."""

    id: int
    survivor: str
    loser: str
    by: str
    at: int

    def told(self) -> str:
        """In words."""
        return (
            f"merge {self.id}: {self.loser} into {self.survivor}, by {self.by} at {moment(self.at):%Y-%m-%d %H:%M:%S}"
        )


class Unmerged(NamedTuple):
    """What taking a merge apart did."""

    merge: Merge
    fused: Sequence[tuple[str, str, str]]  # (connection, stream, key) merged over there for good
    pairs: int  # now rejected
    again: Sequence[int] = ()  # later merges that stand without what left them


def unmerging(tx: Tx, what: str) -> Merge:
    """The merge of that number, or the latest one of a golden record. Raises ConfigError."""
    columns = "SELECT id, survivor_id, loser_id, done_by, done_at FROM merge WHERE "
    if what.isdecimal():
        rows = tx.rows(columns + "id = ?", int(what))
    elif is_record(what):
        rows = tx.rows(
            columns + "(survivor_id = ? OR loser_id = ?) AND undone_seq IS NULL ORDER BY id DESC LIMIT 1", what, what
        )
    else:
        rows = tx.rows(columns + "id = (SELECT merge_id FROM pair WHERE id = ?)", what)
    if not rows:
        raise ConfigError(f"{what}: no merge that stands; list them with: hub duplicates list --state accepted")
    return Merge(*rows[0])


def _archives(desk: Desk, streams: Mapping[int, tuple[str, str]]) -> frozenset[int]:
    """The streams whose records' end is the end of a golden record that nobody else holds."""
    every = desk.project.connections
    config = {id: every[place].streams.get(name) for id, (place, name) in streams.items() if place in every}
    return frozenset(id for id, one in config.items() if one is not None and one.on_tombstone == "archive")


def unmerge(desk: Desk, what: str, *, by: str) -> Unmerged:
    """Take a merge apart: both records are what they were, with what came to each since.

    Merges made on top of it stand without what leaves them. Raises Rejected where it was taken apart already, or one of
    those could not stand alone and goes first, and then says which.
    """
    streams = desk.streams()
    with desk.work() as work:
        merge = unmerging(work.tx, what)
        done = part(work, merge.id, by, archives=_archives(desk, streams))
        pairs = [p.id for p in touching(work.tx, [merge.loser], "accepted") if not p.one]
        decide(work.tx, pairs, "rejected", by, work.now)
        said = {
            "merge": merge.id,
            "survivor": merge.survivor,
            "loser": merge.loser,
            "pairs": pairs,
            "again": done.again,
        }
        append(work.tx, by, "duplicates unmerge", said, at=work.now)
    fused = [(*streams.get(stream, ("?", "?")), key) for stream, key in done.fused]
    return Unmerged(merge, fused, len(pairs), done.again)
