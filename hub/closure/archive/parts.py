"""A part of an archive: the records of some thousand golden records, in a pair of files for each kind and model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from hub.closure.archive.attachments import Content
from hub.closure.archive.catalogue import Item
from hub.closure.archive.classes import class_of
from hub.closure.archive.files import Hashed
from hub.closure.archive.parquet import Columns
from hub.closure.archive.partial import File, Part, Partial, file_of
from hub.closure.archive.rows import KINDS, REFERRED, Streams
from hub.closure.archive.seal import Sealer
from hub.closure.canonical import Tally
from hub.closure.keys import DataKey, KeyRing, Owner
from hub.store import Tx

_encode = msgspec.json.Encoder().encode


class Pair:
    """The same records twice: JSON Lines in a sealed file, and Parquet."""

    def __init__(self, partial: Partial, kind: str, model: str, number: int) -> None:
        self.kind, self.model = kind, model
        stem = f"data/{kind}/{model}-{number:04}"
        self._outs = (partial.create(f"{stem}.jsonl.sealed"), partial.create(f"{stem}.parquet"))
        self._sealer = Sealer(self._outs[0], header(partial, self._outs[0]))
        self._columns = Columns(self._outs[1], partial.begun.id, self._outs[1].path)

    def add(self, id: str, owner: Owner, key: DataKey, row: dict[str, Any]) -> None:
        """Write one record to both."""
        line = _encode(row)
        self._sealer.add(key, line)
        self._columns.add(id, owner[1], key, line)

    def close(self) -> list[File]:
        """Make both durable."""
        self._sealer.close()
        self._columns.close()
        sealed, columns = (out.digest() for out in self._outs)
        count = self._sealer.records
        return [
            file_of(sealed, self.kind, "sealed", model=self.model, records=count, units=self._sealer.units),
            file_of(columns, self.kind, "parquet", model=self.model, records=count),
        ]


class Attachments:
    """The contents of attachments, each a unit: a line that says what it is, and the bytes."""

    def __init__(self, partial: Partial, model: str, number: int, kind: str = "attachments") -> None:
        self.kind, self.model = kind, model
        self._out = partial.create(f"data/{kind}/{model}-{number:04}.sealed")
        self._sealer = Sealer(self._out, header(partial, self._out))

    def add(self, key: DataKey, content: Content, /, **whose: Any) -> None:
        """Write one attachment."""
        about = {"sha256": content.sha256, "name": content.name, "media_type": content.media_type, **whose}
        self._sealer.unit(key, 1, _encode(about) + b"\n" + content.data)

    def close(self) -> list[File]:
        """Make it durable."""
        self._sealer.close()
        digest = self._out.digest()
        count = self._sealer.records
        return [file_of(digest, self.kind, "sealed", model=self.model, records=count, units=self._sealer.units)]


def header(partial: Partial, out: Hashed) -> dict[str, object]:
    """What a sealed file says of itself."""
    return {"archive": partial.begun.id, "line": partial.begun.line, "path": out.path}


class Shelf:
    """The files of one part, opened when something comes for them."""

    def __init__(self, partial: Partial, keys: KeyRing, number: int) -> None:
        self.partial, self.keys, self.number = partial, keys, number
        self.line = partial.begun.line
        self.pairs: dict[tuple[str, str], Pair] = {}
        self.packs: dict[str, Attachments] = {}
        self.tallies: dict[str, Tally] = {}

    def pair(self, kind: str, model: str) -> Pair:
        """The pair of files of a kind and model."""
        if (kind, model) not in self.pairs:
            self.pairs[kind, model] = Pair(self.partial, kind, model, self.number)
        return self.pairs[kind, model]

    def put(self, kind: str, model: str, id: str, owner: Owner, key: DataKey, row: dict[str, Any]) -> None:
        """Write one record, with its attachments and its hash."""
        contents: Sequence[Content] = row.pop("contents", ())
        for content in contents:
            if model not in self.packs:
                self.packs[model] = Attachments(self.partial, model, self.number)
            whose = {name: row[name] for name in ("connection", "stream", "key")}
            self.packs[model].add(key, content, golden_id=id, **whose)
        self.pair(kind, model).add(id, owner, key, row)
        if kind == "golden":
            self.tallies.setdefault(model, Tally()).add(id, row["hash"])

    def files(self) -> list[File]:
        """Make all files durable."""
        files = [file for pair in self.pairs.values() for file in pair.close()]
        return files + [file for pack in self.packs.values() for file in pack.close()]

    def close(self, last: Sequence[str] | None = None) -> Part:
        """Note the part as done, with all its files."""
        part = Part(self.files(), list(last) if last else None, {m: (t.count, t.text) for m, t in self.tallies.items()})
        self.partial.note(part)
        return part


def put_batch(shelf: Shelf, tx: Tx, streams: Streams, items: Sequence[Item]) -> None:
    """Write all that is kept of some golden records."""
    keys = shelf.keys.give(shelf.line, [item.owner for item in items])
    by_id = {item.id: item for item in items}
    place = {id: number for number, id in enumerate(by_id)}
    for kind, find in KINDS.items():
        wanted = [item.id for item in items if item.part != "referred" or kind in REFERRED]
        found: Iterator[tuple[str, dict[str, Any]]] = find(tx, streams, wanted)
        if kind != "raw":  # raw records come in order, and too large to be gathered
            found = iter(sorted(found, key=lambda one: place[one[0]]))
        for id, row in found:
            item = by_id[id]
            if kind == "golden":
                row |= {"part": item.part, "customer": item.customer}
            shelf.put(kind, item.model, id, item.owner, keys[item.owner], row)


def class_owner(model: str, id: str) -> Owner:
    """Whose key seals a record that belongs to no golden record yet: its own."""
    return id, class_of(model)
