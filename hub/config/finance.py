"""`[finance]` of hub.toml: how payments are matched and posted: policies by business line and account, limits, tolerances."""

from __future__ import annotations

from dataclasses import dataclass

from hub.config.table import Table


@dataclass(frozen=True, slots=True)
class Finance:
    """How payments are matched and posted: policies by business line and account, limits, tolerances."""


def read(table: Table) -> Finance:
    """Read the section; mistakes are noted in the table."""
    table.done()
    return Finance()
