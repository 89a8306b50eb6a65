"""What a line earns, from its records alone: every figure by hand, and what is not known is said."""

from __future__ import annotations

from datetime import date
from typing import Any

from conftest import Stage

from hub.closure.business import Business, risks, rows
from hub.closure.draft import draft
from hub.closure.facts import Facts, count
from hub.closure.plan import read

TODAY = date(2026, 11, 28)


def bill(day: str | None, minor: int, customer: str = "a", code: str = "EUR", **more: Any) -> dict[str, Any]:
    return {"issued_on": day, "net": [minor, code], "customer": customer, "state": "paid"} | more


def line() -> Facts:
    """Two customers, of whom one left in 2024; a credit note; one product whose cost is known."""
    found = Facts("x", today=TODAY)
    count(found, "product", {"sku": "A", "cost": [400, "EUR"]}, TODAY)
    for values in (
        bill("2024-02-01", 100_00, "b"),
        bill("2024-03-01", 50_00, "a"),
        bill("2025-05-01", 30_00, "a", "USD"),
        bill("2026-06-01", 80_00, "a", lines=[{"sku": "A", "quantity": "2.5", "amount": [20_00, "EUR"]}, {"sku": "B"}]),
        bill("2026-07-01", 10_00, "a", kind="credit_note"),
        bill("2026-07-01", 999_00, "a", state="draft"),
        bill(None, 1_00),
        bill("2026-08-01", 5_00) | {"net": None, "total": [595, "EUR"]},
    ):
        count(found, "invoice", values, TODAY)
    count(found, "contract", {"number": "C1", "end_on": "2027-06-30", "renewal": "automatic", "notice_days": 300,
                              "period": "year", "amount": [1200_00, "EUR"], "state": "active"}, TODAY)  # fmt: skip
    return found


def test_the_figures_are_those_a_person_would_count() -> None:
    told = {(kind, name): (number, amount, text) for kind, name, number, amount, text in rows(line().business, TODAY)}
    assert told["revenue", "2024"][1] == "150.00 EUR"
    assert told["revenue", "2025"][1] == "30.00 USD"
    assert told["revenue", "2026"][1] == "75.95 EUR"
    assert told["margin", "2026"][1:] == ("10.00 EUR", "cost 10.00 EUR; known for 26 % of revenue")
    assert told["customers", "2024"][2] == "2 came; for 1 it was the last year"
    assert told["contract", "C1"][2] == "until 2027-06-30, renews itself; notice given today ends it on 2028-06-30"
    unknown = {name: value[0] for (kind, name), value in told.items() if kind == "unknown"}
    assert {next(n for w, n in unknown.items() if word in w) for word in ("without a day", "net amount")} == {1}


def test_risks_come_from_the_figures_each_with_a_measure() -> None:
    found = risks(line().business, date(2027, 3, 31), TODAY, 1, "5.00 EUR", "none")
    assert [one["text"].split(" ", 1)[0] for one in found] == ["a", "1", "5.00", "1"]
    assert "100 %" in found[0]["text"]
    assert "C1" in found[1]["text"]
    assert all(one["measure"] for one in found)
    assert risks(Business(), date(2027, 3, 31), TODAY, 0, "none", "none") == []


def test_they_stand_in_the_plan_and_in_what_is_assessed(at: Stage) -> None:
    text = draft("small", line(), reason="r", owner="ana", target_on=date(2027, 3, 31), time_zone="UTC")
    plan = read(text, "p")
    assert "2026: 75.95 EUR" in text
    assert any("C1" in risk["text"] and risk["owner"] == "ana" for risk in plan.risks)
    company = at("fresh")
    told = company("close", "assess", "retail")
    assert [(r["name"], r["amount"]) for r in told if r["kind"] == "revenue"] == [("2025", "78.00 EUR")]
    assert any("cost and margin" in r["name"] for r in told if r["kind"] == "unknown")
    assert any("1 customers and contacts" in r["name"] for r in told if r["kind"] == "risk")
