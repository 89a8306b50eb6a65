"""Money after the final statement: what the ledger posts later opens the balance again, and sends the closing back.

Payments often come by a bank account that other lines use too, so nothing of the line itself need have changed.
"""

from __future__ import annotations

from hub.closure.batches import reopen, step
from hub.closure.desk import Desk
from hub.closure.journal import note
from hub.closure.plan import PHASES
from hub.store import Tx

AGAIN = PHASES[PHASES.index("settle") : PHASES.index("destroy")]


def late(desk: Desk) -> int:
    """Send the closing back to settle where the ledger has moved since; return how many documents and payments did."""
    if desk.closing.final or desk.closing.state != "open":
        return 0
    with desk.store.read() as tx:
        settled = step(tx, desk.id, "settle")
        moved = _moved(tx, desk) if settled is not None and settled.state == "done" else 0
    if moved:
        text = f"{moved} documents or payments of the line moved in the ledger after the final statements"
        with desk.store.begin() as tx:
            note(tx, desk.store, desk.id, "settle", "late money", text, "hub", {"count": moved})
            for phase in AGAIN:
                reopen(tx, desk.store, desk.id, phase, "the ledger moved after the final statements")
    return moved


def _moved(tx: Tx, desk: Desk) -> int:
    rows = tx.rows(
        "WITH own AS (SELECT golden_id FROM closing_scope WHERE closing_id = ? AND kind = 'own'), "
        "done AS (SELECT seq FROM closing_step WHERE closing_id = ? AND phase = 'settle') "
        "SELECT (SELECT count(DISTINCT p.document_id) FROM posting p, done WHERE p.seq > done.seq "
        "AND p.document_id IN (SELECT golden_id FROM own)) + (SELECT count(*) FROM settlement t, done "
        "WHERE t.seq > done.seq AND (t.payment_id IN (SELECT golden_id FROM own) "
        "OR t.customer_id IN (SELECT golden_id FROM own)))",
        desk.id, desk.id,
    )  # fmt: skip
    return int(rows[0][0])
