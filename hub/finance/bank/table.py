"""CSV of banks, by the dialect that is saved for the account: no two banks write the same.

Where there is a column with the running balance, opening and closing follow from it and are proven by the rows.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date
from io import StringIO
from itertools import pairwise

from hub.config.statements import Dialect
from hub.finance.bank.statement import Entry, Problem, Reading, Statement
from hub.finance.bank.values import account, clean, currency, given, money
from hub.model import Money

LONGEST = 100_000  # characters of a row; a quote that is never closed swallows the rest of the file

Row = tuple[int, list[str]]


def table(text: str, dialect: Dialect, iso: str | None) -> Reading:
    """Read a CSV file as one statement; `iso` is the account's currency, where no column says it."""
    reading = Reading()
    try:
        rows = rows_of(text, dialect)
        places = columns(rows[0][1] if rows else [], dialect)
    except ValueError as error:
        return reading.refuse(str(error), dialect.skip + 1)
    reader = _Reader(dialect, places, iso)
    for line, cells in rows[1:] if dialect.header else rows:
        reader.take(line, cells)
    reading.statements += reader.statements()
    if not reading.statements:
        reading.refuse("holds no rows", dialect.skip + 1)
    return reading


def rows_of(text: str, dialect: Dialect) -> list[Row]:
    """The rows with their lines, blank ones left out. Raises ValueError."""
    lines = text.splitlines(keepends=True)
    source = csv.reader(StringIO("".join(lines[dialect.skip :]), newline=""), delimiter=dialect.delimiter,
                        quotechar=dialect.quote)  # fmt: skip
    found: list[Row] = []
    begun = dialect.skip + 1
    try:
        for cells in source:
            if any(cell.strip() for cell in cells):
                if sum(map(len, cells)) > LONGEST:
                    raise ValueError(f"a row from line {begun} on is endless; is a quote never closed?")
                found.append((begun, cells))
            begun = dialect.skip + source.line_num + 1
    except csv.Error as error:
        raise ValueError(f"line {begun}: {error}") from None
    return found


def columns(header: Sequence[str], dialect: Dialect) -> Mapping[str, tuple[int, ...]]:
    """Where each of our columns stands. Raises ValueError that names those that are not there."""
    if not dialect.header:
        return {name: tuple(int(part) - 1 for part in parts) for name, parts in dialect.columns.items()}
    names = [clean(cell).casefold() for cell in header]
    lacking = [part for parts in dialect.columns.values() for part in parts if clean(part).casefold() not in names]
    if lacking:
        there = ", ".join(cell.strip() for cell in header)[:300]
        raise ValueError(f"no column {lacking[0]!r}; there are: {there or 'none'}")
    return {name: tuple(names.index(clean(p).casefold()) for p in parts) for name, parts in dialect.columns.items()}


