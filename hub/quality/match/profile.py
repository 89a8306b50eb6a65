"""A profile says how records of one model are compared: columns, blocking keys, comparisons in ordered levels.

Conditions are SQL on the columns of two records, `name_l` and `name_r`; `{jw}`, `{edits}` and `{overlap}` stand for
functions whose names differ between the backends. A pair stands on the first level whose condition holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.quality.match.batch import Batch

Kind = Literal["text", "texts"]
Columns = dict[str, list[Any]]
"""Records in the form in which they are compared: column to a text, a list of texts or None for each record."""


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a comparison, with the shipped chances of seeing it among matches (m) and among others (u)."""

    label: str
    when: str
    m: float
    u: float
    tf: str | None = None  # the column whose rare values weigh more on this level
    doubt: bool = False  # whether a pair on this level is never merged without a person, however sure it looks


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two records are compared in one respect; the last level is everything else."""

    name: str
    shows: str  # the column shown to people
    empty: str  # the condition under which it says nothing
    levels: tuple[Level, ...]
    fixed: bool = False  # whether its chances are given, never learnt
    doubt: bool = False  # whether everything else is such a level
    called: bool = False  # whether it says only how a thing is called: namesakes agree in that and in nothing else

    def other(self) -> tuple[float, float]:
        """What the levels leave for everything else: m and u."""
        return (
            max(1 - sum(level.m for level in self.levels), 0.001),
            max(1 - sum(level.u for level in self.levels), 0.001),
        )


@dataclass(frozen=True, slots=True)
class Key:
    """What records have in common that are compared: SQL of DuckDB on the columns of one record, NULL where it has none."""

    kind: str  # what its texts begin with, so that a telephone number is no postal code
    texts: str
    many: bool = False  # whether it gives a list


@dataclass(frozen=True, slots=True)
class Profile:
    """How records of one model are brought into one form, which are compared, and how."""

    model: str
    version: int  # goes up with every change of what `prepare` or `keys` give
    columns: Mapping[str, Kind]
    prepare: Callable[[Batch], Columns]
    keys: tuple[Key, ...]  # two records with a common key are compared
    comparisons: tuple[Comparison, ...]
    training: tuple[tuple[str, ...], ...]  # columns that are equal in the pairs trained on, a session each
    prior: float = 1e-6  # how likely two records drawn at random are one thing, where nothing was trained

    def frequencies(self) -> tuple[str, ...]:
        """The columns whose values are counted."""
        found = [level.tf for one in self.comparisons for level in one.levels if level.tf]
        return tuple(dict.fromkeys(found))
