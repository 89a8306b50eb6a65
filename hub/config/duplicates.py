"""`[duplicates]` of hub.toml: what decides about duplicates: thresholds, the backend, and what a merge does over there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from hub.config.table import Table
from hub.suggest import like

OnMerge = Literal["link", "update", "merge"]
"""What becomes of the second record of one stream: it stays as it is, it is written too, or the system merges both."""
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
    on_merge: Mapping[str, OnMerge] = field(default_factory=dict)  # by connection; one not named: link


def read(table: Table, connections: Collection[str] = ()) -> Duplicates:
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
        on_merge=_on_merge(table.table("on_merge"), connections),
    )
    table.done()
    return found


def _on_merge(table: Table, connections: Collection[str]) -> dict[str, OnMerge]:
    """What a merge does over there, by connection: [duplicates.on_merge] crm = "merge"."""
    found: dict[str, OnMerge] = {}
    for name in table.data:
        if name not in connections:
            known = ", ".join(connections) or "none"
            table.get(name, str)
            table.wrong(name, f'no connection "{name}"{like(name, connections)}; known: {known}')
        else:
            found[name] = table.choice(name, get_args(OnMerge), "link")
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
