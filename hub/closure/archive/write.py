"""Writing an archive: everything that is kept of a business line, as a bag that can be read without the hub."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive import bag, beside, partial, register
from hub.closure.archive.catalogue import Catalogue
from hub.closure.archive.files import Digest, room_for
from hub.closure.archive.parts import Shelf, put_batch
from hub.closure.archive.places import Place, place_of
from hub.closure.archive.register import Archive
from hub.closure.keys import KeyRing
from hub.config import Project
from hub.errors import Unauthorized
from hub.store import Store, Tx
from hub.store.apart import snapshot

PART = 50  # batches of a thousand golden records in one part
Scope = Mapping[str, Iterable[str]]  # model to golden ids
Journal = Mapping[str, Iterable[Mapping[str, Any]]]  # name to rows, such as the journal of the closing
Progress = Callable[[int, int], None]  # golden records written, and of how many


@dataclass(frozen=True, slots=True)
class Order:
    """What an archive is to hold, and who wants it.

    `frozen` says that nothing of the line can change any more, so that a run after a crash may go on with what an
    earlier one has written. `papers` are finished documents (statements of account) with whose they are.
    """

    line: str
    scope: Scope
    who: str
    journal: Journal = field(default_factory=dict)
    papers: Iterable[beside.Paper] = ()
    frozen: bool = False


def write(
    store: Store,
    project: Project,
    order: Order,
    keys: KeyRing,
    place: str | Path,
    progress: Progress | None = None,
) -> Archive:
    """Write the archive of a line; it is there whole, signed, in the hub's register and its audit log, or not at all.

    Memory does not grow with the line. Raises Unavailable when the disk is full, ConfigError where the place cannot be
    written, Busy while another process writes there.
    """
    _same_keys(store, order.line, keys)
    target = place_of(place, project.root)
    with room_for(target.staging), partial.home(target.staging) as home, ExitStack() as stack:
        tx = stack.enter_context(snapshot(store))
        sequence = int((tx.rows("SELECT value FROM counter WHERE name = 'seq'") or [(0,)])[0][0])
        scratch = home / f".scratch-{_slug(order.line)}.db"
        catalogue = Catalogue(scratch)
        stack.callback(scratch.unlink, missing_ok=True)
        stack.callback(catalogue.close)
        catalogue.fill(tx, order.scope)
        found = _finished(store, target, home, order, catalogue.scope, keys)
        if found is not None:
            return found
        draft = _begin(home, order, catalogue.scope, sequence, store.now())
        streams = _streams(tx)
        _write_parts(draft, tx, catalogue, keys, streams, progress)
        if not any(part.last is None for part in draft.parts):
            beside.write(draft, tx, store, project, order.line, keys, streams, order.journal, order.papers)
        archive = _close(draft, catalogue, tx, streams, order, keys, target)
        draft.whole()
        return _deliver(store, target, home, archive)


def _same_keys(store: Store, line: str, keys: KeyRing) -> None:
    """Refuse to write where the keys of the line's earlier archives are lost: new ones would hide it."""
    before = register.listed(store, line)
    if before and (before[-1].public_key != keys.masters.public().hex() or not any(keys.counts(line))):
        raise Unauthorized(
            f"closing/keys: the keys of {before[-1].id} are not here; bring that folder back from where its copy is kept"
        )


def _begin(home: Path, order: Order, scope: str, sequence: int, now: int) -> partial.Partial:
    """Go on with what an earlier run left where that still holds, else begin anew."""
    for draft in partial.left(home, order.line):
        same = draft.begun.scope == scope and (order.frozen or draft.begun.sequence == sequence)
        if same:
            draft.tidy()
            return draft
        shutil.rmtree(draft.folder)
    moment = datetime.fromtimestamp(now / 1_000_000, UTC)
    stem = f"{_slug(order.line)}-{moment:%Y%m%dT%H%M%SZ}"
    names = (stem, *(f"{stem}-{number}" for number in range(2, 1_000)))
    id = next(name for name in names if not (home / name).exists())
    return partial.begin(home, partial.Begun(id, order.line, scope, sequence, now))


