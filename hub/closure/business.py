"""What a line earns: revenue, margin where cost is known, customers gained and lost, contracts that run, and the risks.

Computed from the line's own records; what they do not say is said to be unknown, and a person has to answer for it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.closure.letters import takes_effect
from hub.model import Money

Cell = tuple[str, str]  # year and currency
NOTICE = 30  # days, where a contract does not say
SHOWN = 50  # contracts told one by one
LEFT = 365  # days without a document after which a customer counts as lost


@dataclass(slots=True)
class Business:
    """Figures in minor units by year and currency."""

    revenue: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    costed: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))  # revenue of lines whose cost is known
    cost: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    by_customer: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))  # of the last 12 months
    first: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    contracts: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    costs: dict[str, Money] = field(default_factory=dict)  # by the product's sku
    unknown: Counter[str] = field(default_factory=Counter)

    def product(self, values: Mapping[str, Any]) -> None:
        """Take in what a product costs; products come before the invoices that name them."""
        if values.get("cost") and values.get("sku"):
            self.costs[str(values["sku"])] = Money(int(values["cost"][0]), values["cost"][1])

    def invoice(self, values: Mapping[str, Any], today: date) -> None:
        """Take in an invoice or a credit note; drafts and void ones earn nothing."""
        if values.get("state") in ("draft", "void"):
            return
        money = values.get("net") or values.get("total")
        day = str(values.get("issued_on") or "")[:10]
        if not money or not day:
            self.unknown["invoices without a day or an amount: their revenue is in no year"] += 1
            return
        if not values.get("net"):
            self.unknown["invoices whose net amount is not known: their total stands in its place, tax included"] += 1
        sign = -1 if values.get("kind") == "credit_note" else 1
        cell = (day[:4], money[1])
        self.revenue[cell] += sign * int(money[0])
        self._lines(values, cell, sign)
        customer = str(values.get("customer") or "")
        if customer:
            self.first[customer] = min(self.first.get(customer, day), day)
            self.last[customer] = max(self.last.get(customer, day), day)
            if day > (today - timedelta(days=LEFT)).isoformat():
                self.by_customer[customer, money[1]] += sign * int(money[0])

    def _lines(self, values: Mapping[str, Any], cell: Cell, sign: int) -> None:
        for line in values.get("lines") or ():
            cost, price = self.costs.get(str(line.get("sku") or "")), line.get("amount")
            try:
                quantity = Decimal(str(line.get("quantity") or 1))
            except InvalidOperation:
                continue
            if cost is None or not price or price[1] != cost.currency or cost.currency != cell[1]:
                continue
            self.costed[cell] += sign * int(price[0])
            self.cost[cell] += sign * int((cost.minor * quantity).to_integral_value())

    def contract(self, values: Mapping[str, Any]) -> None:
        """Take in a contract that runs."""
        self.contracts.append((str(values.get("number") or "without a number"), values))
        if values.get("notice_days") is None:
            self.unknown[f"running contracts without a notice period: {NOTICE} days are taken"] += 1


def rows(found: Business, today: date) -> Iterator[tuple[str, str, int | None, str | None, str | None]]:
    """Kind, name, count, amount and text of each figure."""
    for (year, code), minor in sorted(found.revenue.items()):
        yield "revenue", year, None, str(Money(minor, code)), None
    for (year, code), minor in sorted(found.costed.items()):
        share = 100 * minor // found.revenue[year, code] if found.revenue[year, code] else 0
        cost = Money(found.cost[year, code], code)
        yield "margin", year, None, str(Money(minor - cost.minor, code)), f"cost {cost}; known for {share} % of revenue"
    gained = Counter(day[:4] for day in found.first.values())
    gone = (today - timedelta(days=LEFT)).isoformat()
    lost = Counter(day[:4] for day in found.last.values() if day <= gone)
    for year in sorted({*gained, *lost}):
        yield "customers", year, gained[year], None, f"{gained[year]} came; for {lost[year]} it was the last year"
    for number, values in sorted(found.contracts, key=lambda one: one[0])[:SHOWN]:
        amount = values.get("amount")
        yield "contract", number, None, str(Money(int(amount[0]), amount[1])) if amount else None, _runs(values, today)
    if len(found.contracts) > SHOWN:
        yield "contract", "more", len(found.contracts) - SHOWN, None, "hub list contract"
    yield from (("unknown", text, number, None, None) for text, number in sorted(found.unknown.items()))
    if found.revenue and not found.costed:
        yield "unknown", "cost and margin: no invoice line names a product whose cost is known", None, None, None


def _runs(values: Mapping[str, Any], today: date) -> str:
    ends = takes_effect(values, today, NOTICE).isoformat()
    renews = {"automatic": "renews itself", "manual": "is renewed by hand"}.get(
        str(values.get("renewal")), "does not renew"
    )
    return f"until {values.get('end_on') or 'further notice'}, {renews}; notice given today ends it on {ends}"


def risks(
    found: Business, target_on: date, today: date, shared: int, receivable: str, unapplied: str
) -> list[dict[str, str]]:
    """The risks that the figures themselves show, each with a measure."""
    out = []
    for code in sorted({code for _, code in found.by_customer}):
        mine = {c: m for (c, k), m in found.by_customer.items() if k == code and m > 0}
        top, total = max(mine.items(), key=lambda one: one[1], default=("", 0)), sum(mine.values())
        if total and 5 * top[1] > total:
            share = 100 * top[1] // total
            out.append(_risk(f"{top[0]} brings {share} % of the last year's revenue in {code}", "high", "high",
                             "Told in person before the letter goes out; an offer of its own"))  # fmt: skip
    late = [number for number, v in found.contracts if takes_effect(v, today, NOTICE) > target_on]
    if late:
        out.append(_risk(f"{len(late)} contracts run beyond the target date: {', '.join(sorted(late)[:10])}", "high", "high",
                         "End them by agreement, transfer them, or move the target date"))  # fmt: skip
    if receivable != "none":
        out.append(_risk(f"{receivable} is owed to us", "medium", "medium",
                         "Reminders before the freeze; what stays open is decided by name"))  # fmt: skip
    if unapplied != "none":
        out.append(_risk(f"{unapplied} of money settles nothing yet", "medium", "low",
                         "Assigned or paid back before the final statements"))  # fmt: skip
    if shared:
        out.append(_risk(f"{shared} customers and contacts also belong to other lines", "medium", "high",
                         "They are only detached; the other lines' owners are told first"))  # fmt: skip
    return out


def _risk(text: str, likelihood: str, impact: str, measure: str) -> dict[str, str]:
    return {"text": text, "likelihood": likelihood, "impact": impact, "measure": measure, "owner": ""}
