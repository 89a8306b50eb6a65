"""Follow: where a golden record that was merged into another one is found now.

Nothing that refers to a merged record is rewritten: its id stays where it was put and is followed when it is read, so
that taking the merge apart gives every reference back to the side it came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.model import Values
from hub.store import Tx
from hub.sync.feed import reference_fields, referred, refers

Into = Mapping[str, str]
"""Ids of merged golden records to the id of the one that stands for them now."""


def any_merged(tx: Tx) -> bool:
    """Whether any golden record was merged into another; where not, there is nothing to follow."""
    return bool(tx.rows("SELECT 1 FROM merge WHERE undone_seq IS NULL LIMIT 1"))


def survivors(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """The golden record that each of these ids ends at, for those that were merged into another one."""
    steps: dict[str, str] = {}
    asked = sorted(set(ids))
    first = list(asked)
    while asked:
        rows = tx.rows("SELECT id, into_id FROM golden WHERE id IN ? AND into_id IS NOT NULL", asked)
        steps.update((row[0], row[1]) for row in rows)
        asked = sorted({into for _, into in rows} - steps.keys())
    found = {}
    for id in first:
        end = id
        while end in steps:
            end = steps[end]
        if end != id:
            found[id] = end
    return found


def group(tx: Tx, ids: Iterable[str]) -> list[str]:
    """These golden records and all that were merged into them, directly or by way of others."""
    found = set(ids)
    fresh = sorted(found)
    while fresh:
        rows = tx.rows("SELECT loser_id FROM merge WHERE survivor_id IN ? AND undone_seq IS NULL", fresh)
        fresh = sorted({row[0] for row in rows} - found)
        found.update(fresh)
    return sorted(found)


def followed(model: str, values: Values, into: Into) -> Values:
    """A golden record's values with its references at the records that stand for them now."""
    if not into or not refers(model):
        return values
    out = dict(values)
    for path, member in reference_fields(model):
        if out.get(path):
            out[path] = _follow(out[path], member, into)
    return out


def same(model: str, path: str, a: Any, b: Any, into: Into) -> bool:
    """Whether two values of a field are one: equal, or references that end at the same golden record."""
    if a == b:
        return True
    if not into or not a or not b:
        return False
    for field, member in reference_fields(model):
        if field == path:
            return bool(_follow(a, member, into) == _follow(b, member, into))
    return False


def reference_moved(model: str, path: str, was: Any, now: Any, made: Into) -> bool:
    """Whether a reference differs only because its system has made one record of two; `made` says whose became whose."""
    if not made or not was:
        return False
    return any(field == path and bool(_follow(was, member, made) == now) for field, member in reference_fields(model))


def _follow(value: Any, member: str | None, into: Into) -> Any:
    if member is None:
        return into.get(value, value)
    return [{**part, member: into.get(part[member], part[member])} if part.get(member) else part for part in value]


def seen_by_others(tx: Tx, rows: Sequence[tuple[str, str, Values]]) -> list[tuple[str, str, Values]]:
    """Rows (id, model, values) with references followed, as everybody outside of the walk is to see them."""
    if not any(refers(model) for _, model, _ in rows) or not any_merged(tx):
        return list(rows)
    into = survivors(tx, (target for _, model, values in rows for _, target in referred(model, values)))
    return [(id, model, followed(model, values, into)) for id, model, values in rows]
