"""`[duplicates]` of hub.toml: what decides about duplicates: thresholds, the backend, and what a merge does over there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hub.config.table import Table

Backend = Literal["duckdb", "spark"]
BACKENDS = ("duckdb", "spark")


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What decides about duplicates: thresholds, the backend, and what a merge does over there."""

    merge_at: float = 0.9999  # probability from which a pair is in the zone merge
    ask_at: float = 0.5  # probability from which a pair is proposed at all
    auto: bool = False  # whether pairs of the zone merge are merged without a person
    backend: Backend = "duckdb"
    spark: str = "local[*]"  # the Spark master, where the backend is spark
    separate: tuple[tuple[str, ...], ...] = ()  # business lines that are never merged across, in groups


def read(table: Table) -> Duplicates:
    """Read the section; mistakes are noted in the table."""
    given = Duplicates()
    merge_at, ask_at = table.get("merge_at", float, given.merge_at), table.get("ask_at", float, given.ask_at)
    for key, value in (("merge_at", merge_at), ("ask_at", ask_at)):
        if not 0 < value <= 1:
            table.wrong(key, f"must be a probability above 0 and up to 1, not {value:g}")
            return given
    if ask_at > merge_at:
        table.wrong("ask_at", f"must not be above merge_at ({merge_at:g}): what merges by itself need not be asked")
    found = Duplicates(
        merge_at=merge_at,
        ask_at=ask_at,
        auto=table.flag("auto", given.auto),
        backend=table.choice("backend", BACKENDS, given.backend),
        spark=table.text("spark", given.spark) or given.spark,
        separate=_separate(table),
    )
    table.done()
    return found


def _separate(table: Table) -> tuple[tuple[str, ...], ...]:
    """Groups of business lines: [["retail", "clinic"]]; records of two lines of one group are never the same."""
    groups: list[Any] = table.get("separate", list, [])
    for number, group in enumerate(groups):
        fine = isinstance(group, list) and len(group) > 1 and all(isinstance(line, str) for line in group)
        if not fine:
            table.mistakes.add(
                (*table.path, "separate", number), 'must be a list of two lines or more: ["retail", "clinic"]'
            )
            return ()
    return tuple(tuple(group) for group in groups)
