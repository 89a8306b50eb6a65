"""The answer to a case: what became of payments and documents, with only the keys that say something."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.finance.matching import Allocation, Decision, Outcome, match
from hub.finance.matching.rates import shown
from hub.finance.scenario.case import Case
from hub.finance.scenario.values import ScenarioError

Row = dict[str, Any]


def answer(case: Case) -> Row:
    """Match what is given in a case and tell the result in decimals; the order is that of the ids.

    Raises ScenarioError where what is given cannot be: more allocated before than was open.
    """
    try:
        outcome = match(case.customers, case.documents, case.payments, case.policy)
    except ValueError as error:
        raise ScenarioError(f"{case.at}: {error}") from None
    payments = {one.id: one.currency for one in case.payments}
    documents = {one.id: one.currency for one in case.documents}
    row: Row = {
        "id": case.id,
        "payments": [_payment(one, payments[one.payment], documents) for one in outcome.decisions],
        "documents": [
            {"id": one.document, "status": one.status, "open": _open(case, one.document, one.open, documents)}
            for one in outcome.documents
        ],
        "adjustments": _adjustments(outcome),
        "fx": [
            {
                "document": one.document,
                "kind": "fx_gain" if one.amount > 0 else "fx_loss",
                "amount": shown(one.amount, one.currency),
                "currency": one.currency,
            }
            for one in outcome.exchanges
        ],
    }
    if case.policy.locked_through is not None:
        row["postings"] = [
            {
                "date": one.date.isoformat(),
                "document": one.document,
                "amount": shown(one.amount, documents[one.document]),
            }
            for one in outcome.postings
        ]
    return row


def _payment(one: Decision, currency: str, documents: Mapping[str, str]) -> Row:
    row: Row = {
        "id": one.payment,
        "status": one.status,
        "stage": one.stage,
        "allocations": [_allocation(allocation, currency) for allocation in one.allocations],
        "unapplied": shown(one.unapplied, currency),
    }
    candidates: list[Any] = [list(group) for group in one.candidates] or list(one.customers)
    for key, value in (
        ("reason", one.reason),
        ("candidates", candidates),
        ("duplicate_of", one.duplicate_of),
        ("unapplied_customer", one.customer if one.unapplied else None),
        ("reversed_by", one.reversed_by),
        ("fee", shown(one.fee, currency) if one.fee else None),
    ):
        if value:
            row[key] = value
    return row


def _allocation(one: Allocation, currency: str) -> Row:
    row: Row = {"document": one.document, "amount": shown(one.amount, one.currency)}
    if one.currency != currency:
        row |= {"currency": one.currency, "payment_amount": shown(one.payment_amount, currency)}
    return row


def _adjustments(outcome: Outcome) -> list[Row]:
    rows = []
    for one in outcome.adjustments:
        row: Row = {
            "document": one.document,
            "kind": one.kind,
            "amount": shown(one.amount, one.currency),
            "currency": one.currency,
        }
        if one.net is not None and one.tax is not None:
            row |= {"net": shown(one.net, one.currency), "tax": shown(one.tax, one.currency)}
        rows.append(row)
    return rows


def _open(case: Case, document: str, left: int, currencies: Mapping[str, str]) -> str:
    """What is open, with the sign the case itself writes credit notes with."""
    return shown(-left if document in case.positive else left, currencies[document])
