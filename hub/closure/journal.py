"""The journal of a closing: what happened, in the hub's own order; the final report is written from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from hub.closure.times import now
from hub.store import Store, Tx
from hub.store.tables.closing import journal

_ordered = msgspec.json.Encoder(order="deterministic").encode


class Line(NamedTuple):
    """One line of the journal; `at` is microseconds since 1970."""

    id: int
    phase: str
    kind: str
    text: str
    data: Any
    who: str
    at: int
    seq: int


def note(
    tx: Tx,
    store: Store,
    closing_id: int,
    phase: str,
    kind: str,
    text: str,
    who: str,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write a line, in the transaction of what it tells; its time is never before that of the line above."""
    columns = ("closing_id", "phase", "kind", "text", "data", "who", "at", "seq")
    said = _ordered(data).decode() if data else None
    tx.insert(journal, columns, [(closing_id, phase, kind, text, said, who, now(tx, store, closing_id), tx.seq)])


def lines(store: Store, closing_id: int, *kinds: str) -> list[Line]:
    """The journal in order."""
    with store.read() as tx:
        rows = tx.rows(
            "SELECT id, phase, kind, text, data, who, at, seq FROM closing_journal WHERE closing_id = ? ORDER BY id",
            closing_id,
        )
    found = [Line(r[0], r[1], r[2], r[3], msgspec.json.decode(r[4]) if r[4] else None, r[5], r[6], r[7]) for r in rows]
    return [line for line in found if not kinds or line.kind in kinds]
