"""Whether the check digit of a reference is right, by country.

All take the reference without spaces, slashes and plus signs, in capitals; anything else is simply not one.
"""

from __future__ import annotations

import re
from itertools import cycle
from string import ascii_uppercase
from typing import Literal

KidAlgorithm = Literal["mod10", "mod11"]

_RF = re.compile(r"RF[0-9]{2}[0-9A-Z]{1,21}")
_DIGITS = re.compile(r"[0-9]+")
_VALUES = str.maketrans({letter: str(int(letter, 36)) for letter in ascii_uppercase})  # A is 10, R is 27, F is 15
# The digit to carry on with, by carry and digit, of the recursive modulo 10 of Swiss payment references.
_SWISS = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)


def is_rf(text: str) -> bool:
    """Whether this is a creditor reference of ISO 11649: RF, two check digits, at most 21 characters (modulo 97)."""
    if not _RF.fullmatch(text):
        return False
    body = text[4:]
    digits = body if body.isdigit() else body.translate(_VALUES)
    return int(f"{digits}2715{text[2:4]}") % 97 == 1


def is_qrr(text: str) -> bool:
    """Whether this is a Swiss QR reference: 27 digits, the last by the recursive modulo 10."""
    return len(text) == 27 and _digits(text) and qrr_digit(text[:-1]) == text[-1] and text.strip("0") != ""


def qrr_digit(text: str) -> str:
    """The check digit of 26 digits by the recursive modulo 10."""
    carry = 0
    for digit in text:
        carry = _SWISS[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def is_ogm(text: str) -> bool:
    """Whether this is a Belgian structured communication: 10 digits and their remainder by 97, where 0 is written 97."""
    return len(text) == 12 and _digits(text) and f"{int(text[:10]) % 97 or 97:02}" == text[10:]


def is_viite(text: str) -> bool:
    """Whether this is a Finnish reference: 4 to 20 digits, the last by the weights 7, 3, 1 from the right."""
    return 4 <= len(text) <= 20 and _digits(text) and viite_digit(text[:-1]) == text[-1]


def viite_digit(text: str) -> str:
    """The check digit of a Finnish reference."""
    return str(-sum(int(digit) * weight for digit, weight in zip(reversed(text), cycle((7, 3, 1)), strict=False)) % 10)


def is_kid(text: str, algorithm: KidAlgorithm) -> bool:
    """Whether this is a Norwegian KID: 2 to 25 places, the last by MOD 10, or by MOD 11, where 10 is written "-"."""
    if not 2 <= len(text) <= 25 or not _digits(text[:-1]):
        return False
    return (luhn_digit if algorithm == "mod10" else mod11_digit)(text[:-1]) == text[-1]


def is_ocr(text: str) -> bool:
    """Whether this is a Swedish OCR reference: 2 to 25 digits, the last by MOD 10."""
    return 2 <= len(text) <= 25 and _digits(text) and luhn_digit(text[:-1]) == text[-1]


def luhn_digit(text: str) -> str:
    """The check digit by MOD 10: every second digit from the right is doubled, and digit sums are added."""
    doubled = (int(digit) * weight for digit, weight in zip(reversed(text), cycle((2, 1)), strict=False))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def mod11_digit(text: str) -> str:
    """The check digit by MOD 11 with the weights 2 to 7 from the right, "-" where it would be 10."""
    total = sum(int(digit) * weight for digit, weight in zip(reversed(text), cycle(range(2, 8)), strict=False))
    rest = -total % 11
    return "-" if rest == 10 else str(rest)


def _digits(text: str) -> bool:
    """Whether all are ASCII digits; str.isdigit would take superscripts and other scripts as well."""
    return _DIGITS.fullmatch(text) is not None
