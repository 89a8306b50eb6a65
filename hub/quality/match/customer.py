"""How companies are compared: names in every form, legal form, address, phone, e-mail and domain, numbers, bank account.

A person who is a customer walks the same way; a name's words in another order are found too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hub.quality.match import parts
from hub.quality.match.batch import Batch, first
from hub.quality.match.division import division
from hub.quality.match.profile import Columns, Comparison, Key, Level, Profile
from hub.quality.normal import Email, company_name


def prepare(batch: Batch) -> Columns:
    """Bring customers into the form in which they are compared."""
    legals = batch.texts("legal_name")
    names = [_name(text or legal or "") for text, legal in zip(batch.texts("name"), legals, strict=True)]
    legal = [_name(text or "") for text in legals]
    others = batch.lists("names", lambda column: [_name(text) if text else None for text in column])
    mails, phones = parts.mails(batch), parts.phones(batch)
    domains = _domains(batch, mails)
    places, place = parts.places(batch), parts.place(batch)
    spots = [_spots(one) for one in places]
    banks = batch.lists("bank_accounts", lambda column: [_bank(text) if text else None for text in column])
    return {
        "name": [one.core or None for one in names],
        "names": [
            list(dict.fromkeys(x.core for x in (one, other, *(more or ())) if x.core)) or None
            for one, other, more in zip(names, legal, others, strict=True)
        ],
        "legal": [
            other.core if other.core and other.core != one.core else None
            for one, other in zip(names, legal, strict=True)
        ],
        "form": [other.form or one.form for one, other in zip(names, legal, strict=True)],
        "division": [
            division(one.core, city or "") if one.core else None for one, city in zip(names, place["city"], strict=True)
        ],
        "letters": [one.letters for one in names],
        "initials": [one.initials for one in names],
        "bearing": [one.bearing for one in names],
        "sound": [one.sound for one in names],
        **place,
        "spot": _spots(place),
        "spots": [list(dict.fromkeys(filter(None, row))) or None for row in zip(*spots, strict=True)]
        if spots
        else [None] * len(batch),
        "phone": first(phones),
        "phones": phones,
        "stem": parts.stems(phones),
        "emails": parts.boxes(mails),
        "domain": first(domains),
        "domains": domains,
        **parts.numbers(batch),
        "bank": first(banks),
        "banks": banks,
        "born": batch.texts("born_on"),
    }


class Said(NamedTuple):
    """What a company's name says, and what is found by it."""

    core: str
    form: str | None
    letters: str | None  # of its words in one order, so that their order and how they are parted do not count
    initials: str | None
    bearing: list[str] | None
    sound: str | None


@lru_cache(maxsize=parts.KEPT)
def _name(text: str) -> Said:
    core, form = company_name(text)
    words = core.split()
    return Said(
        core,
        form,
        "".join(sorted(words)) or None,
        "".join(word[0] for word in words) if len(words) > 2 else None,
        [word for word in words if len(word) > 4] or None,
        "".join(parts.sound(word) for word in words[:2]) or None,
    )


def _bank(text: str) -> str:
    return text.replace(" ", "").casefold()


def _spots(place: Columns) -> list[str | None]:
    """Places that can be found: street, number, and the town by its code or its name."""
    rows = zip(place["code"], place["city"], place["street"], place["house"], strict=True)
    return [
        f"{code or city}|{street}|{house or ''}" if street and (code or city) else None
        for code, city, street, house in rows
    ]


def _domains(batch: Batch, mails: list[list[Email] | None]) -> list[list[str] | None]:
    rows = zip(batch.texts("domain"), batch.texts("website"), mails, strict=True)
    found = []
    for domain, site, boxes in rows:
        hosts = [_host(text) for text in (domain, site) if text]
        hosts += [one.domain for one in boxes or () if not one.free]
        found.append(list(dict.fromkeys(filter(None, hosts))) or None)
    return found


def _host(text: str) -> str:
    text = text.casefold()
    bare = text.partition("://")[2] or text
    return bare.partition("/")[0].partition(":")[0].removeprefix("www.")


FIRST = "left(replace(name, ' ', ''), 5)"
TOWN = "left(city, 5)"
KEYS = (
    Key("n", "list_transform(names, lambda x: replace(x, ' ', ''))", many=True),
    Key("i", "numbers", many=True),
    Key("e", "emails", many=True),
    Key("d", "domains", many=True),
    Key("p", "list_transform(phones, lambda x: right(x, 8))", many=True),
    Key("b", "banks", many=True),
    Key("a", "spots", many=True),
    Key("l", "letters"),
    Key("c", f"{FIRST} || code"),
    Key("s", "sound || left(code, 3)"),
    Key("t", f"{FIRST} || {TOWN}"),
    Key("r", f"{FIRST} || left(street, 5)"),
    Key("w", f"list_transform(bearing, lambda x: x || coalesce({TOWN}, code, ''))", many=True),
    Key(
        "m",
        f"CASE WHEN initials IS NOT NULL THEN initials WHEN length(name) < 6 THEN replace(name, ' ', '') END || {TOWN}",
    ),
)


