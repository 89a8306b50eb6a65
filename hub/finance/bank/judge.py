"""Whether a statement is taken in: its balances must prove its entries, or a person must answer for it."""

from __future__ import annotations

from dataclasses import dataclass

from hub.finance.bank.statement import Problem, Statement
from hub.model import Money

PROVING = ("camt.053", "mt940", "bai2")  # formats of whole statements: what one part of them lacks, all of it lacks


@dataclass(frozen=True, slots=True)
class Override:
    """A person who takes a statement whose proof fails, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement with what became of it: taken, overridden, or refused."""

    statement: Statement
    state: str
    problems: tuple[Problem, ...]

    @property
    def fine(self) -> bool:
        """Whether its entries count and nobody has to look at it."""
        return self.state == "taken" and not any(problem.fault for problem in self.problems)


def judge(statement: Statement, override: Override | None = None) -> Judged:
    """Say whether a statement is taken.

    One whose proof fails, or cannot be made because something in it could not be read, is refused; an override takes
    what could be read. Where a format gives no balances the entries that could be read are taken, and the others told.
    """
    problems = list(statement.problems)
    whole = statement.format in PROVING or statement.balanced is not None
    faults = statement.faults
    if statement.account is None or (statement.currency is None and faults):
        if not faults:
            problems.append(Problem("names no account", statement.line))
        return Judged(statement, "refused", tuple(problems))
    if statement.difference:
        problems.append(Problem(_difference(statement), statement.line))
    elif statement.format == "camt.053" and (statement.opening is None) != (statement.closing is None):
        lacking = "opening" if statement.opening is None else "closing"
        problems.append(Problem(f"has no {lacking} balance, so nothing is proven", statement.line))
        faults = [*faults, problems[-1]]
    elif statement.format in ("camt.053", "mt940") and statement.balanced is None and not faults:
        problems.append(Problem("states no balances: its entries are taken, nothing is proven", statement.line, False))
    if not statement.difference and not (whole and faults):
        return Judged(statement, "taken", tuple(problems))
    if override is not None:
        return Judged(statement, "overridden", tuple(problems))
    return Judged(statement, "refused", tuple(problems))


def _difference(statement: Statement) -> str:
    """The failed proof, in figures."""
    code = statement.currency or ""
    off = Money(statement.difference or 0, code)
    return (
        f"opening {statement.opening} and movements {statement.movements} do not make closing {statement.closing}: "
        f"the difference is {off}"
    )
