"""Payments of invoices: moves in cash journals whose origin is an invoice, booked by Tryton's own wizard.

The wizard takes a description and nothing else of ours, so our id stands there as `reference [hub:id]`; a payment
already booked is found by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.connect.base import Record, Write
from hub.errors import Rejected
from hub_tryton.changes import DATES, Part, by
from hub_tryton.documents import number
from hub_tryton.rpc import Row, Rpc
from hub_tryton.source import TAG, Names, Source, inner, key, ref

OURS = re.compile(rf"\s*\[{TAG}([^\]]+)\]\s*$")
BOOKED = (
    ("origin.type", "=", "out", "account.invoice"),
    ("journal.type", "=", "cash"),
    ("state", "=", "posted"),
)
WIZARD = "wizard.account.invoice.pay"


class Payments(Source):
    """The stream `payments`; a booked payment is never changed."""

    model = "account.move"
    domain = BOOKED
    parts = (Part("account.move", domain=BOOKED),)

    def __init__(self, rpc: Rpc, names: Names, *, method: str) -> None:
        super().__init__(rpc, names)
        self.method = method

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read payments: four requests however many."""
        rows = self.rows(ids, ["number", "date", "description", "origin", "journal"])
        invoices = self._invoices([int(row["origin"].rpartition(",")[2]) for row in rows])
        fields = ["move", "account", "debit", "credit", "amount_second_currency", "second_currency.code", *DATES]
        found = self.rpc.search_read("account.move.line", [["move", "in", [row["id"] for row in rows]]], fields)
        groups = by(found, "move")
        methods = self._methods()
        for row in rows:
            invoice = invoices[int(row["origin"].rpartition(",")[2])]
            moves = groups.get(row["id"], [])
            settled = [each for each in moves if each["account"] == invoice["account"]]
            money = [each["account"] for each in moves if each["account"] != invoice["account"]]
            ours = OURS.search(row["description"] or "")
            data = {
                "id": row["id"],
                "number": row["number"],
                "date": row["date"],
                "amount": number(self._amount(settled, inner(invoice, "currency.code"))),
                "currency": inner(invoice, "currency.code"),
                "invoice": ref(invoice["id"]),
                "party": ref(invoice["party"]),
                "method": next(
                    (
                        m["name"]
                        for m in methods
                        if (m["journal"], m["debit_account"]) in {(row["journal"], account) for account in money}
                    ),
                    None,
                ),
                "reference": OURS.sub("", row["description"] or "") or None,
                "our_id": ours[1] if ours else None,
                "state": "posted",
            }
            yield self.record(data, [(self.model, row)], data["our_id"])

    def _invoices(self, ids: Sequence[int]) -> dict[int, Row]:
        fields = ["party", "account", "currency.code", "amount_to_pay", "number", "state"]
        rows = self.rpc.search_read("account.invoice", [["id", "in", sorted(set(ids))]], fields) if ids else []
        return {row["id"]: row for row in rows}

    def _methods(self) -> list[Row]:
        fields = ["name", "journal", "debit_account", "active"]
        return self.rpc.search_read("account.invoice.payment.method", [["company", "=", self.rpc.company]], fields)

    def _amount(self, moves: Sequence[Row], currency: str | None) -> Decimal:
        """What came in, in the invoice's currency; refunds are negative."""
        total = Decimal(0)
        for row in moves:
            if row["amount_second_currency"] is not None and inner(row, "second_currency.code") == currency:
                total -= Decimal(row["amount_second_currency"])
            else:
                total += Decimal(row["credit"]) - Decimal(row["debit"])
        return total

    def locate(self, our_ids: Sequence[str]) -> Mapping[str, int]:
        """Find payments by the tag at the end of their description."""
        if not our_ids:
            return {}
        tags = [["description", "like", f"%[{TAG}{_plain(ours)}]"] for ours in our_ids]
        rows = self.rpc.search_read(self.model, [*self.domain, ["OR", *tags]], ["description"])
        return {found[1]: row["id"] for row in rows if (found := OURS.search(row["description"] or ""))}

    def create(self, write: Write) -> int:
        """Book a payment on an invoice, in full or in part."""
        data = write.data
        id = key(data.get("invoice"), "invoice")
        invoice = self._invoices([id]).get(id)
        if invoice is None:
            raise Rejected(f"there is no invoice {id} to pay", ["invoice"])
        amount = self._given(data, invoice)
        reference = str(data.get("reference") or "").strip()
        form = {
            "payment_method": self._method(data.get("method")),
            "amount": amount,
            "date": _day(data.get("date")),
            "description": f"{reference} [{TAG}{write.our_id}]".strip(),
        }
        self._book(id, form)
        booked = self.locate([write.our_id]).get(write.our_id)
        if booked is None:
            raise Rejected(f"invoice {invoice['number']}: Tryton's wizard ended without a booked payment")
        return booked

    def change(self, write: Write, id: int) -> None:
        """Refuse what differs: what is booked is booked. Sending the same again is no change."""
        shown: dict[str, Any] = self.current(write, id).data  # type: ignore[assignment]
        differs = [n for n, value in write.data.items() if n in shown and not _same(n, value, shown[n])]
        if differs and write.key is not None:
            raise Rejected(f"payment {shown['number']} is booked and cannot be changed; reverse it in Tryton", differs)

    def _given(self, data: Mapping[str, Any], invoice: Row) -> Decimal:
        try:
            amount = Decimal(str(data.get("amount")))
        except InvalidOperation:
            raise Rejected(f"amount is {data.get('amount')!r}: give a decimal", ["amount"]) from None
        currency, open = inner(invoice, "currency.code"), Decimal(invoice["amount_to_pay"] or 0)
        if data.get("currency") not in (None, currency):
            raise Rejected(
                f"invoice {invoice['number']} is in {currency}, the payment in {data['currency']}", ["currency"]
            )
        if invoice["state"] not in ("posted", "paid"):
            raise Rejected(
                f"invoice {invoice['number'] or invoice['id']} is {invoice['state']}; post it first", ["invoice"]
            )
        if amount <= 0:
            raise Rejected(f"a payment of {amount} cannot be booked on an invoice", ["amount"])
        if amount > open:
            raise Rejected(f"invoice {invoice['number']}: {amount} is more than the {open} still open", ["amount"])
        return amount

    def _method(self, name: str | None) -> int:
        methods = {row["name"]: row["id"] for row in self._methods() if row["active"]}
        for wanted in (name, self.method):
            if wanted in methods:
                return int(methods[wanted])
        known = ", ".join(sorted(methods)) or "none"
        raise Rejected(f"Tryton has no payment method {name!r} (it has: {known}); set payment_method", ["method"])

    def _book(self, id: int, form: Mapping[str, Any]) -> None:
        """Walk through the wizard as a person does: the form, OK, and "partial" where it asks about the rest."""
        about = {"model": "account.invoice", "id": id, "ids": [id]}
        active = {"active_model": "account.invoice", "active_id": id, "active_ids": [id]}
        context: dict[str, Any] = {**about, **active}
        session, start, _ = self.rpc.call(f"{WIZARD}.create", **context)
        try:
            shown = self.rpc.call(f"{WIZARD}.execute", session, {}, start, **context)
            first = {**_form(shown), **form}
            asked = self.rpc.call(f"{WIZARD}.execute", session, {start: first}, "choice", **context)
            if "view" in asked:
                second = _form(asked) | {"type": "partial"}
                self.rpc.call(f"{WIZARD}.execute", session, {start: first, "ask": second}, "pay", **context)
        finally:
            self.rpc.call(f"{WIZARD}.delete", session, **context)


def _form(shown: Row) -> Row:
    """What a window shows before anything is typed, in the form in which it is sent back."""
    values = {n: v for n, v in shown["view"]["defaults"].items() if not n.endswith(".")}
    for name in ("amount", "amount_writeoff"):
        if values.get(name) is not None:
            values[name] = Decimal(values[name])
    if values.get("date"):
        values["date"] = date.fromisoformat(values["date"])
    return values


def _day(value: Any) -> date:
    if value is None:
        return date.today()
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise Rejected(f"date is {value!r}: give YYYY-MM-DD", ["date"]) from None


def _same(name: str, ours: Any, theirs: Any) -> bool:
    if name == "amount" and ours is not None and theirs is not None:
        return Decimal(str(ours)) == Decimal(str(theirs))
    return (ours or None) == (theirs or None)


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
