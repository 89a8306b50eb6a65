"""Who was told what, when, by which way, and the proof of each."""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.closure.closing import current
from hub.closure.times import begins, iso, zone_of
from hub.store import Store

Row = dict[str, Any]


def notices(store: Store, line: str) -> list[Row]:
    """Each notice and reminder with its state and proof."""
    with store.read() as tx:
        closing = current(tx, line)
        rows = tx.rows(
            "SELECT id, notice, golden_id, name, address, language, channel, state, due_on, takes_effect_on, sent_at, "
            "proof FROM closing_notice WHERE closing_id = ? ORDER BY id",
            closing.id,
        )
    names = ("id", "notice", "customer", "name", "address", "language", "channel", "state", "due_on", "takes_effect_on",
             "sent_at", "proof")  # fmt: skip
    found = [dict(zip(names, row, strict=True)) for row in rows]
    zone = zone_of(closing.plan)
    for row in found:
        row["sent_at"] = iso(row["sent_at"])
        row["due_at"] = iso(begins(date.fromisoformat(row["due_on"]), zone)) if row["due_on"] else None
    return found