def _write_parts(
    draft: partial.Partial,
    tx: Tx,
    catalogue: Catalogue,
    keys: KeyRing,
    streams: Mapping[int, tuple[str, str]],
    progress: Progress | None,
) -> None:
    total = catalogue.total()
    done = sum(count for part in draft.parts for count, _ in part.tallies.values())
    last = next((part.last for part in reversed(draft.parts) if part.last), None)
    if any(part.last is None for part in draft.parts):
        return
    batches = catalogue.batches(last)
    while part := list(islice(batches, 1)):
        shelf = Shelf(draft, keys, len(draft.parts) + 1)
        for items in chain(part, islice(batches, PART - 1)):
            put_batch(shelf, tx, streams, items)
            done += len(items)
            end = items[-1]
            if progress:
                progress(done, total)
        shelf.close((end.customer, end.model, end.id))


def _close(
    draft: partial.Partial,
    catalogue: Catalogue,
    tx: Tx,
    streams: Mapping[int, tuple[str, str]],
    order: Order,
    keys: KeyRing,
    target: Place,
) -> Archive:
    """Write the description and the bag around the payload."""
    files = [file for part in draft.parts for file in part.files]
    counts = catalogue.counts("line")
    parts = {name: catalogue.counts(name) for name in ("line", "merged", "referred")}
    begun = draft.begun
    written = datetime.fromtimestamp(begun.written_at / 1_000_000, UTC)
    contents = {
        "format": 1, "archive": begun.id, "line": begun.line, "written_at": written.isoformat(),
        "written_by": order.who, "software": beside.software(), "sequence": begun.sequence, "scope": begun.scope,
        "audit": beside.audit_head(tx), "counts": counts, "records": parts,
        "streams": [{"id": id, "connection": c, "name": n, "model": m} for id, c, n, m in _stream_rows(tx)],
        "files": [msgspec.to_builtins(file) for file in sorted(files, key=lambda file: file.path)],
    }  # fmt: skip
    tags = beside.tags(draft, contents, keys.masters.public())
    payload = [Digest(file.path, file.size, file.sha256, file.sha512) for file in files]
    info = {
        "External-Identifier": begun.id,
        "Internal-Sender-Identifier": begun.line.encode("ascii", "backslashreplace").decode(),
        "Bagging-Date": f"{written:%Y-%m-%d}",
        "Bag-Software-Agent": beside.software(),
    }
    seal = bag.close(draft, payload, tags, info, keys.masters)
    size = sum(file.size for file in files)
    return Archive(
        begun.id, begun.line, target.of(begun.id), seal.seal, seal.public_key, begun.scope, counts, size,
        begun.written_at, order.who,
    )  # fmt: skip


def _finished(store: Store, target: Place, home: Path, order: Order, scope: str, keys: KeyRing) -> Archive | None:
    """An archive that an earlier run finished, but could not deliver or register any more."""
    known = {archive.id for archive in register.listed(store)}
    for folder in sorted(home.glob(f"{_slug(order.line)}-*")):
        if folder.name in known or not (folder / bag.SIGNATURE).is_file():
            continue
        archive = register.read(folder, target.of(folder.name))
        if order.frozen and archive.scope == scope and archive.public_key == keys.masters.public().hex():
            return _deliver(store, target, home, archive)
    return None


def _deliver(store: Store, target: Place, home: Path, archive: Archive) -> Archive:
    target.deliver(home / archive.id)
    register.add(store, archive)
    target.clear(home / archive.id)
    return archive


def _streams(tx: Tx) -> dict[int, tuple[str, str]]:
    return {id: (connection, name) for id, connection, name, _ in _stream_rows(tx)}


def _stream_rows(tx: Tx) -> list[Any]:
    return tx.rows("SELECT id, connection, name, model FROM stream ORDER BY id")


def _slug(line: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", line).strip("-") or "line"
