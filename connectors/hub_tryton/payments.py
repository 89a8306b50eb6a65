"""Payments of invoices: moves in cash journals whose origin is an invoice, booked by Tryton's own wizard.

The wizard takes a description and nothing else of ours, so our id stands there as `reference [hub:id]`; a payment
already booked is found by it. One payment of ours may settle several invoices: its moves share the tag and are one
record, whose key is the lowest of their ids. What it settles no longer is taken back by Tryton's wizard that cancels.
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
from hub_tryton.unbook import cancelled, unbook

OURS = re.compile(rf"\s*\[{TAG}([^\]]+)\]\s*$")
BOOKED = (
    ("origin.type", "=", "out", "account.invoice"),
    ("journal.type", "=", "cash"),
    ("state", "=", "posted"),
)
CANCELLING = (("origin.journal.type", "=", "cash", "account.move"),)
WIZARD = "wizard.account.invoice.pay"
FIELDS = ("number", "date", "description", "origin", "journal")


class Payments(Source):
    """The stream `payments`; of a booked payment only what it settles is ever changed."""

    model = "account.move"
    domain = BOOKED
    parts = (Part("account.move", domain=BOOKED), Part("account.move", "origin", CANCELLING))

    def __init__(self, rpc: Rpc, names: Names, *, method: str) -> None:
        super().__init__(rpc, names)
        self.method = method

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read payments: six requests however many."""
        rows = self._whole(self.rows(ids, FIELDS))
        dead = cancelled(self.rpc, [row["id"] for row in rows])
        invoices = self._invoices([_invoice(row) for row in rows])
        fields = ["move", "account", "debit", "credit", "amount_second_currency", "second_currency.code", *DATES]
        found = self.rpc.search_read("account.move.line", [["move", "in", [row["id"] for row in rows]]], fields)
        groups, methods = by(found, "move"), self._methods()
        payments: dict[Any, list[Row]] = {}
        for row in rows:
            payments.setdefault(_tag(row) or row["id"], []).append(row)
        for some in payments.values():
            yield self._payment(some, dead, invoices, groups, methods)

    def _payment(
        self, rows: Sequence[Row], dead: Mapping[int, Row], invoices: Mapping[int, Row],
        groups: Mapping[int, Sequence[Row]], methods: Sequence[Row],
    ) -> Record:  # fmt: skip
        first, ours = rows[0], _tag(rows[0])
        settled: dict[int, Decimal] = {}
        for row in rows:
            id = _invoice(row)
            if row["id"] not in dead or ours is None:
                settled[id] = settled.get(id, Decimal(0)) + self._amount(
                    [each for each in groups.get(row["id"], []) if each["account"] == invoices[id]["account"]],
                    inner(invoices[id], "currency.code"),
                )
        whole = invoices[_invoice(first)]
        total = number(sum(settled.values(), Decimal(0)))
        money = [each["account"] for each in groups.get(first["id"], []) if each["account"] != whole["account"]]
        data = {
            "id": first["id"],
            "number": first["number"],
            "date": first["date"],
            "amount": total,
            # what a payment of ours amounts to is ours to know: Tryton sees what it settles
            "received": total if ours is None else None,
            "currency": inner(whole, "currency.code"),
            "invoice": ref(next(iter(settled))) if len(settled) == 1 else None,
            "allocations": [
                {"invoice": ref(id), "amount": number(amount), "currency": inner(invoices[id], "currency.code")}
                for id, amount in settled.items()
            ],
            "party": ref(whole["party"]),
            "method": next(
                (
                    m["name"]
                    for m in methods
                    if (m["journal"], m["debit_account"]) in {(first["journal"], account) for account in money}
                ),
                None,
            ),
            "reference": OURS.sub("", first["description"] or "") or None,
            "our_id": ours,
            "state": "cancelled" if ours is None and first["id"] in dead else "posted",
        }
        moves = [(self.model, row) for row in rows]
        moves += [(self.model, dead[row["id"]]) for row in rows if row["id"] in dead]
        return self.record(data, moves, ours)

    def _whole(self, rows: Sequence[Row]) -> list[Row]:
        """These moves and all that carry the same tags, by id."""
        tags = sorted({tag for row in rows if (tag := _tag(row))})
        found = {row["id"]: row for row in rows}
        found |= {row["id"]: row for row in self._tagged(tags)}
        return [found[id] for id in sorted(found)]

    def _tagged(self, tags: Sequence[str]) -> list[Row]:
        if not tags:
            return []
        like = [["description", "like", f"%[{TAG}{_plain(tag)}]"] for tag in tags]
        return self.rpc.search_read(self.model, [*self.domain, ["OR", *like]], [*FIELDS, *DATES])

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
        found: dict[str, int] = {}
        for row in self._tagged(our_ids):
            if tag := _tag(row):
                found.setdefault(tag, row["id"])  # the lowest: they come by id
        return found

    def create(self, write: Write) -> int:
        """Book a payment on its invoices, in full or in part; nothing is booked where one of them cannot be."""
        self._settle(write, _wanted(write.data), {})
        booked = self.locate([write.our_id]).get(write.our_id)
        if booked is None:
            raise Rejected("Tryton's wizard ended without a booked payment", ["allocations"])
        return booked

    def change(self, write: Write, id: int) -> None:
        """Book or take back what the payment settles; else refuse what differs: what is booked is booked."""
        shown: dict[str, Any] = self.current(write, id).data  # type: ignore[assignment]
        if "allocations" in write.data:
            if shown["our_id"] is None:
                raise Rejected(f"payment {shown['number']} was booked by hand; change it in Tryton", ["allocations"])
            tagged = Write(write.data, write.key, write.expect, write.once, shown["our_id"])
            there = {key(part["invoice"], "invoice"): Decimal(part["amount"]) for part in shown["allocations"]}
            self._settle(tagged, _wanted(write.data), there, shown)
        plain = {n: v for n, v in write.data.items() if n not in ("allocations", "received")}
        differs = [n for n, value in plain.items() if n in shown and not _same(n, value, shown[n])]
        if differs and write.key is not None:
            raise Rejected(f"payment {shown['number']} is booked and cannot be changed; reverse it in Tryton", differs)

    def _settle(
        self, write: Write, parts: Sequence[Mapping[str, Any]], there: Mapping[int, Decimal], shown: Any = None
    ) -> None:
        """Bring what is booked to what is wanted: taken back first, since the same money may go elsewhere."""
        wanted = {key(part.get("invoice"), "invoice"): part for part in parts}
        back = [id for id, booked in there.items() if id not in wanted or _amount(wanted[id]) < booked]
        invoices = self._invoices(list(wanted))
        for id, part in wanted.items():
            if id not in invoices:
                raise Rejected(f"there is no invoice {id} to pay", ["invoice"])
            kept = Decimal(0) if id in back else there.get(id, Decimal(0))
            if id in back or _amount(part) != kept or not kept:
                free = there.get(id, Decimal(0)) if id in back else Decimal(0)
                self._given({**part, "amount": _amount(part) - kept}, invoices[id], free)
        if back:
            unbook(self.rpc, [row["id"] for row in self._tagged([write.our_id]) if _invoice(row) in back])
        described = write.data if "reference" in write.data or shown is None else shown
        reference = str(described.get("reference") or "").strip()
        for id, part in wanted.items():
            missing = _amount(part) - (Decimal(0) if id in back else there.get(id, Decimal(0)))
            if missing:
                self._book(id, {
                    "payment_method": self._method((write.data if shown is None else shown).get("method")),
                    "amount": missing,
                    "date": _day((write.data if shown is None else shown).get("date")),
                    "description": f"{reference} [{TAG}{write.our_id}]".strip(),
                })  # fmt: skip

    def _given(self, data: Mapping[str, Any], invoice: Row, free: Decimal) -> None:
        """Refuse what cannot be booked; `free` becomes open before it is."""
        amount = _amount(data)
        currency, open = inner(invoice, "currency.code"), Decimal(invoice["amount_to_pay"] or 0) + free
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


def _tag(row: Row) -> str | None:
    found = OURS.search(row["description"] or "")
    return found[1] if found else None


def _invoice(row: Row) -> int:
    return int(row["origin"].rpartition(",")[2])


def _wanted(data: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What a payment is to settle: its allocations, or the one invoice it names with its whole amount."""
    if data.get("allocations"):
        parts: Sequence[Mapping[str, Any]] = data["allocations"]
        return parts
    if "allocations" in data:
        return ()
    return [{"invoice": data.get("invoice"), "amount": data.get("amount"), "currency": data.get("currency")}]


def _amount(data: Mapping[str, Any]) -> Decimal:
    if isinstance(data.get("amount"), Decimal):
        return data["amount"]  # type: ignore[no-any-return]
    try:
        return Decimal(str(data.get("amount")))
    except InvalidOperation:
        raise Rejected(f"amount is {data.get('amount')!r}: give a decimal", ["amount"]) from None


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
