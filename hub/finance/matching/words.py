"""The order of ids and the words of a text, the same wherever they are needed."""

from __future__ import annotations

import re
from typing import Any

_NUMBERS = re.compile(r"([0-9]+)")
_WORDS = re.compile(r"[^\s,;]+")
_AROUND = "()[]{}\"'„“”‚‘’«».:!?"


def by_id(id: str) -> tuple[Any, ...]:
    """Sort ids as people do: P2 before P10."""
    parts = _NUMBERS.split(id)
    return (*((int(part), part) if at % 2 else part for at, part in enumerate(parts)), id)


def words(text: str) -> list[tuple[int, str]]:
    """Whole tokens of a text with their places: split at blanks, commas and semicolons, without marks around them."""
    found = []
    for match in _WORDS.finditer(text):
        word = match.group().strip(_AROUND).casefold()
        if word:
            found.append((match.start(), word))
    return found
