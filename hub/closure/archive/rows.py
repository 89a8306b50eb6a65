"""What is kept of golden records: their values, links, raw records, history, merges, and what waits.

Each kind answers, for a batch of golden ids, the rows of each id as they go into the archive, and come back from it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hub.closure.archive.attachments import cut
from hub.closure.archive.books import books
from hub.closure.canonical import digest
from hub.store import Tx
from hub.store.tables import merge

Found = Iterator[tuple[str, dict[str, Any]]]  # golden id, row
Kind = Callable[[Tx, "Streams", Sequence[str]], Found]
Streams = Mapping[int, tuple[str, str]]  # id to connection and name
SLICE = 16 << 20  # bytes of payload in memory at a time
RECORD = (
    "stream_id, key, golden_id, origin_id, digest, landed, waiting, seen, marks, ours, version, changed_at, "
    "deleted_at, receipt_seq"
)


def raw(text: str | None) -> Any:
    """JSON text as it stands in the database, put into a row without being read."""
    return None if text is None else msgspec.Raw(text.encode())


def golden(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """The golden record itself, with its canonical hash."""
    columns = "id, model, data, first, stamps, into_id, archived_at, seq"
    for id, model, data, first, stamps, into_id, archived_at, seq in tx.rows(
        f"SELECT {columns} FROM golden WHERE id IN ?", ids
    ):
        yield id, {
            "id": id, "model": model, "values": raw(data), "first": raw(first), "stamps": raw(stamps),
            "into_id": into_id, "archived_at": archived_at, "seq": seq,
            "hash": digest(model, msgspec.json.decode(data)),
        }  # fmt: skip


def links(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """The crosswalk: each record of each system that belongs to it."""
    for row in tx.rows(f"SELECT {RECORD} FROM record WHERE golden_id IN ?", ids):
        yield row[2], link(streams, row)


def link(streams: Streams, row: Sequence[Any]) -> dict[str, Any]:
    """A row of `record` (columns of RECORD) without its payload."""
    connection, stream = streams[row[0]]
    return {
        "connection": connection, "stream": stream, "key": row[1], "golden_id": row[2], "origin_id": row[3],
        "digest": None if row[4] is None else bytes(row[4]).hex(), "landed": raw(row[5]), "waiting": row[6],
        "seen": raw(row[7]), "marks": raw(row[8]), "ours": bool(row[9]), "version": row[10], "changed_at": row[11],
        "deleted_at": row[12], "receipt_seq": row[13],
    }  # fmt: skip


def payloads(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """What the systems gave, byte for byte, in the order of the ids and a few at a time: attachments may be large.

    The content of attachments stands under `contents`, for a file of its own.
    """
    place = {id: number for number, id in enumerate(ids)}
    sizes = tx.rows(
        "SELECT stream_id, key, golden_id, length(payload) FROM record WHERE golden_id IN ? AND payload IS NOT NULL",
        ids,
    )
    for part in sliced(sorted(sizes, key=lambda row: (place[row[2]], row[0], row[1]))):
        found: list[Sequence[Any]] = []
        for stream in {row[0] for row in part}:
            keys = [row[1] for row in part if row[0] == stream]
            found += tx.rows(
                "SELECT stream_id, key, golden_id, payload FROM record WHERE stream_id = ? AND key IN ?", stream, keys
            )
        for row in sorted(found, key=lambda row: (place[row[2]], row[0], row[1])):
            yield row[2], payload(streams, row)


def sliced(sizes: Sequence[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    """Rows that end with a size, in groups that fit into memory."""
    part: list[Sequence[Any]] = []
    total = 0
    for row in sizes:
        if part and total + row[-1] > SLICE:
            yield part
            part, total = [], 0
        part.append(row)
        total += row[-1]
    if part:
        yield part


def payload(streams: Streams, row: Sequence[Any]) -> dict[str, Any]:
    """One raw record: as text where it is text, else as base64."""
    connection, stream = streams[row[0]]
    content = bytes(row[3])
    short, contents = cut(content)
    found = {
        "connection": connection, "stream": stream, "key": row[1], "golden_id": row[2],
        "sha256": hashlib.sha256(content).hexdigest(), "attachments": [one.sha256 for one in contents],
        "contents": contents,
    }  # fmt: skip
    try:
        return {**found, "text": short.decode("utf-8")}
    except UnicodeDecodeError:
        return {**found, "base64": base64.b64encode(short).decode()}


def history(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """The lineage: which value won or lost, when, and from where."""
    columns = "golden_id, id, field, value, stamp, stream_id, key, seq, class, won, over"
    for row in tx.rows(f"SELECT {columns} FROM lineage WHERE golden_id IN ? ORDER BY golden_id, id", ids):
        connection, stream = streams.get(row[5], (None, None))
        yield row[0], {
            "golden_id": row[0], "id": row[1], "field": row[2], "value": raw(row[3]), "stamp": raw(row[4]),
            "connection": connection, "stream": stream, "key": row[6], "seq": row[7], "sight": row[8],
            "won": bool(row[9]), "over": raw(row[10]),
        }  # fmt: skip


MERGE = tuple(column.name for column in merge.columns)


def merges(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """Which records were merged into it, as they were before, and who did so."""
    for row in tx.rows(f"SELECT {', '.join(MERGE)} FROM merge WHERE survivor_id IN ? ORDER BY id", ids):
        named = dict(zip(MERGE, row, strict=True))
        yield named["survivor_id"], named | {name: raw(named[name]) for name in ("survivor", "loser")}


def waiting(tx: Tx, streams: Streams, ids: Sequence[str]) -> Found:
    """What waits for a person or a system: writes in the outbox, dead letters, quarantine."""
    columns = "golden_id, stream_id, key, state, seq, want, once, expect, sent_at, due_at, attempts, note"
    if tx.rows("SELECT 1 FROM outbox LIMIT 1"):
        known = sorted(streams)
        for row in tx.rows(f"SELECT {columns} FROM outbox WHERE stream_id IN ? AND golden_id IN ?", known, ids):
            yield row[0], _shelved("outbox", streams, row, columns, want=raw(row[5]))
    columns = "golden_id, stream_id, key, id, want, message, at"
    for row in tx.rows(f"SELECT {columns} FROM dead_letter WHERE golden_id IN ?", ids):
        yield row[0], _shelved("dead_letter", streams, row, columns, want=raw(row[4]))
    columns = "golden_id, stream_id, key, id, mapping, field, value, reason, at"
    for row in tx.rows(
        "SELECT r.golden_id, q.stream_id, q.key, q.id, q.mapping, q.field, q.value, q.reason, q.at FROM record r "
        "JOIN quarantine q ON q.stream_id = r.stream_id AND q.key = r.key WHERE r.golden_id IN ?",
        ids,
    ):
        yield row[0], _shelved("quarantine", streams, row, columns)


def _shelved(shelf: str, streams: Streams, row: Sequence[Any], columns: str, **more: Any) -> dict[str, Any]:
    connection, stream = streams[row[1]]
    named = dict(zip(columns.split(", "), row, strict=True))
    del named["stream_id"]
    return {"shelf": shelf, "connection": connection, "stream": stream, **named, **more}


KINDS: Mapping[str, Kind] = {
    "golden": golden,
    "links": links,
    "raw": payloads,
    "history": history,
    "merges": merges,
    "waiting": waiting,
    "books": books,
}
REFERRED = ("golden", "links")  # what is kept of records that are only referred to
