"""Proposes pairs: what was found is written, what no longer holds vanishes, what a person has decided stays."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hub.quality.match.score import Scored
from hub.store import Tx
from hub.store.tables.quality import pair
from hub.store.tx import Row
from hub.sync.follow import survivors

DECIDED = ("accepted", "rejected")
CHUNK = 20_000
COLUMNS = (
    "id", "model", "left_id", "right_id", "probability", "weight", "zone", "levels", "state", "found_seq", "trained",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair that is to be open, its levels already as JSON."""

    id: str
    left: str
    right: str
    probability: float
    weight: float
    zone: str
    levels: str


@dataclass(frozen=True, slots=True)
class Moved:
    """How many pairs are open now that were not, and the other way round."""

    found: int
    gone: int


def pair_id(model: str, left: str, right: str) -> str:
    """The id of a pair: the same whichever side is named first."""
    one, other = sorted((left, right))
    return hashlib.sha256(f"{model}\0{one}\0{other}".encode()).hexdigest()[:12]


def proposal(model: str, one: Scored, merge_at: float) -> Proposal:
    """Turn a scored pair into a proposal in its zone; a doubt keeps it among those that are asked about."""
    zone = "merge" if one.sure and one.probability >= merge_at else "ask"
    id = pair_id(model, one.left, one.right)
    return Proposal(id, one.left, one.right, one.probability, one.weight, zone, one.levels)


def propose(
    tx: Tx, model: str, proposals: Sequence[Proposal], trained: str, changed: Collection[str] | None, upto: int
) -> Moved:
    """Make the proposals the open pairs of the model, or of the records that changed; None: of all records.

    Whose record was merged or archived since the proposals were computed is left to the next run, which sees it.
    """
    left_out = {
        row[0]
        for row in tx.rows(
            "SELECT id FROM golden WHERE model = ? AND seq > ? AND (into_id IS NOT NULL OR archived_at IS NOT NULL)",
            model, upto,
        )
    }  # fmt: skip
    known = _known(tx, model, changed)
    fresh: list[Row] = []
    rewritten: list[Row] = []
    found = 0
    wanted: set[str] = set()
    for one in proposals:
        if one.left in left_out or one.right in left_out:
            continue
        wanted.add(one.id)
        before = known.get(one.id)
        if before and before[0] in DECIDED:
            continue
        if before and before == ("open", one.probability, one.zone, trained, before[4]):
            continue
        found += before is None or before[0] != "open"
        seq = before[4] if before and before[0] == "open" else tx.seq
        row = (
            one.id, model, one.left, one.right, one.probability, one.weight, one.zone, one.levels, "open", seq, trained,
        )  # fmt: skip
        (rewritten if before else fresh).append(row)
    gone = sorted(id for id, before in known.items() if before[0] == "open" and id not in wanted)
    for at in range(0, len(fresh), CHUNK):
        tx.insert(pair, COLUMNS, fresh[at : at + CHUNK])
    for at in range(0, len(rewritten), CHUNK):
        tx.upsert(pair, COLUMNS, rewritten[at : at + CHUNK])
    for at in range(0, len(gone), CHUNK):
        tx.run("UPDATE pair SET state = 'gone' WHERE id IN ?", gone[at : at + CHUNK])
    return Moved(found, len(gone))


def _known(tx: Tx, model: str, changed: Collection[str] | None) -> dict[str, Row]:
    """The pairs that stand already: state, probability, zone, model, when found."""
    what = "SELECT id, state, probability, zone, trained, found_seq FROM pair WHERE model = ?"
    if changed is None:
        return {row[0]: tuple(row[1:]) for row in tx.rows(what, model)}
    found: dict[str, Row] = {}
    ids = sorted(changed)
    for at in range(0, len(ids), CHUNK):
        some = ids[at : at + CHUNK]
        for side in ("left_id", "right_id"):
            found.update((row[0], tuple(row[1:])) for row in tx.rows(f"{what} AND {side} IN ?", model, some))
    return found


def rejected(tx: Tx, model: str) -> set[tuple[str, str]]:
    """The pairs a person has rejected, each side at the record that stands for it now."""
    rows = tx.rows("SELECT left_id, right_id FROM pair WHERE model = ? AND state = 'rejected'", model)
    into = survivors(tx, {id for row in rows for id in row}) if rows else {}
    ends = [[into.get(str(id), str(id)) for id in row] for row in rows]
    return {(min(both), max(both)) for both in ends}
