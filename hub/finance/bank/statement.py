"""What a bank's file says, whatever its format: statements with their entries, and what is wrong with them.

Amounts are signed from the account's side: money that came in is positive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.model import Money


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file; a fault keeps out what it concerns, a remark only tells."""

    text: str
    line: int | None = None
    fault: bool = True

    def __str__(self) -> str:
        return self.text if self.line is None else f"line {self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One booked movement; `parts` are those of a batch, and add up to it."""

    amount: Money
    booked_on: date
    value_on: date | None = None
    reference: str | None = None  # the bank's own, unique for it
    text: str = ""
    party: str | None = None  # who paid, or who was paid
    party_account: str | None = None
    party_bank: str | None = None
    structured: str | None = None
    end_to_end: str | None = None
    charges: Money | None = None
    instructed: Money | None = None
    method: str | None = None
    return_of: str | None = None
    return_reason: str | None = None
    line: int | None = None
    parts: tuple[Entry, ...] = ()
    lump: bool = False  # may be a batch whose parts the bank did not give here


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of one account over one stretch of time."""

    format: str  # camt.053, mt940, csv ...
    account: str | None
    currency: str | None
    entries: tuple[Entry, ...] = ()
    opening: Money | None = None
    closing: Money | None = None
    from_on: date | None = None
    to_on: date | None = None
    number: str | None = None  # the bank's running number, with the page where there are several
    id: str | None = None
    pending: int = 0  # entries that are not booked, left out
    problems: tuple[Problem, ...] = ()
    line: int | None = None

    @property
    def movements(self) -> Money | None:
        """The sum of all entries, None where there is no currency."""
        return None if self.currency is None else Money(sum(e.amount.minor for e in self.entries), self.currency)

    @property
    def balanced(self) -> bool | None:
        """Whether opening and movements make the closing balance; None where the file does not give both balances."""
        if self.opening is None or self.closing is None:
            return None
        return not self.difference

    @property
    def difference(self) -> int | None:
        """By how many minor units the proof fails, None where there is nothing to prove."""
        if self.opening is None or self.closing is None:
            return None
        return self.closing.minor - self.opening.minor - sum(e.amount.minor for e in self.entries)

    @property
    def faults(self) -> Sequence[Problem]:
        """The problems that keep something out."""
        return [problem for problem in self.problems if problem.fault]


@dataclass(slots=True)
class Reading:
    """All that one file gave."""

    statements: list[Statement] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)  # of the file as a whole

    def refuse(self, text: str, line: int | None = None) -> Reading:
        """Note a fault of the file, and return the reading."""
        self.problems.append(Problem(text, line))
        return self
