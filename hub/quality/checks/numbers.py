"""Whether numbers that carry check digits are right: tax numbers, company registers, IBANs, references of creditors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from typing import Any

from hub.model import Values
from hub.quality.checks.fault import Check, Fault

# Prefixes of tax numbers that are not the country's code in ISO 3166.
PREFIXES = {"EL": "GR", "XI": "GB"}
PREFIXED = re.compile(r"[A-Z]{2}[A-Z0-9]{2,}")
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}")
# Where a country calls its tax number otherwise.
NAMES = {"US": "ein", "CN": "uscc", "JP": "cn", "AU": "abn", "CA": "bn", "IN": "gstin", "BR": "cnpj"}
VAT = ("identifiers.vat", "identifiers.tax")


@cache
def _module(country: str, name: str) -> Any:
    """The rule of python-stdnum for a country's number, None where it has none."""
    try:
        from stdnum import get_cc_module

        return get_cc_module(country.lower(), name)
    except (ImportError, ValueError):
        return None


@lru_cache(maxsize=65_536)
def _number(country: str, name: str, number: str) -> str | None:
    """Why python-stdnum refuses the number; None where it takes it or has no rule."""
    rule = _module(country, name)
    if rule is None:
        return None
    from stdnum.exceptions import ValidationError

    try:
        rule.validate(number)
    except ValidationError as error:
        return _why(error)
    except Exception:  # noqa: BLE001 - some rules stumble over letters where they expect figures
        return "it cannot be read as one"
    return None


def _why(error: Exception) -> str:
    """What python-stdnum says of a number, as part of a sentence."""
    return str(error).rstrip(".").replace("The number's ", "its ").replace("The number ", "it ")


def _country(values: Values) -> str:
    """Where the record is at home, by the address that says it first."""
    first = values.get("addresses.main.country") or values.get("addresses.billing.country")
    if not first:
        found = (value for path, value in values.items() if path.startswith("addresses.") and path.endswith(".country"))
        first = next((country for country in found if country), "")
    return str(first)


def _tax_id(model: str, values: Values, today: date) -> Iterator[Fault]:
    for path in VAT:
        value = values.get(path)
        if not value:
            continue
        number = re.sub(r"[\s./_-]", "", str(value)).upper()
        prefix = number[:2] if PREFIXED.fullmatch(number) else ""
        country = PREFIXES.get(prefix, prefix)
        if country and _module(country, "vat") is not None:
            why = _number(country, "vat", number)
            where = prefix
        else:
            where = country = _country(values)
            why = _number(country, NAMES.get(country, "vat"), number) if country else None
        if why:
            yield Fault("tax-id", path, value, f"is no tax number of {where}: {why}")


def _registration(model: str, values: Values, today: date) -> Iterator[Fault]:
    """Any other scheme that python-stdnum knows by that name in the country: identifiers.siren, identifiers.uid."""
    for path in _schemes(tuple(values)):
        country, scheme, value = _country(values), path.partition(".")[2], values[path]
        if country and value and (why := _number(country, scheme, str(value))):
            yield Fault("register-number", path, value, f"is no {scheme} of {country}: {why}")


@lru_cache(maxsize=4096)
def _schemes(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Identifiers of a named scheme; `registration` and `id` say nothing of what kind of number they hold."""
    own = (path for path in paths if path.startswith("identifiers.") and path not in VAT)
    return tuple(path for path in own if path.isascii() and path.partition(".")[2] not in ("registration", "id"))


@lru_cache(maxsize=65_536)
def iban_fault(text: str) -> str | None:
    """Why a text is no IBAN; None where it is one."""
    from stdnum import iban
    from stdnum.exceptions import ValidationError

    try:
        iban.validate(text)
    except ValidationError as error:
        return f"is no IBAN: {_why(error)}"
    return None


def _iban(value: Any, values: Values) -> str | None:
    text = re.sub(r"\s", "", str(value)).upper()
    return iban_fault(text)


def _account(value: Any, values: Values) -> str | None:
    """A payer's account may be of a country without IBAN; what looks like one must be one."""
    text = re.sub(r"\s", "", str(value)).upper()
    return iban_fault(text) if IBAN.fullmatch(text) else None


def _bic(value: Any, values: Values) -> str | None:
    from stdnum import bic

    return None if bic.is_valid(str(value)) else "is no BIC (ISO 9362)"


def _creditor_reference(value: Any, values: Values) -> str | None:
    """ISO 11649: RF, two check digits, up to 21 signs. Other references have rules only their issuer knows."""
    text = re.sub(r"\s", "", str(value)).upper()
    if not re.fullmatch(r"RF\d{2}[A-Z0-9]{1,21}", text):
        return None
    from stdnum import iso11649

    return None if iso11649.is_valid(text) else "is no creditor reference: its check digits are wrong (ISO 11649)"


NUMBERS = (
    Check("tax-id", "a tax number whose check digits or form its country does not have", models=("customer",), find=_tax_id, needs=VAT),
    Check("register-number", "a number of a known register (siren, uid ...) that cannot be", models=("customer",), find=_registration, needs=("identifiers.*",)),
    Check("iban", "a bank account that is no IBAN", paths={"customer": ("bank_accounts.*",)}, test=_iban),
    Check("payer-account", "an IBAN of a payment with wrong check digits", paths={"payment": ("payer_account", "account")}, test=_account),
    Check("reference-digits", "a creditor reference (RF...) with wrong check digits", paths={"invoice": ("reference",), "payment": ("structured_reference",)}, test=_creditor_reference),
    Check("bic", "a bank's code that is no BIC", paths={"payment": ("payer_bank",)}, test=_bic),
)  # fmt: skip
