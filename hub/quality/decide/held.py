"""Held: what keeps records apart however sure anybody is, asked again inside the transaction that would merge them.

A pair is proposed only where nothing holds its two sides apart. Of three that hang together two may be held apart all
the same, and what was proposed a week ago may have got another tax number since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from hub.errors import Rejected
from hub.model import Values
from hub.quality.match.veto import Side, apart, roots, valid
from hub.store import Tx
from hub.sync.follow import survivors
from hub.sync.state import values_of


def refuse_held(tx: Tx, ids: Sequence[str], separate: Iterable[Collection[str]]) -> None:
    """Raise Rejected where two of these golden records are never one; `separate` are groups of business lines."""
    found = tx.rows("SELECT id, data FROM golden WHERE id IN ?", list(ids))
    heads = _heads(tx, ids)
    sides: dict[str, Side] = {}
    for id, data in found:
        sides[id] = _side(heads.get(id, str(id)), values_of(data))
    groups = tuple(separate)
    for one, other in combinations(sorted(sides), 2):
        why = apart(sides[one], sides[other], groups)
        if why is not None:
            single = "; accept single pairs" if len(sides) > 2 else ""
            raise Rejected(
                f"{one} and {other} are never one: {why}; nothing was merged. Correct what is wrong in one of "
                f"them, in its system or in hub.toml{single}"
            )


def _side(head: str, values: Values) -> Side:
    """What a record brings to its vetoes."""
    named = ((path.partition("."), value) for path, value in values.items() if value)
    stems = [(stem, kind, value) for (stem, _, kind), value in named]
    numbers = (valid(scheme, str(value)) for stem, scheme, value in stems if stem == "identifiers")
    lines = [line for stem, line, value in stems if stem == "lines" and value is True]
    return Side(head, [number for number in numbers if number], lines)


def _heads(tx: Tx, ids: Iterable[str]) -> dict[str, str]:
    """The head of the group each of these records belongs to, by way of its parents."""
    parents: dict[str, str] = {}
    fresh = sorted(set(ids))
    while fresh:
        rows = tx.rows(
            "SELECT golden_id, target_id FROM reference WHERE field = 'parent' AND golden_id IN ?",
            fresh,
        )
        into = survivors(tx, {row[1] for row in rows})
        above: dict[str, str] = {child: into.get(str(parent), str(parent)) for child, parent in rows}
        parents.update((child, parent) for child, parent in above.items() if child != parent)
        fresh = sorted(set(above.values()) - parents.keys() - set(fresh))
    return roots(parents)
