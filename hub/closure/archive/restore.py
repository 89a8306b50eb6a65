"""Restoring an archive into an empty database, and proving that what stands there is what was archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive import inside, outside, register
from hub.closure.archive.books import put_books
from hub.closure.archive.partial import File
from hub.closure.archive.places import fetched
from hub.closure.archive.reading import Contents, Opened, attachments, contents, lines, prepare
from hub.closure.archive.register import Archive
from hub.closure.archive.rows import MERGE
from hub.closure.canonical import Tally, digest
from hub.closure.keys import KeyRing
from hub.errors import ConfigError, Rejected
from hub.model import MODELS
from hub.store import Store, Tx
from hub.store.tables import (
    dead_letter,
    golden,
    identifier,
    lineage,
    merge,
    outbox,
    quarantine,
    record,
    reference,
    stream,
)
from hub.sync.feed import identities, referred

BATCH = 1_000
EMPTY = ("stream", "record", "golden", "lineage", "outbox")
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_text = msgspec.json.Encoder().encode
Streams = Mapping[tuple[str, str], int]
Rows = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: golden records by model, records of the systems, and what does not agree with the archive."""

    archive: str
    ok: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    records: int = 0
    destroyed: int = 0
    faults: tuple[str, ...] = ()


def restore(store: Store, archive: Archive, root: Path, keys: KeyRing, url: str, who: str = "hub") -> Restored:
    """Restore an archive of the register into the empty database at `url`; counts and hashes there must agree.

    What the database then holds is for reading: no connection of hub.toml is meant by it, so never sync it. Raises
    Rejected where the archive is not what was signed, ConfigError where the database is not empty.
    """
    with fetched(archive.place, root) as folder:
        faults = list(outside.look(folder, archive.public_key, archive.seal))
        if faults:
            raise Rejected(f"{archive.id}: not restored, verify it: {faults[0]}")
        other = Store.open(url)
        try:
            found = _restore(folder, contents(folder), Opened(keys, archive.line), other)
        finally:
            other.close()
    if found.ok:
        register.note(
            store, archive, who, "archive restored", counts=dict(found.counts), records=found.records,
            destroyed=found.destroyed,
        )  # fmt: skip
    return found


def _restore(folder: Path, said: Contents, keys: Opened, other: Store) -> Restored:
    with other.begin() as tx:
        for name in EMPTY:
            if tx.rows(f"SELECT 1 FROM {name} LIMIT 1"):
                raise ConfigError(f"--into: that database is not empty, it has rows in {name}; restore into a new one")
        columns = ("id", "connection", "name", "model", "read_to_end", "compared_seq", "created_seq")
        tx.insert(stream, columns, [(s.id, s.connection, s.name, s.model, True, 0, 0) for s in said.streams])
    streams = {(s.connection, s.name): s.id for s in said.streams}
    destroyed = 0
    figures: dict[str, tuple[int, str]] = {}
    for part in said.parts():
        prepare(folder, part, keys)
        for file in sorted(part, key=lambda file: (file.kind != "links", file.path)):  # links before their raw records
            if file.kind == "figures" and file.form == "sealed":
                rows = (_decode(line) for line in lines(folder, file, said, keys) if line is not None)
                figures |= {row["model"]: (row["count"], row["tally"]) for row in rows}
            elif file.form == "sealed" and file.kind in PUT:
                for batch in _batches(_rows(folder, said, keys, part, file)):
                    known = [row for row in batch if row is not None]
                    destroyed += len(batch) - len(known)
                    with other.begin() as tx:
                        PUT[file.kind](tx, streams, known)
    with other.begin() as tx:
        tx.run("UPDATE counter SET value = ? WHERE name = 'seq' AND value < ?", said.sequence, said.sequence)
    return _proven(said, other, figures, destroyed)


def _rows(
    folder: Path, said: Contents, keys: Opened, part: Sequence[File], file: File
) -> Iterator[dict[str, Any] | None]:
    """The records of a file; raw ones with their bytes under `payload`, attachments put back."""
    name = file.path.split("/")[-1].removesuffix(".jsonl.sealed")
    pack = next((one for one in part if one.path == f"data/attachments/{name}.sealed"), None)
    packed = attachments(folder, pack, said, keys) if pack and file.kind in ("raw", "unmerged") else iter(())
    for line in lines(folder, file, said, keys):
        row = None if line is None else _decode(line)
        if row is not None and "sha256" in row:
            row["payload"] = inside.whole(file.path, row, packed)
        yield row


def _batches(rows: Iterator[dict[str, Any] | None]) -> Iterator[list[dict[str, Any] | None]]:
    """Rows in batches that fit into memory, raw records with large attachments among them."""
    batch: list[dict[str, Any] | None] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.get("payload", b"")) if row else 0
        if len(batch) >= BATCH or size > 16 << 20:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _golden(tx: Tx, streams: Streams, rows: Rows) -> None:
    columns = ("id", "model", "data", "first", "stamps", "into_id", "archived_at", "seq")
    tx.insert(golden, columns, [
        (r["id"], r["model"], _json(r["values"]), _json(r["first"]), _json(r["stamps"]), r["into_id"],
         r["archived_at"], r["seq"]) for r in rows
    ])  # fmt: skip
    names = [(name, r["id"]) for r in rows if r["into_id"] is None for name in identities(r["model"], r["values"])]
    tx.insert(identifier, ("name", "golden_id"), list(dict(reversed(names)).items()), ignore=True)
    refs = {(target, r["id"], path) for r in rows for path, target in referred(r["model"], r["values"])}
    tx.insert(reference, ("target_id", "golden_id", "field"), sorted(refs), ignore=True)


