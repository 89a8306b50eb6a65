"""Single values and dates: each check takes what is right, refuses what is wrong, and says why."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.model import MODELS
from hub.quality.checks import CHECKS, Book, severe
from hub.quality.checks.presence import EXPECTED
from hub.quality.checks.stale import DAY, stale

TODAY = date(2026, 11, 22)


def found(model: str, values: dict[str, Any], book: Book | None = None) -> dict[str, str]:
    """Check to reason, without what is only missing."""
    faults = (book or Book()).judge(model, values, TODAY).faults
    return {f.check: f"{f.field}: {f.reason}" for f in faults if f.check not in ("missing", "required")}


VALUES = [
    ("customer", {"emails.main": "info@firma.de"}, None),
    ("customer", {"emails.main": "info@@firma"}, "email"),
    ("customer", {"emails.main": "max@example.com"}, "email-domain"),
    ("customer", {"emails.main": "max@gmial.com"}, "email-domain"),
    ("customer", {"emails.main": "max@gmai.com"}, "email-domain"),
    ("customer", {"emails.main": "max@gmx.at"}, None),
    ("customer", {"emails.main": "max@mail.com"}, None),
    ("customer", {"emails.main": "max@wes.de"}, None),
    ("customer", {"emails.main": "max@cloud.com"}, None),
    ("customer", {"emails.main": "max@hotmail.con"}, "email-domain"),
    ("contact", {"emails.work": "nobody"}, "email"),
    ("customer", {"phones.main": "+4930123456"}, None),
    ("customer", {"phones.main": "030 123456"}, "phone"),
    ("customer", {"phones.main": "+493"}, "phone"),
    ("customer", {"phones.main": "+12125550100"}, None),
    ("customer", {"phones.main": "+1212555010"}, "phone"),
    ("customer", {"phones.main": "+999123456789"}, "phone"),
    ("contact", {"phones.mobile": "+8613912345678"}, None),
    ("customer", {"website": "https://www.firma.de/kontakt"}, None),
    ("customer", {"website": "not a site"}, "website"),
    ("customer", {"addresses.main.country": "DE"}, None),
    ("customer", {"addresses.billing.country": "UK"}, "country"),
    ("customer", {"currency": "EUR"}, None),
    ("order", {"currency": "EUX"}, "currency"),
    ("invoice", {"total": [100, "EUX"]}, "money"),
    ("customer", {"balance.eur": [1, "EUR"]}, None),
    ("customer", {"language": "pt-BR"}, None),
    ("customer", {"language": "deutsch"}, "language"),
    ("customer", {"identifiers.vat": "DE136695976"}, None),
    ("customer", {"identifiers.vat": "DE136695975"}, "tax-id"),
    ("customer", {"identifiers.vat": "136695976", "addresses.main.country": "DE"}, None),
    ("customer", {"identifiers.vat": "136695975", "addresses.main.country": "DE"}, "tax-id"),
    ("customer", {"identifiers.vat": "EL094259216"}, None),
    ("customer", {"identifiers.vat": "EL094259217"}, "tax-id"),
    ("customer", {"identifiers.vat": "91110000600037341L", "addresses.main.country": "CN"}, None),
    ("customer", {"identifiers.vat": "91110000600037341M", "addresses.main.country": "CN"}, "tax-id"),
    ("customer", {"identifiers.vat": "CHE-116.281.710 MWST"}, None),
    ("customer", {"identifiers.vat": "anything", "addresses.main.country": "KP"}, None),
    ("customer", {"identifiers.siren": "552008443", "addresses.main.country": "FR"}, None),
    ("customer", {"identifiers.siren": "552008444", "addresses.main.country": "FR"}, "register-number"),
    ("customer", {"identifiers.hubspot": "x1", "addresses.main.country": "FR"}, None),
    ("customer", {"bank_accounts.main": "DE89 3704 0044 0532 0130 00"}, None),
    ("customer", {"bank_accounts.main": "DE88370400440532013000"}, "iban"),
    ("payment", {"payer_account": "DE88370400440532013000"}, "payer-account"),
    ("payment", {"payer_account": "12345678"}, None),
    ("payment", {"structured_reference": "RF19539007547034"}, "reference-digits"),
    ("payment", {"payer_bank": "COBADEFFXXX"}, None),
    ("payment", {"payer_bank": "COBA"}, "bic"),
    ("invoice", {"reference": "RF18539007547034"}, None),
    ("invoice", {"reference": "RF19539007547034"}, "reference-digits"),
    ("invoice", {"reference": "Order 12"}, None),
    ("invoice", {"issued_on": "2026-11-01", "due_on": "2026-11-01"}, None),
    ("invoice", {"issued_on": "2026-11-02", "due_on": "2026-11-01"}, "date-order"),
    ("invoice", {"issued_on": "2026-12-20"}, None),
    ("invoice", {"issued_on": "2027-01-20"}, "future"),
    ("contract", {"start_on": "2026-02-01", "end_on": "2026-01-01"}, "date-order"),
    ("contract", {"signed_on": "2026-11-25"}, "future"),
    ("contract", {"start_on": "2027-06-01"}, None),
    ("ticket", {"opened_at": "2026-11-20T10:00:00Z", "closed_at": "2026-11-20T09:00:00Z"}, "date-order"),
    ("payment", {"paid_on": "2026-11-22"}, None),
    ("payment", {"paid_on": "0026-11-22"}, "year"),
    ("order", {"delivery_on": "2206-01-01"}, "year"),
    ("customer", {"status": "active"}, None),
    ("customer", {"status": "frozen"}, "type"),
    ("contract", {"notice_days": "three"}, "type"),
    ("customer", {"surprise": "x"}, "type"),
    ("customer", {"name": 7}, "type"),
    ("invoice", {"lines": [{"quantity": "many"}]}, "type"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "values", "check"), VALUES)
def test_each_value_meets_its_check(model: str, values: dict[str, Any], check: str | None) -> None:
    assert set(found(model, values)) == ({check} if check else set()), found(model, values)


def test_every_check_of_values_is_tried_both_ways() -> None:
    totals = {"line-amount", "lines-total", "tax-total", "total", "currencies", "open-amount", "payment-amount"}
    elsewhere = {"required", "missing", "reference", "quarantine", "duplicate", "stale"}
    tried = {check for _, _, check in VALUES if check}
    assert tried == {check.name for check in CHECKS} - totals - elsewhere


def test_a_reason_says_what_was_meant() -> None:
    assert "gmail.com was meant" in found("customer", {"emails.main": "max@gmial.com"})["email-domain"]
    assert found("invoice", {"issued_on": "2026-11-02", "due_on": "2026-11-01"})["date-order"] == (
        "due_on: is before issued_on (2026-11-02)"
    )
    iban = found("customer", {"bank_accounts.main": "DE89370400440532013001"})["iban"]
    assert iban == "bank_accounts.main: is no IBAN: its checksum or check digit is invalid"
    assert "10 figures" not in found("customer", {"phones.main": "+1212555010"})["phone"]


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.integers(0, 10**12))
@settings(max_examples=300, deadline=None)
def test_a_phone_the_library_finds_possible_is_never_refused(region: str, change: int) -> None:
    """The quick check of a number's length says what the library says, in every country."""
    number = phonenumbers.example_number(region)
    assert number is not None
    digits = str(number.national_number)
    number.national_number = int(digits[:1] + str(change).zfill(len(digits))[-len(digits) + 1 :])
    text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if phonenumbers.is_possible_number(phonenumbers.parse(text)):
        assert "phone" not in found("customer", {"phones.main": text})


