"""MT940 and MT942 of SWIFT, as banks write them: tag by tag, each with its line.

We read the tags ourselves and not with the library mt-940, which stands in the way of three things: it tells no line
for what it cannot read, it passes over what it does not know in silence, and a wrong sign or balance is only seen from
outside of it. Tests hold both against each other where the library is right.

A message ends at its own closing balance: what follows without one, a file that breaks off in the middle, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from hub.finance.bank.mt_text import told
from hub.finance.bank.statement import Entry, Problem, Reading, Statement
from hub.finance.bank.values import account, clean, currency, given, money
from hub.model import Money

TAG = re.compile(r":(20|21|25|28|28C|60F|60M|61|62F|62M|64|65|65F|86|34F|13|13D|13C|90C|90D|NS|940|942):")
LINE = re.compile(
    r"(?P<value>\d{6})(?P<booked>\d{4}| {4})?(?P<mark>R[CD]|E[CD]|[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>\d{1,20}(?:,\d{0,4})?) ?(?P<kind>[A-Z][A-Z0-9]{3})(?P<rest>.*)",
    re.ASCII,
)
BALANCE = re.compile(r"(?P<side>R?[CD])(?P<day>\d{6})(?P<code>[A-Z]{3})?(?P<amount>\d{1,20},\d{0,4})", re.ASCII)
SIGNS = {"C": 1, "D": -1, "RC": -1, "RD": 1}  # the reversal of a credit takes the money away again
CENTURY = 80  # years from here on are of the last century


class Tag(NamedTuple):
    """A tag with the lines that belong to it."""

    name: str
    lines: list[str]
    line: int

    @property
    def value(self) -> str:
        """All of its text on one line."""
        return " ".join(text.strip() for text in self.lines).strip()


def mt(text: str) -> Reading:
    """Read a file of MT940 or MT942 messages."""
    reading = Reading()
    for tags in _messages(text, reading):
        reading.statements.append(_statement(tags))
    if not reading.statements:
        reading.refuse("holds no MT940 and no MT942 message that begins with :20:")
    return reading


def _messages(text: str, reading: Reading) -> Iterator[list[Tag]]:
    """Part the file into messages: each begins with :20: and ends at "-", or where the next one begins."""
    tags: list[Tag] = []
    stray = True  # outside of any message: headers, blank lines, what banks put between
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.strip("\x01\x03")  # blanks at its end stay: a text may have been cut right there
        found = TAG.match(line)
        if found and found[1] in ("940", "942"):
            continue
        if found and (found[1] == "20" or (stray and found[1] == "25")):
            if tags:
                yield tags
            tags, stray = [], False
        if found and stray:
            if found[1] == "61":
                reading.refuse("an entry stands outside of any message; is the file complete?", number)
            continue
        if found:
            tags.append(Tag(found[1], [line[found.end() :]], number))
        elif not stray and re.match(r"-(}.*|XXX)?\s*$", line):
            yield tags
            tags, stray = [], True
        elif not stray and tags and not line.startswith("{"):
            tags[-1].lines.append(line)
    if tags:
        yield tags


def _statement(tags: Sequence[Tag]) -> Statement:
    """One message."""
    problems: list[Problem] = []
    first = {tag.name: tag for tag in reversed(tags)}
    opening = _balance(first.get("60F") or first.get("60M"), None, problems)
    interim = (
        opening is None and not {"60F", "60M"} & first.keys() and bool({"34F", "13D", "90C", "90D"} & first.keys())
    )
    form = "mt942" if interim or "34F" in first else "mt940"
    code = opening[0].currency if opening else _floor(first.get("34F"), problems)
    closing = _balance(first.get("62F") or first.get("62M"), code, problems)
    if form == "mt940":
        for found, names, kind in ((opening, ("60F", "60M"), "opening"), (closing, ("62F", "62M"), "closing")):
            if found is None and not set(names) & first.keys():
                words = f"has no {kind} balance (:{names[0]}:); is the message complete?"
                problems.append(Problem(words, tags[-1].line))
    entries, pending = _entries(tags, code, problems)
    days = [e.booked_on for e in entries]
    number = first["28C"].value if "28C" in first else first["28"].value if "28" in first else None
    return Statement(
        form, account(first["25"].value) if "25" in first else None, code, tuple(entries),
        opening[0] if opening else None, closing[0] if closing else None,
        min(days, default=opening[1] if opening else None), closing[1] if closing else max(days, default=None),
        number, first["20"].value if "20" in first else None, pending, tuple(problems), tags[0].line,
    )  # fmt: skip


def _balance(tag: Tag | None, code: str | None, problems: list[Problem]) -> tuple[Money, date] | None:
    """A balance with its day; one without a currency is in that of the opening balance."""
    if tag is None:
        return None
    found = BALANCE.match(tag.value)
    try:
        if not found:
            raise ValueError(f"{tag.value[:40]!r} is no balance")
        iso = currency(found["code"] or code)
        amount = money(found["amount"], iso, point=",")
        return Money(amount.minor * SIGNS[found["side"]], iso), _day(found["day"])
    except ValueError as error:
        problems.append(Problem(f":{tag.name}: {error}", tag.line))
        return None


def _floor(tag: Tag | None, problems: list[Problem]) -> str | None:
    """The currency of an MT942, which states it with its floor limit."""
    if tag is None:
        return None
    try:
        return currency(tag.value[:3])
    except ValueError as error:
        problems.append(Problem(f":34F: {error}", tag.line))
        return None


def _entries(tags: Sequence[Tag], code: str | None, problems: list[Problem]) -> tuple[list[Entry], int]:
    """The entries, each with the texts that follow it, and how many are only expected."""
    entries: list[Entry] = []
    pending = 0
    if code is None:
        lost = sum(tag.name == "61" for tag in tags)
        problems.append(Problem(f"has no currency, so its {lost} entries cannot be read", tags[0].line))
        return [], 0
    for at, tag in enumerate(tags):
        if tag.name != "61":
            continue
        texts: list[Tag] = []
        for follower in tags[at + 1 :]:
            if follower.name != "86":
                break
            texts.append(follower)
        found = LINE.match(tag.lines[0])
        try:
            if not found:
                raise ValueError(f"{tag.lines[0][:60]!r} is no entry")
            if found["mark"].startswith("E"):
                pending += 1
                continue
            entries.append(_entry(tag, found, texts, code))
        except ValueError as error:
            problems.append(Problem(f":61: {error}", tag.line))
    return entries, pending


def _entry(tag: Tag, found: re.Match[str], texts: Sequence[Tag], iso: str) -> Entry:
    amount = money(found["amount"], iso, point=",")
    value = _day(found["value"])
    own, _, bank = found["rest"].partition("//")
    more = clean(" ".join([own[16:], bank[16:] if len(bank) > 34 else "", *tag.lines[1:]]))
    bank = bank if len(bank) <= 34 else bank[:16]
    said = told([line for part in texts for line in (*part.lines, "")], more)
    return Entry(
        Money(amount.minor * SIGNS[found["mark"]], iso), _booked(found["booked"], value), value,
        given(bank), said.text, said.party, said.party_account, said.party_bank, None,
        said.end_to_end or _end_to_end(own[:16]), said.charges(iso), said.instructed(),
        "direct_debit" if said.debit else None,
        (said.end_to_end or given(own[:16])) if found["mark"].startswith("R") or said.returned else None,
        said.reason, tag.line,
    )  # fmt: skip


def _end_to_end(text: str) -> str | None:
    """The customer's reference of :61:, unless it only names the field of :86: where to look."""
    return None if text.strip() in ("EREF", "KREF+", "EREF+", "PREF", "MREF") else given(text)


def _day(text: str) -> date:
    """A day; 29 and 30 February are its last day: where a month of interest has 30 days, banks write them."""
    try:
        year, month, number = int(text[:2]), int(text[2:4]), int(text[4:6])
        year += 1900 if year >= CENTURY else 2000
        if month == 2 and number in (29, 30):
            return date(year, 3, 1) - timedelta(days=1)
        return date(year, month, number)
    except ValueError:
        raise ValueError(f"{text!r} is no day (YYMMDD)") from None


def _booked(text: str | None, value: date) -> date:
    """The booking day has no year of its own: it is the one nearest to the value day."""
    if text is None or not text.strip():
        return value
    near = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            near.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    if not near:
        raise ValueError(f"{text!r} is no day (MMDD)")
    return min(near, key=lambda found: abs(found - value))
