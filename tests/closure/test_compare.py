"""The comparison finds every single difference, also one that counts and sums hide."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.closure.compare import sides

Row = tuple[str, str, dict[str, Any]]


def rows(amounts: list[int]) -> list[Row]:
    return [(f"invoice_{n:04}", "invoice", {"number": f"N{n}", "total": [a, "EUR"]}) for n, a in enumerate(amounts)]


def test_two_swapped_amounts_are_found_though_counts_and_sums_agree() -> None:
    here, there = rows([100, 200, 300]), rows([200, 100, 300])
    found = sides(here, there)
    assert (found.here, found.there, found.sums) == (3, 3, [])
    assert (len(found.swapped), found.changed) == (1, [])
    assert "invoice_0001 and invoice invoice_0000: total is swapped" in found.swapped[0]


def test_what_differs_in_form_alone_is_listed_and_no_fault() -> None:
    one = {"name": unicodedata.normalize("NFC", "Café"), "emails.main": "a@b.de"}
    two = {"name": unicodedata.normalize("NFD", "Café"), "emails.main": "a@b.de"}
    line = {"lines": [{"sku": "A", "quantity": "10.10"}], "number": "1"}
    other = {"lines": [{"sku": "A", "quantity": "10.1"}], "number": "1"}
    found = sides([("c", "customer", one), ("o", "order", line)], [("c", "customer", two), ("o", "order", other)])
    assert not found.faults
    assert len(found.normalised) == 2


def test_nothing_compared_is_a_fault() -> None:
    assert sides([], []).faults


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=30),
    st.integers(0, 10**6),
    st.sampled_from(["drop", "add", "change", "swap", "same"]),
)
def test_any_single_difference_is_found(amounts: list[int], seed: int, what: str) -> None:
    here, there = rows(amounts), rows(amounts)
    chance = random.Random(seed)
    at = chance.randrange(len(there))
    if what == "drop":
        del there[at]
    elif what == "add":
        there.append(("invoice_9999", "invoice", {"total": [1, "EUR"]}))
    elif what == "change":
        there[at][2]["total"] = [amounts[at] + 1, "EUR"]
    elif what == "swap":
        other = chance.randrange(len(there))
        there[at][2]["total"], there[other][2]["total"] = there[other][2]["total"], there[at][2]["total"]
        if amounts[at] == amounts[other]:
            what = "same"
    assert bool(sides(here, there).faults) == (what != "same")
