"""People who work in the ERP: what they do by hand while the hub is looking elsewhere."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import httpx

from hub.errors import HubError


class MissedError(HubError):
    """What a person tried in the ERP did not work; the message is the ERP's."""


class ConfirmationError(HubError):
    """Tryton asks for a confirmation; `name` is what it will be remembered under."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class People:
    """Somebody logged in to Tryton, doing by hand what clerks do. Ids are Tryton's own."""

    def __init__(self, url: str, database: str, user: str, password: str, company: int = 1) -> None:
        self._client = httpx.Client(base_url=url, timeout=60)
        self._path = f"/{database}/rpc/"
        self._user = user
        self._password = password
        self._company = company
        self._header: dict[str, str] = {}
        self._me = 0

    def call(self, method: str, *params: Any, **context: Any) -> Any:
        """Call any method, such as `model.party.party.read`, by position; the context comes from the keywords."""
        if not self._header:
            session = self._send("common.db.login", [self._user, {"password": self._password}])
            self._me = session[0]
            token = base64.b64encode(f"{self._user}:{session[0]}:{session[1]}".encode()).decode()
            self._header = {"Authorization": f"Session {token}"}
        while True:
            try:
                return self._send(method, [*params, {"company": self._company, **context}])
            except ConfirmationError as warning:  # a window asks "are you sure?", and a person clicks Yes
                given = {"user": self._me, "name": warning.name, "always": False}
                self._send("model.res.user.warning.create", [[given], {}])

    def _send(self, method: str, params: Sequence[Any]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_encode)
        headers = {"Content-Type": "application/json", **self._header}
        answer = self._client.post(self._path, content=body, headers=headers)
        answer.raise_for_status()
        told = json.loads(answer.content, object_hook=_decode)
        if "error" in told:
            kind, words = told["error"]
            if kind == "UserWarning":
                raise ConfirmationError(words[0])
            raise MissedError(f"{method}: {told['error']}")
        return told["result"]

    def find(self, model: str, *domain: Any, fields: Sequence[str] = ("id",), **context: Any) -> list[dict[str, Any]]:
        """Search and read."""
        found = self.call(f"model.{model}.search_read", list(domain), 0, None, None, list(fields), **context)
        return list(found)

    def one(self, model: str, *domain: Any) -> int:
        """Return the id of the one record that meets the domain."""
        found = self.find(model, *domain)
        if len(found) != 1:
            raise MissedError(f"{model}: {len(found)} records meet {domain}")
        return int(found[0]["id"])

    def add_party(
        self,
        name: str,
        *,
        phone: str | None = None,
        mobile: str | None = None,
        email: str | None = None,
        website: str | None = None,
        vat: str | None = None,
        street: str | None = None,
        postal_code: str | None = None,
        city: str | None = None,
        country: str | None = None,
    ) -> int:
        """Create a party; `vat` is an EU VAT number, `country` an ISO code."""
        reach = {"phone": phone, "mobile": mobile, "email": email, "website": website}
        place: dict[str, Any] = {"street_unstructured": street, "postal_code": postal_code, "city": city}
        if country:
            place["country"] = self.one("country.country", ["code", "=", country])
        values: dict[str, Any] = {
            "name": name,
            "addresses": [["create", [place]]],
            "contact_mechanisms": [["create", [{"type": t, "value": v} for t, v in reach.items() if v]]],
        }
        if vat:
            values["identifiers"] = [["create", [{"type": "eu_vat", "code": vat}]]]
        return int(self.call("model.party.party.create", [values])[0])

    def edit_party(self, party: int, **values: Any) -> None:
        """Change fields of the party itself; `active=False` archives it."""
        self.call("model.party.party.write", [party], values)

    def delete_party(self, party: int) -> None:
        """Delete a party that nothing refers to."""
        self.call("model.party.party.delete", [party])

    def add_phone(self, party: int, number: str, kind: str = "phone") -> int:
        """Add a contact mechanism to a party; `kind` is phone, mobile, fax, email, website."""
        return int(self._create("party.contact_mechanism", {"party": party, "type": kind, "value": number}))

    def edit_phone(self, party: int, number: str, kind: str = "phone") -> None:
        """Change the party's first contact mechanism of a kind, without touching the party."""
        found = self.find("party.contact_mechanism", ["party", "=", party], ["type", "=", kind])
        self.call("model.party.contact_mechanism.write", [found[0]["id"]], {"value": number})

    def drop_phone(self, party: int, kind: str = "phone") -> None:
        """Delete the party's contact mechanisms of a kind, without touching the party."""
        found = self.find("party.contact_mechanism", ["party", "=", party], ["type", "=", kind])
        self.call("model.party.contact_mechanism.delete", [each["id"] for each in found])

    def edit_address(self, party: int, **values: Any) -> None:
        """Change the party's first address, without touching the party."""
        found = self.find("party.address", ["party", "=", party])
        self.call("model.party.address.write", [found[0]["id"]], values)

    def add_opportunity(
        self, party: int, description: str, *, amount: Decimal = Decimal(1000), lines: Mapping[str, float] | None = None
    ) -> int:
        """Create a sale opportunity; `lines` are quantities by SKU."""
        address = self.find("party.address", ["party", "=", party])[0]["id"]
        values: dict[str, Any] = {
            "party": party,
            "address": address,
            "description": description,
            "amount": amount,
            "start_date": date.today(),
            "lines": [["create", [self._line(sku, n) for sku, n in (lines or {}).items()]]],
        }
        return int(self._create("sale.opportunity", values))

    def _line(self, sku: str, quantity: float) -> dict[str, Any]:
        (product,) = self.find("product.product", ["code", "=", sku], fields=["id", "default_uom"])
        return {"product": product["id"], "quantity": quantity, "unit": product["default_uom"]}

    def add_sale(self, party: int, lines: Mapping[str, float], *, reference: str | None = None) -> int:
        """Write and confirm a sale at list prices; `lines` are quantities by SKU."""
        address = self.find("party.address", ["party", "=", party])[0]["id"]
        rows = []
        for sku, quantity in lines.items():
            fields = ["id", "default_uom", "list_price_used", "template.account_category"]
            (product,) = self.find("product.product", ["code", "=", sku], fields=fields)
            category = product["template."]["account_category"]
            taxes = self.call("model.product.category.read", [category], ["customer_taxes_used"])
            row = {"product": product["id"], "quantity": quantity, "unit": product["default_uom"]}
            row |= {"unit_price": product["list_price_used"], "taxes": [["add", taxes[0]["customer_taxes_used"]]]}
            rows.append(row)
        values: dict[str, Any] = {"party": party, "reference": reference, "lines": [["create", rows]]}
        sale = int(self._create("sale.sale", values | {"invoice_address": address, "shipment_address": address}))
        for step in ("quote", "confirm"):
            self.call(f"model.sale.sale.{step}", [sale])
        return sale

    def post_invoice(self, sale: int, on: date | None = None) -> str:
        """Post the draft invoice of a confirmed sale and return its number."""
        self.call("model.sale.sale.process", [sale])
        read = self.call("model.sale.sale.read", [sale], ["invoices"])
        drafts = [
            i["id"] for i in self.find("account.invoice", ["id", "in", read[0]["invoices"]], ["state", "=", "draft"])
        ]
        if not drafts:
            raise MissedError(f"sale {sale} has no draft invoice")
        self.call("model.account.invoice.write", drafts, {"invoice_date": on or date.today()})
        self.call("model.account.invoice.post", drafts)
        return str(self.call("model.account.invoice.read", drafts, ["number"])[0]["number"])

    def pay_invoice(self, invoice: int, amount: Decimal | None = None, *, method: str = "Bank transfer") -> None:
        """Book a payment on a posted invoice by the wizard; without an amount, all that is open."""
        wizard = "wizard.account.invoice.pay"
        context = {"model": "account.invoice", "id": invoice, "ids": [invoice], "active_id": invoice}
        context |= {"active_ids": [invoice], "active_model": "account.invoice"}
        session, start, _ = self.call(f"{wizard}.create", **context)
        view = self.call(f"{wizard}.execute", session, {}, start, **context)
        form = dict(view["view"]["defaults"], date=date.today())
        form["payment_method"] = self.one("account.invoice.payment.method", ["name", "=", method])
        if amount is not None:
            form["amount"] = amount
        form = {k: v for k, v in form.items() if not k.endswith(".")}
        asked = self.call(f"{wizard}.execute", session, {start: form}, "choice", **context)
        if "view" in asked:  # the amount is not all: what about the rest?
            rest = {k: v for k, v in asked["view"]["defaults"].items() if not k.endswith(".")}
            forms = {start: form, "ask": rest | {"type": "partial"}}
            self.call(f"{wizard}.execute", session, forms, "pay", **context)
        self.call(f"{wizard}.delete", session, **context)

    def _create(self, model: str, values: Mapping[str, Any]) -> int:
        return int(self.call(f"model.{model}.create", [values])[0])

    def close(self) -> None:
        """End the connection."""
        self._client.close()


def _encode(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"{type(value).__name__} cannot be sent")


def _decode(parts: dict[str, Any]) -> Any:
    kind = parts.get("__class__")
    if kind == "Decimal":
        return Decimal(parts["decimal"])
    if kind == "date":
        return date(parts["year"], parts["month"], parts["day"])
    return parts
