"""What identifies people, companies and places: e-mail, phone, tax number, domain, country.

The libraries that know the rules are slow (40 to 60 microseconds a value) and slow to import, so what a short
pattern proves to be in order already never reaches them.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from hub.mapping.converters.base import Converters
from hub.mapping.converters.freemail import FREEMAIL
from hub.mapping.converters.text import same, strip
from hub.mapping.result import Doubt

EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:[.&'][a-z0-9_+-]+)*@(?=[^@]{4,250}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}",
    re.ASCII,
)
RESERVED = {"test", "invalid", "local", "localhost", "onion", "arpa", "internal", "alt"}
# E.164 with the country calling codes of ITU-T; after each a digit that can be no trunk prefix. Codes 1, 7, 52 and 54
# are left out, since numbers there come with prefixes that only the library can tell.
PHONE = re.compile(
    r"\+(?>2[07]|3[0-469]|4[013-9]|5[135-8]|6[0-6]|8[1246]|9[0-58]|(?:2[1-69]|3[578]|42|5[09]|6[789]|8[0578]|9[679])\d)"
    r"[1-9]\d{6,10}|\+1[2-9]\d\d[2-9]\d{6}",
    re.ASCII,
)
MARKS = str.maketrans("", "", "  -./\t")
HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
# Domains of mail for everybody: equal ones say nothing about two companies.


def email(value: Any) -> str | None:
    """An address checked for its syntax, in lower case, so that equal addresses meet."""
    found = strip(value)
    if not found:
        return None
    small = found.lower()
    if EMAIL.fullmatch(small) and small.index("@") <= 64 and small.rpartition(".")[2] not in RESERVED:
        return small
    from email_validator import EmailNotValidError, validate_email

    try:
        checked = validate_email(found, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ValueError(f"is no e-mail address ({error})") from None
    return checked.normalized.lower()


def phone(value: Any, *, region: str | None = None) -> str | None:
    """A number in E.164; one without a country code is taken as of `region` (DE, US ...)."""
    found = strip(value)
    if not found:
        return None
    if found[0] == "+":
        packed = found.translate(MARKS)
        if PHONE.fullmatch(packed):
            return packed
    import phonenumbers

    try:
        number = phonenumbers.parse(found, str(region).upper() if region else None)
    except phonenumbers.NumberParseException as error:
        if not region and not found.startswith("+"):
            raise ValueError('is no phone number with a country code; give region = "DE" or the like') from None
        raise ValueError(f"is no phone number ({error})") from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("is no possible phone number")
    out = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number.extension:
        raise Doubt(out, f"E.164 has no room for the extension {number.extension}")
    return out


@cache
def _countries() -> dict[str, str]:
    import pycountry

    names = {
        "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US", "u.s.": "US",
        "u.s.a.": "US", "united states of america": "US", "south korea": "KR", "korea": "KR", "north korea": "KP",
        "russia": "RU", "vietnam": "VN", "turkey": "TR", "ivory coast": "CI", "holland": "NL", "the netherlands": "NL",
        "czech republic": "CZ", "macedonia": "MK", "swaziland": "SZ", "cape verde": "CV", "burma": "MM", "laos": "LA",
        "brunei": "BN", "east timor": "TL", "palestine": "PS", "kosovo": "XK", "vatican": "VA", "macau": "MO",
        "prc": "CN", "mainland china": "CN", "uae": "AE", "dr congo": "CD", "republic of ireland": "IE",
    }  # fmt: skip
    for country in pycountry.countries:
        for key in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            if name := getattr(country, key, None):
                names.setdefault(name.casefold(), country.alpha_2)
    return names


def country(value: Any, *, form: str = "alpha2") -> str | None:
    """ISO 3166-1 alpha-2, from any ISO code or English name."""
    found = strip(value)
    if not found:
        return None
    names = _countries()
    iso = names.get(found.casefold()) or names.get(found.casefold().split(",")[0].removeprefix("the "))
    if not iso:
        raise ValueError("is no ISO country code or English country name")
    return iso


def uncountry(value: Any, *, form: str = "alpha2") -> Any:
    """Alpha-2, or with `form` "alpha3", "numeric" or "name"."""
    if form == "alpha2":
        return value
    import pycountry

    found = pycountry.countries.get(alpha_2=value)
    attribute = {"alpha3": "alpha_3", "numeric": "numeric", "name": "name"}.get(form)
    if not found or not attribute:
        raise ValueError(f"{value} has no form {form!r} (alpha2, alpha3, numeric, name)")
    return getattr(found, attribute)


def vat(value: Any) -> str | None:
    """A tax number without blanks and marks; its check digits are tried where the country is known by its prefix."""
    found = strip(value)
    if not found:
        return None
    packed = re.sub(r"[\s./_-]", "", found).upper()
    if not packed.isalnum():
        raise ValueError("is no tax number: it holds other signs than letters and digits")
    prefix = packed[:2]
    if prefix.isascii() and prefix.isalpha():
        from stdnum import get_cc_module
        from stdnum.exceptions import ValidationError

        rule = get_cc_module(prefix.lower(), "vat")
        try:
            if rule:
                packed = str(rule.validate(packed))
        except ValidationError as error:
            raise ValueError(f"is no tax number of {prefix} ({str(error).rstrip('.')})") from None
        if not packed.startswith(prefix):
            packed = prefix + packed
    return packed


def domain(value: Any) -> str | None:
    """The bare domain of a web address or e-mail address; a mail provider's domain is nothing."""
    found = strip(value)
    if not found:
        return None
    host = found.lower()
    if HOST.fullmatch(host) and len(host) <= 253 and not host.startswith("www."):
        return None if host in FREEMAIL else host
    host = host.partition("://")[2] or host
    host = re.split(r"[/?#\\]", host, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].strip(". ")
    while host.startswith("www."):
        host = host[4:]
    if not host.isascii():
        import idna

        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError:
            raise ValueError("is no domain") from None
    if len(host) > 253 or not HOST.fullmatch(host):
        raise ValueError("is no domain")
    return None if host in FREEMAIL else host


def register(into: Converters) -> None:
    """Add the converters of this module."""
    into.register("email", email, same, gives=str)
    into.register("phone", phone, lambda value, *, region=None: value, gives=str)
    into.register("country", country, uncountry, gives=str, shape="country")
    into.register("vat", vat, same, gives=str)
    into.register("domain", domain, same, gives=str)
