"""Products and opportunities, which are only read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hub.connect.base import Record
from hub_tryton import erase
from hub_tryton.changes import Part
from hub_tryton.documents import line, lines, number
from hub_tryton.source import Source, inner, ref


class Products(Source):
    """The stream `products`: variants with what their template says; prices are in the company's currency."""

    model = "product.product"
    parts = (Part("product.product"), Part("product.template", "products"))

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read products: two requests however many."""
        fields = ["code", "name", "description", "active", "list_price_used", "cost_price", "default_uom.symbol"]
        template = ["_timestamp", "write_date", "create_date", "active", "type", "salable", "account_category.rec_name"]
        company = self.rpc.search_read("company.company", [["id", "=", self.rpc.company]], ["currency.code"])
        currency = inner(company[0], "currency.code") if company else None
        for row in self.rows(ids, fields + [f"template.{name}" for name in template]):
            about = row["template."]
            data = {
                "id": row["id"],
                "code": row["code"],
                "name": row["name"],
                "description": row["description"] or None,
                "unit": inner(row, "default_uom.symbol"),
                "price": number(row["list_price_used"]),
                "cost": number(row["cost_price"]),
                "currency": currency,
                "type": about["type"],
                "salable": bool(about["salable"]),
                "category": inner(about, "account_category.rec_name"),
                "active": bool(row["active"] and about["active"]),
            }
            yield self.record(data, [(self.model, row), ("product.template", about)])


class Opportunities(Source):
    """The stream `opportunities`."""

    model = "sale.opportunity"
    parts = (Part("sale.opportunity"), Part("sale.opportunity.line", "opportunity"))

    def erase(self, id: int) -> str:
        """Delete an opportunity that did not become a sale."""
        row = self.alone(id, "state")
        return erase.document(self.rpc, self.model, row, ("cancel",) if row["state"] in ("lead", "opportunity") else ())

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read opportunities: two requests however many."""
        fields = ["number", "reference", "description", "party", "amount", "currency.code", "state"]
        fields += ["conversion_probability", "start_date", "end_date", "employee.rec_name", "sales"]
        rows = self.rows(ids, fields)
        groups = lines(self.rpc, "sale.opportunity.line", "opportunity", [row["id"] for row in rows], [])
        for row in rows:
            mine = groups.get(row["id"], [])
            chance = row["conversion_probability"]
            data = {
                "id": row["id"],
                "number": row["number"],
                "reference": row["reference"],
                "name": row["description"] or row["number"],
                "party": ref(row["party"]),
                "amount": number(row["amount"]),
                "currency": inner(row, "currency.code"),
                "state": row["state"],
                "probability": number(chance),
                "start_date": row["start_date"],
                "end_date": row["end_date"],
                "employee": inner(row, "employee.rec_name"),
                "sales": [str(sale) for sale in row["sales"]],
                "lines": [line(each, {}) for each in mine],
            }
            yield self.record(data, [(self.model, row), *(("sale.opportunity.line", each) for each in mine)])
