"""The starter mappings of HubSpot against what the connector gives and takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_hubspot import HubSpot
from hub_hubspot.shapes import SHAPES

from hub.connect import Receipt, Rejected, Write
from hub.mapping import Mapping, load
from hub.testing.hubspot import Clock, FakeHubSpot

MAPPINGS = Path(__file__).parent.parent / "mappings"
LINES = [
    {"sku": "A-1", "description": "Anvil", "quantity": "2", "unit_price": "10.5", "discount": "0.1"},
    {"sku": "B-2", "description": "Bolt", "quantity": "100", "unit_price": "0.015"},
]
WHOLE: dict[str, dict[str, Any]] = {
    "companies": {
        "name": "Müller & Söhne",
        "legal_name": "Müller & Söhne GmbH",
        "identifiers.vat": "DE136695976",
        "domain": "mueller.example",
        "website": "https://mueller.example/shop",
        "emails.main": "info@mueller.example",
        "phones.main": "+49301234567",
        "addresses.main.street": "Weg 1",
        "addresses.main.postal_code": "01234",
        "addresses.main.city": "Köln",
        "addresses.main.country": "DE",
        "note": "good",
        "status": "active",
        "owner": "ann@example.com",
    },
    "contacts": {
        "first_name": "Ana",
        "last_name": "Núñez",
        "emails.main": "ana@example.com",
        "phones.mobile": "+34600123456",
        "title": "Buyer",
    },
    "deals": {
        "name": "Anvils",
        "amount": [123450, "USD"],
        "stage": "negotiation",
        "expected_on": "2026-12-01",
        "order_number": "S-7",
        "lines": LINES,
    },
    "tickets": {
        "subject": "Broken",
        "body": "It is",
        "priority": "normal",
        "state": "open",
        "channel": "phone",
    },
    "orders": {
        "number": "S-7",
        "description": "Anvils",
        "currency": "KWD",
        "net": [1000, "KWD"],
        "tax": [100, "KWD"],
        "total": [1100, "KWD"],
        "state": "confirmed",
        "delivery": "partial",
        "ordered_on": "2026-11-22",
        "lines": LINES,
    },
    "invoices": {
        "number": "F-9",
        "currency": "EUR",
        "net": [10000, "EUR"],
        "tax": [1900, "EUR"],
        "total": [11900, "EUR"],
        "open": [900, "EUR"],
        "issued_on": "2026-11-22",
        "due_on": "2026-12-22",
        "state": "partly_paid",
        "reference": "RF18539007547034",
    },
    "products": {"sku": "A-1", "name": "Anvil", "price": [1050, "EUR"], "cost": [700, "EUR"]},
}


@pytest.fixture
def fake() -> FakeHubSpot:
    made = FakeHubSpot(strict=True, clock=Clock())
    made.add_owner("bob@example.com")
    made.add_owner("ann@example.com")
    return made


@pytest.fixture
def crm(fake: FakeHubSpot) -> Iterator[HubSpot]:
    made = HubSpot("any", "http://crm", rate=0, search_rate=0)
    made.transport = fake.transport()
    yield made
    made.close()


def mapping(stream: str) -> Mapping:
    return load(MAPPINGS / f"hubspot.{stream}.toml")


def written(crm: HubSpot, stream: str, values: dict[str, Any], key: str | None = None) -> Any:
    data, skipped = mapping(stream).write(values, create=key is None)[:2]
    assert not skipped
    (answer,) = crm.push(stream, [Write(data, key, None, "once-1", "golden-1")])
    return answer


def only(crm: HubSpot, stream: str) -> dict[str, Any]:
    (record,) = [r for page in crm.pull(stream) for r in page.records]
    values, problems = mapping(stream).read(record.data)[:2]
    assert not problems
    assert not mapping(stream).unmapped(record.data)
    return values


@pytest.mark.parametrize("stream", sorted(SHAPES))
def test_every_property_that_is_mapped_is_asked_for(stream: str, crm: HubSpot) -> None:
    made = mapping(stream)
    assert (made.stream, made.model) == (stream, crm.stream(stream).model)
    asked = set(crm.asked(stream))
    for row in made.rows:
        if row.theirs is not None and row.theirs.path[0] == "properties" and row.on != "push":
            assert row.theirs.path[1] in asked, row.field


@pytest.mark.parametrize("stream", sorted(WHOLE))
def test_what_is_written_comes_back_the_same(stream: str, crm: HubSpot, fake: FakeHubSpot) -> None:
    values = WHOLE[stream]
    if stream in ("orders", "invoices"):
        values = {**values, "customer": fake.add("companies", {"name": "whose it is"})}
    answer = written(crm, stream, values)
    assert isinstance(answer, Receipt), answer
    back = only(crm, stream)
    lines = back.pop("lines", None)
    assert {k: back.get(k) for k in values if k != "lines"} == {k: v for k, v in values.items() if k != "lines"}
    if "lines" in values:
        assert [{k: v for k, v in line.items() if k != "amount"} for line in lines] == LINES
        assert lines[0]["amount"] == {"orders": [18900, "KWD"], "deals": [1890, "USD"]}[stream]
    receipt, _ = mapping(stream).read(answer.data)[:2]
    assert {k: receipt.get(k) for k in values if k != "lines"} == {k: v for k, v in values.items() if k != "lines"}


def test_roll_ups_are_written_to_properties_of_their_own(crm: HubSpot, fake: FakeHubSpot) -> None:
    key = fake.add("companies", {"name": "A"})
    values = {
        "balance.eur": [12345, "EUR"],
        "overdue.eur": [0, "EUR"],
        "last_invoice": "F-9",
        "last_invoice_state": "open",
        "last_invoice_amount": [12345, "EUR"],
        "last_invoice_due_on": "2026-12-22",
        "last_payment_on": None,
        "payment_state": "open",
    }
    assert isinstance(written(crm, "companies", values, key), Receipt)
    shown = fake.row("companies", key)["properties"]
    assert (shown["open_balance"], shown["overdue_balance"]) == ("123.45", "0.00")
    assert (shown["last_invoice"], shown["last_invoice_amount"], shown["last_invoice_currency"]) == (
        "F-9",
        "123.45",
        "EUR",
    )
    assert (shown["last_invoice_due_on"], shown["last_payment_on"]) == ("2026-12-22", None)
    assert not {f for f in values if f in only(crm, "companies")}


def test_a_won_deal_shows_when_and_what(crm: HubSpot, fake: FakeHubSpot) -> None:
    line = fake.add("line_items", {"hs_sku": "A-1", "name": "Anvil", "quantity": "2", "price": "10.50"})
    company = fake.add("companies", {"name": "A"})
    properties = {"dealname": "D", "dealstage": "closedwon", "closedate": "2026-11-20T10:00:00Z", "amount": "21"}
    deal = fake.add(
        "deals", {**properties, "deal_currency_code": "CHF"}, {"companies": [company], "line_items": [line]}
    )
    won = only(crm, "deals")
    assert (won["stage"], won["closed_on"], won["customer"]) == ("won", "2026-11-20", company)
    assert won["amount"] == [2100, "CHF"]
    assert won["lines"][0]["amount"] == [2100, "CHF"]
    fake.edit("deals", deal, {"dealstage": "contractsent"})
    assert only(crm, "deals")["closed_on"] is None


def test_stages_of_a_company_become_a_status(crm: HubSpot, fake: FakeHubSpot) -> None:
    key = fake.add("companies", {"name": "A"})
    for stage, status in {"subscriber": "lead", "opportunity": "prospect", "evangelist": "active"}.items():
        fake.edit("companies", key, {"lifecyclestage": stage})
        assert only(crm, "companies")["status"] == status


def test_an_owner_is_named_by_address_where_there_is_one(crm: HubSpot, fake: FakeHubSpot) -> None:
    key = fake.add("companies", {"name": "A", "hubspot_owner_id": next(iter(fake.owners))})
    assert only(crm, "companies")["owner"] == "bob@example.com"
    fake.edit("companies", key, {"hubspot_owner_id": "4711"})
    assert only(crm, "companies")["owner"] == "4711"
    assert written(crm, "companies", {"owner": "Ann@Example.com"}, key).data["owner"] == "ann@example.com"
    fake.edit("companies", key, {"hubspot_owner_id": None})
    assert only(crm, "companies")["owner"] is None


def test_references_name_their_stream(crm: HubSpot, fake: FakeHubSpot) -> None:
    company = fake.add("companies", {"name": "A"})
    deal = fake.add("deals", {"dealname": "D"}, {"companies": [company]})
    fake.add("orders", {"hs_order_name": "O"}, {"companies": [company], "deals": [deal]})
    values = only(crm, "orders")
    found = set(mapping("orders").references(values))
    assert found == {("customer", "companies", company), ("deal", "deals", deal)}


def test_a_word_hubspot_does_not_know_is_refused_by_name(crm: HubSpot) -> None:
    data = {"properties": {"name": "A", "lifecyclestage": "king"}}
    (answer,) = crm.push("companies", [Write(data, None, None, "o", "g")])
    assert isinstance(answer, Rejected)
    assert answer.fields == ("lifecyclestage",)
