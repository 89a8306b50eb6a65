"""Invoices to customers, which are only read: Tryton makes them of its sales."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from hub.connect.base import Record
from hub_tryton import erase
from hub_tryton.changes import Part
from hub_tryton.documents import line, lines, rates
from hub_tryton.rpc import Row
from hub_tryton.source import Source, inner, ref

OUT = ("type", "=", "out")


class Invoices(Source):
    """The stream `invoices`; a credit note is one whose total is negative.

    A payment or a bank statement reconciles move lines without touching the invoice when a part stays open, so the
    moves made for invoices count as parts of them.
    """

    model = "account.invoice"
    domain = (OUT,)
    parts = (
        Part("account.invoice", domain=(OUT,)),
        Part("account.invoice.line", "invoice", (("invoice.type", "=", "out"),)),
        Part("account.move.line", "move.origin", (("move.origin.type", "=", "out", "account.invoice"),)),
    )

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read invoices: four requests however many."""
        fields = ["number", "reference", "description", "party", "state", "currency.code", "invoice_date", "sales"]
        fields += ["untaxed_amount", "tax_amount", "total_amount", "amount_to_pay", "lines_to_pay", "payment_lines"]
        rows = self.rows(ids, fields)
        groups = lines(
            self.rpc,
            "account.invoice.line",
            "invoice",
            [row["id"] for row in rows],
            ["unit_price", "amount", "taxes"],
        )
        taxes = rates(self.rpc, groups)
        moves = self._moves(rows)
        for row in rows:
            mine = groups.get(row["id"], [])
            due = [moves[id] for id in row["lines_to_pay"] if id in moves]
            paid = [moves[id] for id in row["payment_lines"] if id in moves]
            data = {
                "id": row["id"],
                "number": row["number"],
                "reference": row["reference"],
                "description": row["description"],
                "kind": "credit_note" if Decimal(row["total_amount"]) < 0 else "invoice",
                "party": ref(row["party"]),
                "sale": ref(min(row["sales"], default=None)),
                "currency": inner(row, "currency.code"),
                "net": row["untaxed_amount"],
                "tax": row["tax_amount"],
                "total": row["total_amount"],
                "open": self._open(row),
                "state": self._state(row),
                "invoice_date": row["invoice_date"],
                "due_date": self._due(due),
                "lines": [line(each, taxes) for each in mine],
            }
            parts = [("account.invoice.line", each) for each in mine]
            parts += [("account.move.line", each) for each in (*due, *paid)]
            yield self.record(data, [(self.model, row), *parts])

    def erase(self, id: int) -> str:
        """Delete a draft; what has a number stays."""
        return erase.document(self.rpc, self.model, self.alone(id, "number"))

    def _moves(self, rows: Sequence[Row]) -> dict[int, Row]:
        ids = sorted({id for row in rows for id in (*row["lines_to_pay"], *row["payment_lines"])})
        fields = ["maturity_date", "reconciliation", "write_date", "create_date", "_timestamp"]
        found = self.rpc.search_read("account.move.line", [["id", "in", ids]], fields) if ids else []
        return {row["id"]: row for row in found}

    def _open(self, row: Row) -> str:
        # before it is posted nothing is owed by the books, and Tryton says 0
        return str(row["total_amount"] if row["state"] in ("draft", "validated") else row["amount_to_pay"] or "0")

    def _state(self, row: Row) -> str:
        open, total = Decimal(row["amount_to_pay"] or 0), Decimal(row["total_amount"])
        return "partly_paid" if row["state"] == "posted" and abs(open) < abs(total) else str(row["state"])

    def _due(self, moves: Sequence[Row]) -> str | None:
        """The next day on which something is due, once all is paid the last one."""
        waiting = [row["maturity_date"] for row in moves if row["maturity_date"] and row["reconciliation"] is None]
        dates = [row["maturity_date"] for row in moves if row["maturity_date"]]
        return min(waiting, default=None) or max(dates, default=None)
