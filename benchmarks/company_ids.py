"""Tax numbers and bank accounts whose check digits are right, so that a checker takes them; none belongs to anyone on purpose."""

from __future__ import annotations

from random import Random

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_10

# ISO 13616: how a country's account number is built, n a figure, a a letter.
ACCOUNTS = {"DE": "n" * 18, "AT": "n" * 16, "NL": "aaaa" + "n" * 10, "DK": "n" * 14, "GB": "aaaa" + "n" * 14}


def figures(rng: Random, count: int) -> str:
    """That many figures, the first of them no zero."""
    return rng.choice("123456789") + "".join(rng.choices("0123456789", k=count - 1))


def tax_number(rng: Random, country: str) -> str:
    """A tax number of the country with its check digits; a US employer's number has none."""
    if country == "DE":
        body = figures(rng, 8)
        return f"DE{body}{mod_11_10.calc_check_digit(body)}"
    if country == "AT":
        from stdnum.at import uid

        body = figures(rng, 7)
        return f"ATU{body}{uid.calc_check_digit(f'U{body}')}"
    if country == "FR":
        body = figures(rng, 8)
        siren = body + luhn.calc_check_digit(body)
        return f"FR{int(siren + '12') % 97:02d}{siren}"
    if country == "IT":
        body = figures(rng, 7) + rng.choice(("001", "015", "048", "058"))
        return f"IT{body}{luhn.calc_check_digit(body)}"
    if country == "NL":
        return _until(rng, "NL", lambda: f"NL{figures(rng, 9)}B{rng.randrange(1, 4):02d}")
    if country == "DK":
        return _until(rng, "DK", lambda: f"DK{figures(rng, 8)}")
    if country == "GB":
        return _until(rng, "GB", lambda: f"GB{figures(rng, 9)}")
    if country == "CN":
        body = "91" + rng.choice(("110000", "310000", "440300", "440100", "330100")) + "MA" + _code(rng, 7)
        return body + uscc.calc_check_digit(body)
    return f"{rng.choice((20, 26, 36, 45, 46, 81, 92))}-{figures(rng, 7)}"


def iban(rng: Random, country: str) -> str:
    """An IBAN of the country; empty where it has none."""
    if country not in ACCOUNTS:
        return ""
    body = "".join(rng.choice("ABDEIKNORST") if sign == "a" else rng.choice("0123456789") for sign in ACCOUNTS[country])
    return f"{country}{stdnum_iban.calc_check_digits(f'{country}00{body}')}{body}"


def _until(rng: Random, country: str, make):  # type: ignore[no-untyped-def]
    """Draw until the check digits happen to be right: a try in eleven or in ninety-seven is."""
    from stdnum import get_cc_module

    rule = get_cc_module(country.lower(), "vat")
    while True:
        found = make()
        if rule.is_valid(found):
            return found


def _code(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789ABCDEFGHJKLMNPQRTUWXY", k=count))
