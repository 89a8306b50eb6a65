"""Text: always NFC, "" is nothing, and identifiers keep their leading zeros."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from hub.mapping.converters.base import Converters

TRUE = {"true": True, "yes": True, "y": True, "1": True, "on": True, "t": True}
FALSE = {"false": False, "no": False, "n": False, "0": False, "off": False, "f": False}


def text(value: Any) -> str | None:
    """Text as it stands, in NFC; a number or boolean becomes the text JSON writes for it."""
    if isinstance(value, str):
        if value.isascii():
            return value or None
        value.encode()  # half a surrogate pair cannot be stored; UnicodeEncodeError is a ValueError
        return unicodedata.normalize("NFC", value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < 40:
        return format(value, "f")
    raise ValueError("is no text")


def same(value: Any) -> Any:
    """The value itself."""
    return value


def strip(value: Any) -> str | None:
    """Text without blanks around it."""
    if type(value) is str and value.isascii():  # the commonest case by far
        return value.strip() or None
    found = text(value)
    return (found.strip() or None) if found else None


def lower(value: Any) -> str | None:
    """Text in lower case without blanks around it."""
    found = strip(value)
    return unicodedata.normalize("NFC", found.lower()) if found else None


def upper(value: Any) -> str | None:
    """Text in upper case without blanks around it."""
    found = strip(value)
    return unicodedata.normalize("NFC", found.upper()) if found else None


def boolean(value: Any) -> bool:
    """True, 1, "yes", "true" and their opposites."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (str, int)):
        key = str(value).strip().lower()
        if key in TRUE or key in FALSE:
            return key in TRUE
    raise ValueError("is neither true nor false")


def listed(value: Any, *, separator: str | None = None) -> list[str]:
    """A list of text, or with a separator the parts of one text; empty parts are left out."""
    if isinstance(value, str) and separator:
        value = [part.strip() for part in value.split(separator)]
    if not isinstance(value, (list, tuple)):
        raise ValueError('is no list; give separator = ";" where it is text')  # noqa: TRY004 - it is the data that is wrong
    return [found for item in value if item is not None and (found := text(item))]


def unlisted(value: Any, *, separator: str | None = None) -> Any:
    """The list itself, or with a separator one text of its parts."""
    if not separator:
        return list(value)
    for part in value:
        if separator in part:
            raise ValueError(f"{part!r} holds the separator {separator!r}")
    return separator.join(value)


def register(into: Converters) -> None:
    """Add the converters of this module."""
    into.register("text", text, same, gives=str)
    into.register("strip", strip, same, gives=str)
    into.register("lower", lower, same, gives=str)
    into.register("upper", upper, same, gives=str)
    into.register("bool", boolean, same, gives=bool)
    into.register("list", listed, unlisted, gives=list)
