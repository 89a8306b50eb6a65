"""Due: a customer's roll-ups are worked out when something of theirs changes, and a day that passes changes nothing.

So the first run of a day looks for documents that fell due since the last one, and has what follows from their
customers worked out anew: what is overdue then reaches the CRM with the next sync.
"""

from __future__ import annotations

from datetime import date

from hub.store import Store

MARK = "due"  # the counter that holds the last day looked at, as a number
CHUNK = 500


def look_again(store: Store, today: date) -> int:
    """Mark the customers of documents that fell due since this was last asked as changed; return how many they are."""
    with store.read() as tx:
        rows = tx.rows("SELECT value FROM counter WHERE name = ?", MARK)
        since = date.fromordinal(int(rows[0][0])) if rows else date.min
        if since >= today:
            return 0
        due = tx.value_at("due_on").replace("(data", "(g.data")
        found = tx.rows(
            "SELECT DISTINCT i.customer_id FROM item i JOIN golden g ON g.id = i.document_id "
            f"WHERE i.open <> 0 AND {due} >= ? AND {due} < ? ORDER BY i.customer_id",
            since.isoformat(), today.isoformat(),
        )  # fmt: skip
    customers = [row[0] for row in found]
    for at in range(0, len(customers), CHUNK):
        with store.begin() as tx:
            tx.run("UPDATE golden SET seq = ? WHERE id IN ?", tx.seq, customers[at : at + CHUNK])
    with store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            MARK, today.toordinal(),
        )  # fmt: skip
    return len(customers)
