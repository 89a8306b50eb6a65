"""The small values banks write: amounts with either decimal sign, days in several orders, account numbers, texts."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from hub.model import Money, decimals, is_currency

LONGEST = 24  # digits of an amount
NOT_GIVEN = frozenset({"", "NONREF", "NOTPROVIDED", "NOT PROVIDED", "N/A", "NULL", "NONE", "-", "."})
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def money(text: str, currency: str, *, point: str = ".", comma: str = "") -> Money:
    """An amount without a sign's doubt: `point` is the decimal sign, `comma` may part the thousands.

    Raises ValueError with a reason that reads well after the amount's name.
    """
    plain = text.strip().replace("\u2212", "-")
    if comma and comma in plain:
        if not re.fullmatch(
            rf"[+-]?\d{{1,3}}(?:{re.escape(comma)}\d{{3}})+(?:{re.escape(point)}\d*)?", plain, re.ASCII
        ):
            raise ValueError(f"{text.strip()[:40]!r} is no amount with {comma!r} between the thousands")
        plain = plain.replace(comma, "")
    if point != ".":
        if "." in plain:
            raise ValueError(f"{text.strip()!r} is no amount with the decimal sign {point!r}")
        plain = plain.replace(point, ".", 1)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", plain, re.ASCII) or len(plain) > LONGEST:
        raise ValueError(f"{text.strip()[:40]!r} is no amount")
    try:
        exact = Decimal(plain).scaleb(decimals(currency))
        minor = int(exact)
    except (InvalidOperation, OverflowError):
        raise ValueError(f"{text.strip()[:40]!r} is no amount") from None
    if minor != exact:
        raise ValueError(f"{text.strip()} has more decimals than {currency} has")
    if abs(minor) >= 2**62:
        raise ValueError(f"{text.strip()} is too large an amount")
    return Money(minor, currency)


def currency(text: str | None) -> str:
    """An ISO 4217 code. Raises ValueError."""
    code = (text or "").strip().upper()
    if not is_currency(code):
        raise ValueError(f"{code!r} is no currency of ISO 4217" if code else "no currency is given")
    return code


def day(text: str) -> date:
    """A day from ISO 8601, a time there is cut off: the day the bank's text shows. Raises ValueError."""
    plain = text.strip()
    try:
        if len(plain) > 10:
            return datetime.fromisoformat(plain).date()
        return date.fromisoformat(plain)
    except ValueError:
        raise ValueError(f"{plain[:40]!r} is no day") from None


def given(text: str | None) -> str | None:
    """A reference, None where the bank only says that there is none."""
    if text is None:
        return None
    plain = text.strip()
    bare = plain.upper().strip("/. ")
    return None if bare in NOT_GIVEN or not bare.strip("0") else plain


def account(text: str | None) -> str | None:
    """An account number in one form: no blanks, upper case; without the dots people write into one."""
    plain = re.sub(r"\s", "", text or "").upper()
    if not plain:
        return None
    dotless = plain.replace(".", "").replace("-", "")
    return dotless if IBAN.fullmatch(dotless) else plain


def clean(text: str | None) -> str:
    """A text in NFC, on one line, without control characters and runs of blanks."""
    found = unicodedata.normalize("NFC", CONTROL.sub(" ", text or ""))
    return " ".join(found.split())
