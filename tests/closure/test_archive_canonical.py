"""The canonical hash: what says the same has the same, what differs in anything has another."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.closure.canonical import Tally, canonical, compare, digest


def order(**line: Any) -> dict[str, Any]:
    return {"number": "SO-1", "lines": [{"sku": "A", **line}], "total": [1010, "EUR"]}


def test_forms_of_one_thing_are_equal_and_listed() -> None:
    a = {"number": "SO-1", "lines": [{"quantity": "10.10"}], "description": unicodedata.normalize("NFC", "café")}
    b = {"number": "SO-1", "lines": [{"quantity": "10.1"}], "description": unicodedata.normalize("NFD", "café")}
    assert digest("order", a) == digest("order", b)
    found = compare("order", a, b)
    assert found.same
    assert found.normalised == ("description", "lines")


def test_moments_are_equal_in_any_zone() -> None:
    forms = ["2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00Z", "2026-10-25T00:30:00"]
    assert len({digest("message", {"sent_at": form}) for form in forms}) == 1
    assert digest("message", {"sent_at": "2026-10-25T02:30:00+01:00"}) != digest("message", {"sent_at": forms[0]})


def test_what_only_looks_like_a_number_stays_a_text() -> None:
    assert digest("invoice", {"number": "0010.10"}) != digest("invoice", {"number": "10.1"})
    assert digest("customer", {"identifiers.vat": "007"}) != digest("customer", {"identifiers.vat": "7"})


@pytest.mark.parametrize(
    "other",
    [
        {"total": [1011, "EUR"]},
        {"total": [1010, "USD"]},
        {"number": "SO-2"},
        {"lines": [{"sku": "A", "quantity": "10.01"}]},
        {"lines": [{"sku": "A"}, {"sku": "A"}]},
        {"state": "done"},
    ],
)
def test_a_difference_is_one(other: dict[str, Any]) -> None:
    base = order(quantity="10.1")
    assert digest("order", base) != digest("order", base | other)
    assert compare("order", base, base | other).changed == tuple(other)


def test_empty_is_the_same_as_missing() -> None:
    assert digest("customer", {"name": "A", "note": None}) == digest("customer", {"name": "A"})
    assert compare("customer", {"name": "A", "note": None}, {"name": "A"}).normalised == ()


def test_model_and_record_are_told_apart() -> None:
    assert digest("order", {"number": "1"}) != digest("invoice", {"number": "1"})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(0, 8))
def test_trailing_zeros_say_nothing(number: Decimal, zeros: int) -> None:
    text = f"{number:f}"
    longer = text + "0" * zeros
    assert canonical("order", order(quantity=text)) == canonical("order", order(quantity=longer))
    assert canonical("order", order(quantity=text)) == canonical("order", order(quantity=f"{number:e}"))


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_numbers_are_equal_exactly_where_they_are(a: Decimal, b: Decimal) -> None:
    same = digest("deal", {"probability": str(a)}) == digest("deal", {"probability": str(b)})
    assert same == (a == b)


@given(st.text())
def test_a_text_is_one_in_any_normal_form(text: str) -> None:
    forms = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    assert len({digest("customer", {"name": form}) for form in forms}) == 1


@given(st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=8), st.randoms())
def test_a_tally_knows_no_order_but_every_record(items: list[tuple[str, str]], random: Any) -> None:
    def tally(found: list[tuple[str, str]]) -> str:
        out = Tally()
        for name, hashed in found:
            out.add(name, hashed)
        return out.text

    shuffled = list(items)
    random.shuffle(shuffled)
    assert tally(items) == tally(shuffled)
    assert tally([*items, ("x", "y")]) != tally(items)
    swapped = [("a", "1"), ("b", "2")]
    assert tally(swapped) != tally([("a", "2"), ("b", "1")])