def test_completeness_counts_what_a_record_should_hold() -> None:
    verdict = Book().judge("customer", {"name": "A", "phones.main": "+4930123456", "addresses.billing.city": ""}, TODAY)
    assert (verdict.expected, verdict.lacking) == (7, 5)
    person = Book().judge("customer", {"name": "A", "kind": "person"}, TODAY)
    assert person.expected == 6
    assert "due_on" not in {f.field for f in Book().judge("invoice", {"kind": "credit_note"}, TODAY).faults}
    lacking = {
        f.field for f in Book().judge("invoice", {"lines": [], "number": "1"}, TODAY).faults if f.check == "missing"
    }
    assert "due_on" in lacking
    assert "number" not in lacking


def test_what_makes_no_sense_without_a_field_is_invalid() -> None:
    faults = Book().judge("invoice", {"number": "1"}, TODAY).faults
    assert [f.field for f in faults if f.check == "required"] == ["customer"]


@pytest.mark.parametrize(
    ("model", "values", "days", "fault"),
    [
        ("invoice", {"state": "open"}, 366, True),
        ("invoice", {"state": "open"}, 365, False),
        ("invoice", {"state": "paid"}, 3000, False),
        ("ticket", {"state": "waiting"}, 31, True),
        ("deal", {"stage": "open", "expected_on": "2026-10-01"}, 1, True),
        ("deal", {"stage": "won", "expected_on": "2026-10-01"}, 1, False),
        ("contract", {"state": "active", "end_on": "2026-01-01"}, 1, True),
        ("customer", {"status": "lead"}, 400, True),
        ("customer", {"status": "active"}, 400, False),
        ("product", {}, 9999, False),
    ],
)
def test_what_should_have_moved_on_is_stale(model: str, values: dict[str, Any], days: int, fault: bool) -> None:
    now = 1_795_000_000_000_000
    assert (stale(model, values, now - days * DAY, now, TODAY) is not None) == fault
    assert stale(model, {k: v for k, v in values.items() if not k.endswith("_on")}, None, now, TODAY) is None


