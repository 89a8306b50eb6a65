"""Held: what keeps records apart however sure anybody is, asked again inside the transaction that would merge them.

A pair is proposed only where nothing holds its two sides apart. Of three that hang together two may be held apart all
the same, and what was proposed a week ago may have got another tax number since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations

from hub.errors import Rejected
from hub.model import Values
from hub.quality.match.numbers import shown, valid_in
from hub.quality.match.veto import Side, apart, roots
from hub.store import Tx
from hub.sync.follow import survivors
from hub.sync.state import values_of


def refuse_held(tx: Tx, ids: Sequence[str], separate: Iterable[Collection[str]]) -> None:
    """Raise Rejected where two of these golden records are never one; `separate` are groups of business lines."""
    found = tx.rows("SELECT id, data FROM golden WHERE id IN ?", list(ids))
    heads, more = _heads(tx, ids), shown(tx, ids)
    sides: dict[str, Side] = {}
    for id, data in found:
        sides[id] = _side(heads.get(id, str(id)), values_of(data), more.get(id, ()))
    groups = tuple(separate)
    for one, other in combinations(sorted(sides), 2):
        why = apart(sides[one], sides[other], groups)
        if why is not None:
            single = "; accept single pairs" if len(sides) > 2 else ""
            raise Rejected(
                f"{one} and {other} are never one: {why}; nothing was merged. Correct what is wrong in one of "
                f"them, in its system or in hub.toml{single}"
            )


def _side(head: str, values: Values, more: Sequence[str]) -> Side:
    """What a record brings to its vetoes; `more` are numbers that its records show besides."""
    lines = [
        path.removeprefix("lines.") for path, value in values.items() if value is True and path.startswith("lines.")
    ]
    return Side(head, sorted({*valid_in(values), *more}), lines)


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
