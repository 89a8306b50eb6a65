"""Tell: what is settled goes back to the systems by the walk: it is said about the golden records, and the outbox acts.

A golden payment gets its customer, its allocations and, where there is just one, its invoice; a document shows what
is open on it, where its own system does not show that yet.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.store import Tx
from hub.sync import Hub
from hub.sync.say import Said

CHUNK = 2_000
MARK = "told"


def tell(hub: Hub) -> int:
    """Say what changed since it was last told; return how many golden records moved."""
    store = hub.store
    upto = store.sequence()
    with store.read() as tx:
        rows = tx.rows("SELECT value FROM counter WHERE name = ?", MARK)
        since = rows[0][0] if rows else 0
        payments = [row[0] for row in tx.rows(
            "SELECT payment_id FROM settlement WHERE seq > ? AND status <> 'write_off' AND (step = 'posted' OR EXISTS "
            "(SELECT 1 FROM posting p WHERE p.payment_id = settlement.payment_id)) ORDER BY payment_id",
            since,
        )]  # fmt: skip
        documents = [row[0] for row in tx.rows(
            "SELECT document_id FROM item WHERE seq > ? AND document_id IN (SELECT document_id FROM posting "
            "WHERE kind NOT IN ('opening', 'elsewhere')) ORDER BY document_id",
            since,
        )]  # fmt: skip
    said: list[Said] = []
    for at in range(0, len(payments), CHUNK):
        with store.read() as tx:
            said += _payments(tx, payments[at : at + CHUNK])
    for at in range(0, len(documents), CHUNK):
        with store.read() as tx:
            said += _documents(tx, documents[at : at + CHUNK])
    moved = hub.say(said) if said else 0
    with store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            MARK,
            upto,
        )
    return moved


def _payments(tx: Tx, ids: list[str]) -> list[Said]:
    rows = tx.rows("SELECT payment_id, customer_id, status FROM settlement WHERE payment_id IN ?", ids)
    parts: dict[str, dict[str, list[Any]]] = {}
    for payment, document, amount, currency in tx.rows(
        "SELECT payment_id, document_id, sum(amount), currency FROM posting WHERE payment_id IN ? "
        "AND kind = 'allocation' GROUP BY payment_id, document_id, currency ORDER BY min(seq), document_id",
        ids,
    ):
        if amount:
            parts.setdefault(payment, {})[document] = [int(amount), currency]
    said = []
    for payment, customer, status in rows:
        mine = parts.get(payment, {})
        values: dict[str, Any] = {
            "allocations": [{"invoice": document, "amount": money} for document, money in mine.items()],
            "invoice": next(iter(mine)) if len(mine) == 1 else None,
        }
        if customer:
            values["customer"] = customer
        if status == "reversed":
            values["allocations"], values["invoice"] = [], None
        said.append(Said(f"{payment}/settled", "payment", values, payment))
    return said


def _documents(tx: Tx, ids: list[str]) -> list[Said]:
    said = []
    for id, open, currency, data in tx.rows(
        "SELECT i.document_id, i.open, i.currency, g.data FROM item i JOIN golden g ON g.id = i.document_id "
        "WHERE i.document_id IN ? ORDER BY i.document_id",
        ids,
    ):
        values = msgspec.json.decode(data)
        if values.get("state") in ("draft", "void", "uncollectible"):
            continue  # that is for its own system to say
        total = (values.get("total") or [open])[0]
        shown = values.get("open")
        sign = -1 if open < 0 < (shown or [0])[0] else 1
        state = "paid" if open == 0 else "partly_paid" if abs(open) < abs(total) else "open"
        if state == "open" and values.get("state") == "overdue":
            state = "overdue"
        if shown != [sign * open, currency] or values.get("state") != state:
            said.append(Said(f"{id}/open", "invoice", {"open": [sign * open, currency], "state": state}, id))
    return said