def test_the_days_a_model_may_rest_are_a_setting() -> None:
    now = 1_795_000_000_000_000
    assert stale("customer", {}, now - 31 * DAY, now, TODAY) is None
    assert stale("customer", {}, now - 31 * DAY, now, TODAY, {"customer": 30}) is not None


def test_a_check_that_is_off_finds_nothing() -> None:
    assert found("customer", {"phones.main": "x"}, Book(off=frozenset({"phone"}))) == {}
    assert Book(off=frozenset({"missing"})).judge("customer", {"name": "A"}, TODAY).expected == 0


def test_a_plugins_check_stands_in_for_ours_and_may_fail() -> None:
    book = Book({"phone": ("customer", lambda values: ["too short"] if len(values["phones.main"]) < 9 else [])})
    assert found("customer", {"phones.main": "+49301"}, book) == {"phone": ": too short"}
    assert found("customer", {"phones.main": "030123456"}, book) == {}
    assert "KeyError" in found("customer", {}, book)["phone"]


def test_any_check_can_be_made_severe() -> None:
    handed = {name: (model, check) for name, model, check in severe("iban", "date-order", "required")}
    assert handed["iban-customer"][0] == "customer"
    assert next(iter(handed["iban-customer"][1]({"bank_accounts.main": "DE00"}))).startswith(
        "bank_accounts.main: is no IBAN"
    )
    assert list(handed["iban-customer"][1]({"bank_accounts.main": "DE89370400440532013000", "phones.main": "x"})) == []
    assert list(handed["date-order-invoice"][1]({"issued_on": "2026-11-02", "due_on": "2026-11-01"}))
    assert {name for name in handed if name.startswith("required-")} == {f"required-{model}" for model in MODELS}
    with pytest.raises(KeyError):
        list(severe("no such check"))


@given(st.dictionaries(st.sampled_from([p for m in ("customer", "invoice") for p in ("name", "total", "due_on", "issued_on", "lines", "emails.main", "phones.main", "identifiers.vat", "net", "tax", "open", "language", "currency", "reference", "bank_accounts.main", "addresses.main.country")]), st.one_of(st.none(), st.text(max_size=12), st.integers(), st.booleans(), st.lists(st.one_of(st.integers(), st.text(max_size=4), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2)), max_size=3)), max_size=6), st.sampled_from(sorted(MODELS)))  # fmt: skip
@example({"name": None, "addresses.main.country": []}, "customer")
@settings(max_examples=300, deadline=None)
def test_no_value_makes_a_check_stumble(values: dict[str, Any], model: str) -> None:
    """Whatever stands in a record, the checks answer: one that raised would end the run for all other records."""
    Book().judge(model, values, TODAY)
    stale(model, values, 0, 10**15, TODAY + timedelta(days=1))


def test_a_check_that_shares_its_search_can_be_off_alone() -> None:
    euro = {
        "lines": [{"quantity": "1", "unit_price": "5.00", "tax_rate": "0.19", "amount": [1000, "EUR"]}],
        "net": [9000, "EUR"], "tax": [5000, "EUR"], "total": [14000, "EUR"],
    }  # fmt: skip
    every = {"line-amount", "lines-total", "tax-total"}
    assert set(found("invoice", euro)) == every
    for name in every:
        assert set(found("invoice", euro, Book(off=frozenset({name})))) == every - {name}
        assert len({why for _, model, check in severe(name) if model == "invoice" for why in check(euro)}) == 1


def test_the_page_tells_of_every_check_and_every_expected_field() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/quality.md").read_text()
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| [^|]+ \| ([^|]+) \|$", page, re.MULTILINE)
    assert [(name, measure, text.strip()) for name, measure, text in rows] == [
        (c.name, c.measure, c.text) for c in CHECKS
    ]
    for model, texts in EXPECTED.items():
        (row,) = re.findall(rf"^\| {model} \| (`.+) \|$", page, re.MULTILINE)
        assert re.findall("`([^`]+)`", row) == [part.strip() for text in texts for part in text.split("|")]
