"""What sales, invoices and opportunities share: lines with products, units and tax rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from hub_tryton.changes import DATES, by
from hub_tryton.rpc import Row, Rpc
from hub_tryton.source import inner


def number(value: Any) -> str | None:
    """Write a float or decimal text plainly, without zeros at its end: 2.0 is "2"."""
    if value is None:
        return None
    plain = format(Decimal(str(value)), "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def lines(rpc: Rpc, model: str, parent: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, list[Row]]:
    """Read the lines of documents, in their order; those of type subtotal, title and comment are left out."""
    domain = [[parent, "in", list(ids)]] + ([] if model == "sale.opportunity.line" else [["type", "=", "line"]])
    wanted = [parent, "product.code", "description", "quantity", "unit.symbol", *fields, *DATES]
    order = [[parent, "ASC"], ["sequence", "ASC NULLS FIRST"], ["id", "ASC"]]
    return by(rpc.search_read(model, domain, wanted, order=order), parent)


def rates(rpc: Rpc, groups: Mapping[int, Sequence[Row]]) -> dict[int, str | None]:
    """Read the rates of all taxes on these lines, by tax; one that is no percentage has none."""
    ids = sorted({tax for rows in groups.values() for row in rows for tax in row["taxes"]})
    rows = rpc.search_read("account.tax", [["id", "in", ids]], ["type", "rate"]) if ids else []
    return {row["id"]: row["rate"] if row["type"] == "percentage" else None for row in rows}


def line(row: Row, taxes: Mapping[int, str | None]) -> dict[str, Any]:
    """Write one line as data; the tax rate is the sum of its taxes' rates, null without a tax."""
    found = [rate for tax in row.get("taxes", ()) if (rate := taxes.get(tax)) is not None]
    return {
        "product_code": inner(row, "product.code"),
        "description": row["description"] or None,
        "quantity": number(row["quantity"]),
        "unit": inner(row, "unit.symbol"),
        "unit_price": number(row.get("unit_price")),
        "tax_rate": number(sum(map(Decimal, found), Decimal(0))) if found else None,
        "amount": row.get("amount"),
    }
