"""Undo: a posting is never taken away; a row of the opposite sign is posted on the first day that is still open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from hub.audit import append
from hub.errors import ConfigError
from hub.finance.ledger.items import move
from hub.finance.ledger.periods import first_open
from hub.finance.ledger.rows import DECISION, POSTING, SETTLEMENT, fresh_id, text
from hub.store import Store, Tx
from hub.store.tables.finance import decision, posting, settlement


class Undone(NamedTuple):
    """How many postings were reversed, and on which day."""

    postings: int
    on: date


def unmatch(store: Store, payment: str, documents: Sequence[str], by: str, today: date) -> Undone:
    """Reverse what is posted of a payment, or the part of it on some documents.

    The payment is then left to people: what a person has taken apart is not put together again by a rule.
    Raises ConfigError where nothing of it is posted.
    """
    with store.begin() as tx:
        rows = _standing(tx, payment, documents)
        if not rows:
            raise ConfigError(f"unmatch {payment}: nothing of it is posted; see hub payments show {payment}")
        stands = tx.rows(f"SELECT {', '.join(SETTLEMENT)} FROM settlement WHERE payment_id = ?", payment)
        on = max(today, first_open(tx))
        old = dict(zip(SETTLEMENT, stands[0], strict=True))
        told = {
            "documents": list(documents),
            "lines": [],
            "reversed": [row["id"] for row in rows],
            "was": old["status"],
        }
        id = fresh_id("unmatch", payment, tx.seq)
        tx.insert(decision, DECISION, [(
            id, payment, "review", "manual", "person", "1", "unmatched", old["customer_id"], text(told), by,
            store.now(), tx.seq,
        )])  # fmt: skip
        reverse(tx, store, rows, id, by, on)
        left = old["unapplied"] + sum(row["paid"] for row in rows)
        whole = left == old["amount"]
        tx.upsert(settlement, SETTLEMENT, [(
            payment, id, "held" if whole else "posted", "review" if whole else "partially_applied", old["customer_id"],
            old["amount"], old["currency"], left, tx.seq,
        )])  # fmt: skip
        _revive(tx, old["decision_id"])
        append(tx, by, "finance unmatch", {"payment": payment, "postings": told["reversed"]}, at=store.now())
    return Undone(len(rows), on)


def reverse(tx: Tx, store: Store, rows: Sequence[dict[str, Any]], id: str, by: str, on: date) -> None:
    """Post the opposite of these postings."""
    posts = []
    effects: dict[str, int] = {}
    for row in rows:
        if row["document_id"]:
            effects[row["document_id"]] = effects.get(row["document_id"], 0) - row["effect"]
        posts.append((
            fresh_id("reversal", row["id"]), row["kind"], id, row["payment_id"], row["document_id"], row["customer_id"],
            -row["amount"], row["currency"], -row["effect"], -row["paid"], on.isoformat(), row["id"],
            f"reverses {row['id']} of {row['posted_on']}", by, None, store.now(), tx.seq,
        ))  # fmt: skip
    tx.insert(posting, POSTING, posts)
    move(tx, effects)


def _standing(tx: Tx, payment: str, documents: Sequence[str]) -> list[dict[str, Any]]:
    rows = tx.rows(
        f"SELECT {', '.join(POSTING)} FROM posting p WHERE payment_id = ? AND reverses_id IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM posting r WHERE r.reverses_id = p.id) ORDER BY p.id",
        payment,
    )
    found = [dict(zip(POSTING, row, strict=True)) for row in rows]
    return [row for row in found if not documents or row["document_id"] in documents]


def _revive(tx: Tx, decision_id: str) -> None:
    """Where the decision undone was a return, the payment it returned is no longer reversed."""
    import msgspec

    rows = tx.rows("SELECT data FROM decision WHERE id = ?", decision_id)
    returned = msgspec.json.decode(rows[0][0]).get("returns") if rows else None
    if returned:
        tx.run(
            "UPDATE settlement SET status = CASE WHEN unapplied = 0 THEN 'applied' ELSE 'partially_applied' END, "
            "seq = ? WHERE payment_id IN ? AND status = 'reversed'",
            tx.seq, returned,
        )  # fmt: skip
