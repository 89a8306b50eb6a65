"""Status: each phase with its state, who has approved it, and what keeps the next gate shut."""

from __future__ import annotations

from typing import Any

from hub.closure.batches import step
from hub.closure.closing import current
from hub.closure.gates import approvals, why_shut
from hub.closure.plan import PHASES
from hub.closure.run import plan_file
from hub.closure.times import iso
from hub.sync import Hub

Row = dict[str, Any]


def status(hub: Hub, line: str) -> list[Row]:
    """A row a phase; the first that is not done says what it waits for."""
    file = plan_file(hub, line)
    rows: list[Row] = []
    with hub.store.read() as tx:
        closing = current(tx, line)
        given = approvals(tx, hub.store, closing)
        ahead = False
        for phase in PHASES:
            found = step(tx, closing.id, phase)
            state = found.state if found is not None else "waits"
            reasons: list[str] = []
            if state != "done" and not ahead:
                ahead = True
                reasons = why_shut(tx, hub.store, closing, phase, file) if closing.state != "closed" else []
                reasons += _last_words(tx, closing.id, phase)
                state = "shut" if reasons else "open" if found is None else found.state
            gate = closing.plan.gates.get(phase)
            rows.append({
                "line": line, "phase": phase, "state": state, "done": found.done if found else 0,
                "asks": gate.role if gate else None, "by": [a.person for a in given if a.gate == phase and a.void is None],
                "until": iso(max((a.expires_at for a in given if a.gate == phase and a.void is None), default=None)),
                "void": [f"{a.person}: {a.void}" for a in given if a.gate == phase and a.void is not None],
                "reasons": reasons, "final": phase == "destroy", "scope": closing.scope_hash, "closing": closing.state,
            })  # fmt: skip
    return rows


def _last_words(tx: Any, closing_id: int, phase: str) -> list[str]:
    """What the last try said it waits for, where that was not the gate itself."""
    import msgspec

    rows = tx.rows(
        "SELECT kind, data FROM closing_journal WHERE closing_id = ? AND phase = ? ORDER BY id DESC LIMIT 1",
        closing_id,
        phase,
    )
    told = msgspec.json.decode(rows[0][1]) if rows and rows[0][0] == "shut" else {}
    return [] if told.get("gate") else list(told.get("reasons", []))
