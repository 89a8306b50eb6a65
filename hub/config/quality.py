"""`[quality]` of hub.toml: which checks are off, and after how many days records of a model count as stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.config.table import Table
from hub.model import MODELS
from hub.suggest import like


@dataclass(frozen=True, slots=True)
class Quality:
    """Which checks are off, and after how many days records of a model count as stale."""

    off: tuple[str, ...] = ()
    stale: Mapping[str, int] = field(default_factory=dict)


def read(table: Table) -> Quality:
    """Read the section; mistakes are noted in the table."""
    off = table.texts("off")
    ages = table.table("stale")
    found = {}
    for model in ages.data:
        days = ages.get(model, int, 0)
        if model not in MODELS:
            ages.wrong(model, f'no model "{model}"{like(model, MODELS)}; known: {", ".join(MODELS)}')
        elif isinstance(ages.data[model], int) and days < 1:
            ages.wrong(model, "must be at least one day")
        found[model] = days
    table.done()
    return Quality(off, found)
