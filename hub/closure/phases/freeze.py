"""Freeze: from here on the line's records change only through the closing.

The hub refuses writes at once. Systems that can are asked to refuse them too as soon as the final sync is through, since
until then the hub itself may have something to write there; they are let go of when the closing goes back, takes in what
came by a side door, or erases.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.audit import append
from hub.closure.batches import begin
from hub.closure.closing import rescope
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed
from hub.closure.journal import note
from hub.closure.scope import pages
from hub.errors import HubError
from hub.store import Tx
from hub.sync.feed import Feed


def freeze(desk: Desk) -> Outcome:
    """Freeze the scope as it was approved; a scope that moved since then needs a new approval first."""
    rescope(desk.store, desk.id)
    begin(desk.store, desk.id, "freeze", desk.who)
    names, lockable = desk.connections(), _lockable(desk)
    with desk.store.begin() as tx:
        closing = allowed(tx, desk.store, desk.id, "freeze")
        tx.run(
            "INSERT INTO frozen_line (line, closing_id, seq) VALUES (?, ?, ?) ON CONFLICT (line) DO NOTHING",
            desk.line, desk.id, tx.seq,
        )  # fmt: skip
        data = {"line": desk.line, "scope": closing.scope_hash}
        append(tx, desk.who, "close freeze", data, at=desk.store.now())
        _ask_the_sources(tx, desk, names, lockable)
    text = "the hub refuses writes into the line's records"
    return Outcome(text, {"frozen": _count(desk), "sources": names})


def lock(desk: Desk) -> dict[str, int]:
    """Have the systems that can keep everybody from changing the line's records; return how many records, by stream."""
    found: dict[str, int] = {}
    for feed in _lockable(desk):
        keys = [key for _, key in keys_of(desk, feed)]
        if not keys:
            continue
        failed = None
        try:
            feed.connector.freeze(feed.stream.name, desk.line, keys)
        except HubError as error:  # a person is asked instead, and the hub watches
            failed = str(error)
            words = f"{feed.name}: not frozen there: {failed}"
        else:
            found[feed.name] = len(keys)
            words = f"{feed.name}: {len(keys)} records are frozen there"
        with desk.store.begin() as tx:
            note(tx, desk.store, desk.id, "sync", "source", words, "hub")
            _leave_to_people(tx, desk, feed, failed)
    return found


def _leave_to_people(tx: Tx, desk: Desk, feed: Feed, failed: str | None) -> None:
    """Make a task of what could not be frozen over there; it ends by itself where a later try can."""
    id = f"lock-{feed.connection}-{feed.stream.name}"
    if failed is None:
        tx.run("DELETE FROM closing_task WHERE closing_id = ? AND id = ? AND done_seq IS NULL", desk.id, id)
        return
    title = f"make the line's {feed.stream.name} read-only in {feed.connection}, since the hub cannot: {failed}"
    tx.run(
        "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, '', ?, 'freeze') "
        "ON CONFLICT (closing_id, id) DO UPDATE SET title = excluded.title",
        desk.id, id, title, desk.plan.owner,
    )  # fmt: skip


def unlock(desk: Desk) -> list[str]:
    """Let go of what was frozen over there, also where nothing is; return why not, a line a stream."""
    blocks = []
    for feed in _lockable(desk):
        try:
            feed.connector.freeze(feed.stream.name, desk.line, [])
        except HubError as error:
            blocks.append(f"{feed.name}: cannot be let go of: {error}; mend it and run again")
    return blocks


def keys_of(desk: Desk, feed: Feed) -> Iterator[tuple[str, str]]:
    """Golden id and key of a feed's living records that are of the line alone and not destroyed yet."""
    sql = (
        "SELECT r.key, s.golden_id FROM record r JOIN closing_scope s ON s.golden_id = r.golden_id "
        "WHERE s.closing_id = ? AND s.kind = 'own' AND s.gone_seq IS NULL AND r.stream_id = ? AND r.deleted_at IS NULL"
    )
    for page in pages(desk.store, sql, desk.id, feed.id, by="r.key"):
        yield from ((golden_id, key) for key, golden_id in page)


def _lockable(desk: Desk) -> list[Feed]:
    """The line's own streams that can be frozen; leave to write is leave to freeze."""
    mine = desk.connections()
    return [f for f in desk.hub.feeds() if f.connection in mine and f.stream.freezes and f.config.push]


def _ask_the_sources(tx: Tx, desk: Desk, names: list[str], lockable: list[Feed]) -> None:
    """Ask a person to close the doors that no connector can, and watch."""
    for name in names:
        mine = ", ".join(f.stream.name for f in lockable if f.connection == name)
        itself = f" (all but {mine}, which the hub freezes itself)" if mine else ""
        tx.run(
            "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, '', ?, 'freeze') "
            "ON CONFLICT DO NOTHING",
            desk.id, f"lock-{name}", f"make the line's records read-only in {name}{itself}, or tell everybody who works there",
            desk.plan.owner,
        )  # fmt: skip
        words = f"{name}: a person is asked to lock the line's records there{itself}; the hub watches for changes"
        note(tx, desk.store, desk.id, "freeze", "source", words, "hub")


def _count(desk: Desk) -> int:
    with desk.store.read() as tx:
        rows = tx.rows("SELECT count(*) FROM closing_scope WHERE closing_id = ? AND kind = 'own'", desk.id)
    return int(rows[0][0])
