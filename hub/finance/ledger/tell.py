"""Tell: what is settled goes back to the systems by the walk: it is said about the golden records, and the outbox acts.

A golden payment gets its customer, what it settles, what was given up with it and, where there is just one, its invoice.
What is given up without a payment is told as a payment of nothing, one a document. A document shows what is open on
it, where its own system does not show that yet.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hub.finance.ledger.rows import given_up_key
from hub.store import Tx
from hub.sync import Hub
from hub.sync.say import Said

CHUNK = 2_000
MARK = "told"
GIVEN_UP = {"write_off": "write_off", "discount": "discount", "bank_fee": "charges", "psp_fee": "charges"}
KINDS = "('write_off', 'discount', 'bank_fee', 'psp_fee')"


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
            said += _given_up(tx, documents[at : at + CHUNK])
    moved = hub.say(said) if said else 0
    with store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            MARK,
            upto,
        )
    return moved


def _payments(tx: Tx, ids: list[str]) -> list[Said]:
    rows = tx.rows(
        "SELECT s.payment_id, s.customer_id, s.status, d.data, g.data FROM settlement s "
        "JOIN decision d ON d.id = s.decision_id JOIN golden g ON g.id = s.payment_id "
        "WHERE g.model = 'payment' AND s.payment_id IN ?",
        ids,
    )
    given_up = _adjusted(tx, ids)
    parts: dict[str, dict[str, list[Any]]] = {}
    for payment, document, amount, currency in tx.rows(
        "SELECT payment_id, document_id, sum(amount), currency FROM posting WHERE payment_id IN ? "
        "AND kind = 'allocation' GROUP BY payment_id, document_id, currency ORDER BY min(seq), document_id",
        ids,
    ):
        if amount:
            parts.setdefault(payment, {})[document] = [int(amount), currency]
    said = []
    for payment, customer, status, data, golden in rows:
        mine = parts.get(payment, {})
        values: dict[str, Any] = {
            "allocations": [{"invoice": document, "amount": money} for document, money in mine.items()],
            "adjustments": given_up.get(payment, []),
            "invoice": next(iter(mine)) if len(mine) == 1 else None,
        }
        if customer:
            values["customer"] = customer
        state = msgspec.json.decode(golden).get("state") or "succeeded"
        # what came back is no payment any more for who looks at the customer
        values["state"] = "refunded" if status == "reversed" else "succeeded" if state == "refunded" else state
        if status == "reversed" or msgspec.json.decode(data).get("returns"):
            # what came back is taken back where it was booked; the return books nothing of its own
            values |= {"allocations": [], "adjustments": [], "invoice": None}
        said.append(Said(f"{payment}/settled", "payment", values, payment))
    return said


def _adjusted(tx: Tx, ids: list[str]) -> dict[str, list[Any]]:
    """What was given up of documents, by payment, or by document where no payment came with it."""
    sums: dict[tuple[str, str, str], list[Any]] = {}
    for payment, document, kind, amount, currency in tx.rows(
        f"SELECT payment_id, document_id, kind, sum(amount), currency FROM posting WHERE payment_id IN ? AND kind IN {KINDS} "
        "AND document_id IS NOT NULL GROUP BY payment_id, document_id, kind, currency ORDER BY min(seq), document_id, kind",
        ids,
    ):
        money = sums.setdefault((payment, document, GIVEN_UP[kind]), [0, currency])
        money[0] += int(amount)
    found: dict[str, list[Any]] = {}
    for (payment, document, kind), money in sums.items():
        if money[0]:
            found.setdefault(payment, []).append({"invoice": document, "kind": kind, "amount": money})
    return found


def _given_up(tx: Tx, ids: list[str]) -> list[Said]:
    """What people gave up of documents: a payment of nothing, which says what it takes off."""
    told = _adjusted(tx, ids)
    said = []
    for document, customer, currency, data, on, note in tx.rows(
        "SELECT i.document_id, i.customer_id, i.currency, g.data, max(p.posted_on), max(p.note) FROM item i "
        "JOIN golden g ON g.id = i.document_id JOIN posting p ON p.payment_id = i.document_id "
        "WHERE i.document_id IN ? GROUP BY i.document_id, i.customer_id, i.currency, g.data ORDER BY i.document_id",
        ids,
    ):
        values: dict[str, Any] = {
            "kind": "write_off", "amount": [0, currency], "paid_on": on, "customer": customer, "invoice": document,
            "reference": note, "state": "succeeded", "adjustments": told.get(document, []),
            # of nothing, and yet it says which document it is about
            "allocations": [{"invoice": document, "amount": [0, currency]}],
        }  # fmt: skip
        if line := msgspec.json.decode(data).get("line"):
            values["line"] = line
        said.append(Said(given_up_key(document), "payment", values))
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
