"""CAMT.052, 053 and 054 of ISO 20022, any version: read by the names of elements, whatever their namespace.

A statement is read entry by entry and forgotten as it is read, so that its length does not matter. Only entries with
the status BOOK count.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.finance.bank.camt_details import detailed
from hub.finance.bank.statement import Entry, Problem, Reading, Statement
from hub.finance.bank.values import account, currency, day, money
from hub.finance.bank.xml import Stop, child, children, local, text, walk
from hub.model import Money

MESSAGES = {
    "BkToCstmrAcctRpt": ("camt.052", "Rpt"),
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
}
NAMES = ("Document", "Ntry", *MESSAGES, *(name for _, name in MESSAGES.values()))
OPENING, CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def camt(data: bytes) -> Reading:
    """Read a CAMT message; what was complete before a fault in the XML stays."""
    reading = Reading()
    found: _Open | None = None
    form, name = "", ""
    depth = 0  # of nested elements of the statement's own name: none in the standard, and none may confuse us
    try:
        for event, tag, element in walk(data, NAMES):
            if event == "start":
                if tag in MESSAGES and not form:
                    form, name = MESSAGES[tag]
                elif tag == name and form:
                    depth += 1
                    if depth == 1:
                        found = _Open(form, element.sourceline)
            elif tag == "Ntry" and found is not None and local(element.getparent()) == name:
                found.add(element)
                element.clear()
                before = element.getprevious()
                if before is not None and local(before) == "Ntry":  # an emptied one; the last stays for the parser
                    element.getparent().remove(before)
            elif tag == name and found is not None:
                depth -= 1
                if not depth:
                    reading.statements.append(found.close(element))
                    found = None
                    element.clear()
    except Stop as stop:
        where = f"{stop.problem.text}; the statement that begins in line {found.line} is left out" if found else ""
        reading.problems.append(Problem(where or stop.problem.text, stop.problem.line))
        return reading
    if not form:
        return reading.refuse("is XML, and no CAMT.052, 053 or 054")
    if not reading.statements:
        reading.refuse(f"is a {form} without a single statement (no element {name})")
    return reading


class _Open:
    """A statement that is being read."""

    def __init__(self, form: str, line: int) -> None:
        self.form, self.line = form, line
        self.entries: list[Entry] = []
        self.problems: list[Problem] = []
        self.pending = 0

    def add(self, element: Any) -> None:
        """Take in one entry."""
        line = element.sourceline
        status = (text(element, "Sts", "Cd") or text(element, "Sts") or "").upper()
        if status != "BOOK":
            self.pending += 1
            if status not in ("PDNG", "INFO", "FUTR"):
                self.problems.append(
                    Problem(f"an entry has the status {status!r} and none counts but BOOK", line, False)
                )
            return
        try:
            entry, remark = detailed(element, _signed(element), _booked(element), _day(element, "ValDt"))
        except ValueError as error:
            self.problems.append(Problem(f"an entry {error}", line))
            return
        self.entries.append(entry)
        if remark:
            self.problems.append(Problem(remark, line, False))

    def close(self, element: Any) -> Statement:
        """The statement, once all of it was seen."""
        number = text(element, "ElctrncSeqNb") or text(element, "LglSeqNb")
        paged = (text(element, f"{name}Pgntn", "PgNb") for name in ("Stmt", "Rpt", "Ntfctn"))
        page = next((found for found in paged if found), None)
        opening, closing = self._balances(element)
        code = self._currency(element, opening or closing)
        kept: list[Entry] = []
        for entry in self.entries:
            if entry.amount.currency == code:
                kept.append(entry)
            else:
                words = f"an entry is in {entry.amount.currency} and its account in {code}"
                self.problems.append(Problem(words, entry.line))
        if opening and closing and not opening.currency == closing.currency == code:
            words = f"the opening balance is in {opening.currency}, the closing balance in {closing.currency}"
            self.problems.append(Problem(f"{words}, the account in {code}: there is nothing to prove with", self.line))
            opening = closing = None
        days = [e.booked_on for e in kept]
        return Statement(
            self.form,
            account(text(element, "Acct", "Id", "IBAN") or text(element, "Acct", "Id", "Othr", "Id")),
            code, tuple(kept), opening, closing,
            self._limit(element, "FrDtTm", "FrDt") or min(days, default=None),
            self._limit(element, "ToDtTm", "ToDt") or max(days, default=None),
            f"{number}/{page}" if number and page and page != "1" else number,
            text(element, "Id"), self.pending, tuple(self.problems), self.line,
        )  # fmt: skip

    def _balances(self, element: Any) -> tuple[Money | None, Money | None]:
        found: dict[str, list[Money]] = {}
        for balance in children(element, "Bal"):
            kind = text(balance, "Tp", "CdOrPrtry", "Cd") or text(balance, "Tp", "CdOrPrtry", "Prtry") or ""
            if kind not in (*OPENING, *CLOSING, "ITBD"):
                continue
            try:
                found.setdefault(kind, []).append(_signed(balance))
            except ValueError as error:
                self.problems.append(Problem(f"the balance {kind} {error}", balance.sourceline))
        between = found.get("ITBD", [])  # of a page that is not the first, or not the last; of a report within the day
        opening = next((found[kind][0] for kind in OPENING if kind in found), None)
        closing = next((found[kind][-1] for kind in CLOSING if kind in found), None)
        if closing is None and between and (opening is not None or len(between) == 2):
            closing = between[-1]
        if opening is None and between and (len(between) == 2 or "CLBD" in found):
            opening = between[0]
        return opening, closing

    def _currency(self, element: Any, balance: Money | None) -> str | None:
        stated = text(element, "Acct", "Ccy")
        if stated:
            try:
                return currency(stated)
            except ValueError as error:
                self.problems.append(Problem(f"the account's currency: {error}", self.line))
        if balance is not None:
            return balance.currency
        codes = {e.amount.currency for e in self.entries}
        codes |= {amount.get("Ccy") for balance in children(element, "Bal") for amount in children(balance, "Amt")}
        return codes.pop() if len(codes) == 1 else None

    def _limit(self, element: Any, *names: str) -> date | None:
        for name in names:
            stated = text(element, "FrToDt", name)
            if stated:
                try:
                    return day(stated)
                except ValueError as error:
                    self.problems.append(Problem(f"{name}: {error}", self.line, False))
        return None


def _signed(element: Any) -> Money:
    """The amount of an element with its sign. Raises ValueError."""
    amount = child(element, "Amt")
    if amount is None:
        raise ValueError("has no amount (Amt)")
    code = currency(amount.get("Ccy"))
    found = money(amount.text or "", code)
    if found.minor < 0:
        raise ValueError(f"has a negative amount, {amount.text}; the sign belongs into CdtDbtInd")
    side = text(element, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise ValueError(f"says neither CRDT nor DBIT (CdtDbtInd is {side!r})")
    return found if side == "CRDT" else Money(-found.minor, code)


def _booked(element: Any) -> date:
    found = _day(element, "BookgDt") or _day(element, "ValDt")
    if found is None:
        raise ValueError("has neither a booking date nor a value date")
    return found


def _day(element: Any, name: str) -> date | None:
    stated = text(element, name, "Dt") or text(element, name, "DtTm")
    return day(stated) if stated else None
