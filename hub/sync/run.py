"""A run."""

from __future__ import annotations

from hub.store import Store


def register(store: Store, connection: str, stream: str, model: str) -> int:
    """The id of a connection's stream; it gets one at its first use and keeps it."""
    with store.read() as tx:
        rows = tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)
    if rows:
        return int(rows[0][0])
    with store.begin() as tx:
        tx.run(
            "INSERT INTO stream (connection, name, model, read_to_end, compared_seq, created_seq) "
            "VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
            connection, stream, model, False,
        )  # fmt: skip
        return int(tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)[0][0])
