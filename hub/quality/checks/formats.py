"""Whether a value has the form it must have: addresses of mail and web, phones, codes of ISO."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any

from hub.mapping.converters.freemail import FREEMAIL
from hub.mapping.converters.identities import RESERVED, domain, email
from hub.model import Values, is_currency
from hub.quality.checks.fault import Check

E164 = re.compile(r"\+[1-9]\d{6,14}")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", re.IGNORECASE)
EXAMPLES = frozenset({"example.com", "example.org", "example.net"})  # RFC 2606
# Those whose neighbours are typing mistakes; a neighbour that is itself a known provider is none. Short names (web.de,
# gmx.de) and those one letter off a word (icloud.com) have honest neighbours, and are left out.
OFTEN = ("gmail.com", "googlemail.com", "hotmail.com", "outlook.com", "yahoo.com", "t-online.de")
HONEST = frozenset({"email.com", "yahoo.co"})  # neighbours that exist
LONGEST = max(map(len, OFTEN)) + 1


def _email(value: Any, _: Values) -> str | None:
    try:
        email(value)
    except ValueError as error:
        return str(error)
    return None


def _email_domain(value: Any, _: Values) -> str | None:
    host = str(value).rpartition("@")[2].strip().lower()
    return _domain_fault(host) if "." in host else None


@lru_cache(maxsize=65_536)
def _domain_fault(host: str) -> str | None:
    if host in EXAMPLES or host.rpartition(".")[2] in RESERVED:
        return f"{host} receives no mail: it is reserved for examples"
    if host in FREEMAIL or host in HONEST or len(host) > LONGEST:
        return None
    meant = next((known for known in OFTEN if _one_off(host, known)), None)
    return f"{host} looks like a typing mistake; {meant} was meant" if meant else None


def _one_off(one: str, other: str) -> bool:
    """Whether one text becomes the other by one letter left out, added, changed, or two swapped."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    if len(one) == len(other):
        swapped = one[at : at + 2] == other[at : at + 2][::-1] and one[at + 2 :] == other[at + 2 :]
        return swapped or one[at + 1 :] == other[at + 1 :]
    short, long = sorted((one, other), key=len)
    return short[at:] == long[at + 1 :]


@cache
def _lengths(code: str) -> frozenset[int]:
    """How long a national number behind a country's calling code can be, by the library's own metadata."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

    found: set[int] = set()
    for region in COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()):
        kind = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
        if kind is not None and kind.general_desc is not None:
            found.update(kind.general_desc.possible_length)
    return frozenset(found)


def _phone(value: Any, _: Values) -> str | None:
    number = str(value)
    if not E164.fullmatch(number):
        return "is no number in E.164, such as +49301234567"
    for size in (1, 2, 3):
        if possible := _lengths(number[1 : 1 + size]):
            if len(number) - 1 - size in possible:
                return None
            return f"has {len(number) - 1 - size} figures behind +{number[1 : 1 + size]}, which no number there has"
    return "begins with no country's calling code"


def _website(value: Any, _: Values) -> str | None:
    try:
        if domain(value) or str(value).strip():
            return None
    except ValueError:
        pass
    return "is no address of a web site"


@cache
def _countries() -> frozenset[str]:
    import pycountry

    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XK"}  # Kosovo, as the EU writes it


@cache
def _languages() -> frozenset[str]:
    import pycountry

    return frozenset(code for one in pycountry.languages if (code := getattr(one, "alpha_2", None) or one.alpha_3))


def _country(value: Any, _: Values) -> str | None:
    return None if str(value) in _countries() else "is no ISO 3166-1 code of a country, such as DE"


def _currency(value: Any, _: Values) -> str | None:
    return None if is_currency(str(value)) else "is no ISO 4217 code of a currency, such as EUR"


def _money(value: Any, _: Values) -> str | None:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and is_currency(str(value[1])):
        return None
    return "is no amount of whole minor units in an ISO 4217 currency"


def _language(value: Any, _: Values) -> str | None:
    text = str(value)
    if LANGUAGE.fullmatch(text) and re.split("[-_]", text)[0].lower() in _languages():
        return None
    return "is no language code, such as de or pt-BR"


MONEY = {
    "customer": ("balance.*", "overdue.*", "last_invoice_amount"),
    "product": ("price", "cost"),
    "deal": ("amount",),
    "contract": ("amount",),
    "order": ("net", "tax", "total"),
    "invoice": ("net", "tax", "total", "open"),
    "payment": ("amount", "fee", "refunded", "charges", "instructed"),
}
FORMATS = (
    Check("email", "an address that no mail server takes", paths={"*": ("emails.*",)}, test=_email),
    Check(
        "email-domain", "an address at a domain reserved for examples, or one letter off a well-known one",
        paths={"*": ("emails.*",)}, test=_email_domain,
    ),
    Check("phone", "a number that is not in E.164, or of a length its country does not have", paths={"*": ("phones.*",)}, test=_phone),
    Check("website", "what is no web address", paths={"customer": ("website", "domain")}, test=_website),
    Check("country", "what is no ISO 3166-1 country code", paths={"customer": ("addresses.*.country",)}, test=_country),
    Check("currency", "what is no ISO 4217 currency code", paths={"*": ("currency",)}, test=_currency),
    Check("money", "an amount that is none, or in no currency", paths=MONEY, test=_money),
    Check("language", "what is no language code", paths={"*": ("language",)}, test=_language),
)  # fmt: skip
