"""The statement of account of a customer: what is open on a day, and what was posted in the time before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.ageing import Open, items
from hub.finance.ledger.views import names
from hub.model import Money
from hub.paper import Column, Document, Facts, Table
from hub.store import Store

KINDS = {
    "opening": "invoice", "elsewhere": "booked elsewhere", "allocation": "payment", "write_off": "written off",
    "discount": "discount", "bank_fee": "bank charge", "psp_fee": "fee",
}  # fmt: skip
OPEN = (
    Column("number", "Document", width=1.3), Column("kind", "Kind"), Column("issued_on", "Issued", "day"),
    Column("due_on", "Due", "day"), Column("days", "Days past due", "number"), Column("open", "Open", "money", 1.2),
)  # fmt: skip
MOVED = (
    Column("posted_on", "Day", "day"), Column("number", "Document", width=1.3), Column("kind", "What", width=1.3),
    Column("amount", "Amount", "money", 1.2), Column("note", "Note", width=2.0),
)  # fmt: skip


class Account(NamedTuple):
    """A customer's account on a day; sums by currency."""

    customer: str
    name: str
    as_of: date
    open: list[Open]
    moved: list[tuple[Any, ...]]
    unapplied: list[Money]

    def owed(self) -> list[Money]:
        """What is open, by currency."""
        sums: dict[str, int] = {}
        for one in self.open:
            sums[one.currency] = sums.get(one.currency, 0) + one.open
        return [Money(minor, code) for code, minor in sorted(sums.items())]

    def due(self) -> list[Money]:
        """What is past its due date, by currency."""
        sums: dict[str, int] = {}
        for one in self.open:
            if one.days > 0:
                sums[one.currency] = sums.get(one.currency, 0) + one.open
        return [Money(minor, code) for code, minor in sorted(sums.items())]


def account(store: Store, customer: str, as_of: date, since: date | None = None) -> Account:
    """The account of a customer on a day."""
    with store.read() as tx:
        name = names(tx, {customer}).get(customer, customer)
        rows = tx.rows(
            "SELECT p.posted_on, g.data, p.kind, p.effect, p.currency, p.note FROM posting p "
            "JOIN item i ON i.document_id = p.document_id JOIN golden g ON g.id = p.document_id "
            "WHERE i.customer_id = ? AND p.effect <> 0 AND p.posted_on <= ? AND p.posted_on >= ? ORDER BY p.posted_on, p.seq, p.id",
            customer, as_of.isoformat(), (since or date.min).isoformat(),
        )  # fmt: skip
        left = tx.rows(
            "SELECT currency, sum(unapplied) FROM settlement WHERE customer_id = ? AND status IN "
            "('on_account', 'partially_applied') GROUP BY currency ORDER BY currency",
            customer,
        )
    moved = [
        (date.fromisoformat(on), msgspec.json.decode(data).get("number"), KINDS.get(kind, kind), Money(int(effect), code), note)
        for on, data, kind, effect, code, note in rows
    ]  # fmt: skip
    unapplied = [Money(int(minor), code) for code, minor in left if minor]
    return Account(customer, name, as_of, items(store, as_of, customer), moved, unapplied)


def tables(found: Account) -> list[Table]:
    """Open items and movements as tables."""
    rows = [
        (one.number, one.kind.replace("_", " "), _day(one.issued_on), _day(one.due_on), max(one.days, 0), Money(one.open, one.currency))
        for one in found.open
    ]  # fmt: skip
    sums = [("Total", None, None, None, None, money) for money in found.owed()]
    return [
        Table(OPEN, rows, sums, "Open items", "nothing is open"),
        Table(MOVED, found.moved, (), "Movements", "none"),
    ]


def document(found: Account, sender: str | None = None) -> Document:
    """The statement on paper."""
    facts = [
        ("Customer", found.name),
        ("As of", found.as_of),
        ("Open", _sum(found.owed())),
        ("Past due", _sum(found.due())),
    ]
    if found.unapplied:
        facts.append(("Paid, not yet assigned", _sum(found.unapplied)))
    return Document(
        "Statement of account",
        (Facts(tuple(facts)), *tables(found)),
        head=sender or "",
        foot=f"{found.name}, {found.as_of}",
    )


def _sum(amounts: Sequence[Money]) -> str:
    return ", ".join(map(str, amounts)) or "nothing"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