class _Reader:
    """Takes rows in, one account after the other."""

    def __init__(self, dialect: Dialect, places: Mapping[str, tuple[int, ...]], iso: str | None) -> None:
        self.dialect, self.places, self.iso = dialect, places, iso
        self.entries: dict[tuple[str | None, str], list[tuple[Entry, Money | None]]] = {}
        self.problems: list[Problem] = []
        self.pending = 0
        self.first = 0

    def take(self, line: int, cells: Sequence[str]) -> None:
        """One row."""
        self.first = self.first or line
        try:
            status = self.cell(cells, "status").upper()
            if self.dialect.booked and status not in self.dialect.booked:
                self.pending += 1
                return
            number = account(self.cell(cells, "account"))
            iso = currency(self.cell(cells, "currency") or self.iso)
            entry = self.entry(cells, iso, line)
            stated = self.cell(cells, "balance")
            balance = self.amount(stated, iso) if stated else None
        except ValueError as error:
            self.problems.append(Problem(f"a row {error}", line))
            return
        self.entries.setdefault((number, iso), []).append((entry, balance))

    def entry(self, cells: Sequence[str], iso: str, line: int) -> Entry:
        """The row as an entry. Raises ValueError."""
        value = self.cell(cells, "value")
        name = {key: self.cell(cells, key) for key in ("party", "party_account", "party_bank", "text", "reference",
                                                       "structured", "end_to_end")}  # fmt: skip
        return Entry(
            self.signed(cells, iso), self.day(self.cell(cells, "booked")), self.day(value) if value else None,
            given(name["reference"]), clean(name["text"]), clean(name["party"]) or None, account(name["party_account"]),
            name["party_bank"] or None, given(name["structured"]), given(name["end_to_end"]), line=line,
        )  # fmt: skip

    def signed(self, cells: Sequence[str], iso: str) -> Money:
        """The amount from one column, with a sign beside it, or from two. Raises ValueError."""
        plain = self.cell(cells, "amount")
        if plain:
            found = self.amount(plain, iso)
            if "sign" in self.places:
                word = self.cell(cells, "sign").upper()
                if found.minor < 0:
                    raise ValueError(f"has the amount {plain} and a sign beside it")
                return Money(-found.minor, iso) if word in self.dialect.minus else found
            return found
        credit, debit = self.cell(cells, "credit"), self.cell(cells, "debit")
        incoming = self.amount(credit, iso).minor if credit else 0
        outgoing = abs(self.amount(debit, iso).minor) if debit else 0
        if not credit and not debit:
            raise ValueError("has no amount")
        if incoming and outgoing:
            raise ValueError(f"is a credit of {credit} and a debit of {debit} at once")
        return Money(incoming - outgoing, iso)

    def amount(self, text: str, iso: str) -> Money:
        """An amount in the dialect; a sign may stand behind it, a code around it."""
        plain = re.sub(r"\s", "", text).replace(iso, "")
        if plain.endswith(("-", "+")):
            plain = plain[-1] + plain[:-1]
        return money(plain, iso, point=self.dialect.decimal, comma=self.dialect.thousands)

    def day(self, text: str) -> date:
        """A day in the dialect's order; 1.3.26, 01/03/2026 and 20260301 alike. Raises ValueError."""
        plain = text.partition(" ")[0].partition("T")[0]
        parts = re.findall(r"\d+", plain)
        order = self.dialect.order
        if len(parts) == 1 and len(parts[0]) == 8:
            cut = (4, 6) if order == "ymd" else (2, 4)
            parts = [plain[: cut[0]], plain[cut[0] : cut[1]], plain[cut[1] :]]
        try:
            if len(parts) != 3:
                raise ValueError
            by = dict(zip(order, map(int, parts), strict=True))
            return date(by["y"] + 2000 if by["y"] < 100 else by["y"], by["m"], by["d"])
        except ValueError:
            raise ValueError(f"has {text[:40]!r} where a day ({order}) should be") from None

    def cell(self, cells: Sequence[str], name: str) -> str:
        """What stands in one of our columns, several joined by blanks."""
        places = self.places.get(name, ())
        return " ".join(cells[at].strip() for at in places if at < len(cells) and cells[at].strip())

    def statements(self) -> list[Statement]:
        """A statement for each account in the file."""
        found: list[Statement] = []
        groups = self.entries or ({(None, self.iso or ""): []} if self.problems or self.pending else {})
        for (number, iso), rows in groups.items():
            opening, closing, turned = _balances([(entry.amount, balance) for entry, balance in rows])
            rows = rows[::-1] if turned else rows
            days = [entry.booked_on for entry, _ in rows]
            found.append(Statement(
                "csv", number, iso or None, tuple(entry for entry, _ in rows), opening, closing,
                min(days, default=None), max(days, default=None),
                pending=self.pending, problems=tuple(self.problems), line=self.first,
            ))  # fmt: skip
            self.problems, self.pending = [], 0  # of the file; told once
        return found


def _balances(rows: Sequence[tuple[Money, Money | None]]) -> tuple[Money | None, Money | None, bool]:
    """Opening and closing from the running balances, and whether the file begins with the newest row."""
    if not rows or any(balance is None for _, balance in rows):
        return None, None, False
    kept = [(amount, balance) for amount, balance in rows if balance is not None]

    def off(order: Sequence[tuple[Money, Money]]) -> int:
        return sum(abs(before[1].minor + after[0].minor - after[1].minor) for before, after in pairwise(order))

    order = min((kept, kept[::-1]), key=off)  # the file's own where both fit
    (amount, first), (_, last) = order[0], order[-1]
    return Money(first.minor - amount.minor, first.currency), last, order is not kept
