"""What is open on a document: as the ledger's postings say where it keeps the document, else as its own system says.

All figures are minor units with a sign: what a customer owes us is positive, what we owe a customer is negative.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.closure.batches import split
from hub.closure.canonical import digest
from hub.closure.facts import owed, unapplied
from hub.closure.scope import OWN, records
from hub.store import Store, Tx

MONEY = ("invoice", "payment")
PAGE = 1_000


class Figure(NamedTuple):
    """What is open on one document; `booked` says that the ledger says so."""

    minor: int
    currency: str
    booked: bool


def booked(tx: Tx, ids: Sequence[str]) -> dict[str, Figure]:
    """What the ledger has of these documents and payments; those it does not keep are left out."""
    found = {
        id: Figure(int(minor), code, True)
        for id, minor, code in tx.rows("SELECT document_id, open, currency FROM item WHERE document_id IN ?", list(ids))
    }
    rows = tx.rows("SELECT payment_id, unapplied, currency, status FROM settlement WHERE payment_id IN ?", list(ids))
    for id, minor, code, status in rows:
        found[id] = Figure(0 if status == "duplicate_ignored" else -int(minor), code, True)
    return found


def figure(model: str, values: Mapping[str, Any], in_ledger: Figure | None = None) -> Figure | None:
    """What is open on a document, None where nothing is said of it."""
    if in_ledger is not None:
        return in_ledger
    if model == "invoice" and (money := owed(values)):
        return Figure(int(money[0]) * (-1 if values.get("kind") == "credit_note" else 1), money[1], False)
    if model == "payment" and (money := unapplied(values)):
        return Figure(-int(money[0]), money[1], False)
    return None


def mark(model: str, values: Mapping[str, Any], in_ledger: Figure | None) -> str:
    """What a decision about a document is bound to: its values, and what the ledger has open on it."""
    said = digest(model, values)
    if in_ledger is None:
        return said
    return hashlib.sha256(f"{said} {in_ledger.minor} {in_ledger.currency}".encode()).hexdigest()


def figured(store: Store, closing_id: int, *models: str) -> Iterator[tuple[str, str, dict[str, Any], Figure | None]]:
    """The closing's own records with what the ledger has open on each."""
    for page in split(records(store, closing_id, *models, kind=OWN), PAGE):
        with store.read() as tx:
            known = booked(tx, [id for id, model, _ in page if model in MONEY])
        for id, model, values in page:
            yield id, model, values, known.get(id)


class Paid(NamedTuple):
    """Money that the ledger holds for a customer of the line, in a payment that names no line."""

    payment: str
    customer: str
    figure: Figure


def beside(tx: Tx, closing_id: int, customers: Sequence[str] | None = None) -> list[Paid]:
    """Payments on account of customers who are of the line alone, which are not in its scope themselves."""
    only, values = ("", []) if customers is None else (" AND t.customer_id IN ?", [list(customers)])
    rows = tx.rows(
        "SELECT t.payment_id, t.customer_id, t.unapplied, t.currency FROM settlement t JOIN closing_scope s "
        "ON s.golden_id = t.customer_id WHERE s.closing_id = ? AND s.kind = 'own' AND s.gone_seq IS NULL "
        "AND t.unapplied <> 0 AND t.status <> 'duplicate_ignored' AND t.payment_id NOT IN "
        f"(SELECT golden_id FROM closing_scope WHERE closing_id = ?){only} ORDER BY t.payment_id",
        closing_id, closing_id, *values,
    )  # fmt: skip
    return [Paid(id, customer, Figure(-int(minor), code, True)) for id, customer, minor, code in rows]


def control(store: Store, closing_id: int) -> dict[str, int]:
    """The ledger's control account of the line by currency, from its postings alone: no row that statements read."""
    sums: dict[str, int] = defaultdict(int)
    own = "SELECT golden_id FROM closing_scope WHERE closing_id = ? AND kind = 'own' AND gone_seq IS NULL"
    with store.read() as tx:
        posted = tx.rows(
            "SELECT currency, sum(effect) FROM posting WHERE kind NOT IN ('fx_gain', 'fx_loss') "
            f"AND document_id IN ({own}) GROUP BY currency",
            closing_id,
        )  # fmt: skip
        held = tx.rows(
            "SELECT t.currency, sum(t.amount) - sum(coalesce((SELECT sum(p.paid) FROM posting p "
            "WHERE p.payment_id = t.payment_id), 0)) FROM settlement t WHERE t.status <> 'duplicate_ignored' "
            f"AND t.payment_id IN ({own}) GROUP BY t.currency",
            closing_id,
        )
        aside = beside(tx, closing_id)
    for code, minor in posted:
        sums[code] += int(minor)
    for code, minor in held:
        sums[code] -= int(minor)
    for one in aside:
        sums[one.figure.currency] += one.figure.minor
    return {code: minor for code, minor in sums.items() if minor}


def kept(tx: Tx, closing_id: int) -> bool:
    """Whether the ledger keeps anything of the line."""
    own = "SELECT golden_id FROM closing_scope WHERE closing_id = ? AND gone_seq IS NULL"
    return any(
        tx.rows(f"SELECT 1 FROM {table} WHERE {column} IN ({own}) LIMIT 1", closing_id)
        for table, column in (("item", "document_id"), ("settlement", "payment_id"), ("settlement", "customer_id"))
    )


def summed(figures: Iterable[Figure | None]) -> dict[str, int]:
    """Figures by currency."""
    sums: dict[str, int] = defaultdict(int)
    for one in figures:
        if one is not None:
            sums[one.currency] += one.minor
    return dict(sums)
