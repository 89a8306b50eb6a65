"""How persons are compared: given and family name with swaps, date of birth, address in parts, phone, e-mail, numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from hub.model import Values
from hub.quality.match import parts
from hub.quality.match.profile import Comparison, Level, Profile, Row
from hub.quality.normal import person_name

PARTS = [f"substr(born_l, {at}, {length}) = substr(born_r, {at}, {length})" for at, length in ((1, 4), (6, 2), (9, 2))]
TWO_PARTS = " OR ".join(f"{PARTS[one]} AND {PARTS[other]}" for one, other in ((0, 1), (0, 2), (1, 2)))


def prepare(values: Values) -> Row:
    """Bring a contact's values into the form in which they are compared."""
    given, family = _names(values.get("first_name") or "", values.get("last_name") or "", values.get("name") or "")
    place = parts.place(values)
    mails, phones = parts.mails(values), parts.phones(values)
    return {
        "given": given or None,
        "family": family or None,
        "sound": "|".join(sorted(filter(None, (parts.sound(given), parts.sound(family))))) or None,
        "born": values.get("born_on"),
        **place,
        "phones": phones or None,
        "stem": phones[0][:-2] if phones else None,
        "emails": [one.key for one in mails] or None,
        **parts.numbers(values),
        "customer": values.get("customer"),
    }


@lru_cache(maxsize=200_000)
def _names(first: str, last: str, whole: str) -> tuple[str, str]:
    if first or last:
        return parts.words(first), parts.words(last)
    found = person_name(whole)
    return found.given, found.family


def keys(row: Row) -> Iterator[str]:
    """Say what a contact has in common with those it may be the same as.

    Digits of a postal code count in any order, and either line of the address may stand in the other's place.
    """
    given, family, born = row["given"] or "", row["family"] or "", row["born"] or ""
    house, code, city = row["house"] or "", "".join(sorted(row["code"] or "")), (row["city"] or "")[:4]
    lines = {(row[name] or "").replace(" ", "")[:5] for name in ("street", "extra")} - {""}
    first = "".join(sorted((given[:1], family[:1])))
    for number in row["numbers"] or ():
        yield f"i{number}"
    for mail in row["emails"] or ():
        yield f"e{mail}"
    for phone in row["phones"] or ():
        yield f"p{phone[-8:]}"
    if given and family:
        yield f"n{'|'.join(sorted((given, family)))}"
        yield f"s{row['sound']}"
    if born:
        yield f"b{born}{first}"
        if code:
            yield f"c{born}{code}"
        if city:
            yield f"d{born}{city}"
        if house:
            yield f"f{born}{house}"
    for line in lines:
        yield f"h{line}{first}"
        if code:
            yield f"a{line}{code}"
        if city:
            yield f"g{line}{city}"
    for word in {given, family} - {""}:
        if code:
            yield f"w{word[:5]}{code}"
        if city:
            yield f"v{word[:5]}{city}"
    if row["customer"]:
        yield f"k{row['customer']}{(family or given)[:3]}"


CONTACT = Profile(
    model="contact",
    version=1,
    columns={
        "given": "text",
        "family": "text",
        "sound": "text",
        "born": "text",
        **parts.PLACE,
        "phones": "texts",
        "stem": "text",
        "emails": "texts",
        **parts.NUMBER,
        "customer": "text",
    },
    prepare=prepare,
    keys=keys,
    comparisons=(
        Comparison(
            "given name",
            "given",
            "given_l IS NULL OR given_r IS NULL",
            (
                Level("the same", "given_l = given_r", 0.72, 0.006, "given"),
                Level("given and family name swapped", "given_l = family_r AND family_l = given_r", 0.03, 0.00002),
                Level("one letter off", "{near1}(given_l, given_r)", 0.08, 0.002),
                Level("one begins the other", "{starts}(given_l, given_r)", 0.03, 0.002),
                Level("alike", "{jw}(given_l, given_r) >= 0.85", 0.05, 0.008),
                Level("the other's family name", "given_l = family_r OR family_l = given_r", 0.01, 0.002),
            ),
            doubt=True,  # twins, and couples with one mailbox
            called=True,
        ),
        Comparison(
            "family name",
            "family",
            "family_l IS NULL OR family_r IS NULL",
            (
                Level("the same", "family_l = family_r", 0.78, 0.003, "family"),
                Level("given and family name swapped", "given_l = family_r AND family_l = given_r", 0.03, 0.00002),
                Level("one letter off", "{near1}(family_l, family_r)", 0.08, 0.001),
                Level("alike", "{jw}(family_l, family_r) >= 0.85", 0.05, 0.005),
                Level("the other's given name", "given_l = family_r OR family_l = given_r", 0.01, 0.002),
            ),
            called=True,
        ),
        Comparison(
            "date of birth",
            "born",
            "born_l IS NULL OR born_r IS NULL",
            (
                Level("the same", "born_l = born_r", 0.9, 0.0001, "born"),
                Level("one digit off", "{near1}(born_l, born_r)", 0.06, 0.001),
                Level("two of year, month and day the same", TWO_PARTS, 0.015, 0.003),
                Level(
                    "day and month swapped",
                    "substr(born_l, 1, 4) = substr(born_r, 1, 4) AND "
                    "substr(born_l, 6, 2) = substr(born_r, 9, 2) AND substr(born_l, 9, 2) = substr(born_r, 6, 2)",
                    0.005,
                    0.0001,
                ),
            ),
            doubt=True,
        ),
        *parts.PLACES,
        parts.PHONES,
        parts.MAILS,
        parts.NUMBERS,
        Comparison(
            "customer",
            "customer",
            "customer_l IS NULL OR customer_r IS NULL",
            (Level("the same", "customer_l = customer_r", 0.7, 0.0005, "customer"),),
        ),
    ),
    training=(("given", "family"), ("born", "code"), ("street", "house")),
    prior=1e-5,
)
