"""How companies are compared: names in every form, legal form, address, phone, e-mail and domain, numbers, bank account.

A person who is a customer walks the same way; a name's words in another order are found too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from hub.model import Values
from hub.quality.match import parts
from hub.quality.match.division import division
from hub.quality.match.profile import Comparison, Level, Profile, Row
from hub.quality.normal import company_name

_name = lru_cache(maxsize=parts.KEPT)(company_name)


def prepare(values: Values) -> Row:
    """Bring a customer's values into the form in which they are compared."""
    name = _name(values.get("name") or values.get("legal_name") or "")
    legal = _name(values.get("legal_name") or "")
    others = [_name(text) for text in parts.kinds(values, "names")]
    words = name.core.split()
    mails, phones = parts.mails(values), parts.phones(values)
    domains = _domains(values, [one.domain for one in mails if not one.free])
    places = parts.places(values)
    place = places[0] if places else dict.fromkeys(parts.PLACE)
    banks = [text.replace(" ", "").casefold() for text in parts.kinds(values, "bank_accounts")]
    return {
        "name": name.core or None,
        "names": list(dict.fromkeys(one.core for one in (name, legal, *others) if one.core)) or None,
        "legal": legal.core if legal.core and legal.core != name.core else None,
        "form": legal.form or name.form,
        "division": division(name.core, place["city"] or "") if name.core else None,
        "letters": "".join(sorted(words)) or None,
        "initials": "".join(word[0] for word in words) if len(words) > 2 else None,
        "bearing": [word for word in words if len(word) > 4] or None,
        "sound": "".join(parts.sound(word) for word in words[:2]) or None,
        **place,
        "spot": _spot(place),
        "spots": list(dict.fromkeys(filter(None, map(_spot, places)))) or None,
        "phone": phones[0] if phones else None,
        "phones": phones or None,
        "stem": phones[0][:-2] if phones else None,
        "emails": [one.key for one in mails] or None,
        "domain": domains[0] if domains else None,
        "domains": domains or None,
        **parts.numbers(values),
        "bank": banks[0] if banks else None,
        "banks": banks or None,
        "born": values.get("born_on"),
    }


def _spot(place: Row) -> str | None:
    """A place that can be found: street, number, and the town by its code or its name."""
    if not place["street"] or not (place["code"] or place["city"]):
        return None
    return f"{place['code'] or place['city']}|{place['street']}|{place['house'] or ''}"


def _domains(values: Values, mails: list[str]) -> list[str]:
    found = [values.get("domain") or "", values.get("website") or "", *mails]
    bare = (text.casefold().partition("://")[2] or text.casefold() for text in found)
    hosts = (text.partition("/")[0].partition(":")[0].removeprefix("www.") for text in bare)
    return list(dict.fromkeys(filter(None, hosts)))


def keys(row: Row) -> Iterator[str]:
    """Say what a customer has in common with those it may be the same as."""
    code, city, street = row["code"] or "", row["city"] or "", row["street"] or ""
    for name in row["names"] or ():
        yield f"n{name.replace(' ', '')}"
    for number in row["numbers"] or ():
        yield f"i{number}"
    for mail in row["emails"] or ():
        yield f"e{mail}"
    for domain in row["domains"] or ():
        yield f"d{domain}"
    for phone in row["phones"] or ():
        yield f"p{phone[-8:]}"
    for bank in row["banks"] or ():
        yield f"b{bank}"
    for spot in row["spots"] or ():
        yield f"a{spot}"
    if row["letters"]:
        yield f"l{row['letters']}"
        first = (row["name"] or "").replace(" ", "")[:5]
        if code:
            yield f"c{first}{code}"
            yield f"s{row['sound']}{code[:3]}"
        if city:
            yield f"t{first}{city[:5]}"
        if street:
            yield f"r{first}{street[:5]}"
    for word in row["bearing"] or ():
        yield f"w{word}{city[:5] or code}"
    if row["initials"] and city:
        yield f"m{row['initials']}{city[:5]}"
    elif city and row["name"] and len(row["name"]) < 6:
        yield f"m{row['name'].replace(' ', '')}{city[:5]}"


CUSTOMER = Profile(
    model="customer",
    version=1,
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
    keys=keys,
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
