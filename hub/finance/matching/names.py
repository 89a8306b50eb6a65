"""Who a payer's name means: names are folded, then compared by the number of letters that differ.

Similarity is 1 - (Levenshtein distance / length of the longer name). It is found without comparing with everybody:
of two names at distance d, one of d + 1 pieces of the one stands unchanged in the other (Li, Deng, Wang, Feng:
Pass-Join, VLDB 2012).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal

_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})
_WRITTEN_OUT = re.compile("([aou])e")
_FORMS = """ab ag aps as asa bv bvba co company corp corporation doo eg ek eood ev gbr gesmbh gmbh inc incorporated kft kg
    kgaa limited llc llp ltd mbh nv og ohg ood oy oyj partg plc pte pty pvt rt sa sab sagl sapa sarl sas scs se sia
    sl slu snc sprl spa spzoo srl sro uab ug vof zrt"""
_LEGAL = frozenset(_FORMS.split())
_JOINED = (  # sp. z o.o., then S.A., a/s, e. K.
    (re.compile(r"\bsp[. ]*z?[. ]*o\.? ?o\b"), "spzoo"),
    (re.compile(r"\b([a-z])[./ ]+(?=[a-z]\b)"), r"\1"),
)


def fold(name: str, *, wide: bool = True) -> str:
    """Write a name as it is compared: lower case and words; `wide` makes ä, ae and a one and drops legal forms."""
    text = unicodedata.normalize("NFKC", name).casefold()
    if not wide:
        return " ".join(re.findall(r"[\w&]+", text))
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        text = "".join(letter for letter in text if not unicodedata.combining(letter))
    for pattern, joined in _JOINED:
        text = pattern.sub(joined, text)
    words = re.findall(r"\w+", text)
    while len(words) > 1 and words[-1] in _LEGAL:
        words.pop()
    return _WRITTEN_OUT.sub(r"\1", " ".join(words))


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be put in, left out or changed (Levenshtein); more than `most` is told as most + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    far = most + 1
    row = [at if at <= most else far for at in range(len(other) + 1)]
    for number, letter in enumerate(one, 1):  # only places at most that far apart can still be within reach
        first, last = max(1, number - most), min(len(other), number + most)
        above, row = row, [far] * (len(other) + 1)
        best = row[first - 1] = number if number <= most and first == 1 else far
        for at in range(first, last + 1):
            here = above[at - 1] if letter == other[at - 1] else 1 + min(above[at - 1], above[at], row[at - 1])
            row[at] = here
            best = min(best, here)
        if best > most:
            return far
    return min(row[-1], far)


class Names:
    """The folded names of many, found again by a name that is alike."""

    def __init__(self, names: Iterable[tuple[str, str]], threshold: Decimal, *, wide: bool = True) -> None:
        self.threshold = threshold
        self.wide = wide
        self.owners: dict[str, list[str]] = {}
        for owner, name in names:
            if folded := fold(name, wide=wide):
                self.owners.setdefault(folded, []).append(owner)
        self.pieces: dict[tuple[int, int, str], list[str]] = {}
        self.spans = {length: tuple(self._spans(length)) for length in {len(folded) for folded in self.owners}}
        for folded in self.owners:
            length = len(folded)
            for number, (start, width) in enumerate(self.spans[length]):
                self.pieces.setdefault((length, number, folded[start : start + width]), []).append(folded)
        self.windows: dict[int, list[tuple[int, int, int, range]]] = {}
        self.answers: dict[str, tuple[str, ...]] = {}

    def alike(self, name: str) -> tuple[str, ...]:
        """Everyone whose name is at or above the threshold, in order of their ids."""
        folded = fold(name, wide=self.wide)
        if folded not in self.answers:
            close = {one for one in self._near(folded) if self._passes(folded, one)} if folded else set()
            self.answers[folded] = tuple(sorted({owner for one in close for owner in self.owners[one]}))
        return self.answers[folded]

    def _near(self, folded: str) -> Iterator[str]:
        """Names that share a piece with this one at about the same place."""
        pieces = self.pieces
        for length, number, width, places in self._windows(len(folded)):
            for at in places:
                yield from pieces.get((length, number, folded[at : at + width]), ())

    def _windows(self, size: int) -> list[tuple[int, int, int, range]]:
        """Where pieces of others can stand in a name of that size: their length, number, width and places here."""
        found = self.windows.get(size)
        if found is None:
            found = self.windows[size] = []
            for length, spans in self.spans.items():
                allowed, longer = self._distance(max(size, length)), size - length
                if abs(longer) > allowed:
                    continue
                most = max(allowed, len(spans) - 1)
                for number, (start, width) in enumerate(spans):
                    # So many differences before the piece at most, and so many after it, can have moved it.
                    left = start + max(-number, longer - (most - number))
                    right = start + min(number, longer + (most - number))
                    found.append((length, number, width, range(max(0, left), min(size - width, right) + 1)))
        return found

    def _passes(self, one: str, other: str) -> bool:
        if one == other:
            return True
        allowed = self._distance(max(len(one), len(other)))
        if not allowed or len(set(other).symmetric_difference(one)) > 2 * allowed:
            return False  # each letter that is changed makes at most two sets of letters differ
        return distance(one, other, allowed) <= allowed

    def _distance(self, longer: int) -> int:
        """How many letters may differ between names of which the longer has so many."""
        return int((1 - self.threshold) * longer)

    def _spans(self, length: int) -> Iterator[tuple[int, int]]:
        """Where the pieces of a name of that length start, and how long they are: one more than letters may differ."""
        most = int((1 - self.threshold) * length / self.threshold)  # the other name may be the longer one
        count = min(most + 1, length)
        start = 0
        for number in range(count):
            width = (length - start) // (count - number)
            yield start, width
            start += width