LINK = (
    "key", "stream_id", "golden_id", "origin_id", "digest", "landed", "waiting", "seen", "marks", "ours", "version",
    "changed_at", "deleted_at", "receipt_seq",
)  # fmt: skip


def _link(streams: Streams, r: dict[str, Any]) -> tuple[Any, ...]:
    return (
        r["key"], streams[r["connection"], r["stream"]], r["golden_id"], r["origin_id"],
        bytes.fromhex(r["digest"]) if r["digest"] else None, _json(r["landed"]), r["waiting"], _json(r["seen"]),
        _json(r["marks"]), r["ours"], r["version"], r["changed_at"], r["deleted_at"], r["receipt_seq"],
    )  # fmt: skip


def _links(tx: Tx, streams: Streams, rows: Rows) -> None:
    tx.insert(record, LINK, [_link(streams, r) for r in rows])


def _raw(tx: Tx, streams: Streams, rows: Rows) -> None:
    for r in rows:
        tx.run(
            "UPDATE record SET payload = ? WHERE stream_id = ? AND key = ?",
            r["payload"], streams[r["connection"], r["stream"]], r["key"],
        )  # fmt: skip


def _unmerged(tx: Tx, streams: Streams, rows: Rows) -> None:
    tx.insert(record, (*LINK, "payload"), [(*_link(streams, r), r.get("payload")) for r in rows])
    reasons = [(streams[r["connection"], r["stream"]], r["key"], reason) for r in rows for reason in r["quarantine"]]
    columns = ("stream_id", "key", "mapping", "field", "value", "reason", "at")
    tx.insert(quarantine, columns, [(s, k, *(reason[name] for name in columns[2:])) for s, k, reason in reasons])


def _history(tx: Tx, streams: Streams, rows: Rows) -> None:
    columns = ("golden_id", "field", "value", "stamp", "stream_id", "key", "seq", "class", "won", "over")
    tx.insert(lineage, columns, [
        (r["golden_id"], r["field"], _json(r["value"], keep=True), _json(r["stamp"]),
         streams.get((r["connection"], r["stream"])), r["key"], r["seq"], r["sight"], r["won"],
         _json(r["over"], keep=True)) for r in rows
    ])  # fmt: skip


def _merges(tx: Tx, streams: Streams, rows: Rows) -> None:
    columns = [name for name in MERGE if name != "id"]
    found = [r | {name: _json(r[name]) for name in ("survivor", "loser")} for r in rows]
    tx.insert(merge, columns, [tuple(r[name] for name in columns) for r in found])


def _waiting(tx: Tx, streams: Streams, rows: Rows) -> None:
    shelves: dict[str, tuple[Any, tuple[str, ...]]] = {
        "outbox": (outbox, ("golden_id", "key", "state", "seq", "want", "once", "expect", "sent_at", "due_at", "attempts", "note")),
        "dead_letter": (dead_letter, ("golden_id", "key", "want", "message", "at")),
        "quarantine": (quarantine, ("key", "mapping", "field", "value", "reason", "at")),
    }  # fmt: skip
    for shelf, (table, columns) in shelves.items():
        found = [r | ({"want": _json(r["want"])} if "want" in r else {}) for r in rows if r["shelf"] == shelf]
        tx.insert(table, ("stream_id", *columns), [
            (streams[r["connection"], r["stream"]], *(r[name] for name in columns)) for r in found
        ])  # fmt: skip


PUT: Mapping[str, Callable[[Tx, Streams, Rows], None]] = {
    "golden": _golden,
    "links": _links,
    "raw": _raw,
    "unmerged": _unmerged,
    "history": _history,
    "merges": _merges,
    "waiting": _waiting,
    "books": put_books,
}


def _json(value: Any, *, keep: bool = False) -> str | None:
    """JSON text of a value; None stays none unless it is a value itself."""
    return None if value is None and not keep else _text(value).decode()


def _proven(said: Contents, other: Store, figures: Mapping[str, tuple[int, str]], destroyed: int) -> Restored:
    """Count and hash what stands in the database now."""
    faults: list[str] = []
    counts: dict[str, int] = {}
    for model in MODELS:
        tally = Tally()
        for id, values in _stored(other, model):
            tally.add(id, digest(model, values))
        if tally.count:
            counts[model] = tally.count
        wanted = figures.get(model, (0, Tally().text))
        if destroyed == 0 and (tally.count, tally.text) != wanted:
            faults.append(f"{model}: {tally.count} records stand there, {wanted[0]} were archived, or one differs")
    with other.read() as tx:
        records = int(tx.rows("SELECT count(*) FROM record")[0][0])
    expected = sum(f.records or 0 for f in said.files if f.form == "sealed" and f.kind in ("links", "unmerged"))
    promised = sum(f.records or 0 for f in said.files if f.form == "sealed" and f.kind in PUT)
    restored = promised - destroyed
    if not destroyed and records != expected:
        faults.append(f"{records} records of the systems stand there, {expected} were archived")
    if not counts or restored <= 0:
        faults.append("nothing was restored, so nothing was proven")
    return Restored(said.archive, not faults, counts, records, destroyed, tuple(faults))


def _stored(other: Store, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    last = ""
    while True:
        with other.read() as tx:
            rows = tx.rows("SELECT id, data FROM golden WHERE model = ? AND id > ? ORDER BY id LIMIT 5000", model, last)
        yield from ((row[0], _decode(row[1])) for row in rows)
        if len(rows) < 5_000:
            return
        last = rows[-1][0]
