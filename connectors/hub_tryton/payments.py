"""Payments of invoices: moves in cash journals whose origin is an invoice, booked by Tryton's own wizard.

A payment already booked is found by our id in its description. One payment of ours may settle several invoices, and
what was given up with it (discount, charges, a rest) is booked by the same wizard under payment methods of its own:
its moves share the tag and are one record, whose key is the lowest of their ids. What it settles no longer is taken
back by Tryton's wizard that cancels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from hub.connect.base import Record, Write
from hub.errors import ConfigError, Rejected
from hub_tryton.changes import DATES, Part, by
from hub_tryton.documents import number
from hub_tryton.erase import BOOKS
from hub_tryton.rpc import Row, Rpc
from hub_tryton.settled import OURS, PAID, Parts, described, kind, like, tag, wanted
from hub_tryton.settled import Part as Settled
from hub_tryton.source import Names, Source, inner, ref
from hub_tryton.unbook import cancelled, unbook

BOOKED = (
    ("origin.type", "=", "out", "account.invoice"),
    ("journal.type", "=", "cash"),
    ("state", "=", "posted"),
)
CANCELLING = (("origin.journal.type", "=", "cash", "account.move"),)
WIZARD = "wizard.account.invoice.pay"
SETTLED = ("allocations", "adjustments")
FIELDS = ("number", "date", "description", "origin", "journal")


class Payments(Source):
    """The stream `payments`; of a booked payment only what it settles is ever changed."""

    model = "account.move"
    domain = BOOKED
    parts = (Part("account.move", domain=BOOKED), Part("account.move", "origin", CANCELLING))

    def __init__(self, rpc: Rpc, names: Names, *, method: str, given_up: Mapping[str, str]) -> None:
        super().__init__(rpc, names)
        self.method = method
        self.given_up = given_up

    def check(self) -> None:
        """See that the methods the settings name are there. Raises ConfigError."""
        there = {row["name"] for row in self._methods() if row["active"]}
        for name in sorted({self.method, *self.given_up.values()} - {""} - there):
            known = ", ".join(sorted(there)) or "none"
            raise ConfigError(
                f"Tryton has no payment method {name!r} (it has: {known}); make it there, or name another"
            )

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
            payments.setdefault(tag(row) or row["id"], []).append(row)
        for some in payments.values():
            yield self._payment(some, dead, invoices, groups, methods)

    def _payment(
        self, rows: Sequence[Row], dead: Mapping[int, Row], invoices: Mapping[int, Row],
        groups: Mapping[int, Sequence[Row]], methods: Sequence[Row],
    ) -> Record:  # fmt: skip
        first, ours = rows[0], tag(rows[0])
        settled: dict[tuple[int, str], Decimal] = {}
        for row in rows:
            if row["id"] not in dead or ours is None:
                id = _invoice(row)
                settled.setdefault((id, PAID), Decimal(0))
                settled[id, kind(row)] = settled.get((id, kind(row)), Decimal(0)) + self._amount(
                    [each for each in groups.get(row["id"], []) if each["account"] == invoices[id]["account"]],
                    inner(invoices[id], "currency.code"),
                )
        parts = {
            at: {"invoice": ref(at[0]), "amount": number(amount), "currency": inner(invoices[at[0]], "currency.code")}
            for at, amount in settled.items()
        }
        whole = invoices[_invoice(first)]
        total = number(sum((amount for (_, kind), amount in settled.items() if kind == PAID), Decimal(0)))
        paid = next((row for row in rows if kind(row) == PAID), None)
        named = {id for id, _ in settled}
        data = {
            "id": first["id"],
            "number": first["number"],
            "date": first["date"],
            "amount": total,
            # what a payment of ours amounts to is ours to know: Tryton sees what it settles
            "received": total if ours is None else None,
            "currency": inner(whole, "currency.code"),
            "invoice": ref(next(iter(named))) if len(named) == 1 else None,
            "allocations": [part for (_, kind), part in parts.items() if kind == PAID],
            "adjustments": [part | {"kind": kind} for (_, kind), part in parts.items() if kind != PAID],
            "party": ref(whole["party"]),
            "method": self._by(paid, groups, whole["account"], methods) if paid else None,
            "reference": OURS.sub("", first["description"] or "") or None,
            "our_id": ours,
            "state": "cancelled" if ours is None and first["id"] in dead else "posted",
        }
        moves = [(self.model, row) for row in rows]
        moves += [(self.model, dead[row["id"]]) for row in rows if row["id"] in dead]
        return self.record(data, moves, ours)

    def _by(self, row: Row, groups: Mapping[int, Sequence[Row]], owed: int, methods: Sequence[Row]) -> str | None:
        """The method a payment was booked by: the one with its journal and account."""
        money = {each["account"] for each in groups.get(row["id"], []) if each["account"] != owed}
        found = (m["name"] for m in methods if m["journal"] == row["journal"] and m["debit_account"] in money)
        return next(found, None)

    def _whole(self, rows: Sequence[Row]) -> list[Row]:
        """These moves and all that carry the same tags, by id."""
        tags = sorted({ours for row in rows if (ours := tag(row))})
        found = {row["id"]: row for row in rows}
        found |= {row["id"]: row for row in self._tagged(tags)}
        return [found[id] for id in sorted(found)]

    def _tagged(self, tags: Sequence[str]) -> list[Row]:
        return self.rpc.search_read(self.model, [*self.domain, like(tags)], [*FIELDS, *DATES]) if tags else []

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

    def erase(self, id: int) -> str:
        """Refuse: a payment is a posted move."""
        self.alone(id)
        raise Rejected(BOOKS)

    def locate(self, our_ids: Sequence[str]) -> Mapping[str, int]:
        """Find payments by the tag at the end of their description."""
        found: dict[str, int] = {}
        for row in self._tagged(our_ids):
            if ours := tag(row):
                found.setdefault(ours, row["id"])  # the lowest: they come by id
        return found

    def create(self, write: Write) -> int:
        """Book a payment on its invoices, in full or in part; nothing is booked where one of them cannot be."""
        self._settle(write, wanted(write.data), {})
        booked = self.locate([write.our_id]).get(write.our_id)
        if booked is None:
            raise Rejected("a payment of nothing cannot be booked", ["amount"])
        return booked

    def change(self, write: Write, id: int) -> None:
        """Book or take back what the payment settles; else refuse what differs: what is booked is booked."""
        shown: dict[str, Any] = self.current(write, id).data  # type: ignore[assignment]
        said = {name: write.data[name] for name in SETTLED if name in write.data}
        if said:
            if shown["our_id"] is None:
                raise Rejected(f"payment {shown['number']} was booked by hand; change it in Tryton", list(said))
            tagged = Write(write.data, write.key, write.expect, write.once, shown["our_id"])
            there = {name: shown[name] for name in SETTLED}
            self._settle(tagged, wanted(there | said), wanted(there), shown)
        plain = {n: v for n, v in write.data.items() if n not in (*SETTLED, "received")}
        differs = [n for n, value in plain.items() if n in shown and not _same(n, value, shown[n])]
        if differs and write.key is not None:
            raise Rejected(f"payment {shown['number']} is booked and cannot be changed; reverse it in Tryton", differs)

    def _settle(self, write: Write, parts: Parts, there: Parts, shown: Any = None) -> None:
        """Bring what is booked to what is wanted: taken back first, since the same money may go elsewhere."""
        back = {at for at, booked in there.items() if _less(parts.get(at), booked)}
        missing = [
            part._replace(amount=part.amount - (there[at].amount if at in there and at not in back else 0))
            for at, part in parts.items()
        ]
        missing = [part for part in missing if part.amount or (not there and part.field == "amount")]
        self._given(missing, _by_invoice(there[at] for at in back))
        about = write.data if shown is None else shown
        methods = [self._method(about.get("method"), part.kind) for part in missing]
        day = _day(write.data.get("date") or about.get("date"))
        if back:
            moves = [row["id"] for row in self._tagged([write.our_id]) if (_invoice(row), kind(row)) in back]
            unbook(self.rpc, moves)
        reference = (write.data if "reference" in write.data or shown is None else shown).get("reference")
        for part, method in zip(missing, methods, strict=True):
            self._book(part.invoice, {
                "payment_method": method,
                "amount": part.amount,
                "date": day,
                "description": described(reference, write.our_id, part.kind),
            })  # fmt: skip

    def _given(self, parts: Sequence[Settled], freed: Mapping[int, Decimal]) -> None:
        """Refuse what cannot be booked; `freed` becomes open before anything is."""
        invoices = self._invoices([part.invoice for part in parts])
        taken: dict[int, Decimal] = {}
        for part in parts:
            if part.invoice not in invoices:
                raise Rejected(f"there is no invoice {part.invoice} to pay", ["invoice"])
            invoice = invoices[part.invoice]
            named, field = f"invoice {invoice['number'] or part.invoice}", [part.field]
            currency = inner(invoice, "currency.code")
            if part.currency not in (None, currency):
                raise Rejected(f"{named} is in {currency}, the payment in {part.currency}", ["currency"])
            if invoice["state"] not in ("posted", "paid"):
                raise Rejected(f"{named} is {invoice['state']}; post it first", ["invoice"])
            gone = taken.get(part.invoice, Decimal(0))
            open = Decimal(invoice["amount_to_pay"] or 0) + freed.get(part.invoice, Decimal(0)) - gone
            if not part.amount or part.amount * open < 0:
                raise Rejected(f"a payment of {part.amount} cannot be booked on {named}, {open} is open", field)
            if abs(part.amount) > abs(open):
                raise Rejected(f"{named}: {part.amount} is more than the {open} still open", field)
            taken[part.invoice] = gone + part.amount

    def _method(self, name: str | None, kind: str) -> int:
        methods = {row["name"]: row["id"] for row in self._methods() if row["active"]}
        choice = (name, self.method) if kind == PAID else (self.given_up.get(kind),)
        for one in choice:
            if one in methods:
                return int(methods[one])
        known = ", ".join(sorted(methods)) or "none"
        if kind == PAID:
            raise Rejected(f"Tryton has no payment method {name!r} (it has: {known}); set payment_method", ["method"])
        raise Rejected(
            f"no payment method for {kind} (Tryton has: {known}); make one there whose account is the one to book it on, "
            f"and set {kind}_method",
            ["adjustments"],
        )

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


def _invoice(row: Row) -> int:
    return int(row["origin"].rpartition(",")[2])


def _less(part: Settled | None, booked: Settled) -> bool:
    """Whether less is wanted than is booked, or the opposite of it."""
    amount = part.amount if part else Decimal(0)
    return bool(booked.amount) and (amount * booked.amount <= 0 or abs(amount) < abs(booked.amount))


def _by_invoice(parts: Iterable[Settled]) -> dict[int, Decimal]:
    """What parts come to on each invoice."""
    sums: dict[int, Decimal] = {}
    for part in parts:
        sums[part.invoice] = sums.get(part.invoice, Decimal(0)) + part.amount
    return sums


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
