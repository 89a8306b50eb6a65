"""Groups of companies: who stands at the head of which."""

from __future__ import annotations

from hub.quality.match.veto import roots
from hub.store import Tx
from hub.sync.follow import survivors


def heads(tx: Tx) -> dict[str, str]:
    """The head of the group of each customer that has a parent."""
    rows = tx.rows(
        "SELECT r.golden_id, r.target_id FROM reference r JOIN golden g ON g.id = r.golden_id "
        "WHERE r.field = 'parent' AND g.model = 'customer'"
    )
    if not rows:
        return {}
    into = survivors(tx, {row[1] for row in rows})
    parents: dict[str, str] = {row[0]: into.get(str(row[1]), str(row[1])) for row in rows}
    return roots({child: parent for child, parent in parents.items() if child != parent})
