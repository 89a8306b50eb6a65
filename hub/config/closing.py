"""`[closing]` of hub.toml: who runs the closing of a business line unattended."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.config.table import Table

NAME = re.compile(r"[a-z][a-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Closing:
    """Who runs the closing of a business line unattended; the person's token or password is in the environment."""

    run_as: str | None = None
    patience_days: int = 60  # how long a flow sleeps at a shut gate before it gives up


def read(table: Table) -> Closing:
    """Read the section; mistakes are noted in the table."""
    run_as, days = table.text("run_as"), int(table.get("patience_days", int, 60))
    if run_as is not None and not NAME.fullmatch(run_as):
        table.wrong("run_as", "must be the name of a person, as hub people list shows it")
    if not 1 <= days <= 366:
        table.wrong("patience_days", "must be 1 to 366 days")
    table.done()
    return Closing(run_as, days)
