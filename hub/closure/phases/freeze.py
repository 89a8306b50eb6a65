"""Freeze: from here on the line's records change only through the closing."""

from __future__ import annotations

from hub.audit import append
from hub.closure.batches import begin
from hub.closure.closing import rescope
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed
from hub.closure.journal import note
from hub.store import Tx


def freeze(desk: Desk) -> Outcome:
    """Freeze the scope as it was approved; a scope that moved since then needs a new approval first."""
    rescope(desk.store, desk.id)
    begin(desk.store, desk.id, "freeze", desk.who)
    with desk.store.begin() as tx:
        closing = allowed(tx, desk.store, desk.id, "freeze")
        tx.run(
            "INSERT INTO frozen_line (line, closing_id, seq) VALUES (?, ?, ?) ON CONFLICT (line) DO NOTHING",
            desk.line, desk.id, tx.seq,
        )  # fmt: skip
        data = {"line": desk.line, "scope": closing.scope_hash}
        append(tx, desk.who, "close freeze", data, at=desk.store.now())
        asked = _ask_the_sources(tx, desk)
    text = "the hub refuses writes into the line's records"
    return Outcome(text, {"frozen": _count(desk), "sources": asked})


def _ask_the_sources(tx: Tx, desk: Desk) -> list[str]:
    """No vendor lets a connector lock records of one line alone: a person is asked to, and the hub watches."""
    names = desk.connections()
    for name in names:
        tx.run(
            "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, '', ?, 'freeze') "
            "ON CONFLICT DO NOTHING",
            desk.id, f"lock-{name}", f"make the line's records read-only in {name}, or tell everybody who works there",
            desk.plan.owner,
        )  # fmt: skip
        words = f"{name}: the hub cannot lock the line's records there; it watches for changes instead"
        note(tx, desk.store, desk.id, "freeze", "source", words, "hub")
    return names


def _count(desk: Desk) -> int:
    with desk.store.read() as tx:
        rows = tx.rows("SELECT count(*) FROM closing_scope WHERE closing_id = ? AND kind = 'own'", desk.id)
    return int(rows[0][0])
