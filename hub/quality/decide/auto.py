"""Auto: pairs of the zone `merge` are accepted without a person, where the owner has switched that on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.errors import Busy, Rejected
from hub.quality.decide.accept import accept
from hub.quality.decide.desk import Desk
from hub.quality.decide.pairs import select

HUB = "hub"  # who decided


class Merged(NamedTuple):
    """What was merged without a person, and what could not be."""

    merges: Sequence[int]
    left: Sequence[str]  # why a pair was left open, in words


def auto(desk: Desk, model: str) -> Merged:
    """Accept the open pairs of a model that are in the zone `merge`, the surest first, each in its own transaction."""
    with desk.store.read() as tx:
        pairs = select(tx, "model = ? AND state = 'open' AND zone = 'merge'", model)
    merges: list[int] = []
    left: list[str] = []
    for p in pairs:
        with desk.store.read() as tx:
            now = select(tx, "id = ?", p.id)[0]
        if now.state != "open" or now.one:  # settled by one before it
            continue
        try:
            merges += accept(desk, p.id, by=HUB).merges
        except (Rejected, Busy) as error:
            left.append(str(error))
    return Merged(merges, left)
