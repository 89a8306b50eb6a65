"""What a check is, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, NamedTuple

from hub.model import Values

Measure = Literal["completeness", "validity", "uniqueness", "timeliness"]
MEASURES: tuple[Measure, ...] = ("completeness", "validity", "uniqueness", "timeliness")


class Fault(NamedTuple):
    """One thing that is wrong with a record: the check that found it, where, what stands there, and why it is wrong."""

    check: str
    field: str  # "" where the record as a whole is meant
    value: Any
    reason: str


Test = Callable[[Any, Values], str | None]
"""A value and the record it stands in, to why the value is wrong; None where it is right."""
Find = Callable[[str, Values, date], Iterable[Fault]]
"""A model's name, a record's values and today, to what is wrong with the record."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check: of single values where it has `paths`, else of a whole record."""

    name: str
    text: str  # what it finds, for docs/quality.md
    measure: Measure = "validity"
    models: tuple[str, ...] = ()  # none named: all
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # model or "*": patterns such as emails.*
    test: Test | None = None
    find: Find | None = None  # several checks may share one that finds for all of them
    needs: tuple[str, ...] = ()  # patterns: `find` is not asked of records that have none of these; none named: always
