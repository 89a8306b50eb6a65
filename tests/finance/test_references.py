"""Structured references: right ones pass, slips of one digit do not, and they are found as payers write them."""

from __future__ import annotations

import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649, luhn
from stdnum.ch import esr

from hub.finance.references import bare, find, is_kid, is_ocr, is_ogm, is_qrr, is_rf, is_viite, kinds
from hub.finance.references.checksums import luhn_digit, mod11_digit, qrr_digit, viite_digit

DIGITS = st.text(string.digits, min_size=3, max_size=18)


def rf(body: str) -> str:
    """Put RF and its check digits before a body."""
    number = int("".join(str(int(letter, 36)) for letter in f"{body}RF00"))
    return f"RF{98 - number % 97:02}{body}"


@given(st.text(string.digits + string.ascii_uppercase, min_size=1, max_size=21))
def test_creditor_references_are_those_of_the_standard(body: str) -> None:
    assert is_rf(rf(body))
    assert iso11649.is_valid(rf(body))


@given(st.text(string.digits, min_size=26, max_size=26).filter(lambda body: body.strip("0")))
def test_swiss_and_luhn_digits_are_those_of_another_library(body: str) -> None:
    assert is_qrr(body + esr.calc_check_digit(body))
    assert luhn_digit(body[:20]) == luhn.calc_check_digit(body[:20])


@given(DIGITS, st.data())
def test_one_wrong_digit_is_noticed(body: str, data: st.DataObject) -> None:
    ogm = f"{int(body) % 10**10:010}"
    right = [
        (is_rf, rf(body), 4),
        (is_qrr, body.zfill(26) + qrr_digit(body.zfill(26)), 0),
        (is_ogm, f"{ogm}{int(ogm) % 97 or 97:02}", 0),
        (is_viite, body + viite_digit(body), 0),
        (is_ocr, body + luhn_digit(body), 0),
        (lambda text: is_kid(text, "mod10"), body + luhn_digit(body), 0),
        (lambda text: is_kid(text, "mod11"), body + mod11_digit(body), 0),
    ]
    for passes, reference, start in right:
        if passes is is_qrr and not reference.strip("0"):
            continue
        assert passes(reference), reference
        places = [place for place in range(start, len(reference)) if reference[place].isdigit()]
        place = data.draw(st.sampled_from(places))
        other = str((int(reference[place]) + data.draw(st.integers(1, 9))) % 10)
        assert not passes(reference[:place] + other + reference[place + 1 :]), reference


@pytest.mark.parametrize(
    ("reference", "kid", "expected"),
    [
        ("RF18539007547034", None, ("rf",)),
        ("RF18539007547035", None, ()),
        ("RF", None, ()),
        ("970000000097", None, ("ogm",)),
        ("970000000000", None, ()),
        ("100655-", None, ("kid",)),
        ("100655-", "mod11", ("kid",)),
        ("100655-", "mod10", ()),
        ("004512345671", "mod10", ("kid",)),
        ("004512345671", "mod11", ()),
        ("٤٧١١٥", None, ()),
        ("²", None, ()),
        ("", None, ()),
    ],
)
def test_kinds(reference: str, kid: str | None, expected: tuple[str, ...]) -> None:
    assert kinds(reference, kid) == expected  # type: ignore[arg-type]


KNOWN = {"RF18539007547034", "970000000097", "330000000000000000002026119", "202600172", "100655-"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("rf18 5390 0754 7034", [("RF18539007547034", True)]),
        ("RF18 5390 0754 7034 Danke sehr 2026", [("RF18539007547034", True)]),
        ("Zahlung RF18539007547034/RF18539007547034", [("RF18539007547034", True), ("RF18539007547034", True)]),
        ("RF19 5390 0754 7034", [("RF19539007547034", False)]),
        ("XRF18539007547034", []),
        ("+++970/0000/00097+++", [("970000000097", True)]),
        ("***970/0000/00098***", [("970000000098", False)]),
        ("+++ 970 / 0000 / 00097 +++", [("970000000097", True)]),
        ("33 00000 00000 00000 00020 26119", [("330000000000000000002026119", True)]),
        ("33 00000 00000 00000 00020 26118", [("330000000000000000002026118", False)]),
        ("2026 00172, 100655-", [("202600172", True), ("100655-", True)]),
        ("RE-202600172 202600172.5 x202600172", []),
        ("no digits", []),
    ],
)
def test_references_are_found_in_texts(text: str, found: list[tuple[str, bool]]) -> None:
    hits = find(text, KNOWN.__contains__)
    assert [(hit.reference, hit.known) for hit in hits] == found
    for hit in hits:
        assert bare(text[hit.start : hit.end]).endswith(hit.reference)


PIECES = st.sampled_from(
    ["RF18539007547034", "rf18 5390 0754 7034", "RF19 5390 0754", "RF80INV77", " RF80 INV7 7", "Mai"]
)
RF_ONLY = {"RF18539007547034", "RF80INV77"}


@given(st.lists(PIECES | st.text(" RF0123456789/+*-.,x", max_size=6), max_size=5).map(" ".join))
def test_the_short_way_finds_the_same(text: str) -> None:
    whole = find(text, RF_ONLY.__contains__)
    assert find(text, RF_ONLY.__contains__, digits=False) == whole


@given(st.text(" RF0123456789/+*-.,x", max_size=60))
def test_no_text_breaks_the_search(text: str) -> None:
    hits = find(text, KNOWN.__contains__)
    assert all(one.end <= other.start for one, other in pairwise(hits))
