"""The inside of an archive, read with the keys: both forms of every record, their hashes, and the raw records' bytes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive.attachments import put_back
from hub.closure.archive.partial import File
from hub.closure.archive.reading import Contents, Opened, attachments, columns, lines, prepare
from hub.closure.canonical import Tally, digest
from hub.errors import Rejected

_decode = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(slots=True)
class Looked:
    """What a reading found: records by kind, how many of them nobody can read any more, and faults."""

    records: dict[str, int] = field(default_factory=dict)
    destroyed: int = 0
    faults: list[str] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)
    figures: dict[str, tuple[int, str]] = field(default_factory=dict)


class End:
    """What stands where one of two readings has ended before the other."""


END = End()


def look(folder: Path, said: Contents, keys: Opened) -> Looked:
    """Read everything."""
    looked = Looked()
    for part in said.parts():
        files = {file.path: file for file in part}
        prepare(folder, part, keys)
        for file in part:
            if file.form != "sealed" or not file.path.endswith(".jsonl.sealed"):
                continue
            try:
                _pair(folder, said, keys, files, file, looked)
            except (Rejected, msgspec.DecodeError, KeyError) as error:
                looked.faults.append(str(error) if isinstance(error, Rejected) else f"{file.path}: {error!r}")
    if looked.destroyed == 0:
        found = {model: (tally.count, tally.text) for model, tally in looked.tallies.items()}
        if found != looked.figures:
            looked.faults.append(f"data/figures: the golden records are not those of {sorted(looked.figures)}")
    if not looked.records.get("golden"):
        looked.faults.append(f"{said.archive}: there is no golden record to be read, so nothing was verified")
    return looked


def _pair(folder: Path, said: Contents, keys: Opened, files: dict[str, File], file: File, looked: Looked) -> None:
    twin = files.get(file.path.removesuffix(".jsonl.sealed") + ".parquet")
    if twin is None:
        raise Rejected(f"{file.path}: its Parquet file is missing")
    pack = files.get(f"data/attachments/{file.path.split('/')[-1].removesuffix('.jsonl.sealed')}.sealed")
    packed = attachments(folder, pack, said, keys) if pack and file.kind in ("raw", "unmerged") else iter(())
    count = 0
    for a, b in zip_longest(lines(folder, file, said, keys), columns(folder, twin, said, keys), fillvalue=END):
        if a != b:
            raise Rejected(f"{file.path}: record {count} is another one than in {twin.path}")
        count += 1
        if isinstance(a, bytes):
            looked.records[file.kind] = looked.records.get(file.kind, 0) + 1
            _record(file, a, packed, looked)
        else:
            looked.destroyed += 1
    if count != file.records:
        raise Rejected(f"{file.path}: holds {count} records, contents.json promises {file.records}")


def _record(file: File, line: bytes, packed: Iterator[Any], looked: Looked) -> None:
    if file.kind not in ("golden", "raw", "figures", "unmerged"):
        return
    row = _decode(line)
    if file.kind == "golden":
        found = digest(row["model"], row["values"])
        if found != row["hash"]:
            raise Rejected(f"{file.path}: {row['id']}: its hash is not the one of its values")
        looked.tallies.setdefault(row["model"], Tally()).add(row["id"], found)
    elif file.kind == "figures":
        looked.figures[row["model"]] = (row["count"], row["tally"])
    elif "sha256" in row:
        whole(file.path, row, packed)


def whole(path: str, row: dict[str, Any], packed: Iterator[Any]) -> bytes:
    """The bytes of a raw record with its attachments put back. Raises Rejected where they are not those that came."""
    contents = []
    for wanted in row["attachments"]:
        found = next((one for one in packed if one is not None), None)  # those of destroyed keys are passed over
        if found is None or hashlib.sha256(found[1]).hexdigest() != wanted:
            raise Rejected(f"{path}: {row['key']}: its attachment {wanted[:16]}... is not there")
        contents.append(found[1])
    short = row["text"].encode() if "text" in row else base64.b64decode(row["base64"])
    content = put_back(short, contents)
    if hashlib.sha256(content).hexdigest() != row["sha256"]:
        raise Rejected(f"{path}: {row['key']}: the raw record is not what came")
    return content
