"""Forget: what lies in a grave leaves no personal data in the ledger; amounts, days, ids and sums stay as they are.

Of a decision stay its figures and the rules that made it; what it saw, what it refused and why, and what people wrote
goes. Postings lose their notes and nothing else. The database allows it for rows about something in a grave alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from hub.finance.ledger.rows import text
from hub.store import Store, Tx

PAGE = 500
MARK = "forgotten"  # the counter that says how many graves the ledger has looked at
KEPT = ("unapplied", "candidates", "customers", "booked_on", "returns", "reversed", "was", "adjusted")


def forget(tx: Tx, ids: Sequence[str]) -> int:
    """Take personal data out of all that is kept about these golden records; return how many decisions lost some.

    `ids` are customers, documents and payments that lie in graves: call it in the transaction that buried them, after
    `bury`. It may be called again. Postings are told by their amounts alone from then on.
    """
    decisions = []
    for column in ("payment_id", "customer_id"):
        decisions += tx.rows(f"SELECT id, status, reason, data FROM decision WHERE {column} IN ?", list(ids))
    emptied = 0
    for id, status, reason, data in sorted(set(decisions)):
        told = msgspec.json.decode(data)
        if not told.get("forgotten"):
            said = None if status == "write_off" else reason  # that of a write-off is what a person wrote
            tx.run("UPDATE decision SET data = ?, reason = ? WHERE id = ?", text(_bare(told)), said, id)
            emptied += 1
    tx.run("UPDATE posting SET note = NULL WHERE note IS NOT NULL AND decision_id IN ?", [row[0] for row in decisions])
    for column in ("payment_id", "document_id"):
        tx.run(f"UPDATE posting SET note = NULL WHERE note IS NOT NULL AND {column} IN ?", list(ids))
    tx.run("DELETE FROM alias WHERE customer_id IN ?", list(ids))
    tx.run("DELETE FROM reminder WHERE customer_id IN ?", list(ids))
    return emptied


def sweep(tx: Tx, before: int) -> int:
    """Delete papers the hub made that no message carries any more; return how many.

    `before` is a number of the store's sequence: papers of that transaction and later ones stay, since the message that
    is to carry one may be about to be written.
    """
    kept = tx.rows("SELECT digest FROM content WHERE seq < ?", before)
    loose = {row[0] for row in kept}
    if loose:
        for (data,) in tx.rows("SELECT data FROM golden WHERE model = 'message' AND data LIKE ?", "%sha256:%"):
            loose -= {part.get("digest") for part in msgspec.json.decode(data).get("attachments") or ()}
    tx.run("DELETE FROM content WHERE digest IN ?", sorted(loose))
    return len(loose)


def catch_up(store: Store) -> int:
    """Forget what was buried since this was last asked: a backup that was put back brings old decisions with it."""
    with store.read() as tx:
        graves = int(tx.rows("SELECT count(*) FROM grave")[0][0])
        known = tx.rows("SELECT value FROM counter WHERE name = ?", MARK)
    if graves == (int(known[0][0]) if known else 0):
        return 0
    emptied, after = 0, ""
    while True:
        with store.begin() as tx:
            ids = [row[0] for row in tx.rows(
                f"SELECT golden_id FROM grave WHERE golden_id > ? ORDER BY golden_id LIMIT {PAGE}", after
            )]  # fmt: skip
            emptied += forget(tx, ids) if ids else 0
            if len(ids) < PAGE:
                tx.run(
                    "INSERT INTO counter (name, value) VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    MARK, graves,
                )  # fmt: skip
                return emptied
        after = ids[-1]


def _bare(told: dict[str, Any]) -> dict[str, Any]:
    """What stays of a decision: its postings without notes, its rules without what they saw."""
    kept = {name: told[name] for name in KEPT if name in told}
    kept["lines"] = [line[:7] for line in told.get("lines", ())]
    kept["why"] = [{**why, "inputs": {}} for why in told.get("why", ())]
    return kept | {"forgotten": True}
