"""What a run of reconciling did, row by row."""

from __future__ import annotations

from typing import Any

from hub.finance.ledger.ledger import Reconciled


def of(done: Reconciled) -> list[dict[str, Any]]:
    """Rows of kind matched, posted, left and check."""
    rows: list[dict[str, Any]] = [
        {"kind": "taken in", "name": "documents", "count": done.documents, "fine": None, "text": None}
    ]
    for status, count in sorted(done.statuses.items()):
        rows.append({"kind": "matched", "name": status, "count": count, "fine": None, "text": None})
    rows.append({"kind": "posted", "name": "payments", "count": len(done.posted), "fine": None, "text": None})
    for payment, why in sorted(done.left.items()):
        rows.append({"kind": "left", "name": payment, "count": None, "fine": None, "text": why})
    for check in done.checks:
        text = "; ".join(check.faults) if check.faults else "holds"
        rows.append({"kind": "check", "name": check.name, "count": check.checked, "fine": check.fine, "text": text})
    return rows
