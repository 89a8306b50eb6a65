"""Sales: orders by SKU, which Tryton numbers, confirms, delivers and bills.

Our id is the note of the first line, `hub:...`: it is created with the sale or not at all, and is not printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.connect.base import Record, Write
from hub.errors import HubError, Rejected
from hub_tryton import erase
from hub_tryton.changes import Part, by, expecting
from hub_tryton.documents import line, lines, rates
from hub_tryton.rpc import Row, Rpc
from hub_tryton.source import TAG, Names, Source, inner, key, ref

STEPS = {  # what to press to get from one state to the one wanted
    ("draft", "quotation"): ("quote",),
    ("draft", "confirmed"): ("quote", "confirm"),
    ("quotation", "confirmed"): ("confirm",),
    ("quotation", "draft"): ("draft",),
    ("draft", "cancelled"): ("cancel",),
    ("quotation", "cancelled"): ("cancel",),
}
RUNNING = ("confirmed", "processing", "done")  # Tryton goes from one to the next by itself
CENT = Decimal("0.0001")  # Tryton keeps prices to four decimals


class Sales(Source):
    """The stream `sales`."""

    model = "sale.sale"
    parts = (Part("sale.sale"), Part("sale.line", "sale"))

    def __init__(self, rpc: Rpc, names: Names, *, confirm: bool) -> None:
        super().__init__(rpc, names)
        self.confirm = confirm
        self._parties: dict[int, Row] = {}
        self._places: dict[int, list[Row]] = {}

    def records(self, ids: Sequence[int]) -> Iterator[Record]:
        """Read sales: three requests however many."""
        fields = ["number", "reference", "description", "party", "currency.code", "state", "sale_date"]
        fields += ["untaxed_amount", "tax_amount", "total_amount", "shipment_state", "invoice_state", "shipping_date"]
        rows = self.rows(ids, fields)
        groups = self._lines([row["id"] for row in rows])
        taxes = rates(self.rpc, groups)
        for row in rows:
            mine = groups.get(row["id"], [])
            ours = next((m["note"].removeprefix(TAG) for m in mine if (m["note"] or "").startswith(TAG)), None)
            data = {
                "id": row["id"],
                "number": row["number"],
                "reference": row["reference"],
                "description": row["description"],
                "party": ref(row["party"]),
                "currency": inner(row, "currency.code"),
                "net": row["untaxed_amount"],
                "tax": row["tax_amount"],
                "total": row["total_amount"],
                "state": row["state"],
                "sale_date": row["sale_date"],
                "shipping_date": row["shipping_date"],
                "shipment_state": row["shipment_state"],
                "invoice_state": row["invoice_state"],
                "our_id": ours,
                "lines": [line(each, taxes) for each in mine],
            }
            yield self.record(data, [(self.model, row), *(("sale.line", each) for each in mine)], ours)

    def _lines(self, ids: Sequence[int]) -> dict[int, list[Row]]:
        return lines(self.rpc, "sale.line", "sale", ids, ["unit_price", "amount", "taxes", "note"])

    def locate(self, our_ids: Sequence[str]) -> Mapping[str, int]:
        """Find sales by the note of a line."""
        notes = [f"{TAG}{ours}" for ours in our_ids]
        rows = self.rpc.search_read("sale.line", [["note", "in", notes]], ["note", "sale"]) if notes else []
        return {row["note"].removeprefix(TAG): row["sale"] for row in rows}

    def prepare(self, writes: Sequence[Write]) -> None:
        """Look up the customers, their addresses and the products of a batch: four requests however many."""
        asked = {str(write.data.get("party")) for write in writes}
        ids = [int(party) for party in asked if party.isdecimal()]
        fields = ["name", "customer_payment_term"]
        found = self.rpc.search_read("party.party", [["id", "in", ids]], fields) if ids else []
        self._parties = {row["id"]: row for row in found}
        places = [["party", "in", ids], ["active", "=", True]]
        order = [["party", "ASC"], ["sequence", "ASC NULLS FIRST"], ["id", "ASC"]]
        rows = (
            self.rpc.search_read("party.address", places, ["party", "invoice", "delivery"], order=order) if ids else []
        )
        self._places = by(rows, "party")
        self.names.forget("product.product")  # prices change
        self._products([sku for write in writes for sku in _skus(write.data)])

    def _products(self, skus: Sequence[str]) -> dict[str, Row]:
        fields = ["default_uom", "sale_uom", "list_price_used", "template.account_category", "active"]
        return self.names.get("product.product", "code", sorted(set(skus)), fields)

    def create(self, write: Write) -> int:
        """Create a sale, then quote and confirm it; one that cannot be confirmed is taken back whole."""
        data = write.data
        party = key(data.get("party"), "party")
        if party not in self._parties:
            raise Rejected(f"there is no party {party} to sell to", ["party"])
        invoice, shipment = self._addresses(party)
        rows = self._rows(data)
        rows[0]["note"] = f"{TAG}{write.our_id}"
        values: dict[str, Any] = {
            "party": party,
            "invoice_address": invoice,
            "shipment_address": shipment,
            "payment_term": self._parties[party]["customer_payment_term"],
            "reference": data.get("reference"),
            "description": data.get("description"),
            "lines": [["create", rows]],
        }
        if data.get("sale_date"):
            values["sale_date"] = date.fromisoformat(str(data["sale_date"]))
        if data.get("currency"):
            values["currency"] = self.names.id("currency.currency", "code", data["currency"], "currency")
        id = int(self.rpc.call("model.sale.sale.create", [values])[0])
        try:
            self._press(id, "draft", data.get("state") or ("confirmed" if self.confirm else "draft"))
        except Rejected:
            self._take_back(id)
            raise
        return id

    def _take_back(self, id: int) -> None:
        try:
            self.rpc.call("model.sale.sale.cancel", [id])
            self.rpc.call("model.sale.sale.delete", [id])
        except HubError:
            return  # it stays there cancelled, carrying our id, so that another attempt finds it

    def change(self, write: Write, id: int) -> None:
        """Change what Tryton lets be changed: header texts always, lines while it is a draft, the state by its buttons."""
        shown: dict[str, Any] = self.current(write, id).data  # type: ignore[assignment]
        new = {n: v for n, v in write.data.items() if n in shown and not _same(n, v, shown[n])}
        wanted = new.pop("state", None)
        if wanted is None and write.key is None and shown["state"] in ("draft", "quotation") and self.confirm:
            wanted = "confirmed"  # a create that was cut short
        values: dict[str, Any] = {n: new.pop(n) for n in ("reference", "description") if n in new}
        if "lines" in new and shown["state"] == "draft":
            values["lines"] = self._replaced(write, id)
            del new["lines"]
        fixed = sorted(n for n in new if n in ("party", "currency", "lines", "sale_date"))
        if fixed and write.key is not None:
            raise Rejected(f"sale {shown['number']} is {shown['state']}: {', '.join(fixed)} cannot be changed", fixed)
        if values:
            rows = [("sale.sale", row) for row in self.rows([id], [])]
            rows += [("sale.line", each) for each in self._lines([id]).get(id, [])] if "lines" in values else []
            self.rpc.call("model.sale.sale.write", [id], values, _timestamp=expecting(rows))
        if wanted:
            self._press(id, shown["state"], wanted)

    def erase(self, id: int) -> str:
        """Delete a sale that nobody has begun to process."""
        row = self.alone(id, "state")
        steps = {"draft": ("cancel",), "quotation": ("cancel",), "confirmed": ("draft", "cancel")}
        return erase.document(self.rpc, self.model, row, steps.get(row["state"], ()))

    def _replaced(self, write: Write, id: int) -> list[Any]:
        rows = self._rows(write.data)
        rows[0]["note"] = f"{TAG}{write.our_id}"
        return [["delete", [each["id"] for each in self._lines([id]).get(id, [])]], ["create", rows]]

    def _press(self, id: int, now: str, wanted: str) -> None:
        target = "confirmed" if wanted in RUNNING else wanted
        if target == now or (target == "confirmed" and now in RUNNING):
            return
        if (now, target) not in STEPS:
            raise Rejected(f"sale {id} is {now} and cannot become {wanted} by a button; do it in Tryton", ["state"])
        for button in STEPS[now, target]:
            self.rpc.call(f"model.sale.sale.{button}", [id])

    def _addresses(self, party: int) -> tuple[int, int]:
        places = self._places.get(party, [])
        if not places:
            name = self._parties[party]["name"] or party
            raise Rejected(f"party {name} has no address, and Tryton wants one on a sale; add one", ["party"])
        return tuple(next((p["id"] for p in places if p[use]), places[0]["id"]) for use in ("invoice", "delivery"))

    def _rows(self, data: Mapping[str, Any]) -> list[dict[str, Any]]:
        given = data.get("lines") or []
        if not given:
            raise Rejected("a sale without lines sells nothing", ["lines"])
        products = self._products(_skus(data))
        unknown = sorted({sku for sku in _skus(data) if sku not in products})
        if unknown:
            raise Rejected(
                f"Tryton has no product with code {', '.join(map(repr, unknown))}; create it there", ["lines"]
            )
        taxes = self._taxes([row["template."]["account_category"] for row in products.values()])
        return [self._row(each, data, products, taxes) | {"sequence": n} for n, each in enumerate(given, 1)]

    def _taxes(self, categories: Sequence[int | None]) -> dict[int, list[int]]:
        ids = sorted({each for each in categories if each is not None})
        rows = self.rpc.search_read("product.category", [["id", "in", ids]], ["customer_taxes_used"]) if ids else []
        return {row["id"]: row["customer_taxes_used"] for row in rows}

    def _row(
        self,
        given: Mapping[str, Any],
        data: Mapping[str, Any],
        products: Mapping[str, Row],
        taxes: Mapping[int, list[int]],
    ) -> dict[str, Any]:
        """One line; creating runs none of Tryton's own look-ups, so unit, price and taxes are passed."""
        product = products.get(given.get("product_code") or "")
        price = _decimal(given.get("unit_price"), "lines")
        if price is None:
            price = self._list_price(product, data)
        discount = _decimal(given.get("discount"), "lines") or Decimal(0)
        quantity = _decimal(given.get("quantity"), "lines")
        row: dict[str, Any] = {
            "type": "line",
            "quantity": float(quantity if quantity is not None else 1),
            "unit_price": (price * (1 - discount)).quantize(CENT),
            "description": given.get("description"),
        }
        if product:
            category = product["template."]["account_category"]
            row |= {"product": product["id"], "unit": product["sale_uom"] or product["default_uom"]}
            row["taxes"] = [["add", taxes.get(category, [])]]
        return row

    def _list_price(self, product: Row | None, data: Mapping[str, Any]) -> Decimal:
        ours = self.rpc.search_read("company.company", [["id", "=", self.rpc.company]], ["currency.code"])
        if product is None or product["list_price_used"] is None:
            raise Rejected("a line has no unit_price, and Tryton no list price for it", ["lines"])
        if data.get("currency") not in (None, inner(ours[0], "currency.code")):
            raise Rejected(
                f"a line in {data['currency']} wants a unit_price: list prices are in another currency", ["lines"]
            )
        return Decimal(product["list_price_used"])


def _skus(data: Mapping[str, Any]) -> list[str]:
    return [sku for each in data.get("lines") or [] if (sku := each.get("product_code"))]


def _decimal(value: Any, said: str) -> Decimal | None:
    if value is None:
        return None
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Rejected(f"{value!r} is no number", [said]) from None


def _same(name: str, ours: Any, theirs: Any) -> bool:
    """Whether a field given is what the sale shows; of a line only what is given is compared."""
    if name == "state":
        return ours == theirs or (ours in RUNNING and theirs in RUNNING)
    if name == "lines":
        return len(ours or []) == len(theirs) and all(
            all(_same(n, v, shown.get(n)) for n, v in each.items() if v is not None)
            for each, shown in zip(ours or [], theirs, strict=True)
        )
    if name in ("quantity", "unit_price", "tax_rate", "amount", "net", "tax", "total") and None not in (ours, theirs):
        return Decimal(str(ours)) == Decimal(str(theirs))
    return bool((ours or None) == (theirs or None))
