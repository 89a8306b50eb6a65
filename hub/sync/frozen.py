"""Which golden records belong to a frozen business line: one that is being closed."""

from __future__ import annotations

from collections.abc import Iterable

from hub.errors import Busy
from hub.store import Tx

NOTE = "frozen: its business line is being closed; see hub close status"


def frozen_lines(tx: Tx, permit: str | None = None) -> dict[str, int]:
    """The frozen lines and their closings, without the one that may be written to."""
    return {line: id for line, id in tx.rows("SELECT line, closing_id FROM frozen_line") if line != permit}


def frozen(tx: Tx, ids: Iterable[str], permit: str | None = None) -> set[str]:
    """Those of the golden ids that belong to a frozen line."""
    wanted = sorted(set(ids))
    lines = frozen_lines(tx, permit) if wanted else {}
    if not lines:
        return set()
    rows = tx.rows(
        "SELECT golden_id FROM closing_scope WHERE golden_id IN ? AND closing_id IN ? AND kind = 'own' AND gone_seq IS NULL",
        wanted,
        sorted(lines.values()),
    )
    return {row[0] for row in rows}


def refuse_merges(tx: Tx, ids: Iterable[str]) -> None:
    """Raise Busy where a golden record of a frozen line would be merged into another."""
    found = frozen(tx, ids)
    if found:
        raise Busy(f"{min(found)} is {NOTE}")
