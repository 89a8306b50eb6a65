"""Show: pairs with what a person needs to decide: both sides field by field, and what spoke for and against."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hub.model import Values
from hub.quality.decide.desk import Desk
from hub.quality.decide.pairs import Pair, clusters, pair, select
from hub.store import Tx
from hub.sync.clock import moment
from hub.sync.feed import HUB
from hub.sync.follow import seen_by_others
from hub.sync.merge import Merging, stronger
from hub.sync.stamp import Rankings
from hub.sync.state import GOLDEN, Golden, golden_of

TITLES = ("name", "legal_name", "last_name", "number", "subject")
Links = list[dict[str, str]]


class Field(NamedTuple):
    """One field of two records; `kept` says whose value would stand: left, right or both."""

    field: str
    left: Any
    right: Any
    kept: str


class Compared(NamedTuple):
    """A pair with all there is to know for a decision."""

    pair: Pair
    fields: Sequence[Field]
    left_links: Links
    right_links: Links


def titled(values: Values) -> str:
    """What a record is called."""
    whole = " ".join(str(values[f]) for f in ("first_name", "last_name") if values.get(f))
    return next((str(values[f]) for f in TITLES if values.get(f) and f != "last_name"), whole)


def listed(
    tx: Tx, *, model: str | None = None, zone: str | None = None, state: str = "open", limit: int | None = None
) -> list[dict[str, Any]]:
    """Pairs, the likeliest first, each with its cluster, what both sides are called, and their links."""
    where, values = ["state = ?"], [state]
    for column, value in (("model", model), ("zone", zone)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    found = select(tx, " AND ".join(where), *values)
    if state == "open":
        found = [p for p in found if not p.one]
    heads = clusters(found)
    found = found[:limit]
    sides = _sides(tx, found)
    links = linked(tx, {id for p in found for id in p.sides}, home=state == "accepted")
    return [
        {
            "pair": p.id,
            "model": p.model,
            "state": p.state,
            "zone": p.zone,
            "cluster": heads[p.left],
            "probability": round(p.probability, 6),
            "weight": round(p.weight, 3),
            "left": p.sides[0],
            "left_name": _name(sides, p, 0),
            "left_links": links.get(p.sides[0], []),
            "right": p.sides[1],
            "right_name": _name(sides, p, 1),
            "right_links": links.get(p.sides[1], []),
            "levels": p.levels,
            "decided_by": p.decided_by,
            "decided_at": moment(p.decided_at).isoformat() if p.decided_at else None,
            "merge": p.merge_id,
        }
        for p in found
    ]


def compared(desk: Desk, id: str) -> Compared:
    """Both sides of a pair, field by field; as they were before it, where a merge has made them one.

    Raises ConfigError where there is no such pair.
    """
    with desk.store.read() as tx:
        found = pair(tx, id)
        sides = _sides(tx, [found])
        links = linked(tx, set(found.sides), home=found.one)
    connections = {stream: connection for stream, (connection, _) in desk.streams().items()}
    merging = Merging(Rankings(desk.project.rule, connections), connections, desk.survive)
    left, right = (sides[found.merge_id, side] for side in found.sides)
    paths = sorted({**left.values, **right.values}, key=_order(found.model))
    fields = [
        Field(path, left.values.get(path), right.values.get(path), _kept(merging, left, right, path)) for path in paths
    ]
    shown = [f for f in fields if f.left is not None or f.right is not None]
    return Compared(found, shown, *(links.get(side, []) for side in found.sides))


def _sides(tx: Tx, pairs: Sequence[Pair]) -> dict[tuple[int | None, str], Golden]:
    """Both records of each pair, by the merge it led to and their ids; of what is one by now, as it was before."""
    now = golden(tx, {side for p in pairs for side in p.sides})
    found = {(p.merge_id, side): now[side] for p in pairs for side in p.sides if side in now}
    rows = tx.rows(
        "SELECT id, survivor_id, survivor, loser_id, loser FROM merge WHERE id IN ?",
        sorted({p.merge_id for p in pairs if p.one and p.merge_id is not None}),
    )
    for merge, *sides in rows:
        for id, snapshot in (sides[:2], sides[2:]):
            if (merge, id) in found:
                was = found[merge, id] = Golden(id, found[merge, id].model)
                was.restore(snapshot)
    return found


def _name(sides: dict[tuple[int | None, str], Golden], p: Pair, at: int) -> str | None:
    side = sides.get((p.merge_id, p.sides[at]))
    return None if side is None else titled(side.values)


def _kept(merging: Merging, left: Golden, right: Golden, path: str) -> str:
    """Whose value would stand after a merge."""
    a, b = left.values.get(path), right.values.get(path)
    if a == b:
        return "both"
    if a is None or b is None:
        return "left" if b is None else "right"
    ours = (a, left.stamp(path))
    won = stronger(merging, left.model, path, ours, (b, right.stamp(path)))
    return "left" if won[0] == a else "right"


def _order(model: str) -> Any:
    """Fields in the order in which the model declares them."""
    from hub.model import MODELS, fields

    stems = [path.partition(".")[0] for path in fields(MODELS[model])]
    places = {stem: at for at, stem in reversed(list(enumerate(stems)))}
    return lambda path: (places.get(path.partition(".")[0], len(places)), path)


def golden(tx: Tx, ids: set[str]) -> dict[str, Golden]:
    """Golden records by id, with their references followed."""
    found = {row[0]: golden_of(row) for row in tx.rows(f"SELECT {GOLDEN} FROM golden WHERE id IN ?", sorted(ids))}
    for id, _, values in seen_by_others(tx, [(g.id, g.model, g.values) for g in found.values()]):
        found[id].values = values
    return found


def linked(tx: Tx, ids: set[str], *, home: bool = False) -> dict[str, Links]:
    """The records over there that each golden record stands for; `home`: those that a merge has taken from it, too."""
    whose = "COALESCE(r.origin_id, r.golden_id)" if home else "r.golden_id"
    rows = tx.rows(
        f"SELECT {whose}, s.connection, s.name, r.key FROM record r JOIN stream s ON s.id = r.stream_id "
        f"WHERE {whose} IN ? AND r.deleted_at IS NULL AND s.connection <> ? ORDER BY s.id, r.key",
        sorted(ids), HUB,
    )  # fmt: skip
    found: dict[str, Links] = {}
    for id, connection, stream, key in rows:
        found.setdefault(id, []).append({"connection": connection, "stream": stream, "key": key})
    return found
