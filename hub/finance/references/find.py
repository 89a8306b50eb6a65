"""Finding structured references in what a payer wrote: joined, in groups, or between plus signs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from hub.finance.references.kinds import bare

_RF = re.compile(r"(?<![0-9A-Za-z])RF *[0-9]{2}(?=[0-9A-Za-z]| |/)", re.IGNORECASE)
_RUN = re.compile(  # one piece, then groups of four, then a last one that is shorter
    r"(?<![0-9A-Z])(RF[0-9]{2}[0-9A-Z]*)((?: [0-9A-Z]{4}\b)*)((?: [0-9A-Z]{1,3}\b)?)"
)
_OGM = re.compile(r"(?:\+{3}|\*{3})[0-9 /]{12,24}(?:\+{3}|\*{3})")
_WORD = re.compile(r"[0-9A-Za-z]+")
# Digits that are a part of something else (RE-1001, RE/1001, 1001.5) are no reference.
_DIGITS = re.compile(r"(?<![0-9A-Za-z._-])(?<![0-9A-Za-z]/)[0-9]+(?:[ /]+[0-9]+)*-?(?![0-9A-Za-z_]|[./-][0-9A-Za-z])")
_GROUP = re.compile(r"[0-9][0-9/]*-?")
_MANY = re.compile("[0-9]{27}")
_LONGEST = 27  # places of the longest kind
_SHORTEST_JOINED = 6  # fewer digits are not written in groups


class Found(Struct, frozen=True, gc=False):
    """A structured reference in a text: where it stands, as it is compared, and whether it is one of ours."""

    start: int
    end: int
    reference: str
    known: bool


def find(text: str, known: Callable[[str], bool], *, digits: bool = True) -> list[Found]:
    """Find every structured reference, in the order written; `known` says whether a bare reference is a document's.

    What is not known but can only have been meant as a structured reference (RF, between plus signs, 27 digits) is
    found as well, so that no later stage takes a part of it for a number. `digits` says whether any known one is of
    digits alone.
    """
    looks = []
    if "++" in text or "**" in text:
        looks.append(_plus)
    if "RF" in text.upper():
        looks.append(_rf)
    if digits or _many(text):
        looks.append(_digits)
    if looks == [_rf] and (one := only(text, known)):
        return [one]
    found: list[Found] = []
    for look in looks:
        for one in look(text, known):
            if all(one.end <= other.start or other.end <= one.start for other in found):
                found.append(one)
    return sorted(found, key=lambda one: one.start)


def _many(text: str) -> bool:
    """Whether a text holds as many digits as the longest kind has, in groups or in one piece."""
    return len(text) >= _LONGEST and _MANY.search(text.replace(" ", "").replace("/", "")) is not None


def only(text: str, known: Callable[[str], bool]) -> Found | None:
    """The one RF reference of a text that holds no other, as most do: in one piece, or in groups of four."""
    capitals = text.upper()
    start = capitals.find("RF")
    if start < 0 or capitals.find("RF", start + 2) >= 0 or len(capitals) != len(text):
        return None
    run = _RUN.match(capitals, start)
    if run is None or "++" in text or "**" in text or _many(text):
        return None
    tried = 0
    for end in (run.end(3), run.end(2), run.end(1)):
        if end != tried and known(reference := capitals[start:end].replace(" ", "")):
            return Found(start, end, reference, known=True)
        tried = end
    return None


def _plus(text: str, known: Callable[[str], bool]) -> Iterator[Found]:
    """References between plus signs or asterisks: always meant as such."""
    for match in _OGM.finditer(text):
        reference = bare(match.group())
        yield Found(match.start(), match.end(), reference, known(reference))


def _rf(text: str, known: Callable[[str], bool]) -> Iterator[Found]:
    """References that begin with RF: the longest run of words that is known, else as far as groups of four go."""
    for match in _RF.finditer(text):
        words = list(_WORD.finditer(text, match.start()))[:10]
        ends: list[int] = []
        joined, whole = "", True
        meant = 0
        for number, word in enumerate(words):
            if number and not re.fullmatch(r"[ /]*", text[words[number - 1].end() : word.start()]):
                break
            joined += word.group().upper()
            if len(joined) > 25:
                break
            if known(joined):
                ends.append(word.end())
            whole = whole and (number == 0 or len(joined) - len(word.group()) == 4 * number)
            if number == 0 or len(joined) <= 4 or (whole and len(word.group()) <= 4):
                meant = word.end()
        end = ends[-1] if ends else meant
        if end:
            yield Found(match.start(), end, bare(text[match.start() : end]), bool(ends))


def _digits(text: str, known: Callable[[str], bool]) -> Iterator[Found]:
    """References of digits alone: single groups first, then the longest run of neighbours that is known."""
    for run in _DIGITS.finditer(text):
        groups = [
            (run.start() + g.start(), run.start() + g.end(), bare(g.group())) for g in _GROUP.finditer(run.group())
        ]
        if sum(len(digits) for _, _, digits in groups) == _LONGEST:  # all there is of 27 digits is one reference
            reference = bare(run.group())
            yield Found(run.start(), run.end(), reference, known(reference))
            continue
        at = 0
        while at < len(groups):
            taken = _longest(groups, at, known)
            if taken:
                start, end = groups[at][0], groups[at + taken - 1][1]
                yield Found(start, end, bare(text[start:end]), known=True)
            at += taken or 1


def _longest(groups: list[tuple[int, int, str]], at: int, known: Callable[[str], bool]) -> int:
    """How many groups from here make a known reference, 0 for none; a group known by itself is never joined."""
    if known(groups[at][2]):
        return 1
    best, joined = 0, groups[at][2]
    for count in range(2, len(groups) - at + 1):
        group = groups[at + count - 1][2]
        joined += group
        if len(joined) > _LONGEST or known(group):
            break
        if len(joined) >= _SHORTEST_JOINED and known(joined):
            best = count
    return best
