"""How persons are compared: given and family name with swaps, date of birth, address in parts, phone, e-mail, numbers."""

from __future__ import annotations

from functools import lru_cache

from hub.quality.match import parts
from hub.quality.match.batch import Batch
from hub.quality.match.profile import Columns, Comparison, Key, Level, Profile
from hub.quality.normal import person_name

PARTS = [f"substr(born_l, {at}, {length}) = substr(born_r, {at}, {length})" for at, length in ((1, 4), (6, 2), (9, 2))]
TWO_PARTS = " OR ".join(f"{PARTS[one]} AND {PARTS[other]}" for one, other in ((0, 1), (0, 2), (1, 2)))


def prepare(batch: Batch) -> Columns:
    """Bring contacts into the form in which they are compared."""
    told = zip(batch.texts("first_name"), batch.texts("last_name"), batch.texts("name"), strict=True)
    names = [_names(first or "", last or "", "" if first or last else whole or "") for first, last, whole in told]
    mails, phones = parts.mails(batch), parts.phones(batch)
    place = parts.place(batch)
    return {
        "given": [given or None for given, _, _ in names],
        "family": [family or None for _, family, _ in names],
        "sound": [sound or None for _, _, sound in names],
        "born": batch.texts("born_on"),
        **place,
        "digits": [_digits(code) if code else None for code in place["code"]],
        "phones": phones,
        "stem": parts.stems(phones),
        "emails": parts.boxes(mails),
        **parts.numbers(batch),
        "customer": batch.texts("customer"),
    }


@lru_cache(maxsize=parts.KEPT)
def _names(first: str, last: str, whole: str) -> tuple[str, str, str]:
    """Given name, family name, and how both sound."""
    if first or last:
        given, family = parts.words(first), parts.words(last)
    else:
        given, family, _ = person_name(whole)
    return given, family, "|".join(sorted(filter(None, (parts.sound(given), parts.sound(family)))))


_digits = lru_cache(maxsize=parts.KEPT)(lambda code: "".join(sorted(code)))

# the first letters of both names in one order, since they may be swapped
FIRST = "list_aggregate(list_sort([coalesce(left(given, 1), ''), coalesce(left(family, 1), '')]), 'string_agg', '')"
# either line of the address may stand in the other's place
LINES = "list_distinct([left(replace(street, ' ', ''), 5), left(replace(extra, ' ', ''), 5)])"
STARTS = "list_distinct([left(given, 5), left(family, 5)])"
TOWN = "left(city, 4)"
KEYS = (
    Key("i", "numbers", many=True),
    Key("e", "emails", many=True),
    Key("p", "list_transform(phones, lambda x: right(x, 8))", many=True),
    Key("n", "least(given, family) || '|' || greatest(given, family)"),
    Key("s", "CASE WHEN given IS NOT NULL AND family IS NOT NULL THEN sound END"),
    Key("b", f"born || {FIRST}"),
    Key("c", "born || digits"),
    Key("d", f"born || {TOWN}"),
    Key("f", "born || house"),
    Key("h", f"list_transform({LINES}, lambda x: x || {FIRST})", many=True),
    Key("a", f"list_transform({LINES}, lambda x: x || digits)", many=True),
    Key("g", f"list_transform({LINES}, lambda x: x || {TOWN})", many=True),
    Key("w", f"list_transform({STARTS}, lambda x: x || digits)", many=True),
    Key("v", f"list_transform({STARTS}, lambda x: x || {TOWN})", many=True),
    Key("k", "customer || left(coalesce(family, given), 3)"),
)


CONTACT = Profile(
    model="contact",
    version=2,
    columns={
        "given": "text",
        "family": "text",
        "sound": "text",
        "born": "text",
        **parts.PLACE,
        "digits": "text",  # of the postal code, in one order
        "phones": "texts",
        "stem": "text",
        "emails": "texts",
        **parts.NUMBER,
        "customer": "text",
    },
    prepare=prepare,
    keys=KEYS,
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
