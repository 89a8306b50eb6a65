"""A person's name parted: title, given, family; a key in which swapped order, particles and titles make no difference."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from hub.quality.normal.text import HAN, key, simplified, tokens

TITLES = frozenset({
    "dr", "prof", "professor", "doctor", "doktor", "ing", "dipl", "diplom", "mag", "mba", "phd", "msc", "bsc", "ma", "ba", "md",
    "jur", "med", "rer", "nat", "pol", "phil", "hc", "mr", "mrs", "ms", "miss", "sir", "dame", "rev", "hon", "herr", "frau",
    "monsieur", "madame", "mme", "mlle", "signor", "signora", "sig", "dott", "dottssa", "avv", "sr", "sra", "don", "dona",
    "dhr", "mevr", "mw", "drs", "ir", "hr", "fr", "fru", "jr", "junior", "senior", "ii", "iii", "iv", "esq", "llm", "ra",
    "先生", "女士", "小姐",
})  # fmt: skip
PARTICLES = frozenset({
    "von", "vom", "van", "vd", "der", "den", "de", "het", "ter", "ten", "te", "zu", "zum", "zur", "und", "di", "da", "dal",
    "dalla", "del", "della", "delle", "dei", "degli", "lo", "la", "le", "les", "du", "des", "dos", "das", "do", "e", "y",
    "af", "av", "bin", "ibn", "bint", "al", "el", "ben",
})  # fmt: skip
# Chinese family names of two characters; all others have one.
COMPOUND = frozenset(
    [
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "令狐",
        "司徒",
        "宇文",
        "长孙",
        "夏侯",
        "端木",
        "轩辕",
        "百里",
        "东郭",
        "南宫",
        "西门",
        "独孤",
        "司空",
        "太史",
        "申屠",
    ]
)
HONOUR = re.compile("(先生|女士|小姐|经理|总)$")


class Person(NamedTuple):
    """A person's name in folded words; `key` holds the bearing words of given and family names in alphabetical order."""

    given: str
    family: str
    key: str


def person_name(text: str) -> Person:
    """Part a whole name: `Dr. Hans von der Heide`, `Heide, Hans von der`, `HEIDE Hans`, `欧阳娜娜`."""
    if not text.isascii() and HAN.search(text):
        return _han(text)
    family, comma, given = text.partition(",")
    if comma and (words := _plain(given)):
        # the particles may have gone to the given name: Heide, Hans von der
        while words and words[-1] in PARTICLES:
            family = f"{words.pop()} {family}"
        return _made(words, _plain(family))
    chunks = [(chunk, words) for chunk in text.split() if (words := _plain(chunk)) and words[0] not in TITLES]
    if len(chunks) < 2:
        return _made([], _plain(text))
    capital = next((at for at, (chunk, _) in enumerate(chunks) if len(chunk) < 2 or not chunk.isupper()), len(chunks))
    if 0 < capital < len(chunks):  # HEIDE Hans, as in French and Swiss letters
        return _made(_joined(chunks[capital:]), _joined(chunks[:capital]))
    # the family name is the last word with the particles before it; a double name (Müller-Lang) is one word here
    at = next((at for at, (_, words) in enumerate(chunks[1:], 1) if words[0] in PARTICLES), len(chunks) - 1)
    return _made(_joined(chunks[:at]), _joined(chunks[at:]))


def _joined(chunks: list[tuple[str, list[str]]]) -> list[str]:
    return [word for _, words in chunks for word in words]


def _plain(text: str) -> list[str]:
    """The folded words without titles; what stands after a second comma (Smith, John, PhD) goes with them."""
    words = tokens(text)
    kept = [word for word in words if word not in TITLES]
    return kept or words


def _made(given: list[str], family: list[str]) -> Person:
    bearing = [word for word in family if word not in PARTICLES] or family
    first = [word for word in given if word not in PARTICLES] or given
    both = sorted(key(word) for word in (*first, *bearing))
    return Person(" ".join(map(key, given)), " ".join(map(key, bearing)), " ".join(both))


def _han(text: str) -> Person:
    """A Chinese name: the family name first, one character, or two for the few that have two."""
    bare = simplified(unicodedata.normalize("NFKC", text))
    bare = HONOUR.sub("", "".join(c for c in bare if c.isalnum()))
    if not bare or not HAN.match(bare):
        return _made([], _plain(text))
    size = 2 if bare[:2] in COMPOUND and len(bare) > 2 else 1
    return Person(bare[size:], bare[:size], bare)
