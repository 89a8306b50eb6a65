"""Text folded to a key: one width, one case, no accents, simplified Chinese, Latin letters for Greek and Cyrillic.

`ä`, `ae` and `a` fold to the same key, since the same person is Müller, Mueller and Muller in three systems. A key is
for comparing only: different words can share one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

HAN = re.compile("[㐀-䶿一-鿿豈-﫿]")
WORD = re.compile(r"[^\W_]+")
APOSTROPHE = re.compile(r"(?<=\w)['’‘´`ʼ](?=\w)")
INITIALS = re.compile(r"\b(?:\w\.[ ]?){1,}\w\b\.?")  # G.m.b.H., S. p. A.
SLASHED = re.compile(r"\b(\w)/(?=\w\b)")  # A/S
# German, Danish and Norwegian write ae, oe, ue for an umlaut; after a vowel or q it is none (Bauer, Quelle), nor is ue
# at a word's end (Blue), nor anything in words so short as Joe or Sue.
UMLAUT = re.compile(r"(?<![aeiouyq])(?:([ao])e(?!$)|(u)e(?!$))|(?<=\w{3})(?<![aeiouyq])([ao])e$")
LETTERS = {
    "ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n", "ħ": "h",
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "к": "k", "л": "l",
    "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "kh", "ц": "ts",
    "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya", "і": "i", "є": "ye",
    "ґ": "g", "ј": "j", "љ": "lj", "њ": "nj", "ћ": "c", "ђ": "dj", "џ": "dz",
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o",
}  # fmt: skip
TO_LATIN = str.maketrans(LETTERS)


def _bare(text: str) -> str:
    """Without the accents of Latin, Greek and Cyrillic; what looks like one elsewhere is a letter of its own (カ, ガ)."""
    parted = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in parted if not "\u0300" <= c <= "\u036f").translate(TO_LATIN)


# What almost every European name is made of, so that it needs no normalising: Latin, Greek and Cyrillic letters.
QUICK = {
    point: _bare(chr(point))
    for point in (*range(0xC0, 0x250), *range(0x386, 0x3CF), *range(0x400, 0x460))
    if chr(point).isalpha() and _bare(chr(point)).isascii()
}


@cache
def _converter() -> Any:
    """OpenCC's own tables, where the extra `duplicates` is installed."""
    try:
        from opencc import OpenCC
    except ImportError:
        return None
    return OpenCC("t2s")


def simplified(text: str) -> str:
    """Write traditional Chinese in simplified characters; anything else stays. Needs the extra `duplicates`."""
    if not HAN.search(text):
        return text
    converter = _converter()
    return str(converter.convert(text)) if converter is not None else text


def fold(text: str) -> str:
    """Fold a text to lower case without accents; its words, marks and blanks stay where they are."""
    if text.isascii():
        return text.lower()
    quick = text.translate(QUICK)
    if quick.isascii():
        return quick.lower()
    return unicodedata.normalize("NFC", _bare(simplified(unicodedata.normalize("NFKC", text))))


def tokens(text: str) -> list[str]:
    """Split a text into folded words: initials are one word (I.B.M.), an apostrophe parts none (Int'l)."""
    text = fold(text)
    if "." in text:
        text = INITIALS.sub(lambda found: found[0].replace(".", "").replace(" ", "") + " ", text)
    if "/" in text:
        text = SLASHED.sub(r"\1", text)
    return WORD.findall(APOSTROPHE.sub("", text))


def key(word: str) -> str:
    """Bring a folded word's ways of writing an umlaut together: mueller, muller; aalborg, alborg."""
    if "ae" in word or "oe" in word or "ue" in word:
        word = UMLAUT.sub(lambda found: found[1] or found[2] or found[3], word)
    return word.replace("aa", "a") if len(word) > 4 else word
