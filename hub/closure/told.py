"""Who was told what, when, by which way, and the proof of each."""

from __future__ import annotations

from typing import Any

from hub.closure.closing import current
from hub.store import Store
from hub.sync.clock import moment

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
    return [row | {"sent_at": moment(row["sent_at"]).isoformat() if row["sent_at"] else None} for row in found]
