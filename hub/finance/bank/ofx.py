"""OFX 1.x (SGML without end tags) and 2.x (XML), read by one reader of tags.

We read the tags ourselves and not with ofxparse, which drops what it cannot read without a line, takes a balance
that is empty for none, and builds the whole document as a tree.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

from hub.finance.bank.statement import Entry, Problem, Reading, Statement
from hub.finance.bank.values import account, clean, currency, given, money
from hub.model import Money

TAG = re.compile(r"<(/?)([A-Za-z0-9_.:]{1,64})\s*/?>((?:\s*<!\[CDATA\[.*?\]\]>|[^<])*)", re.DOTALL)
CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
STATEMENTS, INVESTMENTS = ("STMTRS", "CCSTMTRS"), ("INVSTMTRS",)
GROUPS = frozenset({"STMTTRN", "LEDGERBAL", "AVAILBAL", "BANKACCTFROM", "CCACCTFROM", "BANKACCTTO", "CURRENCY",
                    "ORIGCURRENCY", "PAYEE", "STATUS", "STMTTRNP", *STATEMENTS, *INVESTMENTS})  # fmt: skip
METHODS = {
    "CHECK": "cheque",
    "POS": "card",
    "DIRECTDEBIT": "direct_debit",
    "XFER": "transfer",
    "CASH": "cash",
    "ATM": "cash",
}


def ofx(text: str) -> Reading:
    """Read an OFX file."""
    reading = Reading()
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        return reading.refuse("declares a document type; no bank does, and it can hide an attack: refused", 1)
    inside: list[str] = []
    open_: _Open | None = None
    status: dict[str, str] = {}
    kept: list[str] = []
    for line, close, name, value in _tags(text):
        if name in GROUPS and not close and not value:
            inside.append(name)
            if name in (*STATEMENTS, *INVESTMENTS):
                open_ = _Open(name, line)
                kept.append(name)
            elif open_ is not None:
                open_.begin(name, line)
        elif close and name in inside:
            while inside and inside.pop() != name:
                pass
            if open_ is not None and name == open_.name:
                _done(open_, reading)
                open_ = None
            elif open_ is not None:
                open_.end(name)
        elif not close and open_ is not None:
            open_.value(inside, name, value)
        elif not close and inside[-1:] == ["STATUS"] and value:
            status[name] = value
            if name == "SEVERITY" and value == "ERROR":
                reading.refuse(f"the bank answered with an error, code {status.get('CODE')}", line)
    if open_ is not None:
        words = f"breaks off inside of the statement that begins in line {open_.line}; it is left out"
        return reading.refuse(words, text.count("\n") + 1)
    if not re.search(r"</OFX>\s*$", text, re.IGNORECASE):
        reading.refuse("breaks off: it does not end with </OFX>", text.count("\n") + 1)
    elif not kept and not reading.problems:
        reading.refuse("is OFX and holds no bank statement")
    return reading


def _tags(text: str) -> Iterator[tuple[int, bool, str, str]]:
    line, at = 1, 0
    for found in TAG.finditer(text):
        line += text.count("\n", at, found.start())
        at = found.start()
        value = html.unescape(CDATA.sub(r"\1", found[3])).strip()
        yield line, bool(found[1]), found[2].upper(), value


def _done(found: _Open, reading: Reading) -> None:
    if found.name in INVESTMENTS:
        number = found.fields.get("ACCTID", "without a number")
        words = f"is an investment statement (account {number}): securities are no bank entries; it is left out"
        reading.refuse(words, found.line)
    else:
        reading.statements.append(found.statement())


class _Open:
    """A statement that is being read."""

    def __init__(self, name: str, line: int) -> None:
        self.name, self.line = name, line
        self.fields: dict[str, str] = {}
        self.entry: dict[str, str] | None = None
        self.entry_line = 0
        self.rows: list[tuple[int, dict[str, str]]] = []
        self.pending = 0

    def begin(self, name: str, line: int) -> None:
        """A group begins."""
        if name == "STMTTRN":
            self.entry, self.entry_line = {}, line
        elif name == "STMTTRNP":
            self.pending += 1

    def end(self, name: str) -> None:
        """A group ends."""
        if name == "STMTTRN" and self.entry is not None:
            self.rows.append((self.entry_line, self.entry))
            self.entry = None

    def value(self, inside: list[str], name: str, value: str) -> None:
        """A value inside of the innermost group."""
        group = inside[-1] if inside else ""
        if self.entry is not None:
            if group not in ("BANKACCTTO", "ORIGCURRENCY") or name not in self.entry:
                self.entry.setdefault(name if group != "ORIGCURRENCY" else f"ORIG{name}", value)
        elif group in ("LEDGERBAL", "AVAILBAL"):
            self.fields[f"{group}.{name}"] = value
        elif group != "STMTTRNP":
            self.fields.setdefault(name, value)

    def statement(self) -> Statement:
        """The statement, once all of it was seen."""
        problems: list[Problem] = []
        code = self.fields.get("CURDEF") or next((row["CURSYM"] for _, row in self.rows if row.get("CURSYM")), "")
        try:
            iso: str | None = currency(code)
        except ValueError as error:
            iso = None
            problems.append(Problem(f"CURDEF: {error}", self.line))
        entries = []
        for line, row in self.rows if iso else ():
            try:
                entries.append(_entry(row, iso or "", line))
            except ValueError as error:
                problems.append(Problem(f"an entry (STMTTRN) {error}", line))
            if row.get("CORRECTFITID"):
                words = f"an entry corrects {row['CORRECTFITID']}: look at both"
                problems.append(Problem(words, line, False))
        closing = None
        stated = self.fields.get("LEDGERBAL.BALAMT")
        if iso and stated:
            try:
                closing = _amount(stated, iso)
            except ValueError as error:
                problems.append(Problem(f"LEDGERBAL {error}", self.line, False))
        days = [e.booked_on for e in entries]
        return Statement(
            "ofx", account(self.fields.get("ACCTID")), iso, tuple(entries), None, closing,
            self._limit("DTSTART") or min(days, default=None), self._limit("DTEND") or max(days, default=None),
            None, None, self.pending, tuple(problems), self.line,
        )  # fmt: skip

    def _limit(self, name: str) -> date | None:
        try:
            return _day(self.fields.get(name, ""))
        except ValueError:
            return None


def _entry(row: dict[str, str], iso: str, line: int) -> Entry:
    if not row.get("DTPOSTED"):
        raise ValueError("has no day (DTPOSTED)")
    amount = _amount(row.get("TRNAMT", ""), iso)
    code, rate = row.get("CURSYM"), row.get("CURRATE", "1")
    if code and code != iso and rate.strip("0.") != "1":
        raise ValueError(f"is in {code} and its account in {iso}")
    party, memo = clean(row.get("NAME")), clean(row.get("MEMO"))
    value = row.get("DTAVAIL") or row.get("VALUEDATE")
    return Entry(
        amount, _day(row["DTPOSTED"]), _day(value) if value else None, given(row.get("FITID")),
        memo or party, party or None, account(row.get("ACCTID")), row.get("BANKID") or None,
        end_to_end=given(row.get("REFNUM")), method=METHODS.get(row.get("TRNTYPE", "").upper()), line=line,
    )  # fmt: skip


def _amount(text: str, iso: str) -> Money:
    """OFX allows both decimal signs and any number of zeros."""
    plain = text.strip()
    if "," in plain and "." not in plain:
        plain = plain.replace(",", ".", 1)
    plain = re.sub(r"(\.\d*?)0+$", r"\1", plain)
    return money(re.sub(r"^([+-]?)0+(?=\d)", r"\1", plain), iso)


def _day(text: str) -> date:
    """The day as the bank writes it, in its own time zone."""
    found = DAY.match(text.strip())
    try:
        if not found:
            raise ValueError
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError(f"{text.strip()[:40]!r} is no day (YYYYMMDD)") from None
