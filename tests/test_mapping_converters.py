"""Converters: what each reads, what it refuses, and what it writes."""

import re
from typing import Any

import pytest

from hub.mapping import BUILTIN, Converter, Doubt

READS: list[tuple[str, Any, Any]] = [
    ("text", "Cafe\u0301", "Caf\u00e9"), ("text", "007", "007"), ("text", 7, "7"), ("text", True, "true"), ("text", " a ", " a "),
    ("strip", "  ", None), ("lower", " ÄB ", "äb"), ("upper", "straße", "STRASSE"),
    ("int", "12", 12), ("int", 12.0, 12), ("int", "1e3", 1000),
    ("bool", 0, False), ("bool", "Yes", True), ("bool", "false", False),
    ("decimal", "10.10", "10.1"), ("decimal", 0.1, "0.1"), ("decimal", "1E+3", "1000"), ("decimal", "-0.0", "0"),
    ("decimal", 100, "100"), ("decimal", " 007.50 ", "7.5"), ("percent", 19, "0.19"), ("percent", "7.5 %", "0.075"),
    ("date", "2026-11-22T23:59:59+14:00", "2026-11-22"), ("date", "2024-02-29", "2024-02-29"),
    ("moment", "2026-11-22T17:00:00+01:00", "2026-11-22T16:00:00Z"), ("moment", "2026-11-22 17:00:00", "2026-11-22T17:00:00Z"),
    ("moment", "2026-11-22T17:00:00.5Z", "2026-11-22T17:00:00.500000Z"), ("moment", "2026-11-22T17:00:00.000+0000", "2026-11-22T17:00:00Z"),
    ("unix", 0, "1970-01-01T00:00:00Z"), ("unix", "1700000000", "2023-11-14T22:13:20Z"),
    ("unix_ms", 1700000000123, "2023-11-14T22:13:20.123000Z"), ("unix_date", -1, "1969-12-31"), ("ms_date", 86400000, "1970-01-02"),
    ("email", " John.Doe@Example.COM ", "john.doe@example.com"), ("email", "jörg@MÜLLER.de", "jörg@müller.de"),
    ("email", "o'brien+x@sub.example.co.uk", "o'brien+x@sub.example.co.uk"),
    ("phone", "+493012345678", "+493012345678"), ("phone", "+49 (0)30 1234-5678", "+493012345678"),
    ("phone", "+49 030 12345678", "+493012345678"), ("phone", "+39 06 12345678", "+390612345678"), ("phone", "+1 (212) 555-0123", "+12125550123"),
    ("phone", "+7 8 495 123-45-67", "+74951234567"), ("phone", "+86 138 0013 8000", "+8613800138000"),
    ("country", "de", "DE"), ("country", "DEU", "DE"), ("country", "united kingdom", "GB"), ("country", "UK", "GB"),
    ("country", "Taiwan", "TW"), ("country", "South Korea", "KR"), ("country", "The Netherlands", "NL"), ("currency", "eur", "EUR"),
    ("vat", "de 136.695.976", "DE136695976"), ("vat", "NO 995 525 828 MVA", "NO995525828MVA"), ("vat", "GB 980 7806 84", "GB980780684"),
    ("vat", "12-345/67", "1234567"), ("vat", "91310000MA1K000000", "91310000MA1K000000"),
    ("domain", "https://www.Acme-Corp.com:8080/x?y", "acme-corp.com"), ("domain", "Bob@acme.co.uk", "acme.co.uk"), ("domain", "gmail.com", None),
    ("domain", "http://www.gmx.de/", None), ("domain", "Müller.de", "xn--mller-kva.de"), ("domain", "mailto@qq.com", None),
    ("list", ["a", None, "", 1], ["a", "1"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "theirs", "ours"), READS)
def test_reads(name: str, theirs: Any, ours: Any) -> None:
    assert BUILTIN[name].read(theirs) == ours


REFUSES = [
    ("text", [1]), ("text", "\ud800"), ("int", "1.5"), ("int", 2**63), ("int", True), ("bool", 2), ("bool", "maybe"),
    ("decimal", "1,5"), ("decimal", "NaN"), ("decimal", float("inf")), ("decimal", "1e300"), ("decimal", "1e-99"), ("decimal", "٣"),
    ("date", "2026-02-30"), ("date", "0000-01-01"), ("date", 5), ("moment", "soon"), ("moment", "2026-13-01T00:00:00Z"),
    ("moment", "0001-01-01T00:00:00+14:00"), ("unix", 10**15), ("unix", "x"), ("email", "a@b"), ("email", "a b@c.de"), ("email", "a@x.invalid"),
    ("email", "a..b@c.de"), ("phone", "030 123456"), ("phone", "+49"), ("phone", "call me"), ("phone", "+1 123"), ("country", "Atlantis"),
    ("currency", "EURO"), ("currency", "XXY"), ("vat", "DE136695977"), ("vat", "n/a?"), ("domain", "no domain"), ("domain", "10.0.0.1"),
    ("list", "a;b"), ("money", 1), ("minor", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "theirs"), REFUSES)
def test_refuses_with_a_reason(name: str, theirs: Any) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+") as caught:
        BUILTIN[name].read(theirs)
    assert not isinstance(caught.value, Doubt)


@pytest.mark.parametrize(
    ("name", "theirs", "options", "reason"),
    [
        ("money", "1.234,56", {"currency": "EUR"}, 'is no number; for a decimal comma write point = ","'),
        ("decimal", "10.50", {"point": ","}, "is no number whose decimal sign is ','"),
        ("decimal", "1.23,4", {"point": ","}, "is no number whose decimal sign"),
        ("decimal", ",", {"point": ","}, "is no number whose decimal sign"),
        ("date", "01.11.2026", {}, 'is no ISO 8601 time; say how it is written, such as form = "DD.MM.YYYY"'),
        ("date", "11/02/2026", {"form": "DD.MM.YYYY"}, "is not written as DD.MM.YYYY"),
        ("date", "31.02.2026", {"form": "DD.MM.YYYY"}, "is not written as DD.MM.YYYY"),
    ],
)
def test_what_is_written_otherwise_is_told_with_the_option_that_reads_it(
    name: str, theirs: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        BUILTIN[name].read(theirs, **options)


OPTIONS: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    ("money", {"currency": "EUR"}, "10.1", [1010, "EUR"], "10.10"),
    ("money", {"currency": "JPY"}, 1000, [1000, "JPY"], "1000"),
    ("money", {"currency": "KWD", "number": True}, 1.5, [1500, "KWD"], 1.5),
    ("minor", {"currency": "EUR"}, "1010", [1010, "EUR"], 1010),
    ("decimal", {"number": True}, "2.50", "2.5", 2.5),
    ("decimal", {"point": ","}, "1.234.567,50", "1234567.5", "1234567,5"),
    ("decimal", {"point": ","}, "1.234", "1234", "1234"),
    ("decimal", {"point": ","}, ",5-", "-0.5", "-0,5"),
    ("decimal", {"point": ","}, 1.5, "1.5", "1,5"),
    ("decimal", {"point": "."}, "1'234.5", "1234.5", "1234.5"),
    ("percent", {"point": ","}, "7,5 %", "0.075", "7,5"),
    ("money", {"currency": "EUR", "point": ","}, "1\u00a0234,56", [123456, "EUR"], "1234,56"),
    ("date", {"form": "DD.MM.YYYY"}, "1.11.2026", "2026-11-01", "01.11.2026"),
    ("date", {"form": "MM/DD/YY"}, "11/02/26", "2026-11-02", "11/02/26"),
    ("date", {"form": "DD.MM.YYYY"}, "2026-11-01T00:00:00", "2026-11-01", "01.11.2026"),
    (
        "moment",
        {"form": "DD.MM.YYYY HH:mm", "zone": "Europe/Berlin"},
        "01.07.2026 08:05",
        "2026-07-01T06:05:00Z",
        "01.07.2026 08:05",
    ),
    ("percent", {"number": True}, "19", "0.19", 19),
    ("phone", {"region": "de"}, "030 12345678", "+493012345678", "+493012345678"),
    ("list", {"separator": ";"}, "a; b;", ["a", "b"], "a;b"),
    ("moment", {"zone": "Europe/Berlin"}, "2026-07-01 12:00:00", "2026-07-01T10:00:00Z", "2026-07-01T12:00:00"),
    ("date", {"zone": "Asia/Shanghai"}, "2026-07-01T20:00:00Z", "2026-07-02", "2026-07-02"),
    ("ms_date", {"zone": "Asia/Shanghai"}, 1782835200000, "2026-07-01", 1782835200000),
    ("country", {"form": "alpha3"}, "Germany", "DE", "DEU"),
    ("country", {"form": "name"}, "FR", "FR", "France"),
]


@pytest.mark.parametrize(("name", "options", "theirs", "ours", "back"), OPTIONS)
def test_options(name: str, options: dict[str, Any], theirs: Any, ours: Any, back: Any) -> None:
    pair = BUILTIN[name]
    assert options.keys() <= pair.options
    assert pair.read(theirs, **options) == ours
    assert pair.write(ours, **options) == back


def test_what_cannot_be_said_over_there_is_refused() -> None:
    for name, value, options in (
        ("money", [1, "USD"], {"currency": "EUR"}),
        ("list", ["a;b"], {"separator": ";"}),
        ("decimal", "0.12345678901234567891", {"number": True}),
        ("country", "DE", {"form": "emoji"}),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            BUILTIN[name].write(value, **options)


def test_an_extension_is_dropped_with_a_word() -> None:
    with pytest.raises(Doubt, match="extension 5") as caught:
        BUILTIN["phone"].read("+49 30 12345678 ext. 5")
    assert caught.value.value == "+493012345678"


def test_the_short_way_for_phones_agrees_with_the_library() -> None:
    import phonenumbers

    for region in phonenumbers.SUPPORTED_REGIONS:
        number = phonenumbers.example_number(region)
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
        again = phonenumbers.format_number(phonenumbers.parse(shown), phonenumbers.PhoneNumberFormat.E164)
        assert BUILTIN["phone"].read(e164) == e164
        assert BUILTIN["phone"].read(shown) == again


def test_a_converter_is_a_pair_with_the_options_its_functions_take() -> None:
    assert isinstance(BUILTIN["money"], Converter)
    assert BUILTIN["phone"].options == {"region"}
    assert BUILTIN["text"].options == frozenset()
