"""What each stream is over there: its object, the properties to ask for, what it hangs on, and what we add to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LINE_ITEMS = "line_items"
OWNER = "hubspot_owner_id"


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True)
class Own:
    """A custom property this connector defines where it is missing; `type` is string, number or date."""

    name: str
    label: str
    type: str = "string"

    def definition(self, group: str, *, unique: bool = False) -> dict[str, Any]:
        """Return the definition as the properties API takes it."""
        field_type = {"string": "text", "number": "number", "date": "date"}[self.type]
        out: dict[str, Any] = {"name": self.name, "label": self.label, "type": self.type, "fieldType": field_type}
        out["groupName"] = group
        return {**out, "hasUniqueValue": True} if unique else out


@dataclass(frozen=True, slots=True)
class Shape:
    """One stream: its object in HubSpot and what a record of it holds."""

    object: str
    model: str
    properties: tuple[str, ...]
    ties: Mapping[str, str] = field(default_factory=dict)  # our word for one associated record -> its object
    lines: bool = False
    changed: str = "hs_lastmodifieddate"
    own: tuple[Own, ...] = ()


ROLL_UPS = (
    Own("open_balance", "Open balance", "number"),
    Own("overdue_balance", "Overdue balance", "number"),
    Own("last_invoice", "Last invoice"),
    Own("last_invoice_state", "Last invoice: state"),
    Own("last_invoice_amount", "Last invoice: amount", "number"),
    Own("last_invoice_currency", "Last invoice: currency"),
    Own("last_invoice_due_on", "Last invoice: due", "date"),
    Own("last_payment_on", "Last payment", "date"),
    Own("payment_state", "Payment state"),
)

SHAPES = {
    "companies": Shape(
        "companies",
        "customer",
        words(
            """
            name domain website phone email address address2 city state zip country industry
            description lifecyclestage hubspot_owner_id hs_parent_company_id legal_name vat_id
            createdate
            """
        ),
        own=(Own("vat_id", "VAT id"), Own("legal_name", "Legal name"), Own("email", "E-mail"), *ROLL_UPS),
    ),
    "contacts": Shape(
        "contacts",
        "contact",
        words(
            """
            firstname lastname email phone mobilephone jobtitle hs_language hubspot_owner_id company
            createdate
            """
        ),
        ties={"company": "companies"},
        changed="lastmodifieddate",  # contacts alone have it under this name
    ),
    "deals": Shape(
        "deals",
        "deal",
        words(
            """
            dealname amount deal_currency_code dealstage pipeline closedate createdate
            hs_deal_stage_probability hs_is_closed hs_is_closed_won hubspot_owner_id order_number
            """
        ),
        ties={"company": "companies", "contact": "contacts"},
        lines=True,
        own=(Own("order_number", "Order number"),),
    ),
    "tickets": Shape(
        "tickets",
        "ticket",
        words(
            """
            subject content hs_pipeline hs_pipeline_stage hs_ticket_priority source_type
            hubspot_owner_id createdate closed_date
            """
        ),
        ties={"company": "companies", "contact": "contacts"},
    ),
    "orders": Shape(
        "orders",
        "order",
        words(
            """
            hs_order_name hs_external_order_id hs_currency_code hs_subtotal_price hs_tax
            hs_total_price hs_fulfillment_status hs_external_order_status hs_external_created_date
            customer_reference hubspot_owner_id hs_createdate
            """
        ),
        ties={"company": "companies", "contact": "contacts", "deal": "deals"},
        lines=True,
        own=(Own("customer_reference", "Customer's reference"),),
    ),
    "invoices": Shape(
        "invoices",
        "invoice",
        words(
            """
            hs_number hs_title hs_currency hs_amount_billed hs_balance_due hs_invoice_status hs_invoice_date
            hs_due_date hs_purchase_order_number payment_reference invoice_number net_amount tax_amount total_amount
            open_amount invoice_state hs_createdate
            """
        ),
        ties={"company": "companies", "contact": "contacts", "deal": "deals", "order": "orders"},
        lines=True,
        own=(
            Own("invoice_number", "Invoice number"),
            Own("invoice_state", "Invoice state"),
            Own("net_amount", "Net amount", "number"),
            Own("tax_amount", "Tax amount", "number"),
            Own("total_amount", "Total amount", "number"),
            Own("open_amount", "Open amount", "number"),
            Own("payment_reference", "Payment reference"),
        ),
    ),
    "products": Shape(
        "products",
        "product",
        words(
            """
            name hs_sku description price hs_price_currency_code hs_cost_of_goods_sold createdate
            """
        ),
    ),
}

LINE = words(
    """
    hs_sku name description quantity price amount discount hs_discount_percentage
    hs_line_item_currency_code hs_product_id hs_position_on_quote
    """
)
"""The properties of a line item."""


def texts(properties: Mapping[str, Any]) -> dict[str, str]:
    """Return properties as HubSpot takes them: text alone, and an empty one to clear."""
    out = {}
    for name, value in properties.items():
        out[name] = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    return out
