"""What the fake CRM knows of its objects: names, properties with rules, and the kinds of association."""

from __future__ import annotations

from dataclasses import dataclass

SINGULAR = {
    "companies": "company",
    "contacts": "contact",
    "deals": "deal",
    "tickets": "ticket",
    "orders": "order",
    "invoices": "invoice",
    "products": "product",
    "line_items": "line_item",
}
PLURAL = {one: many for many, one in SINGULAR.items()} | {many: many for many in SINGULAR}

CREATED = {"orders": "hs_createdate", "invoices": "hs_createdate"}
"""The property that tells the moment of creation, where it is not `createdate`."""

CHANGED = {"contacts": "lastmodifieddate"}
"""The property that tells the moment of the last change, where it is not `hs_lastmodifieddate`."""

SHOWN = {
    "companies": ("domain", "name"),
    "contacts": ("email", "firstname", "lastname"),
    "deals": ("amount", "closedate", "dealname", "dealstage", "pipeline"),
    "tickets": ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "subject"),
    "orders": (),
    "invoices": (),
    "products": ("description", "name", "price"),
    "line_items": ("quantity", "amount", "price"),
}
"""Properties that come without being asked for."""

READ_ONLY = frozenset({"hs_object_id", "hs_lastmodifieddate", "lastmodifieddate", "hs_createdate"})

NUMBERS = frozenset(
    [
        "amount",
        "annualrevenue",
        "discount",
        "hs_amount_billed",
        "hs_balance_due",
        "hs_cost_of_goods_sold",
        "hs_deal_stage_probability",
        "hs_discount_percentage",
        "hs_subtotal_price",
        "hs_tax",
        "hs_total_price",
        "numberofemployees",
        "price",
        "quantity",
    ]
)

OPTIONS: dict[tuple[str, str], frozenset[str]] = {
    ("companies", "lifecyclestage"): frozenset(
        [
            "subscriber",
            "lead",
            "marketingqualifiedlead",
            "salesqualifiedlead",
            "opportunity",
            "customer",
            "evangelist",
            "other",
        ]
    ),
    ("deals", "dealstage"): frozenset(
        [
            "appointmentscheduled",
            "qualifiedtobuy",
            "presentationscheduled",
            "decisionmakerboughtin",
            "contractsent",
            "closedwon",
            "closedlost",
        ]
    ),
    ("tickets", "hs_pipeline_stage"): frozenset(["1", "2", "3", "4"]),
    ("tickets", "hs_ticket_priority"): frozenset(["LOW", "MEDIUM", "HIGH", "URGENT"]),
    ("invoices", "hs_invoice_status"): frozenset(["draft", "open", "paid", "voided"]),
}

_NAMES = """
    address address2 amount annualrevenue city closed_date closedate content country createdate
    deal_currency_code dealname dealstage description discount domain email firstname hs_amount_billed
    hs_balance_due hs_comments hs_cost_of_goods_sold hs_createdate hs_currency hs_currency_code
    hs_deal_stage_probability hs_discount_percentage hs_due_date hs_external_created_date
    hs_external_order_id hs_external_order_status hs_fulfillment_status hs_invoice_date hs_invoice_status
    hs_is_closed hs_is_closed_won hs_language hs_lastmodifieddate hs_lead_status hs_line_item_currency_code
    hs_number hs_object_id hs_order_name hs_parent_company_id hs_pipeline hs_pipeline_stage
    hs_position_on_quote hs_price_currency_code hs_product_id hs_product_type hs_purchase_order_number
    hs_sku hs_subtotal_price hs_tax hs_tax_rate hs_ticket_priority hs_title hs_total_price hubspot_owner_id
    industry jobtitle lastmodifieddate lastname lifecyclestage mobilephone name numberofemployees phone
    pipeline price quantity source_type state subject website zip
"""
BUILT_IN = frozenset(_NAMES.split())
"""Properties every account has; in truth each object has its own, which makes no difference to who reads them."""

UNIQUE = {"contacts": ("email",)}
"""Built-in properties no two records may share a value of."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A property somebody defined."""

    name: str
    type: str = "string"
    group: str = ""
    label: str = ""
    unique: bool = False
    options: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of association between two objects; `inverse` is how the other side sees it."""

    id: int
    inverse: int
    label: str | None = None


PARENT_TO_CHILD, CHILD_TO_PARENT = 13, 14

# https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide lists the ids HubSpot defines
_DEFAULT = [
    ("contacts", "companies", 279, 280),
    ("deals", "contacts", 3, 4),
    ("deals", "companies", 341, 342),
    ("tickets", "contacts", 16, 15),
    ("tickets", "companies", 339, 340),
    ("deals", "line_items", 19, 20),
    ("orders", "contacts", 507, 508),
    ("orders", "companies", 509, 510),
    ("orders", "deals", 512, 511),
    ("orders", "line_items", 513, 514),
    ("invoices", "contacts", 177, 178),
    ("invoices", "companies", 179, 180),
    ("invoices", "deals", 175, 176),
    ("invoices", "orders", 518, 517),
    ("invoices", "line_items", 409, 410),
    ("companies", "companies", 450, 450),
]
_PRIMARY = [("contacts", "companies", 1, 2), ("deals", "companies", 5, 6), ("tickets", "companies", 26, 25)]


def _kinds() -> dict[tuple[str, str], dict[int, Kind]]:
    table: dict[tuple[str, str], dict[int, Kind]] = {}
    for label, rows in ((None, _DEFAULT), ("Primary", _PRIMARY)):
        for one, other, there, back in rows:
            table.setdefault((one, other), {})[there] = Kind(there, back, label)
            table.setdefault((other, one), {})[back] = Kind(back, there, label)
    family = table["companies", "companies"]
    family[PARENT_TO_CHILD] = Kind(PARENT_TO_CHILD, CHILD_TO_PARENT, "Child Company")
    family[CHILD_TO_PARENT] = Kind(CHILD_TO_PARENT, PARENT_TO_CHILD, "Parent Company")
    return table


KINDS = _kinds()
"""All kinds of association between two objects, by id; the one without a label is the default."""


def default_kind(one: str, other: str) -> Kind | None:
    """Return the kind without a label, None where the two cannot be associated."""
    return next((k for k in KINDS.get((one, other), {}).values() if k.label is None), None)


def primary_kind(one: str, other: str) -> Kind | None:
    """Return the kind that marks the main company of a contact, deal or ticket."""
    return next((k for k in KINDS.get((one, other), {}).values() if k.label == "Primary"), None)


def changed(name: str) -> str:
    """Return the property of an object that tells its last change."""
    return CHANGED.get(name, "hs_lastmodifieddate")
