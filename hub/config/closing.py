"""`[closing]` of hub.toml: where archives go, and what the closing of a business line asks for."""

from __future__ import annotations

from dataclasses import dataclass

from hub.config.table import Table


@dataclass(frozen=True, slots=True)
class Closing:
    """Where archives go, and what the closing of a business line asks for."""


def read(table: Table) -> Closing:
    """Read the section; mistakes are noted in the table."""
    table.done()
    return Closing()