CUSTOMER = Profile(
    model="customer",
    version=2,
    columns={
        "name": "text",
        "names": "texts",
        "legal": "text",
        "form": "text",
        "division": "text",
        "letters": "text",
        "initials": "text",
        "bearing": "texts",
        "sound": "text",
        **parts.PLACE,
        "spot": "text",
        "spots": "texts",
        "phone": "text",
        "phones": "texts",
        "stem": "text",
        "emails": "texts",
        "domain": "text",
        "domains": "texts",
        **parts.NUMBER,
        "bank": "text",
        "banks": "texts",
        "born": "text",
    },
    prepare=prepare,
    keys=KEYS,
    comparisons=(
        Comparison(
            "name",
            "name",
            "name_l IS NULL OR name_r IS NULL",
            (
                Level("the same", "name_l = name_r", 0.55, 0.00005, "name"),
                Level("one of their names is the same", "{overlap}(names_l, names_r)", 0.08, 0.00001),
                Level("the same words in another order, or parted otherwise", "letters_l = letters_r", 0.03, 0.000005),
                Level("one or two letters off", "{near2}(name_l, name_r) AND length(name_l) > 5", 0.1, 0.00005),
                Level("one begins the other", "{starts}(name_l, name_r)", 0.08, 0.0002, doubt=True),
                Level("alike", "{jw}(name_l, name_r) >= 0.9", 0.05, 0.0008, doubt=True),
                Level(
                    "one is the other's initials",
                    "initials_l = name_r OR name_l = initials_r",
                    0.01,
                    0.00001,
                    doubt=True,
                ),
                Level("a word in common", "{overlap}(bearing_l, bearing_r)", 0.04, 0.008, doubt=True),
            ),
            doubt=True,
            called=True,
        ),
        Comparison(
            "legal name",
            "legal",
            "legal_l IS NULL OR legal_r IS NULL",
            (
                Level("the same", "legal_l = legal_r", 0.6, 0.0001, "legal"),
                Level("one or two letters off", "{near2}(legal_l, legal_r)", 0.12, 0.0001),
                Level("alike", "{jw}(legal_l, legal_r) >= 0.9", 0.08, 0.001),
            ),
            doubt=True,
            called=True,
        ),
        Comparison(
            "legal form",
            "form",
            "form_l IS NULL OR form_r IS NULL",
            (Level("the same", "form_l = form_r", 0.93, 0.25, "form"),),
            doubt=True,
            called=True,
        ),
        Comparison(
            "part of the group",
            "division",
            # unknown where a name is; where both say the same, that is part of the name and weighed there
            "name_l IS NULL OR name_r IS NULL OR coalesce(division_l, '') = coalesce(division_r, '')",
            (
                Level(
                    "one is named as a sister or a branch",
                    "division_l IS NOT NULL OR division_r IS NOT NULL",
                    0.004,
                    0.5,
                    doubt=True,
                ),
            ),
            fixed=True,
            called=True,
        ),
        Comparison(
            "address",
            "spot",
            "city_l IS NULL AND code_l IS NULL OR city_r IS NULL AND code_r IS NULL",
            (
                Level("the same", "spot_l = spot_r", 0.5, 0.00002, "spot"),
                Level("one in common", "{overlap}(spots_l, spots_r)", 0.04, 0.00001),
                Level("the same street and number", "street_l = street_r AND house_l = house_r", 0.05, 0.00003),
                Level("almost the same street", "{near2}(street_l, street_r) AND house_l = house_r", 0.06, 0.0001),
                Level("the same street", "street_l = street_r AND city_l = city_r", 0.06, 0.0002),
                Level("the same postal code", "code_l = code_r", 0.08, 0.001, "code"),
                Level("the same city", "city_l = city_r", 0.08, 0.01, "city"),
                Level("another country", "country_l <> country_r", 0.01, 0.6, doubt=True),
            ),
        ),
        Comparison(
            "phone",
            "phones",
            "phones_l IS NULL OR phones_r IS NULL",
            (
                Level("the same", "phone_l = phone_r", 0.6, 0.00001, "phone"),
                Level("one in common", "{overlap}(phones_l, phones_r)", 0.04, 0.00001),
                Level("the same but for the last two digits", "stem_l = stem_r", 0.06, 0.00003),
            ),
        ),
        Comparison(
            "e-mail and domain",
            "domains",
            "emails_l IS NULL AND domains_l IS NULL OR emails_r IS NULL AND domains_r IS NULL",
            (
                Level("an address in common", "{overlap}(emails_l, emails_r)", 0.35, 0.000005),
                Level("the same domain", "domain_l = domain_r", 0.4, 0.00002, "domain"),
                Level("a domain in common", "{overlap}(domains_l, domains_r)", 0.03, 0.00001),
            ),
        ),
        parts.NUMBERS,
        Comparison(
            "bank account",
            "banks",
            "banks_l IS NULL OR banks_r IS NULL",
            (
                Level("the same", "bank_l = bank_r", 0.7, 0.000005, "bank"),
                Level("one in common", "{overlap}(banks_l, banks_r)", 0.03, 0.000005),
                Level("one digit off", "{near1}(bank_l, bank_r)", 0.02, 0.000005),
            ),
        ),
        Comparison(
            "date of birth",
            "born",
            "born_l IS NULL OR born_r IS NULL",
            (
                Level("the same", "born_l = born_r", 0.9, 0.0001),
                Level("one digit off", "{near1}(born_l, born_r)", 0.05, 0.001),
            ),
            doubt=True,
        ),
    ),
    training=(("name",), ("phone",), ("domain",), ("spot",)),
    prior=1e-6,
)
