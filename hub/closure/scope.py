"""The scope: which golden records belong to the line alone and go, and which are shared with other lines and stay.

A document belongs to one line. A customer, or a contact, is shared when it carries another line as well, or when a
document of another line refers to it. The hash is over all of them in order, so one more or less changes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from hub.model import MODELS, field
from hub.store import Store, Tx
from hub.store.tables.closing import scope as table
from hub.store.tx import Row

OWN, SHARED = "own", "shared"
PAGE = 5_000
DOCUMENTS = tuple(name for name, model in MODELS.items() if field(model, "line") is not None)
PARTIES = tuple(name for name in MODELS if name not in DOCUMENTS)

Entry = tuple[str, str, str]
"""Golden id, model, and own or shared."""


def found(tx: Tx, line: str) -> list[Entry]:
    """The scope as the data say now, in order of id."""
    entries: list[Entry] = [
        (id, model, OWN)
        for id, model in tx.rows(
            f"SELECT id, model FROM golden WHERE model IN ? AND into_id IS NULL AND {tx.value_at('line')} = ?",
            list(DOCUMENTS),
            line,
        )
    ]
    elsewhere = _referred_elsewhere(tx, line)
    for id, model, values in parties(tx, line):
        others = any(path.startswith("lines.") and value and path[6:] != line for path, value in values.items())
        entries.append((id, model, SHARED if others or id in elsewhere else OWN))
    return sorted(entries)


def parties(tx: Tx, line: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Customers and contacts that carry the line."""
    rows = tx.rows(
        f"SELECT id, model, data FROM golden WHERE model IN ? AND into_id IS NULL "
        f"AND CAST({tx.value_at(f'lines.{line}')} AS VARCHAR) IN ?",
        list(PARTIES),
        ["true", "1"],  # as PostgreSQL and SQLite write a JSON true
    )
    for id, model, data in rows:
        yield id, model, msgspec.json.decode(data)


def _referred_elsewhere(tx: Tx, line: str) -> set[str]:
    """Customers and contacts to whom a document of another line refers."""
    rows = tx.rows(
        "SELECT DISTINCT r.target_id FROM reference r JOIN golden g ON g.id = r.golden_id "
        f"WHERE g.model IN ? AND g.into_id IS NULL AND {tx.value_at('line')} <> ?",
        list(DOCUMENTS),
        line,
    )
    return {row[0] for row in rows}


def hashed(entries: Iterator[Entry] | list[Entry]) -> str:
    """The hash of a scope, in order of id."""
    digest = hashlib.sha256()
    for id, model, kind in entries:
        digest.update(f"{id} {model} {kind}\n".encode())
    return digest.hexdigest()


def keep(tx: Tx, closing_id: int, entries: list[Entry]) -> str:
    """Keep the scope of a closing as it is now; return its hash. What is gone already stays noted."""
    gone = {r[0] for r in tx.rows(
        "SELECT golden_id FROM closing_scope WHERE closing_id = ? AND gone_seq IS NOT NULL", closing_id
    )}  # fmt: skip
    tx.run("DELETE FROM closing_scope WHERE closing_id = ? AND gone_seq IS NULL", closing_id)
    rows = [(closing_id, id, model, kind) for id, model, kind in entries if id not in gone]
    for at in range(0, len(rows), PAGE):
        tx.insert(table, ("closing_id", "golden_id", "model", "kind"), rows[at : at + PAGE])
    digest = hashed(sorted([(e[0], e[1], e[2]) for e in entries]))
    tx.run("UPDATE closing SET scope_hash = ? WHERE id = ?", digest, closing_id)
    return digest


def kept(store: Store, closing_id: int, kind: str = OWN, models: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Id and model of a closing's records that are not gone yet, a page at a time, in order of id."""
    sql = "SELECT golden_id, model FROM closing_scope WHERE closing_id = ? AND kind = ? AND gone_seq IS NULL"
    for page in pages(store, sql, closing_id, kind, by="golden_id"):
        yield from ((id, model) for id, model in page if not models or model in models)


def records(
    store: Store, closing_id: int, *models: str, kind: str | None = OWN
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Id, model and values of a closing's records, in order of id; of these models, or of all; `kind` None: own and shared."""
    sql = (
        "SELECT s.golden_id, s.model, g.data FROM closing_scope s JOIN golden g ON g.id = s.golden_id "
        "WHERE s.closing_id = ? AND s.kind IN ? AND s.gone_seq IS NULL AND s.model IN ?"
    )
    kinds = [kind] if kind else [OWN, SHARED]
    for page in pages(store, sql, closing_id, kinds, list(models or MODELS), by="s.golden_id"):
        yield from ((id, model, msgspec.json.decode(data)) for id, model, data in page)


def pages(store: Store, sql: str, *values: object, by: str, size: int = PAGE) -> Iterator[list[Row]]:
    """The rows of a query in order of its first column, a page and a transaction at a time; `sql` ends in its conditions."""
    after = ""
    while True:
        with store.read() as tx:
            rows = tx.rows(f"{sql} AND {by} > ? ORDER BY {by} LIMIT {size}", *values, after)
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = rows[-1][0]
