"""Final sync: what was under way at the freeze is taken in, until two passes in a row find nothing."""

from __future__ import annotations

from hub.closure.batches import begin, reopen
from hub.closure.canonical import Tally, digest
from hub.closure.closing import rescope
from hub.closure.desk import Desk, Outcome
from hub.closure.journal import note
from hub.closure.phases.freeze import lock, unlock
from hub.closure.plan import PHASES
from hub.closure.scope import records

PASSES = 8
QUIET = 2


def final(desk: Desk) -> Outcome:
    """Sync the line's connections with leave to change it, until nothing moves any more."""
    begin(desk.store, desk.id, "sync", desk.who)
    locked = unlock(desk)
    if locked:
        return Outcome(blocks=locked)
    quiet, before = 0, state(desk)
    for number in range(1, PASSES + 1):
        full = desk.plan.full_read and number == 1
        run = desk.hub.sync(desk.connections(), full=full, permit=desk.line)
        if run.down:
            return Outcome(blocks=[f"{name}: {error}" for name, error in run.down.items()])
        rescope(desk.store, desk.id)
        after = state(desk)
        left = unfinished(desk)
        quiet = quiet + 1 if after == before and not left else 0
        desk.say(f"pass {number}: {'nothing moved' if quiet else 'something moved'}")
        if quiet == QUIET:
            count, tally = after
            return Outcome(f"two passes found nothing, after {number}", {
                "passes": number, "records": count, "tally": tally, "frozen": lock(desk),
            })  # fmt: skip
        before = after
    return Outcome(blocks=unfinished(desk) or [f"after {PASSES} passes the sources still change; who works there?"])


def state(desk: Desk) -> tuple[int, str]:
    """Count and hash of all that goes: one value changed, missing or swapped gives another hash."""
    tally = Tally()
    for id, model, values in records(desk.store, desk.id):
        tally.add(id, digest(model, values))
    return tally.count, tally.text


def unfinished(desk: Desk) -> list[str]:
    """What of the line still waits to be merged or written."""
    with desk.store.read() as tx:
        writes = tx.rows(  # what is due in the migration's target is the migration's to write
            "SELECT count(*) FROM outbox o JOIN closing_scope s ON s.golden_id = o.golden_id "
            "JOIN stream t ON t.id = o.stream_id WHERE s.closing_id = ? AND s.kind = 'own' AND t.connection <> ?",
            desk.id,
            desk.plan.migrate_to,
        )
    waiting = len(side_door(desk))
    found = [f"{writes[0][0]} writes into other systems are not through: hub outbox list"] if writes[0][0] else []
    return found + ([f"{waiting} records of the line wait to be merged: hub quarantine list"] if waiting else [])


def side_door(desk: Desk) -> list[tuple[str, str, str, str | None]]:
    """Records of the line that arrived and wait: connection, stream, key, golden id.

    Those of the migration's target are not among them: they live there, and what differs is found when it is verified.
    """
    mine = [c.name for c in desk.hub.project.connections.values() if (c.line or desk.hub.project.line) == desk.line]
    with desk.store.read() as tx:
        known = tx.rows(
            "SELECT t.connection, t.name, r.key, r.golden_id FROM record r JOIN stream t ON t.id = r.stream_id "
            "JOIN closing_scope s ON s.golden_id = r.golden_id "
            "WHERE r.waiting > 0 AND s.closing_id = ? AND s.kind = 'own' AND t.connection <> ? "
            "ORDER BY r.stream_id, r.key",
            desk.id,
            desk.plan.migrate_to,
        )
        new = tx.rows(
            "SELECT t.connection, t.name, r.key, r.golden_id FROM record r JOIN stream t ON t.id = r.stream_id "
            "WHERE r.waiting > 0 AND r.golden_id IS NULL AND t.connection IN ? ORDER BY r.stream_id, r.key",
            mine,
        )
    return [(r[0], r[1], r[2], r[3]) for r in [*known, *new]]


def watch(desk: Desk) -> list[str]:
    """Look for changes by a side door since the final sync; where there are any, everything after it is done again."""
    run = desk.hub.sync(desk.connections())
    found = side_door(desk)
    down = [f"{name}: {error}" for name, error in run.down.items()]
    if not found:
        return down
    what = [f"{connection}/{stream} {key}" for connection, stream, key, _ in found[:5]]
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    text = f"{len(found)} records changed over there since the final sync: {', '.join(what)}{more}"
    with desk.store.begin() as tx:
        note(tx, desk.store, desk.id, "sync", "side door", text, "hub", {
            "records": [list(one[:3]) for one in found[:100]], "count": len(found),
        })  # fmt: skip
        for phase in PHASES[PHASES.index("sync") : PHASES.index("destroy")]:
            reopen(tx, desk.store, desk.id, phase, "records of the line changed by a side door")
    return [*down, f"{text}; run again to take them in"]
