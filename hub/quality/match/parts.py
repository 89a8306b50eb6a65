"""What companies and persons have in common: words, sounds, addresses, phones, e-mail, numbers of registers."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.quality.match.batch import Batch, first
from hub.quality.match.profile import Columns, Comparison, Kind, Level
from hub.quality.normal import Email, city, email, phone, postal_code, street, tokens
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
NOWHERE = ("", "")
KEPT = 200_000
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


def places(batch: Batch) -> list[Columns]:
    """All postal addresses in parts, a set of columns for each kind of address, the main one first."""
    stems = list(dict.fromkeys(path.rpartition(".")[0] for path in batch.under("addresses")))
    return [_parted(batch, stem) for stem in stems]


def place(batch: Batch) -> Columns:
    """The first postal address of each record in parts."""
    found = places(batch)
    if len(found) == 1:
        return found[0]
    if not found:
        return {name: [None] * len(batch) for name in PLACE}
    at = [
        next((n for n, one in enumerate(found) if any(one[name][row] for name in PLACE)), None)
        for row in range(len(batch))
    ]
    return {name: [None if n is None else found[n][name][row] for row, n in enumerate(at)] for name in PLACE}


def _parted(batch: Batch, stem: str) -> Columns:
    parts = [batch.texts(f"{stem}.{part}") for part in ("street", "city", "postal_code", "country", "region", "extra")]
    streets, cities, codes, countries, regions, extras = parts
    lines = [_line(text) if text else NOWHERE for text in streets]
    return {
        "street": [name or None for name, _ in lines],
        "house": [number or None for _, number in lines],
        "extra": [words(text) or None if text else None for text in extras],
        "city": [_city(text) or None if text else None for text in cities],
        "code": [
            _code(text, country) or None if text else None for text, country in zip(codes, countries, strict=True)
        ],
        "region": [words(text) or None if text else None for text in regions],
        "country": countries,
    }


def _line(text: str) -> tuple[str, str]:
    """Part a street line into name and number; the many numbers of one street are parted once."""
    name, _, number = text.rpartition(" ")
    if not (name and len(number) < 5 and number.isdecimal() and number[0] != "0" and number.isascii()):
        if plain := AHEAD.fullmatch(text):
            found, number = _street(f"1 {plain['name']}"), plain["number"]
            if found.number == "1":
                return found.name, number
    elif name.replace(" ", "").replace(".", "").replace("-", "").isalpha():
        found = _street(f"{name} 1")
        if found.number == "1":
            return found.name, number
    found = _street(text)
    return ("", found.name) if not found.number and found.name.isdecimal() else (found.name, found.number)


_street = lru_cache(maxsize=KEPT)(street)
_city = lru_cache(maxsize=KEPT)(city)
_code = lru_cache(maxsize=KEPT)(postal_code)


def phones(batch: Batch) -> list[list[str] | None]:
    """All phone numbers as keys, the main one first."""
    return batch.lists("phones", lambda column: [_phone(text) if text else None for text in column])


def _phone(text: str) -> str | None:
    # what a mapping has brought into E.164 needs no library
    return text if text[0] == "+" and text[1:].isdecimal() else phone(text)


def stems(phones: list[list[str] | None]) -> list[str | None]:
    """The first phone number but for its last two digits."""
    return [some[0][:-2] if some else None for some in phones]


def mails(batch: Batch) -> list[list[Email] | None]:
    """All e-mail addresses in parts, the main one first."""
    return batch.lists("emails", lambda column: [email(text) if text else None for text in column])


def boxes(mails: list[list[Email] | None]) -> list[list[str] | None]:
    """E-mail addresses as keys."""
    return [[one.key for one in some] if some else None for some in mails]


def numbers(batch: Batch) -> Columns:
    """The numbers of registers as `scheme:number`, without what people put between digits, and their schemes."""
    schemes = [path.partition(".")[2] for path in batch.paths if path.startswith("identifiers.")]
    schemes = [scheme for scheme in schemes if scheme in REGISTERS]
    if not schemes:
        return {name: [None] * len(batch) for name in NUMBER}
    columns = [
        [f"{scheme}:{''.join(filter(str.isalnum, text.casefold()))}" if text else None for text in batch.texts(path)]
        for scheme, path in ((scheme, f"identifiers.{scheme}") for scheme in schemes)
    ]
    found = [sorted(filter(None, row)) or None for row in zip(*columns, strict=True)]
    return {
        "number": first(found),
        "numbers": found,
        "schemes": [list(dict.fromkeys(one.partition(":")[0] for one in some)) if some else None for some in found],
    }


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
