"""BAI2, the cash reporting format of American banks: records of numbers, with control totals that prove the file.

Amounts are whole minor units; type codes 100 to 399 came in, 400 to 699 went out. Closing less opening ledger balance
is proven by the entries where a bank gives both (codes 010 and 015).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from hub.finance.bank.statement import Entry, Problem, Reading, Statement
from hub.finance.bank.values import account, clean, given
from hub.model import Money, is_currency

OPENING, CLOSING = "010", "015"
NON_MONETARY = "890"
TEXTS = re.compile(r"\b(EREF|REMI|CRNM|DBNM|CACT|DACT|CREF|DBIC|CBIC|DABA|CABA|CHKN|IDNM): ?", re.ASCII)
RETURNED = re.compile(r"\b(?:Reason|Return Reason): \"?(R\d\d|[^\",]{1,40})")
RETURNS = frozenset({"255", "257", "266", "261", "555", "557"})


def bai2(text: str) -> Reading:
    """Read a BAI2 file. Control totals that do not agree refuse what they cover."""
    reading = Reading()
    group: dict[str, str] = {}
    open_: _Open | None = None
    last = ""
    for line, kind, fields, free, count in _records(text):
        last = kind
        if kind == "02":
            group = {
                "day": fields[4] if len(fields) > 4 else "",
                "currency": (fields[6] if len(fields) > 6 else "") or "USD",
            }
        elif kind == "03":
            if open_ is not None:
                reading.refuse(f"account {open_.account} has no trailer (49); it is left out", open_.line)
            open_ = _Open(line, fields, group, count)
        elif kind == "16" and open_ is not None:
            open_.count += count
            open_.add(line, fields, free)
        elif kind == "49" and open_ is not None:
            open_.close(fields, line)
            reading.statements.append(open_.statement())
            open_ = None
        elif kind not in ("01", "98", "99"):
            reading.refuse(f"a record {kind} stands where none may be", line)
    if open_ is not None:
        reading.refuse(f"breaks off inside of account {open_.account}; it is left out", open_.line)
    elif last != "99":
        reading.refuse("breaks off: it does not end with a file trailer (99)", text.count("\n") + 1)
    return reading


def _records(text: str) -> Iterator[tuple[int, str, list[str], str, int]]:
    """Yield line, code, fields and, of an entry, its free text; continuations (88) belong to what they continue.

    Last comes how many records these were.
    """
    whole: list[str] = []
    begun = 0
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        line = raw.strip()
        if not line:
            continue
        if line.startswith("88,") and whole:
            whole.append(line[3:])
            continue
        if whole:
            yield *_record(begun, whole), len(whole)
        whole, begun = [line], number
    if whole:
        yield *_record(begun, whole), len(whole)


def _record(line: int, parts: list[str]) -> tuple[int, str, list[str], str]:
    kind = parts[0][:2]
    if kind != "16":
        # of a record of numbers each line ends with "/"; a continuation goes on with the next field
        return line, kind, ",".join(part.removesuffix("/") for part in parts).split(","), ""
    first, more = parts[0].removesuffix("/"), parts[1:]
    return line, kind, first.split(","), "\n".join(part.removesuffix("/") for part in more)


class _Open:
    """An account that is being read."""

    def __init__(self, line: int, fields: list[str], group: dict[str, str], count: int) -> None:
        self.line, self.count = line, count  # of records, continuations too
        self.problems: list[Problem] = []
        self.account = fields[1].strip() if len(fields) > 1 else ""
        stated = (fields[2].strip() if len(fields) > 2 else "") or group.get("currency", "USD")
        self.code = stated if is_currency(stated) else None
        if self.code is None:
            self.problems.append(Problem(f"{stated!r} is no currency of ISO 4217", line))
        self.day: date | None = None
        try:
            self.day = _day(group.get("day", ""))
        except ValueError as error:
            self.problems.append(Problem(f"the day of the group {error}", line))
        self.balances: dict[str, int] = {}
        self.total = 0
        self.entries: list[Entry] = []
        rest = [field.strip() for field in fields[3:]]
        while rest:
            code, amount = rest[0], rest[1] if len(rest) > 1 else ""
            funds = rest[3] if len(rest) > 3 else ""
            skip = 4 + _extra(funds, rest[4:])
            if code and amount:
                try:
                    found = _whole(amount)
                    self.total += found
                    self.balances.setdefault(code, found)
                except ValueError as error:
                    self.problems.append(Problem(f"code {code}: {error}", line))
            rest = rest[skip:]

    def add(self, line: int, fields: list[str], free: str) -> None:
        """Take in one entry (record 16)."""
        code = fields[1].strip() if len(fields) > 1 else ""
        try:
            minor = _whole(fields[2].strip() or "0") if len(fields) > 2 else 0
            self.total += minor
            if code == NON_MONETARY:
                return
            if not code.isdigit() or not 100 <= int(code) < 700:
                raise ValueError(f"has the type {code!r}, which says neither credit nor debit")
            funds = fields[3].strip() if len(fields) > 3 else ""
            at = 4 + _extra(funds, fields[4:])
            if self.code is None or self.day is None:
                return
            sign = 1 if int(code) < 400 else -1
            self.entries.append(_entry(Money(sign * minor, self.code), self.day, code, fields[at:], free, line))
        except ValueError as error:
            self.problems.append(Problem(f"an entry (16) {error}", line))

    def close(self, fields: list[str], line: int) -> None:
        """Hold the trailer (49) against what was read."""
        self.count += 1
        try:
            total, count = _whole(fields[1].strip()), int(fields[2])
        except (ValueError, IndexError):
            self.problems.append(Problem("the trailer (49) holds no totals", line))
            return
        if total != self.total:
            self.problems.append(Problem(f"the control total is {total} and the amounts make {self.total}", line))
        if count != self.count:
            self.problems.append(Problem(f"the trailer counts {count} records and there are {self.count}", line))

    def statement(self) -> Statement:
        """The account as a statement."""
        opening, closing = (
            Money(self.balances[code], self.code) if self.code and code in self.balances else None
            for code in (OPENING, CLOSING)
        )
        return Statement(
            "bai2", account(self.account), self.code, tuple(self.entries), opening, closing, self.day, self.day,
            problems=tuple(self.problems), line=self.line,
        )  # fmt: skip


def _entry(amount: Money, day: date, code: str, rest: list[str], free: str, line: int) -> Entry:
    bank, customer = ([field.strip() for field in rest] + ["", ""])[:2]
    text = ",".join(rest[2:])
    found = TEXTS.split(free.replace("\n", " "))
    said = {name: clean(value) for name, value in zip(found[1::2], found[2::2], strict=True) if clean(value)}
    side = "D" if amount.minor >= 0 else "C"  # the other one: who is debited pays us
    reason = RETURNED.search(text)
    end_to_end = given(said.get("EREF")) or given(customer)
    return Entry(
        amount, day, day, given(bank), said.get("REMI") or clean(f"{text} {found[0]}"),
        said.get("DBNM" if side == "D" else "CRNM"), account(said.get(f"{side}ACT")),
        said.get(f"{side}BIC") or said.get(f"{side}ABA"), None, end_to_end,
        return_of=end_to_end if code in RETURNS else None,
        return_reason=reason[1] if reason and code in RETURNS else None, line=line,
    )  # fmt: skip


def _extra(funds: str, rest: list[str]) -> int:
    """How many fields the funds type brings: S three amounts, V a day and a time, D as many pairs as it says."""
    if funds == "S":
        return 3
    if funds == "V":
        return 2
    if funds == "D":
        count = rest[0].strip() if rest else ""
        return 1 + 2 * int(count) if count.isdigit() and len(count) < 4 else 0
    return 0


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", text, re.ASCII):
        raise ValueError(f"{text[:40]!r} is no amount in whole minor units")
    return int(text)


def _day(text: str) -> date:
    plain = text.strip()
    try:
        if not re.fullmatch(r"\d{6}|\d{8}", plain, re.ASCII):
            raise ValueError
        year = int(plain[:-4])
        return date(
            year + 2000 if year < 80 else year + 1900 if year < 100 else year, int(plain[-4:-2]), int(plain[-2:])
        )
    except ValueError:
        raise ValueError(f"{plain!r} is no day (YYMMDD)") from None
