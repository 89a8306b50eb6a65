"""What a customer owes, by its invoices: balance, overdue part, newest invoice, last payment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from hub.plugin import Derived, Golden, Look, hookimpl

OWED = ("open", "partly_paid", "overdue")
COUNTED = (*OWED, "paid")


@hookimpl
def derive(golden: Golden, look: Look) -> Iterator[Derived]:
    """Yield a customer's roll-ups; nothing for a customer that was never billed."""
    if golden.model != "customer":
        return
    invoices = [g.values for g in look.referring(golden.id, "invoice") if g.values.get("state") in COUNTED]
    if invoices:
        payments = [g.values for g in look.referring(golden.id, "payment") if _money_came(g.values)]
        today = look.today().isoformat()
        due = [i["due_on"] for i in invoices if i["state"] in OWED and (i.get("due_on") or "") >= today]
        again = date.fromisoformat(min(due)) + timedelta(days=1) if due else None  # the next one to fall overdue
        yield Derived("balance", "customer", rollup(invoices, payments, today), of=golden.id, again_on=again)


def _money_came(payment: dict[str, Any]) -> bool:
    """Whether a payment brought money: a return, or a rest that is given up, is no payment to look at."""
    came = (payment.get("amount") or [1])[0] > 0
    return came and payment.get("state") == "succeeded" and payment.get("kind") != "write_off"


def rollup(invoices: list[dict[str, Any]], payments: list[dict[str, Any]], today: str) -> dict[str, Any]:
    """The roll-up fields of a customer with these invoices and payments on that day."""
    balance: Counter[str] = Counter()
    overdue: Counter[str] = Counter()
    for invoice in invoices:
        total = invoice.get("open") or invoice.get("total")
        if not total:
            continue
        owed = total[0] if invoice["state"] in OWED else 0
        sign = -1 if invoice.get("kind") == "credit_note" and owed > 0 else 1
        balance[total[1]] += sign * owed
        overdue[total[1]] += sign * owed if (invoice.get("due_on") or today) < today else 0
    newest = max(invoices, key=lambda i: (i.get("issued_on") or "", i.get("number") or ""))
    values: dict[str, Any] = {
        "last_invoice": newest.get("number"),
        "last_invoice_state": newest.get("state"),
        "last_invoice_amount": newest.get("total"),
        "last_invoice_due_on": newest.get("due_on"),
        "payment_state": "overdue" if any(overdue.values()) else "open" if any(balance.values()) else "paid",
    }
    for currency in balance:
        values[f"balance.{currency.lower()}"] = [balance[currency], currency]
        values[f"overdue.{currency.lower()}"] = [overdue[currency], currency]
    days = [p["paid_on"] for p in payments if p.get("paid_on")]
    if days:
        values["last_payment_on"] = max(days)
    return values
