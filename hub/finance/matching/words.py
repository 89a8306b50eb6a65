"""The order of ids and the words of a text, the same wherever they are needed."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

_NUMBER = re.compile(r"[0-9]+")
_WORDS = re.compile(r"[^\s,;]+")
_AROUND = "()[]{}\"'„“”‚‘’«».:!?"
_DIGITS = "0123456789"
_PLACES = 20
_AMOUNT = re.compile(r"[0-9]+,(?:([0-9]{2})|[0-9]{3}(?:,[0-9]{3})*\.[0-9]{2})(?![0-9A-Za-z])")  # 1190,00 and 1,190.00


def by_id(id: str) -> str:
    """Sort ids as people do: P2 before P10."""
    head = id.rstrip(_DIGITS)
    if head.isalpha():  # by far the most
        return f"{head}{id[len(head) :].zfill(_PLACES)}\0{id}"
    return f"{_NUMBER.sub(_padded, id)}\0{id}"


def words(text: str) -> list[tuple[int, str]]:
    """Whole tokens of a text with their places: split at blanks, commas and semicolons, without marks around them."""
    found = []
    for match in _WORDS.finditer(text):
        word = plain(match.group())
        if word:
            found.append((match.start(), word))
    return found


def holds(text: str, known: Mapping[str, object]) -> bool:
    """Whether any word of the text is known; much quicker than asking where."""
    if not text:
        return False
    found = text.replace(",", " ").replace(";", " ").casefold().split()
    names = known.keys()
    return not (
        names.isdisjoint(found) and names.isdisjoint([word.strip(_AROUND) for word in found if not word.isalnum()])
    )


def is_amount(text: str, place: int, known: Container[str]) -> bool:
    """Whether the digits at a place begin an amount with a comma; 1190,12 is none if 12 is known: that is a list."""
    found = _AMOUNT.match(text, place)
    return found is not None and found[1] not in known


def plain(word: str) -> str:
    """A word as it is compared."""
    return word.casefold() if word.isalnum() else word.strip(_AROUND).casefold()


def _padded(number: re.Match[str]) -> str:
    return number.group().zfill(_PLACES)
