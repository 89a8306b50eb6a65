"""The register of archives: what was written, where it is, and the seal that the hub's audit log keeps too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hub.audit import append
from hub.closure.archive.bag import CONTENTS, SIGNATURE
from hub.store import Store
from hub.store.tables.archive import archive as table

COLUMNS = (
    "id", "line", "place", "seal", "public_key", "scope", "counts", "bytes", "seq", "written_at", "written_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Archive:
    """One archive; `seal` is the hash of what was signed, times are microseconds since 1970."""

    id: str
    line: str
    place: str
    seal: str
    public_key: str
    scope: str
    counts: Mapping[str, int]
    bytes: int
    written_at: int
    written_by: str
    verified_at: int | None = None
    restored_at: int | None = None


def add(store: Store, archive: Archive) -> None:
    """Enter an archive into the register and the audit log, in one transaction; one that is there stays as it is."""
    with store.begin() as tx:
        row = (
            archive.id, archive.line, archive.place, archive.seal, archive.public_key, archive.scope,
            json.dumps(dict(archive.counts)), archive.bytes, tx.seq, archive.written_at, archive.written_by,
        )  # fmt: skip
        if tx.insert(table, COLUMNS, [row], ignore=True):
            _log(tx, store, archive, archive.written_by, "archive written", counts=dict(archive.counts))


def note(store: Store, archive: Archive, who: str, what: str, **more: Any) -> None:
    """Note that an archive was verified or restored."""
    column = {"archive verified": "verified_at", "archive restored": "restored_at"}[what]
    with store.begin() as tx:
        tx.run(f"UPDATE archive SET {column} = ? WHERE id = ?", store.now(), archive.id)
        _log(tx, store, archive, who, what, **more)


def _log(tx: Any, store: Store, archive: Archive, who: str, what: str, **more: Any) -> None:
    data = {"archive": archive.id, "line": archive.line, "place": archive.place, "seal": archive.seal, **more}
    append(tx, who, what, data, at=store.now())


def listed(store: Store, line: str | None = None) -> list[Archive]:
    """All archives of the register, the oldest first."""
    columns = (*COLUMNS, "verified_at", "restored_at")
    with store.read() as tx:
        rows = tx.rows(f"SELECT {', '.join(columns)} FROM archive ORDER BY seq")
    found = []
    for row in rows:
        named = dict(zip(columns, row, strict=True))
        del named["seq"]
        found.append(Archive(**{**named, "counts": json.loads(named["counts"])}))
    return [archive for archive in found if line is None or archive.line == line]


def read(folder: Path, place: str) -> Archive:
    """What a whole archive says of itself; whether that is true, the verification tells."""
    contents = msgspec.json.decode((folder / CONTENTS).read_bytes())
    sealed = msgspec.json.decode((folder / SIGNATURE).read_bytes())
    from datetime import datetime

    from hub.sync.clock import micros

    return Archive(
        contents["archive"], contents["line"], place, sealed["seal"], sealed["public_key"], contents["scope"],
        contents["counts"], sum(file["size"] for file in contents["files"]),
        micros(datetime.fromisoformat(contents["written_at"])), contents["written_by"],
    )  # fmt: skip
