"""Proposed pairs as they are stored, and where their sides are found now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from hub.errors import ConfigError
from hub.model import MODELS
from hub.store import Tx
from hub.store.tx import Row
from hub.sync.clock import moment
from hub.sync.follow import Into, group, survivors

STATES = ("open", "accepted", "rejected", "gone")
COLUMNS = "id, model, left_id, right_id, probability, weight, zone, levels, state, decided_by, decided_at, merge_id"


class Pair(NamedTuple):
    """Two golden records that may be one; `left` and `right` stand for its sides now, merged ones followed."""

    id: str
    model: str
    proposed: tuple[str, str]  # the sides as they were proposed
    left: str
    right: str
    probability: float
    weight: float
    zone: str
    levels: list[dict[str, Any]]
    state: str
    decided_by: str | None
    decided_at: int | None
    merge_id: int | None

    @property
    def one(self) -> bool:
        """Whether its sides are one record by now."""
        return self.left == self.right

    @property
    def sides(self) -> tuple[str, str]:
        """The two records to show: those that stand for its sides now, or the two that became one."""
        return self.proposed if self.one else (self.left, self.right)

    def told(self) -> str:
        """In words: what was decided about it, by whom and when."""
        if self.decided_at is None:
            return f"pair {self.id} is {self.state}"
        merge = f", merge {self.merge_id}" if self.merge_id is not None else ""
        return f"pair {self.id} was {self.state} by {self.decided_by} at {moment(self.decided_at):%Y-%m-%d %H:%M:%S}{merge}"


def select(tx: Tx, where: str, *values: Any) -> list[Pair]:
    """The pairs of a condition, the likeliest first."""
    rows = tx.rows(f"SELECT {COLUMNS} FROM pair WHERE {where} ORDER BY probability DESC, weight DESC, id", *values)
    into = survivors(tx, {id for row in rows for id in row[2:4]})
    return [_pair(row, into) for row in rows]


def _pair(row: Row, into: Into) -> Pair:
    id, model, left, right, probability, weight, zone, levels, *decided = row
    ends = into.get(left, left), into.get(right, right)
    return Pair(id, model, (left, right), *ends, probability, weight, zone, msgspec.json.decode(levels), *decided)


def pair(tx: Tx, id: str) -> Pair:
    """A pair by its id. Raises ConfigError."""
    found = select(tx, "id = ?", id)
    if not found:
        raise ConfigError(f"no pair {id}; list them with: hub duplicates list")
    return found[0]


def is_record(name: str) -> bool:
    """Whether a name is a golden record's id and no pair's."""
    return name.rpartition("_")[0] in MODELS


def touching(tx: Tx, ids: Iterable[str], state: str) -> list[Pair]:
    """The pairs in a state that have one of these golden records, or one merged into them, on a side."""
    all = group(tx, ids)
    return select(tx, "state = ? AND (left_id IN ? OR right_id IN ?)", state, all, all)


def cluster(tx: Tx, id: str) -> tuple[list[str], list[Pair]]:
    """The golden records that open pairs hang together with this one, and those pairs."""
    known = {survivors(tx, [id]).get(id, id)}
    fresh = set(known)
    pairs: dict[str, Pair] = {}
    while fresh:
        found = [p for p in touching(tx, fresh, "open") if not p.one]
        pairs.update((p.id, p) for p in found)
        fresh = {side for p in found for side in (p.left, p.right)} - known
        known |= fresh
    return sorted(known), list(pairs.values())


def clusters(pairs: Sequence[Pair]) -> dict[str, str]:
    """The cluster each golden record of these pairs is in, named by the smallest id in it."""
    head: dict[str, str] = {}

    def find(id: str) -> str:
        while head.setdefault(id, id) != id:
            id = head[id]
        return id

    for p in pairs:
        one, other = find(p.left), find(p.right)
        head[max(one, other)] = min(one, other)
    return {id: find(id) for id in head}


def decide(tx: Tx, ids: Sequence[str], state: str, by: str, now: int, merge_id: int | None = None) -> None:
    """Write down what was decided about pairs."""
    tx.run(
        "UPDATE pair SET state = ?, decided_seq = ?, decided_by = ?, decided_at = ?, merge_id = ? WHERE id IN ?",
        state, tx.seq, by, now, merge_id, list(ids),
    )  # fmt: skip
