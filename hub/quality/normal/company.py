"""A company's name parted into what names it and the form it has: Gebr. Müller GmbH & Co. KG is `gebruder muller`."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from hub.quality.normal.forms import ANYWHERE, BEFORE, STATES, WIDE, endings, longest, spellings
from hub.quality.normal.text import HAN, fold, key, simplified, tokens

# Short words by what they stand for; keys of both sides, umlauts folded.
SHORT = {
    "gebr": "gebruder", "bros": "brothers", "bro": "brothers", "intl": "international", "int": "international",
    "natl": "national", "mfg": "manufacturing", "mfr": "manufacturer", "mgmt": "management", "mgt": "management",
    "svc": "services", "svcs": "services", "serv": "services", "sys": "systems", "assoc": "associates",
    "assn": "association", "hldg": "holding", "hldgs": "holding", "holdings": "holding", "grp": "group",
    "gruppe": "group", "groupe": "group", "gruppo": "group", "groep": "group", "grupo": "group", "grupa": "group",
    "koncern": "group", "konzern": "group", "nachf": "nachfolger", "ges": "gesellschaft", "univ": "university",
    "dept": "department", "engg": "engineering", "eng": "engineering", "techn": "technik", "ets": "etablissements",
    "ste": "societe", "soc": "societe", "fa": "firma", "distr": "distribution", "ent": "enterprises", "inds": "industries",
    "ind": "industries", "solns": "solutions", "elec": "electric", "transp": "transport", "maschb": "maschinenbau",
}  # fmt: skip
JOINS = frozenset({"und", "and", "et", "og", "och"})
AND = JOINS | {"ja", "en", "e", "y", "u", "n"}
WIDE_LETTER = re.compile("[぀-ヿ㐀-䶿一-鿿豈-﫿가-힯]")
SPACE = re.compile(r"\s+")


class Name(NamedTuple):
    """What a company's name says: `core` names it, in folded words; `form` is its legal form, None where none is told."""

    core: str
    form: str | None


def company_name(text: str) -> Name:
    """Part a company's name into its core and its form.

    The core is never empty where the text holds a letter or a digit: a name that is nothing but a form is its core.
    """
    if not text.isascii() and WIDE_LETTER.search(text):
        return _wide(text)
    words = tokens(text)
    found, form = _parted(words)
    core = _core(found)
    if not core or core == "the":
        return Name(" ".join(map(key, words)), None)
    return Name(core, form)


def _core(words: list[str]) -> str:
    """Write words in full, fold umlauts, leave out what joins: `&`, und, and, et between two words."""
    last = len(words) - 1
    kept = []
    for at, word in enumerate(words):
        if word in AND and 0 < at < last:
            continue
        if at == 0 and word == "the" and last:
            continue
        word = key(word)
        kept.append(SHORT.get(word, word))
    return " ".join(kept)


def _parted(words: list[str]) -> tuple[list[str], str | None]:
    """The words that name, and the form that stood behind, before or between them."""
    rest = _stateless(words)
    if not JOINS.isdisjoint(rest[1:-1]):  # GmbH und Co KG
        rest = [rest[0], *(word for word in rest[1:-1] if word not in JOINS), rest[-1]]
    form: str | None = None
    while rest and (end := _at_end(rest)):
        # Müller & Co. KG: each further form on the left says less than the one on the right
        form, rest = form or end[0], rest[: len(rest) - end[1]]
        while rest and rest[-1] in JOINS:
            rest = rest[:-1]
    if form is None and len(rest) > 1:
        if start := _at_start(rest):
            return rest[start[1] :], start[0]
        if inside := _between(rest):
            name, at, count = inside
            return rest[:at] + rest[at + count :], name
    return rest, form


def _stateless(words: list[str]) -> list[str]:
    for count in (2, 1):
        if len(words) > count + 1 and " ".join(words[-count:]) in STATES:
            return words[:-count]
    return words


def _at_end(words: list[str]) -> tuple[str, int] | None:
    """The longest form the words end with, and how many words it takes."""
    for spelling in endings().get(words[-1], ()):
        if tuple(words[-len(spelling) :]) == spelling:
            return spellings()[spelling], len(spelling)
    return None


def _at_start(words: list[str]) -> tuple[str, int] | None:
    """A form before the name: the short ones that are written there, and any that is written in full."""
    known = spellings()
    for count in range(min(longest(), len(words) - 1), 0, -1):
        head = tuple(words[:count])
        form = known.get(head)
        if form is not None and (form in BEFORE or max(map(len, head)) > 12):
            return form, count
    return None


def _between(words: list[str]) -> tuple[str, int, int] | None:
    """A form that is unmistakable in the middle of a name, where it begins and how many words it takes."""
    for at in range(len(words) - 2, 0, -1):
        found = _at_end(words[: at + 1]) if words[at] in endings() else None
        if found and found[0] in ANYWHERE and found[1] <= at:
            return found[0], at + 1 - found[1], found[1]
    return None


def _wide(text: str) -> Name:
    """A name in Chinese, Japanese or Korean: no blanks, the form in characters; what is Latin in it is folded."""
    text = simplified(unicodedata.normalize("NFKC", text))
    text = SPACE.sub("" if HAN.search(text) else " ", text.strip())
    core, form = text, None
    for spelling, name in WIDE:
        if text.endswith(spelling) and len(text) > len(spelling):
            core, form = text[: -len(spelling)], name
        elif text.startswith(spelling) and len(text) > len(spelling) and "公司" not in spelling:
            core, form = text[len(spelling) :], name
        if form:
            break
    else:
        latin = _parted(tokens(text))
        if latin[1] and latin[0]:
            return Name(_core(latin[0]), latin[1])
    return Name(" ".join(key(word) for word in tokens(core)) or fold(text), form)
