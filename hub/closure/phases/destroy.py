"""Retain and destroy: in the sources that can, in the hub, and the archive's keys whose time is over; with graves.

Each batch asks for the approval and for legal holds in the transaction that destroys. A source is told first
(`erase.py`), since afterwards nobody knows the key.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hub.audit import append
from hub.closure.batches import batches, begin, reopen, split
from hub.closure.certificate import certify
from hub.closure.closing import Closing
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed
from hub.closure.holds import held
from hub.closure.journal import note
from hub.closure.phases.erase import erase_in_sources
from hub.closure.phases.retain import destroy_keys, plan_keys
from hub.closure.scope import DOCUMENTS, SHARED, kept
from hub.finance.ledger.forget import forget, sweep
from hub.finance.told import about_graves, take_back
from hub.store import Tx
from hub.store.apart import scrub
from hub.sync.freeze import grave_mark
from hub.sync.graves import bury, part, remember
from hub.sync.say import Said


def destroy(desk: Desk) -> Outcome:
    """Destroy what is not held; from the first act on there is no way back."""
    begin(desk.store, desk.id, "destroy", desk.who)
    _final(desk)
    plan_keys(desk)
    sources, words, unknown = erase_in_sources(desk)
    if unknown:  # the hub alone knows the keys: they are not forgotten before the source has answered
        return Outcome(blocks=unknown)
    batches(desk.store, desk.id, "destroy", lambda place: _own(desk, place), _bury(desk))
    _take_back(desk)
    remember(desk.store, desk.hub.project.root)
    detached = _detach(desk)
    keys = destroy_keys(desk)
    _forget_people(desk)
    if not scrub(desk.store):
        desk.say(
            "the database is in use, so its file is not written anew; what was deleted is overwritten all the same"
        )
    holds, forgotten = left(desk)
    if forgotten:  # a hold was released meanwhile: they are due by now
        with desk.store.begin() as tx:
            tx.run("UPDATE closing_step SET place = NULL WHERE closing_id = ? AND phase = 'destroy'", desk.id)
        return Outcome(blocks=[f"{len(forgotten)} records are held no more; run again to destroy them"])
    certificate = certify(desk, sources, detached, keys, holds, words)
    text = f"{certificate['destroyed']['records']} records destroyed, {len(holds)} held, certificate {certificate['number']}"
    return Outcome(text, {
        "destroyed": certificate["destroyed"]["records"], "held": len(holds), "detached": detached, "keys": keys,
        "certificate": certificate["number"],
    })  # fmt: skip


def left(desk: Desk) -> tuple[dict[str, int], list[str]]:
    """What is still there of the line's own: those held, with the number of the hold, and those that nothing keeps."""
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT golden_id FROM closing_scope WHERE closing_id = ? AND kind = 'own' AND gone_seq IS NULL", desk.id
        )
        holds = held(tx, desk.line, [row[0] for row in rows])
    return holds, [row[0] for row in rows if row[0] not in holds]


def resume(desk: Desk) -> None:
    """Take a closed line up again, since holds were released: what they kept waits for the gate of destruction."""
    with desk.store.begin() as tx:
        tx.run("UPDATE closing SET state = 'open', ended_seq = NULL WHERE id = ? AND state = 'closed'", desk.id)
        tx.run(  # not as undone: what was planned for the keys, and what sources have answered, still holds
            "UPDATE closing_step SET state = 'running', place = NULL, ended_at = NULL "
            "WHERE closing_id = ? AND phase = 'destroy'",
            desk.id,
        )
        reopen(tx, desk.store, desk.id, "closeout", "holds were released")
        append(tx, desk.who, "close resumed", {"line": desk.line}, at=desk.store.now())
        note(tx, desk.store, desk.id, "destroy", "reopened", "holds were released; what they kept is due", desk.who)


def _final(desk: Desk) -> None:
    """Pass the point of no return."""
    with desk.store.begin() as tx:
        closing = allowed(tx, desk.store, desk.id, "destroy")
        if closing.final_seq is None:
            tx.run("UPDATE closing SET final_seq = ? WHERE id = ?", tx.seq, desk.id)
            data = {"line": desk.line, "scope": closing.scope_hash}
            append(tx, desk.who, "close point of no return", data, at=desk.store.now())
            note(tx, desk.store, desk.id, "destroy", "final", "the point of no return is passed", desk.who, data)


def _own(desk: Desk, place: str) -> Iterator[str]:
    return (id for id, _ in kept(desk.store, desk.id) if id > place)


def _bury(desk: Desk) -> Any:
    """The act of one batch: holds are asked for here, in the transaction that destroys."""

    def act(tx: Tx, closing: Closing, ids: Sequence[str]) -> int:
        holds = held(tx, closing.line, ids)
        free = [id for id in ids if id not in holds]
        if not free:
            return 0
        told = _erased(tx, desk, free)
        moved = _moved(tx, desk, free)
        if moved:
            part(tx, moved, desk.plan.migrate_to, told)
        gone = [id for id in free if id not in moved]
        bury(tx, gone, closing.line, told)
        forget(tx, gone)
        tx.run("UPDATE closing_scope SET gone_seq = ? WHERE closing_id = ? AND golden_id IN ?", tx.seq, desk.id, free)
        return len(free)

    return act


