"""Say: a room above the walk lands canonical values about golden records, as records of the connection `hub`.

What is said merges like anything else, keeps lineage, reaches other systems by the outbox, and can be withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from hub.connect import Record
from hub.model import Values
from hub.sync.feed import HUB, Feed
from hub.sync.land import land
from hub.sync.state import values_of
from hub.sync.walk import BATCH, Walk

_ordered = msgspec.json.Encoder(order="deterministic").encode


class Said(NamedTuple):
    """Values about one golden record. The key names the statement: said again under it, it replaces the one before.

    `of` is the golden record meant; None: a record of its own. Values None: the statement is withdrawn.
    """

    key: str
    model: str
    values: Values | None
    of: str | None = None


def say(walk: Walk, said: Sequence[Said]) -> int:
    """Land statements; return how many golden records moved."""
    feeds = {f.model: f for f in walk.feeds.values() if f.connection == HUB}
    moved = 0
    for model in sorted({one.model for one in said}):
        feed = feeds[model]
        mine = [one for one in said if one.model == model]
        for at in range(0, len(mine), BATCH):
            batch = mine[at : at + BATCH]
            again = _overruled(walk, feed, batch)
            if again:
                _land(walk, feed, again)
            moved += _land(walk, feed, batch)
    return moved


def _overruled(walk: Walk, feed: Feed, batch: Sequence[Said]) -> list[Said]:
    """What must be said in two steps.

    A statement that was overruled and is true again shows nothing new, and what shows nothing new is no edit. So it
    first agrees with the golden record and then says otherwise.
    """
    with walk.store.read() as tx:
        rows = tx.rows(
            "SELECT r.key, r.seen, g.data FROM record r JOIN golden g ON g.id = r.golden_id "
            "WHERE r.stream_id = ? AND r.deleted_at IS NULL AND r.key IN ?",
            feed.id,
            [one.key for one in batch],
        )
    known = {key: (values_of(seen), values_of(data)) for key, seen, data in rows}
    found = []
    for one in batch:
        if one.values is None or one.key not in known:
            continue
        seen, golden = known[one.key]
        stale = [p for p, x in one.values.items() if p in seen and seen[p] == x and golden.get(p) != x]
        if stale:
            found.append(one._replace(values=seen | {path: golden.get(path) for path in stale}))
    return found


def _land(walk: Walk, feed: Feed, batch: Sequence[Said]) -> int:
    counted = walk.counts.setdefault(feed.id, Counter())
    before = sum(counted[move] for move in ("changed", "created", "gone"))
    records = [
        Record(one.key, {}, deleted=True)
        if one.values is None
        else Record(one.key, _ordered(msgspec.to_builtins(one.values)), our_id=one.of)
        for one in batch
    ]
    land(walk, feed, records, None, walk.store.sequence(), end=True)
    return sum(counted[move] for move in ("changed", "created", "gone")) - before
