"""Whether two forms of a value could be one value, kept differently by two systems."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

CUT = 39  # a text cut off by a system is at least this long
_DIGITS = re.compile(r"\D")
_LETTERS = re.compile(r"[^\W\d_]")


def alike(a: Any, b: Any) -> bool:
    """Whether a and b differ only in case, blanks, a cut-off end, the format of a phone number, or less than 1.

    Used only where the hub cannot know what a system made of its write; never to overlook an edit.
    """
    if a == b:
        return True
    if a is None or b is None:
        return False
    if isinstance(a, list) and isinstance(b, list):
        return _money(a, b) or (len(a) == len(b) and all(map(alike, a, b)))
    if isinstance(a, dict) and isinstance(b, dict):
        return all(alike(a[k], b[k]) for k in a.keys() & b.keys())  # a system may add to what it was given
    if isinstance(a, str) and isinstance(b, str):
        return _text(a, b)
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return abs(a - b) < 1
    return False


def _money(a: list[Any], b: list[Any]) -> bool:
    if len(a) != 2 or len(b) != 2 or a[1] != b[1] or not isinstance(a[0], int) or not isinstance(b[0], int):
        return False
    from hub.model import Money

    return abs(Money(a[0], str(a[1])).amount - Money(b[0], str(b[1])).amount) < 1


def _text(a: str, b: str) -> bool:
    ka, kb = (" ".join(unicodedata.normalize("NFC", x).casefold().split()) for x in (a, b))
    if ka == kb:
        return True
    if min(len(ka), len(kb)) >= CUT and (ka.startswith(kb) or kb.startswith(ka)):
        return True
    if _LETTERS.search(a) or _LETTERS.search(b):
        return False
    da, db = _DIGITS.sub("", a), _DIGITS.sub("", b)
    if len(da) >= 6 and da == db:
        return True
    try:
        return abs(Decimal(a) - Decimal(b)) < 1
    except InvalidOperation:
        return False
