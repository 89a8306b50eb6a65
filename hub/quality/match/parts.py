"""What companies and persons have in common: words, sounds, addresses, phones, e-mail, numbers of registers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from hub.model import Values
from hub.quality.match.profile import Comparison, Kind, Level, Row
from hub.quality.normal import Email, Street, city, email, phone, postal_code, street, tokens
from hub.quality.normal.text import key

# Numbers a register gives to one company or person for good; any other scheme is some system's own numbering, in
# which two numbers may well mean one customer.
REGISTERS = frozenset(
    [
        "vat",
        "tax",
        "taxid",
        "tin",
        "ein",
        "ssn",
        "sin",
        "nino",
        "national",
        "passport",
        "licence",
        "registration",
        "register",
        "siren",
        "siret",
        "hrb",
        "hra",
        "duns",
        "lei",
        "abn",
        "acn",
        "uscc",
        "krs",
        "nip",
        "regon",
        "pesel",
        "cif",
        "nif",
        "kvk",
        "bce",
        "uid",
        "crn",
        "gst",
        "pan",
    ]
)
ORDER = ("main", "billing", "work", "delivery", "home")
KEPT = 200_000
BEHIND = re.compile(r"(?P<name>[^\W\d_]+(?:[ .-]+[^\W\d_]+)*\.?) (?P<number>[1-9]\d{0,3})")
AHEAD = re.compile(r"(?P<number>[1-9]\d{0,3}) (?P<name>[^\W\d_]+(?:[ .-]+[^\W\d_]+)*\.?)")
NUMBER: dict[str, Kind] = {"number": "text", "numbers": "texts", "schemes": "texts"}
PLACE: dict[str, Kind] = {
    "street": "text",
    "house": "text",
    "extra": "text",
    "city": "text",
    "code": "text",
    "region": "text",
    "country": "text",
}


@lru_cache(maxsize=KEPT)
def words(text: str) -> str:
    """Fold a text to its words."""
    return " ".join(map(key, tokens(text)))


@lru_cache(maxsize=KEPT)
def sound(text: str) -> str:
    """How a name sounds, roughly (Metaphone on Latin letters; other scripts stay as they are)."""
    from jellyfish import metaphone

    return metaphone(text).replace(" ", "") or text


def kinds(values: Values, stem: str) -> Iterator[str]:
    """Yield the values under `stem.*`, the main one first; what one says twice counts once."""
    start = f"{stem}."
    found = [path for path, value in values.items() if value and path.startswith(start)]
    found.sort(key=lambda path: _rank(path.split(".")[1]))
    seen: set[str] = set()
    for path in found:
        value = str(values[path])
        if value not in seen:
            seen.add(value)
            yield value


def _rank(kind: str) -> tuple[int, str]:
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), kind)


def places(values: Values) -> list[Row]:
    """All postal addresses in parts, the main one first."""
    found: dict[str, dict[str, str]] = {}
    for path, value in values.items():
        if value and path.startswith("addresses."):
            _, kind, part = path.split(".", 2)
            found.setdefault(kind, {})[part] = str(value)
    return [_parted(found[kind]) for kind in sorted(found, key=_rank)]


def place(values: Values) -> Row:
    """The main postal address in parts."""
    found = places(values)
    return found[0] if found else dict.fromkeys(PLACE)


def _parted(address: dict[str, str]) -> Row:
    country = address.get("country")
    found = _line(address.get("street") or "")
    if not found.number and found.name.isdecimal():
        found = Street("", found.name, found.unit)
    return {
        "street": found.name or None,
        "house": found.number or None,
        "extra": words(address.get("extra") or "") or None,
        "city": _city(address.get("city") or "") or None,
        "code": _code(address.get("postal_code") or "", country) or None,
        "region": words(address.get("region") or "") or None,
        "country": country,
    }


def _line(text: str) -> Street:
    """Part a street line; the many numbers of one street are parted once."""
    plain = BEHIND.fullmatch(text) or AHEAD.fullmatch(text)
    if plain is None:
        return _street(text)
    name, number = plain["name"], plain["number"]
    found = _street(f"{name} 1" if text.startswith(name) else f"1 {name}")
    return found._replace(number=number) if found.number == "1" else _street(text)


_street = lru_cache(maxsize=KEPT)(lambda text: street(text) if text else Street("", "", ""))
_city = lru_cache(maxsize=KEPT)(lambda text: city(text) if text else "")
_code = lru_cache(maxsize=KEPT)(lambda text, country: postal_code(text, country) if text else "")


def phones(values: Values) -> list[str]:
    """All phone numbers as keys, the main one first."""
    found = (_phone(text) for text in kinds(values, "phones"))
    return list(dict.fromkeys(filter(None, found)))


def _phone(text: str) -> str | None:
    # what a mapping has brought into E.164 needs no library
    return text if text[0] == "+" and text[1:].isdecimal() else phone(text)


def mails(values: Values) -> list[Email]:
    """All e-mail addresses in parts, the main one first."""
    return [found for found in map(email, kinds(values, "emails")) if found]


def numbers(values: Values) -> Row:
    """The numbers of registers as `scheme:number`, without what people put between digits, and their schemes."""
    found: list[str] = []
    for path, value in values.items():
        if value and path.startswith("identifiers."):
            scheme = path.partition(".")[2]
            if scheme in REGISTERS:
                found.append(f"{scheme}:{''.join(c for c in str(value).casefold() if c.isalnum())}")
    if not found:
        return dict.fromkeys(NUMBER)
    found.sort()
    schemes = list(dict.fromkeys(one.partition(":")[0] for one in found))
    return {"number": found[0], "numbers": found, "schemes": schemes}


PLACES = (
    Comparison(
        "street",
        "street",
        "street_l IS NULL OR street_r IS NULL",
        (
            Level("the same", "street_l = street_r", 0.75, 0.0008, "street"),
            Level("one or two letters off", "{near2}(street_l, street_r)", 0.12, 0.0005),
            Level("alike", "{jw}(street_l, street_r) >= 0.88", 0.05, 0.004),
            Level("the other's second line", "street_l = extra_r OR extra_l = street_r", 0.01, 0.0001),
            Level("one begins the other", "{starts}(street_l, street_r)", 0.02, 0.0004),
        ),
    ),
    Comparison(
        "house number",
        "house",
        "house_l IS NULL OR house_r IS NULL",
        (
            Level("the same", "house_l = house_r", 0.85, 0.02, "house"),
            Level("one digit off", "{near1}(house_l, house_r)", 0.1, 0.15),
        ),
    ),
    Comparison(
        "second line",
        "extra",
        "extra_l IS NULL OR extra_r IS NULL",
        (
            Level("the same", "extra_l = extra_r", 0.75, 0.001, "extra"),
            Level("alike", "{jw}(extra_l, extra_r) >= 0.88", 0.12, 0.003),
        ),
    ),
    Comparison(
        "city",
        "city",
        "city_l IS NULL OR city_r IS NULL",
        (
            Level("the same", "city_l = city_r", 0.8, 0.004, "city"),
            Level("one or two letters off", "{near2}(city_l, city_r)", 0.08, 0.001),
            Level("alike", "{jw}(city_l, city_r) >= 0.88", 0.04, 0.005),
        ),
    ),
    Comparison(
        "postal code",
        "code",
        "code_l IS NULL OR code_r IS NULL",
        (
            Level("the same", "code_l = code_r", 0.85, 0.001, "code"),
            Level("one digit off, or two swapped", "{near1}(code_l, code_r)", 0.08, 0.015),
        ),
    ),
    Comparison(
        "region",
        "region",
        "region_l IS NULL OR region_r IS NULL",
        (Level("the same", "region_l = region_r", 0.9, 0.15, "region"),),
    ),
)
PHONES = Comparison(
    "phone",
    "phones",
    "phones_l IS NULL OR phones_r IS NULL",
    (
        Level("one in common", "{overlap}(phones_l, phones_r)", 0.65, 0.00001),
        Level("the same but for the last two digits", "stem_l = stem_r", 0.05, 0.0001),
    ),
)
MAILS = Comparison(
    "e-mail",
    "emails",
    "emails_l IS NULL OR emails_r IS NULL",
    (Level("one in common", "{overlap}(emails_l, emails_r)", 0.6, 0.000005),),
)
NUMBERS = Comparison(
    "number",
    "numbers",
    # two numbers of different registers say nothing
    "numbers_l IS NULL OR numbers_r IS NULL OR NOT {overlap}(schemes_l, schemes_r)",
    (
        Level("one in common", "{overlap}(numbers_l, numbers_r)", 0.9, 0.000001),
        Level("one digit off", "{near1}(number_l, number_r)", 0.06, 0.00001),
    ),
    doubt=True,
)
