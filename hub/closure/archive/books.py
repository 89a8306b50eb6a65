"""What finance keeps of a document, a payment or a customer: open items, postings, decisions, approvals, reminders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table

from hub.store import Tx
from hub.store.tables import metadata

# Table, and the condition by which its rows belong to golden records; a posting stands with its document and its payment
BOOKS: Sequence[tuple[str, str]] = (
    ("item", "document_id"),
    ("posting", "document_id"),
    ("posting", "payment_id"),
    ("settlement", "payment_id"),
    ("decision", "payment_id"),
    ("reminder", "customer_id"),
)


def books(tx: Tx, streams: Mapping[int, Any], ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of finance's tables, each with the table's name; JSON in them stays text."""
    used = {name for name in dict(BOOKS) if tx.rows(f"SELECT 1 FROM {name} LIMIT 1")}
    decided: dict[str, str] = {}
    for name, by in BOOKS:
        if name not in used:
            continue
        columns = _columns(metadata.tables[name])
        for row in tx.rows(f"SELECT {', '.join(columns)} FROM {name} WHERE {by} IN ? ORDER BY seq", list(ids)):
            named = dict(zip(columns, row, strict=True))
            if name == "decision":
                decided[named["id"]] = named[by]
            yield named[by], {"table": name, **named}
    if decided:
        columns = _columns(metadata.tables["approval"])
        for row in tx.rows(f"SELECT {', '.join(columns)} FROM approval WHERE decision_id IN ? ORDER BY id", [*decided]):
            named = dict(zip(columns, row, strict=True))
            yield decided[named["decision_id"]], {"table": "approval", **named}


def put_books(tx: Tx, streams: Mapping[Any, int], rows: Sequence[dict[str, Any]]) -> None:
    """Write them back; a posting that comes a second time is there already."""
    for name in (*dict(BOOKS), "approval"):
        table = metadata.tables[name]
        columns = _columns(table)
        found = [tuple(row[column] for column in columns) for row in rows if row["table"] == name]
        tx.insert(table, columns, found, ignore=True)


def _columns(table: Table) -> list[str]:
    return [column.name for column in table.columns]
