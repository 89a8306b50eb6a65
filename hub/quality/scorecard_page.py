"""One page of golden records with all that is needed to judge them: each question asked once for the whole page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from hub.model import MODELS, Values, fields
from hub.model import field as declared_field
from hub.quality.checks.fault import Fault
from hub.quality.scorecard_apart import Duplicates
from hub.store import Tx
from hub.sync.feed import referred
from hub.sync.state import values_of

SIZE = 2_000
IN_QUARANTINE = 2  # record.waiting
Place = tuple[int, str]
"""A record's stream and key."""


class Link(NamedTuple):
    """A system's record of a golden record: what it showed last, when it changed there, whether it is kept out."""

    stream: int
    key: str
    seen: str
    changed_at: int | None
    waiting: int


class Row(NamedTuple):
    """A golden record as stored, and its values."""

    id: str
    model: str
    data: str
    values: Values


class Page(NamedTuple):
    """Golden records in the order of their ids, and what is known of them by id."""

    rows: Sequence[Row]
    links: Mapping[str, Sequence[Link]]
    faults: Mapping[str, Sequence[Fault]]  # references that lead nowhere, duplicates
    kept_out: Mapping[Place, Sequence[Fault]]  # why records are in quarantine


def read(tx: Tx, after: str, model: str | None, duplicates: Duplicates | None, off: frozenset[str]) -> Page:
    """The page behind an id; empty at the end. Checks in `off` are not looked into."""
    rows = golden(tx, after, model)
    links = _links(tx, [row.id for row in rows])
    faults = _references(tx, rows) if "reference" not in off else {}
    if duplicates is not None:
        for id, found in duplicates.among(tx, [(row.id, row.model, row.values) for row in rows]).items():
            faults.setdefault(id, []).extend(found)
    return Page(rows, links, faults, _kept_out(tx, links) if "quarantine" not in off else {})


def golden(tx: Tx, after: str, model: str | None) -> list[Row]:
    """Golden records that live, behind an id."""
    of, more = (" AND model = ?", [model]) if model else ("", [])
    rows = tx.rows(
        "SELECT id, model, data FROM golden WHERE into_id IS NULL AND archived_at IS NULL "
        f"AND id > ?{of} ORDER BY id LIMIT {SIZE}",
        after,
        *more,
    )
    return [Row(id, model, data, values_of(data)) for id, model, data in rows]


def _links(tx: Tx, ids: Sequence[str]) -> dict[str, list[Link]]:
    found: dict[str, list[Link]] = {}
    for id, *link in tx.rows(
        "SELECT golden_id, stream_id, key, seen, changed_at, waiting FROM record "
        "WHERE golden_id IN ? AND deleted_at IS NULL",
        list(ids),
    ):
        found.setdefault(id, []).append(Link(*link))
    return found


def _references(tx: Tx, rows: Sequence[Row]) -> dict[str, list[Fault]]:
    """References to what is not there, or is something else."""
    wanted = [(row, path, target) for row in rows for path, target in referred(row.model, row.values)]
    if not wanted:
        return {}
    there = dict[str, str](
        (row[0], row[1])
        for row in tx.rows("SELECT id, model FROM golden WHERE id IN ?", sorted({target for *_, target in wanted}))
    )
    found: dict[str, list[Fault]] = {}
    for row, path, target in wanted:
        meant = _meant(row.model, path)
        if target not in there:
            why = f"refers to {target}, and there is no such record"
        elif meant and there[target] != meant:
            why = f"refers to {target}, which is no {meant}"
        else:
            continue
        found.setdefault(row.id, []).append(Fault("reference", path, target, why))
    return found


def _kept_out(tx: Tx, links: Mapping[str, Sequence[Link]]) -> dict[Place, list[Fault]]:
    waiting: dict[int, list[str]] = {}
    for some in links.values():
        for link in some:
            if link.waiting == IN_QUARANTINE:
                waiting.setdefault(link.stream, []).append(link.key)
    return {at: faults for stream, keys in waiting.items() for at, faults in quarantined(tx, stream, keys).items()}


def quarantined(tx: Tx, stream: int, keys: Sequence[str]) -> dict[Place, list[Fault]]:
    """What keeps these records of a stream in quarantine."""
    found: dict[Place, list[Fault]] = {(stream, key): [] for key in keys}
    for key, path, value, reason in tx.rows(
        "SELECT key, field, value, reason FROM quarantine WHERE stream_id = ? AND key IN ? ORDER BY id",
        stream,
        list(keys),
    ):
        found[stream, key].append(Fault("quarantine", path or "", value, reason))
    return {at: faults or [Fault("quarantine", "", None, "is in quarantine")] for at, faults in found.items()}


def _meant(model: str, path: str) -> str | None:
    """The model a reference is to: `customer`, `allocations.invoice`."""
    found: Any = declared_field(MODELS[model], path)
    if found is None and "." in path:
        outer, _, inner = path.partition(".")
        whole = declared_field(MODELS[model], outer)
        found = fields(whole.parts).get(inner) if whole is not None and whole.parts is not None else None
    return found.ref if found is not None else None
