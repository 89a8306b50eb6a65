"""People's tasks, tracked like the machine's: an owner, a day, what comes first, and proof when it is done."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import msgspec

from hub.audit import append
from hub.closure.closing import Closing, current
from hub.closure.journal import note
from hub.closure.times import day_of, ends, now, zone_of
from hub.errors import ConfigError, Missing
from hub.store import Store, Tx


class Item(NamedTuple):
    """A task as it stands; `done_at`, and `due_at` at which its day is over, are microseconds since 1970."""

    id: str
    title: str
    phase: str
    owner: str | None
    due_on: str | None
    due_at: int | None
    after: list[str]
    source: str
    done_by: str | None
    done_at: int | None
    proof: str | None
    late: bool


def tasks(store: Store, line: str) -> list[Item]:
    """All tasks of the line's closing, by their day."""
    with store.read() as tx:
        closing = current(tx, line)
        return _items(tx, store, closing)


def done(store: Store, line: str, id: str, person: str, proof: str) -> None:
    """Mark a task as done. Raises ConfigError where what comes first is not done, or where proof is asked and lacks."""
    with store.begin() as tx:
        closing = current(tx, line)
        known = {t.id: t for t in _items(tx, store, closing)}
        if id not in known:
            raise Missing(f"{line}: no task {id}; see: hub close task {line}")
        first = [other for other in known[id].after if other in known and known[other].done_by is None]
        if first:
            raise ConfigError(f"{line}: {id} comes after {', '.join(first)}; do that first")
        if any(t.id == id and t.proof for t in closing.plan.tasks) and not proof.strip():
            raise ConfigError(f"{line}: {id} asks for proof: a file, a number, a link: --done PROOF")
        at = now(tx, store, closing.id)
        tx.run(
            "UPDATE closing_task SET done_seq = ?, done_by = ?, done_at = ?, proof = ? WHERE closing_id = ? AND id = ?",
            tx.seq, person, at, proof, closing.id, id,
        )  # fmt: skip
        append(tx, person, "close task", {"line": line, "task": id, "proof": proof}, at=store.now())
        note(tx, store, closing.id, known[id].phase or "plan", "task", f"{known[id].title}: {proof}", person)


def _items(tx: Tx, store: Store, closing: Closing) -> list[Item]:
    rows = tx.rows(
        "SELECT id, title, phase, owner, due_on, after, source, done_by, done_at, proof FROM closing_task "
        "WHERE closing_id = ? ORDER BY CASE WHEN due_on IS NULL OR due_on = '' THEN '9999' ELSE due_on END, id",
        closing.id,
    )
    zone = zone_of(closing.plan)
    day = day_of(now(tx, store, closing.id), zone).isoformat()
    return [
        Item(r[0], r[1], r[2], r[3], r[4] or None, ends(date.fromisoformat(r[4]), zone) if r[4] else None, msgspec.json.decode(r[5]) if r[5] else [], r[6], r[7], r[8], r[9],
             late=bool(r[4]) and r[7] is None and r[4] < day)
        for r in rows
    ]  # fmt: skip
