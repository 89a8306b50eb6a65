"""The starter mappings of Stripe against what the connector gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hub_stripe import Stripe

from hub.mapping import load
from hub.testing.stripe import FakeStripe

MAPPINGS = Path(__file__).parent.parent / "mappings"


@pytest.fixture
def fake() -> FakeStripe:
    return FakeStripe(clock=lambda: 1_790_000_000.0)


def read(fake: FakeStripe, stream: str) -> list[dict[str, Any]]:
    stripe = Stripe(fake.api_key, "https://stripe.test", rate=1e6)
    stripe.transport = fake.transport()
    mapping = load(MAPPINGS / f"stripe.{stream}.toml")
    assert mapping.stream == stream
    assert mapping.model == stripe.stream(stream).model
    found = []
    for page in stripe.pull(stream):
        for record in page.records:
            assert isinstance(record.data, bytes)
            values, problems = mapping.read(record.data)[:2]
            assert not problems
            found.append(values)
    return found


def test_customers(fake: FakeStripe) -> None:
    fake.add_customer(
        name="Ann GmbH", email="Ann@Example.com", phone="+49 30 1234567", description="good",
        address={"line1": "Weg 1", "city": "Bonn", "postal_code": "01234", "country": "DE"},
        tax_id_data=[{"type": "de_stn", "value": "1234567890"}, {"type": "eu_vat", "value": "DE136695976"}],
    )  # fmt: skip
    fake.add_customer(email="only@example.com")
    bare, ann = read(fake, "customers")
    assert ann["name"] == "Ann GmbH"
    assert ann["phones.main"] == "+49301234567"
    assert ann["identifiers.vat"] == "DE136695976"
    assert ann["addresses.main.postal_code"] == "01234"
    assert (bare["name"], bare["emails.main"]) == (None, "only@example.com")


def test_customers_go_back_as_they_came(fake: FakeStripe) -> None:
    mapping = load(MAPPINGS / "stripe.customers.toml")
    fake.add_customer(name="Ann", email="ann@example.com", address={"city": "Bonn", "country": "DE"})
    (values,) = read(fake, "customers")
    data, skipped = mapping.write(values, create=True)[:2]
    assert not skipped
    assert data["name"] == "Ann"
    assert {k: v for k, v in data["address"].items() if v} == {"city": "Bonn", "country": "DE"}
    assert "hub" not in data


def test_charges(fake: FakeStripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    paid = fake.charge(ann, 1234, metadata={"invoice_number": "I-7"})
    fake.refund(paid["id"], 34)
    fake.charge(ann, 500, "jpy")
    yen, euro = read(fake, "charges")
    assert euro["amount"] == [1234, "EUR"]
    assert euro["refunded"] == [34, "EUR"]
    assert euro["fee"] == [44, "EUR"]
    assert yen["amount"] == [500, "JPY"]
    assert (euro["reference"], euro["state"], euro["method"]) == ("I-7", "succeeded", "card")
    assert (euro["customer"], euro["payer"], euro["identifiers.stripe"]) == (ann, "Ann", paid["id"])
    assert (euro["paid_on"], euro["paid_at"]) == ("2026-09-21", "2026-09-21T14:13:20Z")


def test_invoices(fake: FakeStripe) -> None:
    ann = fake.add_customer(name="Ann")["id"]
    made = fake.add_invoice(
        ann, [{"amount": 250, "quantity": 2, "description": "Work"}], days_until_due=14, finalize=True
    )
    fake.add_invoice(ann, [{"amount": 1}])
    draft, invoice = read(fake, "invoices")
    assert invoice["number"] == made["number"]
    assert (invoice["total"], invoice["open"], invoice["state"]) == ([500, "EUR"], [500, "EUR"], "open")
    assert (invoice["issued_on"], invoice["due_on"]) == ("2026-09-21", "2026-10-05")
    assert invoice["lines"] == [{"description": "Work", "quantity": "2", "amount": [500, "EUR"]}]
    assert (draft["number"], draft["state"]) == (None, "draft")
