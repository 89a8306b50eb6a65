"""Properties of mappings: there and back, never a raise for bad data, never a cent lost, always NFC."""

import json
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.mapping import BUILTIN, parse
from hub.model import Money, decimals, typed

WIDE = """
stream = "things"
model = "deal"
[fields]
name = "p.name"
stage = { theirs = "p.stage", values = { a = "open", b = "won", c = "lost" } }
amount = { theirs = "p.amount", as = "money", currency_from = "p.currency" }
probability = { theirs = "p.probability", as = "percent" }
expected_on = { theirs = "p.expected", as = "ms_date" }
closed_on = "p.closed"
customer = { theirs = "links.company", link = "companies" }
[fields.lines]
theirs = "lines"
each.sku = "code"
each.quantity = { theirs = "q.n", as = "decimal" }
each.amount = { theirs = "sum", as = "minor", currency_from = "^p.currency" }
"""
MAPPING = parse(WIDE, "things.toml")

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20).map(
    lambda s: unicodedata.normalize("NFC", s)
)
numbers = st.decimals(-(10**12), 10**12, places=4, allow_nan=False).map(lambda d: BUILTIN["decimal"].read(str(d)))
days = st.dates(date(1900, 1, 1), date(2200, 1, 1)).map(date.isoformat)
minors = st.integers(-(10**15), 10**15)


@st.composite
def deals(draw: st.DrawFn) -> dict[str, object]:
    """Canonical values of a deal, with fields missing and empty."""
    code = draw(st.sampled_from(["EUR", "JPY", "KWD", "CLF"]))
    cash = minors.map(lambda n: [n, code])
    line = st.fixed_dictionaries({}, optional={"sku": words, "quantity": numbers, "amount": cash})
    each = {
        "stage": st.sampled_from(["open", "won", "lost"]),
        "amount": cash,
        "probability": numbers,
        "expected_on": days,
        "closed_on": days,
        "customer": words,
        "lines": st.lists(line, max_size=3),
    }
    return draw(st.fixed_dictionaries({"name": words}, optional={k: st.none() | v for k, v in each.items()}))


@settings(max_examples=80, deadline=None)
@given(deals())
def test_there_and_back_gives_the_same_values(values: dict[str, object]) -> None:
    data, skipped = MAPPING.write(values, create=True)
    assert not skipped
    for record in (json.dumps(data).encode(), json.dumps(data, ensure_ascii=False).encode(), data):
        back, problems = MAPPING.read(record)
        assert not problems
        assert back == values
    typed(MAPPING.struct, values)


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["", "1e400", "10.10", "\x00", "ZZZ", "eur", "2026-02-30", "1e-99", "9" * 5000, 10**400])
)
keys = st.sampled_from(["p", "lines", "links", "name", "amount", "currency", "q", "n", "sum", "expected", "closed"])
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys | st.text(max_size=3), inner, max_size=6)
)
aimed = st.fixed_dictionaries(
    {},
    optional={
        "p": anything | st.dictionaries(st.sampled_from(["name", "stage", "amount", "currency", "expected"]), anything),
        "lines": anything | st.lists(st.dictionaries(st.sampled_from(["code", "q", "sum"]), anything, max_size=3)),
        "links": anything,
    },
)


@settings(max_examples=150, deadline=None)
@given(anything | aimed)
@example({"p": None})
@example({"p": {"name": "\ud800"}})
def test_reading_never_raises_and_gives_only_what_the_model_takes(record: object) -> None:
    encoded = json.dumps(record).encode()
    for data in (encoded, record if isinstance(record, dict) else encoded):
        values, problems = MAPPING.read(data)
        msgspec.json.encode(values)
        if not any(p.severity == "error" for p in problems):
            typed(MAPPING.struct, values)
        assert "\x00" not in repr(values)
        MAPPING.write(values, create=True)
        MAPPING.unmapped(data)


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=60))
def test_reading_never_raises_for_any_bytes(data: bytes) -> None:
    values, problems = MAPPING.read(data)
    assert isinstance(values, dict)
    assert problems  # the name is required, and no such bytes hold one


@settings(max_examples=100, deadline=None)
@given(aimed)
def test_json_and_a_mapping_of_the_same_record_read_alike(record: dict[str, object]) -> None:
    try:
        as_json = json.dumps(record, allow_nan=False).encode()
        whole = msgspec.json.Decoder(float_hook=Decimal).decode(as_json)
    except (ValueError, ArithmeticError):
        return
    assert MAPPING.read(as_json).values == MAPPING.read(whole).values


@settings(max_examples=80, deadline=None)
@given(minors, st.sampled_from(["EUR", "JPY", "KWD", "CLF", "USD"]))
def test_money_never_loses_a_cent(minor: int, code: str) -> None:
    pair = BUILTIN["money"]
    theirs = pair.write([minor, code])
    assert pair.read(theirs, currency=code) == [minor, code]
    assert pair.read(Decimal(theirs), currency=code) == [minor, code]
    assert Decimal(theirs) == Money(minor, code).amount
    if abs(minor) < 10**14:
        assert pair.read(float(theirs), currency=code) == [minor, code]
    in_json = f'{{"p": {{"name": "x", "amount": {theirs}, "currency": "{code.lower()}"}}}}'.encode()
    assert MAPPING.read(in_json).values["amount"] == [minor, code]
    assert decimals(code) == len(theirs.partition(".")[2])


@settings(max_examples=80, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_nfc_and_empty_text_is_nothing(text: str) -> None:
    name = MAPPING.read({"p": {"name": text}}).values["name"]
    assert name == (unicodedata.normalize("NFC", text.replace("\x00", "")) or None)
    assert MAPPING.read(json.dumps({"p": {"name": text}}).encode()).values["name"] == name


@settings(max_examples=80, deadline=None)
@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_moments_survive_any_offset(naive: datetime, minutes: int) -> None:
    at = naive.replace(tzinfo=UTC)
    moment = BUILTIN["moment"].read
    canonical = moment(at.isoformat())
    shifted = at.astimezone(timezone(timedelta(minutes=minutes)))
    assert moment(shifted.isoformat()) == canonical == moment(canonical)
    whole = at.replace(microsecond=0)
    for name in ("unix", "unix_ms", "moment"):
        pair = BUILTIN[name]
        assert pair.read(pair.write(moment(whole.isoformat()))) == moment(whole.isoformat())


SAMPLES = {
    "email": st.emails(),
    "phone": st.from_regex(r"\+[1-9][0-9 ()/.-]{6,16}", fullmatch=True),
    "domain": st.from_regex(r"(https?://)?(www\.)?[a-zA-ZäöüÄ0-9-]{1,12}\.[a-z]{2,5}(/x)?", fullmatch=True),
    "country": st.sampled_from(["DE", "deu", "Germany", "United Kingdom", "uk", "Côte d'Ivoire"]),
    "decimal": numbers | st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    "lower": st.text(),
    "upper": st.text(),
    "strip": st.text(),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_reading_what_was_read_changes_nothing(name: str) -> None:
    read = BUILTIN[name].read

    @settings(max_examples=60, deadline=None)
    @given(SAMPLES[name])
    def steady(value: object) -> None:
        try:
            once = read(value)
        except ValueError:
            return
        assert once is None or read(once) == once

    steady()
