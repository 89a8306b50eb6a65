"""Ageing: what is open by how long it has been due, on any day, from the postings up to that day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.views import names
from hub.store import Store

BANDS = ((0, "not_due"), (30, "thirty"), (60, "sixty"), (90, "ninety"))
OVER = "older"


class Open(NamedTuple):
    """A document that was open on the day asked for; `days` past its due date, negative before it."""

    document: str
    number: str
    kind: str
    customer: str
    customer_name: str
    issued_on: str | None
    due_on: str | None
    days: int
    open: int
    currency: str
    line: str | None


def items(store: Store, as_of: date, customer: str | None = None, line: str | None = None) -> list[Open]:
    """Open documents on a day: postings dated after it do not count, nor do documents issued later."""
    where, values = "", []
    if customer is not None:
        where, values = " AND i.customer_id = ?", [customer]
    with store.read() as tx:
        rows = tx.rows(
            "SELECT i.document_id, i.customer_id, i.currency, g.data, "
            # what stood open when the ledger began was open before: an opening counts from the day of issue
            "sum(CASE WHEN p.kind = 'opening' OR p.posted_on <= ? THEN p.effect ELSE 0 END) "
            "FROM item i JOIN golden g ON g.id = i.document_id JOIN posting p ON p.document_id = i.document_id "
            f"WHERE g.into_id IS NULL{where} GROUP BY i.document_id, i.customer_id, i.currency, g.data",
            as_of.isoformat(),
            *values,
        )
        people = names(tx, {row[1] for row in rows})
    found = []
    for id, whose, currency, data, open in rows:
        paper = msgspec.json.decode(data)
        if not open or (line is not None and paper.get("line") != line):
            continue
        issued, due = paper.get("issued_on"), paper.get("due_on") or paper.get("issued_on")
        if issued and issued > as_of.isoformat():
            continue
        days = (as_of - date.fromisoformat(due[:10])).days if due else 0
        found.append(Open(
            id, str(paper.get("number") or id), paper.get("kind") or "invoice", whose, people.get(whose) or whose, issued,
            paper.get("due_on"), days, int(open), currency, paper.get("line"),
        ))  # fmt: skip
    return sorted(found, key=lambda one: (one.customer_name, one.customer, one.due_on or "", one.number))


def ageing(found: Iterable[Open]) -> list[dict[str, Any]]:
    """Open documents summed by customer and currency into bands of days past due."""
    sums: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        row = sums.setdefault((one.customer, one.currency), {
            "customer": one.customer, "customer_name": one.customer_name, "currency": one.currency,
            **{name: 0 for _, name in BANDS}, OVER: 0, "total": 0,
        })  # fmt: skip
        row[band(one.days)] += one.open
        row["total"] += one.open
    return list(sums.values())


def band(days: int) -> str:
    """The band of so many days past due."""
    return next((name for limit, name in BANDS if days <= limit), OVER)