def _moved(tx: Tx, desk: Desk, ids: Sequence[str]) -> list[str]:
    """Those that were carried elsewhere and live on there."""
    if not desk.plan.migrate_to:
        return []
    rows = tx.rows(
        "SELECT DISTINCT r.golden_id FROM record r JOIN stream t ON t.id = r.stream_id "
        "WHERE t.connection = ? AND r.golden_id IN ? AND r.deleted_at IS NULL",
        desk.plan.migrate_to,
        list(ids),
    )
    return [row[0] for row in rows]


def _erased(tx: Tx, desk: Desk, ids: Sequence[str]) -> frozenset[str]:
    """The marks of those records of a batch that their own system has erased."""
    rows = tx.rows(
        "SELECT t.id, t.connection, t.name, r.key FROM record r JOIN stream t ON t.id = r.stream_id WHERE r.golden_id IN ?",
        list(ids),
    )
    marks = {f"erase/{id}/{mark}": mark for id, c, n, key in rows if (mark := grave_mark(c, n, key))}
    done = tx.rows(
        "SELECT key FROM closing_deed WHERE closing_id = ? AND phase = 'destroy' AND state = 'done' AND key IN ?",
        desk.id, sorted(marks),
    )  # fmt: skip
    return frozenset(marks[row[0]] for row in done)


def _detach(desk: Desk) -> int:
    """Take the line off those who stay: shared customers are only detached."""
    shared = [f"{id} {model}" for id, model in kept(desk.store, desk.id, SHARED)]
    for some in split([*shared, *_living(desk)], 500):
        with desk.store.begin() as tx:
            allowed(tx, desk.store, desk.id, "destroy")
        pairs = (one.split(" ") for one in some)
        desk.hub.say([Said(f"close/{desk.id}/{id}", model, _elsewhere(desk, model), of=id) for id, model in pairs])
    return len(shared)


def _living(desk: Desk) -> list[str]:
    """What was carried elsewhere, with its model."""
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT s.golden_id, s.model FROM closing_scope s JOIN golden g ON g.id = s.golden_id "
            "WHERE s.closing_id = ? AND s.kind = 'own' AND s.gone_seq IS NOT NULL ORDER BY s.golden_id",
            desk.id,
        )
    return [f"{id} {model}" for id, model in rows]


def _elsewhere(desk: Desk, model: str) -> dict[str, Any]:
    """The lines a record belongs to from now on."""
    project = desk.hub.project
    target = project.connections[desk.plan.migrate_to].line or project.line if desk.plan.migrate_to else None
    if model in DOCUMENTS:
        return {"line": target}
    return {f"lines.{desk.line}": False} | ({f"lines.{target}": True} if target else {})


def _take_back(desk: Desk) -> None:
    """Destroy what the hub has written to finance about those who are gone."""
    with desk.store.begin() as tx:
        allowed(tx, desk.store, desk.id, "destroy")
        papers = about_graves(tx)
        holds = held(tx, desk.line, list(papers))
        gone = take_back(tx, {id: files for id, files in papers.items() if id not in holds}, desk.line)
        if gone:
            words = f"{gone} summaries to finance, which named people or payments of the line, are destroyed in the hub"
            note(tx, desk.store, desk.id, "destroy", "summaries", words, desk.who, {"count": gone})


def _forget_people(desk: Desk) -> None:
    """Take names, addresses and papers out of the closing's own: they are in the archive."""
    gone = "golden_id IN (SELECT golden_id FROM closing_scope WHERE closing_id = ? AND gone_seq IS NOT NULL)"
    with desk.store.read() as tx:
        allowed(tx, desk.store, desk.id, "destroy")
        files = tx.rows(f"SELECT file FROM closing_statement WHERE closing_id = ? AND {gone}", desk.id, desk.id)
        letters = tx.rows(
            f"SELECT proof FROM closing_notice WHERE closing_id = ? AND state = 'letter' AND proof IS NOT NULL AND {gone}",
            desk.id, desk.id,
        )  # fmt: skip
    for (name,) in letters:
        (desk.folder / name).unlink(missing_ok=True)
    for (name,) in files:
        for suffix in (".pdf", ".csv"):
            (desk.folder / name).with_suffix(suffix).unlink(missing_ok=True)
    with desk.store.begin() as tx:
        final = allowed(tx, desk.store, desk.id, "destroy").final_seq
        sweep(tx, final or tx.seq)
        tx.overwrite()
        sets = "name = NULL, address = NULL, proof = NULL"
        tx.run(f"UPDATE closing_notice SET {sets} WHERE closing_id = ? AND {gone}", desk.id, desk.id)
