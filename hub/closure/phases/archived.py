"""Archive: everything of the line goes into a signed, encrypted bag that can be read without the hub."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.closure.archive.beside import Paper
from hub.closure.archive.register import Archive, listed
from hub.closure.archive.write import Order, write
from hub.closure.batches import begin, step
from hub.closure.desk import Desk, Outcome
from hub.closure.journal import lines
from hub.closure.keys import keys_in
from hub.closure.plan import Phase
from hub.closure.scope import kept
from hub.closure.told import notices
from hub.model import MODELS


def archive(desk: Desk, phase: Phase = "archive") -> Outcome:
    """Write the archive; one that was begun is taken up where it stopped."""
    begun = begin(desk.store, desk.id, phase, desk.who).begun_at
    made = next((a for a in listed(desk.store, desk.line) if a.written_at >= begun), None)
    if made is None:  # else a process died after it was registered: it is whole, and no second one is written
        with keys_in(desk.keys, make=True) as keys:
            made = write(desk.store, desk.hub.project, order(desk), keys, desk.plan.archive)
    text = f"archive {made.id} at {made.place}, {made.bytes} bytes"
    return Outcome(text, {
        "archive": made.id, "place": made.place, "seal": made.seal, "counts": dict(made.counts), "bytes": made.bytes,
    })  # fmt: skip


def order(desk: Desk) -> Order:
    """What the archive holds: what goes, the journal, the statements."""
    scope = {model: (id for id, _ in kept(desk.store, desk.id, models=(model,))) for model in MODELS}
    return Order(
        desk.line,
        scope,
        desk.who,
        {"closing": journal(desk), "notices": notices(desk.store, desk.line)},
        list(papers(desk)),
        frozen=True,
    )


def written(desk: Desk) -> Mapping[str, Any] | None:
    """What the archive phase has noted, None before it is through."""
    with desk.store.read() as tx:
        found = step(tx, desk.id, "archive")
    return found.result if found is not None and found.state == "done" else None


def registered(desk: Desk) -> Archive | None:
    """The closing's archive in the register."""
    made = written(desk)
    return next((a for a in listed(desk.store, desk.line) if made and a.id == made["archive"]), None)


def journal(desk: Desk) -> Iterator[Mapping[str, Any]]:
    """The journal as rows."""
    yield {"kind": "plan", "text": desk.plan.text, "hash": desk.plan.hash}
    for line in lines(desk.store, desk.id):
        yield line._asdict()


def papers(desk: Desk) -> Iterator[Paper]:
    """The statements of account, every version, and the letters."""
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT golden_id, file FROM closing_statement WHERE closing_id = ? ORDER BY golden_id, version", desk.id
        )
    for id, file in rows:
        yield Paper(id, desk.folder / file)
    for id, file in letters(desk):
        yield Paper(id, desk.folder / file, "correspondence")


def letters(desk: Desk) -> list[tuple[str, str]]:
    """The printed letters: golden id of whom they went to, and file."""
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT golden_id, proof FROM closing_notice WHERE closing_id = ? AND state = 'letter' ORDER BY id", desk.id
        )
    return [(row[0], row[1]) for row in rows]
