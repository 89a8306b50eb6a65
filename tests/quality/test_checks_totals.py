"""Totals: no honest vendor is accused however it rounds, and a wrong total is found however small the document."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import decimals
from hub.quality.checks import Book
from hub.quality.checks.rounding import rounded

TODAY = date(2026, 11, 22)
TOTALS = {"line-amount", "lines-total", "tax-total", "total", "currencies", "open-amount", "payment-amount"}


def found(model: str, values: dict[str, Any]) -> set[str]:
    return {fault.check for fault in Book().judge(model, values, TODAY).faults} & TOTALS


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """An invoice as an honest system makes it: it rounds in one way, by line, by rate or at the end."""
    currency = draw(st.sampled_from(["EUR", "JPY", "KWD", "CHF"]))
    way = draw(st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN]))
    scale = Decimal(10) ** decimals(currency)
    sign = draw(st.sampled_from([1, 1, 1, -1]))  # a credit note
    lines, exact = [], []
    for _ in range(draw(st.integers(1, 8))):
        quantity = sign * draw(st.decimals(Decimal("0.001"), 500, places=draw(st.integers(0, 3))))
        price = draw(st.decimals(0, 2000, places=draw(st.integers(0, 4))))
        discount = draw(st.sampled_from([None, None, Decimal("0.1"), Decimal("0.125")]))
        rate = draw(st.sampled_from([Decimal("0.19"), Decimal("0.07"), Decimal("0.055"), Decimal(0)]))
        amount = quantity * price * (1 - (discount or 0)) * scale
        exact.append((amount, rate))
        line = {
            "quantity": str(quantity),
            "unit_price": str(price),
            "tax_rate": str(rate),
            "amount": [rounded(amount, way), currency],
        }
        lines.append(line | ({"discount": str(discount)} if discount else {}))
    shown = [(Decimal(line["amount"][0]), rate) for line, (_, rate) in zip(lines, exact, strict=True)]
    bases = shown if draw(st.booleans()) else exact
    net = rounded(sum((base for base, _ in bases), Decimal(0)), way)
    by = draw(st.sampled_from(["line", "rate", "document"]))
    if by == "line":
        tax = sum(rounded(base * rate, way) for base, rate in bases)
    elif by == "rate":
        rates = {rate for _, rate in bases}
        tax = sum(rounded(sum((b for b, r in bases if r == rate), Decimal(0)) * rate, way) for rate in sorted(rates))
    else:
        tax = rounded(sum((base * rate for base, rate in bases), Decimal(0)), way)
    total = net + tax
    if currency == "CHF" and draw(st.booleans()):
        total = rounded(Decimal(total) / 5) * 5
    if draw(st.integers(0, 4)) == 0:  # a system that tells amounts alone
        lines = [{"amount": line["amount"], "tax_rate": line["tax_rate"]} for line in lines]
    return {
        "number": "R1", "customer": "c", "lines": lines,
        "net": [net, currency], "tax": [tax, currency], "total": [total, currency],
    }  # fmt: skip


@given(documents())
@settings(max_examples=400, deadline=None)
def test_no_honest_vendor_is_accused(document: dict[str, Any]) -> None:
    assert found("invoice", document) == set()
    turned = document | {"lines": document["lines"][::-1]}
    assert found("order", turned) == set()


@given(documents(), st.sampled_from(["net", "tax", "total"]), st.integers(1, 10**6), st.sampled_from([1, -1]))
@settings(max_examples=400, deadline=None)
def test_a_wrong_total_is_found(document: dict[str, Any], name: str, off: int, sign: int) -> None:
    currency = document["total"][1]
    least = 6 if currency == "CHF" else 1  # CHF: to the coin and back
    wrong = document | {name: [document[name][0] + sign * (least + off), currency]}
    assert "total" in found("invoice", wrong)


@given(documents(), st.integers(0, 7), st.sampled_from([1, -1]))
@settings(max_examples=200, deadline=None)
def test_a_line_that_lost_a_tenth_is_found(document: dict[str, Any], at: int, sign: int) -> None:
    lines = [dict(line) for line in document["lines"]]
    line = lines[at % len(lines)]
    amount, currency = line["amount"]
    if abs(amount) < 10_000:  # too small for a tenth to be told from rounding
        return
    line["amount"] = [amount + sign * abs(amount) // 10, currency]
    assert found("invoice", document | {"lines": lines}) & {"line-amount", "lines-total"}


EUR = "EUR"
GOOD = {
    "lines": [
        {"quantity": "3", "unit_price": "33.33", "tax_rate": "0.19", "amount": [10000, EUR]},  # the price was worked out
        {"quantity": "1", "unit_price": "0.10", "tax_rate": "0.19", "amount": [10, EUR]},
    ],
    "net": [10010, EUR], "tax": [1902, EUR], "total": [11912, EUR],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({}, None),
        ({"total": [11913, EUR]}, "total"),
        ({"total": [11912, "USD"]}, "currencies"),
        ({"currency": "USD"}, "currencies"),
        ({"net": [10110, EUR], "total": [12012, EUR]}, "lines-total"),
        ({"tax": [1602, EUR], "total": [11612, EUR]}, "tax-total"),
        ({"lines": [GOOD["lines"][0] | {"amount": [10003, EUR]}], "net": [10003, EUR], "tax": None, "total": None}, "line-amount"),
        ({"open": [11913, EUR]}, "open-amount"),
        ({"open": [-1, EUR]}, "open-amount"),
        ({"open": [1, EUR], "state": "paid"}, "open-amount"),
        ({"open": [11912, EUR], "state": "open"}, None),
        ({"lines": "nonsense"}, None),
        ({"lines": [{"amount": "x", "quantity": "NaN", "unit_price": "1"}]}, None),
    ],
)  # fmt: skip
def test_each_way_not_to_add_up_has_its_check(change: dict[str, Any], check: str | None) -> None:
    assert found("invoice", GOOD | change) == ({check} if check else set())


def test_what_lines_hide_explains_a_tax_counted_before_rounding() -> None:
    """Twenty lines of 0.104 that show 0.10: their tax is counted from 2.08, and nothing shown says so."""
    document = {
        "lines": [{"amount": [10, EUR], "tax_rate": "0.25"}] * 20,
        "net": [208, EUR],
        "tax": [52, EUR],
        "total": [260, EUR],
    }
    assert found("invoice", document) == set()
    assert found("invoice", document | {"tax": [56, EUR], "total": [264, EUR]}) == {"tax-total"}


def test_prices_with_tax_in_them_are_named() -> None:
    document = {
        "lines": [{"amount": [11900, EUR], "tax_rate": "0.19"}], "net": [10000, EUR], "tax": [1900, EUR], "total": [11900, EUR],
    }  # fmt: skip
    reasons = [f.reason for f in Book().judge("invoice", document, TODAY).faults if f.check == "lines-total"]
    assert reasons == ["the lines add up to 119.00 EUR, net is 100.00 EUR; that is the total, are they with tax?"]


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"amount": [100, EUR], "refunded": [100, EUR]}, None),
        ({"amount": [100, EUR], "refunded": [101, EUR]}, "payment-amount"),
        ({"amount": [100, EUR], "allocations": [{"amount": [60, EUR]}, {"amount": [40, EUR]}]}, None),
        ({"amount": [100, EUR], "allocations": [{"amount": [60, EUR]}, {"amount": [41, EUR]}]}, "payment-amount"),
        ({"amount": [-100, EUR], "allocations": [{"amount": [-100, EUR]}]}, None),
    ],
)
def test_nobody_allocates_more_than_was_paid(values: dict[str, Any], check: str | None) -> None:
    assert found("payment", values) == ({check} if check else set())
