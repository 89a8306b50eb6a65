"""Valid tax numbers that records show, also where another one stands in their golden record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.quality.match.veto import CHECKED, valid
from hub.store import Tx
from hub.sync.follow import survivors
from hub.sync.state import values_of

STEM = "identifiers."


def valid_in(values: Mapping[str, Any]) -> list[str]:
    """The valid tax numbers among a record's values, as scheme:number."""
    held = ((path.removeprefix(STEM), value) for path, value in values.items() if value and path.startswith(STEM))
    return [found for scheme, value in held if (found := valid(scheme, str(value))) is not None]


def shown(tx: Tx, ids: Sequence[str]) -> dict[str, list[str]]:
    """The valid tax numbers that the living records of these golden records show, for those that show any."""
    found: dict[str, set[str]] = {}
    rows = tx.rows(
        "SELECT golden_id, seen FROM record WHERE golden_id IN ? AND deleted_at IS NULL AND seen LIKE ?",
        list(ids), f'%"{STEM}%',
    )  # fmt: skip
    for id, seen in rows:
        found.setdefault(id, set()).update(valid_in(values_of(seen)))
    return {id: sorted(numbers) for id, numbers in found.items() if numbers}


def contested(tx: Tx) -> dict[str, list[str]]:
    """The same for all golden records about whose tax numbers there was ever more than one word.

    Whatever lost or replaced another value stands in the lineage, so that records nobody disagrees about need no look.
    """
    rows = tx.rows("SELECT DISTINCT golden_id FROM lineage WHERE field IN ?", [STEM + scheme for scheme in CHECKED])
    ids: Iterable[str] = [row[0] for row in rows]
    into = survivors(tx, ids)
    return shown(tx, sorted({into.get(id, id) for id in ids}))
