"""`[duplicates]` of hub.toml: what decides about duplicates: thresholds, the backend, and what a merge does over there."""

from __future__ import annotations

from dataclasses import dataclass

from hub.config.table import Table


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What decides about duplicates: thresholds, the backend, and what a merge does over there."""


def read(table: Table) -> Duplicates:
    """Read the section; mistakes are noted in the table."""
    table.done()
    return Duplicates()
