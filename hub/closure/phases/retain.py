"""Retain: until when each key of the archive is kept, and the end of those whose day has come.

The days are worked out before anything is destroyed, from records that are gone afterwards.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.audit import append
from hub.closure.batches import answer, deeds
from hub.closure.desk import Desk
from hub.closure.gates import allowed
from hub.closure.journal import note
from hub.closure.keys import keys_in
from hub.closure.retention import days
from hub.store.tables.closing import deed


def plan_keys(desk: Desk) -> None:
    """Note until when each key of the archive is kept, while the records that decide it are still there."""
    with desk.store.read() as tx:
        if tx.rows("SELECT 1 FROM closing_deed WHERE closing_id = ? AND phase = 'destroy' AND key = 'keys'", desk.id):
            return
    kept_until = days(desk.store, desk.id, desk.plan, desk.today)
    with desk.store.begin() as tx:
        allowed(tx, desk.store, desk.id, "destroy")
        columns = ("closing_id", "phase", "key", "state", "data", "seq")
        rows: list[tuple[Any, ...]] = [
            (desk.id, "destroy", f"key/{customer}/{kind}", "planned", f'"{day.isoformat()}"', tx.seq)
            for (customer, kind), day in kept_until.items()
        ]
        rows.append((desk.id, "destroy", "keys", "planned", None, tx.seq))
        tx.insert(deed, columns, rows, ignore=True)


def destroy_keys(desk: Desk) -> dict[str, Any]:
    """Destroy the archive's keys whose time is over, and tell until when the others are kept."""
    with desk.store.read() as tx:
        allowed(tx, desk.store, desk.id, "destroy")
    return _over(desk)


def expire(desk: Desk) -> int:
    """Destroy keys of a closed line whose day has come since, as the approved plan said; return how many."""
    before = _alive(desk)
    if not before:
        return 0
    done = before - int(_over(desk)["kept"])
    if done:
        with desk.store.begin() as tx:
            words = f"{done} keys of the archive were destroyed: their retention is over"
            note(tx, desk.store, desk.id, "destroy", "keys", words, desk.who, {"keys": done})
    return done


def _alive(desk: Desk) -> int:
    with keys_in(desk.keys) as ring:
        return ring.counts(desk.line)[0]


def _over(desk: Desk) -> dict[str, Any]:
    with desk.store.read() as tx:
        planned = {k[4:]: d for k, (_, _, d) in deeds(tx, desk.id, "destroy").items() if k.startswith("key/")}
        holds = tx.rows("SELECT golden_id, line FROM legal_hold WHERE released_seq IS NULL")
        held_owners = {row[0] for row in holds if row[0]} | {
            r[0] for r in tx.rows(
                "SELECT r.target_id FROM reference r JOIN legal_hold h ON h.golden_id = r.golden_id "
                "WHERE h.released_seq IS NULL"
            )
        }  # fmt: skip
    if any(row[1] == desk.line for row in holds):
        return {"destroyed": 0, "kept": _alive(desk), "until": "held"}
    due: list[tuple[str, str, str]] = []
    later: list[tuple[str, str, str]] = []
    today = desk.today
    for name, day in planned.items():
        customer, _, kind = name.rpartition("/")
        late = date.fromisoformat(day) >= today or customer in held_owners
        (later if late else due).append((customer, kind, day))
    with keys_in(desk.keys) as ring:
        owners = {(c, k) for c, k, _ in later}
        done = 0
        for kind in sorted({k for _, k, _ in due}):
            done += ring.destroy(desk.line, [c for c, k, _ in due if k == kind and (c, k) not in owners], [kind])
        alive, gone = ring.counts(desk.line)
    with desk.store.begin() as tx:
        answer(tx, desk.id, "destroy", "keys", "done")
        if done:
            data = {"line": desk.line, "keys": done}
            append(tx, desk.who, "close keys destroyed", data, at=desk.store.now())
    until = max((day for _, _, day in later), default=None)
    return {"destroyed": gone, "kept": alive, "until": until, "without_rule": max(alive - len(later), 0)}
