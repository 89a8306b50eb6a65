"""A postal address in parts that compare: street and house number, postal code, city."""

from __future__ import annotations

import re
from typing import NamedTuple

from hub.quality.normal.places import CITIES, RIVERS, STREETS, TYPES
from hub.quality.normal.text import HAN, fold, key, tokens

NUMBER = r"\d{1,5}(?:\s?[a-z](?![a-z]))?(?:\s?bis|\s?ter)?"
RANGE = rf"{NUMBER}(?:\s?[-–—/+&]\s?(?:{NUMBER}|[a-z](?![a-z])|[ivx]{{1,4}}(?![a-z])))*"
BEHIND = re.compile(rf"^(?P<name>.*?\D)[\s,]+(?:nr|no|num|n)?[.°º]?\s?(?P<number>{RANGE})$")
AHEAD = re.compile(rf"^(?:nr|no|n)?[.°º]?\s?(?P<number>{RANGE})[\s,]+(?P<name>\D.*)$")
GLUED = re.compile(rf"^(?P<name>.*?[^\W\d_]\.)(?P<number>{RANGE})$")  # Hauptstr.12
BOX = re.compile(
    r"\b(?:p\.?\s?o\.?\s?box|postfach|boite postale|b\.?p\.?|apartado|casella postale|postbus|postboks|信箱)\s*(\d[\d ]*)"
)
UNIT = re.compile(
    r"[,\s]+(?:(?:apt|apartment|suite|ste|unit|floor|fl|room|rm|etage|stock|og|eg|dg|whg|top|app|bat|batiment|int|interno|scala|"
    r"piano|hinterhaus|hh|gebaude|geb|building|bldg|c/o|block|halle)\b|#|\d{1,2}(?:st|nd|rd|th)\s+floor|\d\.\s?(?:og|stock|etage))"
    r".*$"
)
HAN_STREET = re.compile(
    r"(?P<name>[^\d]*?(?:路|街|道|巷|弄|胡同|大街|大道|村|里))(?P<part>[一二三四五六七八九十\d]+段)?(?P<number>\d+(?:[-–—之]\d+)?)(?:号|號)?"
)
HAN_PLACE = re.compile(r"^.*?(?:省|自治区|特别行政区)|^.*?市|^.{2,4}?[区县]|^.{1,6}?(?:新区|开发区|街道|镇)")
CODE_PREFIX = re.compile(r"^(?:[a-z]{1,3}[-\s])(?=\d)")
ALNUM = re.compile(r"[^a-z0-9]+")
DISTRICT = re.compile(r"\bcedex\b.*$|\b\d+(?:er|e|eme)?\b|[(/,].*$|\bi[nm] .*$")


class Street(NamedTuple):
    """A street as keys: its name in one word (`hauptstr`), the house number with suffix or range (`12a-14`), the unit."""

    name: str
    number: str
    unit: str


def street(text: str) -> Street:
    """Part a street line in European, American or Chinese order; what cannot be parted is the name."""
    if not text.isascii() and HAN.search(text):
        return _han(text)
    line = fold(text).strip(" ,;")
    if box := BOX.search(line):
        return Street("pobox", box[1].replace(" ", ""), "")
    unit = ""
    if cut := UNIT.search(line):
        unit, line = " ".join(tokens(cut[0])), line[: cut.start()]
    if "\n" in line:
        line = next((part for part in line.split("\n") if any(c.isdigit() for c in part)), line.split("\n")[0])
    found = AHEAD.match(line) or BEHIND.match(line) or GLUED.match(line)
    if not found:
        return Street(_street_name(line), "", unit)
    return Street(_street_name(found["name"]), _number(found["number"]), unit)


def postal_code(text: str, country: str | None = None) -> str:
    """A postal code as a key: D-10115 is 10115, SW1A 1AA is sw1a1aa, a ZIP+4 its first five digits."""
    bare = CODE_PREFIX.sub("", fold(text).strip())
    if country == "US" or re.fullmatch(r"\d{5}-\d{4}", bare):
        bare = bare[:5]
    return ALNUM.sub("", bare)


def city(text: str) -> str:
    """A city as a key: Frankfurt a. M. is `frankfurt m`, München and Munich are `munchen`, Paris 8e is `paris`."""
    if not text.isascii() and HAN.search(text):
        bare = fold(text).strip()
        bare = re.sub(r"^.*(?:省|自治区)", "", bare)
        bare = bare[:-1] if len(bare) > 2 and bare[-1] in "市县区" else bare
        return CITIES.get(bare, bare)
    line = fold(text)
    river = RIVERS.search(line)
    line = DISTRICT.sub("", line[: river.start()] if river else line)
    name = " ".join(key({"st": "sankt", "saint": "sankt", "ste": "sankt"}.get(word, word)) for word in tokens(line))
    name = CITIES.get(name, name)
    return f"{name} {river['river'][0]}" if river and name else name or key(fold(text).strip())


def _street_name(name: str) -> str:
    """The street's name in one word, its type in its shortest form."""
    words = tokens(name)
    if not words:
        return ""
    if words[0] == "st" and len(words) > 1:
        words[0] = "sankt"  # St James Street
    out = [TYPES.get(word, word) for word in words]
    joined = "".join(key(STREETS.sub(lambda found: f"{found[1]}str", word)) for word in out)
    return joined or "".join(words)


def _number(number: str) -> str:
    return re.sub(r"[–—/+&]", "-", re.sub(r"\s+", "", number))


def _han(text: str) -> Street:
    """A Chinese address: places fall away from the largest to the smallest, the number stands before 号."""
    line = fold(text).replace(" ", "").replace(",", "")
    while (cut := HAN_PLACE.match(line)) and len(cut[0]) < len(line):
        line = line[len(cut[0]) :]
    found = HAN_STREET.search(line)
    if not found:
        return Street(line, "", "")
    return Street(found["name"] + (found["part"] or ""), found["number"], line[found.end() :])
