"""Retention: until which day what is kept, by model and jurisdiction; where several rules fit, the longest wins.

Rules come from the plan and from a shipped table of examples. The records themselves go when the line is destroyed;
what is kept until its day is the archive, whose keys are a pair of customer and class each.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hub.closure.archive.catalogue import survivors
from hub.closure.archive.classes import class_of, customer_of
from hub.closure.plan import Plan
from hub.closure.scope import records
from hub.store import Store

SHIPPED = Path(__file__).with_name("retention.toml")

Owner = tuple[str, str]
"""Customer and class of retention: what one key of the archive opens."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; with `end_of_year` the years run from the end of the year the day lies in."""

    model: str
    jurisdiction: str
    years: int
    start: str
    end_of_year: bool
    source: str

    def until(self, values: Mapping[str, Any], closed_on: date) -> date:
        """The last day on which the record is kept; without a day of its own the time runs from the close."""
        begun = values.get(self.start)
        day = date.fromisoformat(str(begun)[:10]) if begun else closed_on
        if self.end_of_year:
            return date(day.year + self.years, 12, 31)
        try:
            return day.replace(year=day.year + self.years)
        except ValueError:  # a 29 February
            return date(day.year + self.years, 3, 1)


def rules(plan: Plan) -> list[Rule]:
    """The rules of the plan, and of the examples those of its jurisdiction."""
    return [
        *(_rule(row) for row in _shipped() if row["jurisdiction"] == plan.jurisdiction),
        *map(_rule, plan.retention),
    ]


def jurisdictions() -> list[str]:
    """Those for which there are examples."""
    return sorted({row["jurisdiction"] for row in _shipped()})


def _shipped() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["rules"]
    return found


def _rule(row: Mapping[str, Any]) -> Rule:
    """A rule of a table that the plan has checked when it was read."""
    end = bool(row.get("end_of_year", False))
    jurisdiction = str(row.get("jurisdiction", "*"))
    return Rule(row["model"], jurisdiction, row["years"], str(row.get("from", "")), end, str(row["source"]))


def until(rules: Iterable[Rule], model: str, values: Mapping[str, Any], closed_on: date) -> date | None:
    """The day until which a record is kept, None where no rule asks for it."""
    days = [rule.until(values, closed_on) for rule in rules if rule.model == model]
    return max(days, default=None)


def days(store: Store, closing_id: int, plan: Plan, closed_on: date) -> dict[Owner, date]:
    """Until which day each key of the archive is kept: as long as the longest of what it opens."""
    known = rules(plan)
    found: dict[Owner, date] = {}
    for id, model, values in records(store, closing_id):
        owner = (customer_of(id, model, values.get("customer")), class_of(model))
        day = until(known, model, values, closed_on)
        if day is not None and day > found.get(owner, date.min):
            found[owner] = day
    with store.read() as tx:
        ends = survivors(tx, (customer for customer, _ in found))  # a document may name one that was merged since
    out: dict[Owner, date] = {}
    for (customer, kind), day in found.items():
        owner = (ends.get(customer, customer), kind)
        out[owner] = max(day, out.get(owner, date.min))
    return out
