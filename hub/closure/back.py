"""Going back: before the point of no return everything is undone, and who was told is told again.

What the migration made in the target is found by its number and erased there; the line is thawed; approvals and phases
are void. It can be stopped and called again. After the point of no return it is refused, with a way forward.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from hub.audit import append
from hub.closure.batches import split
from hub.closure.closing import Closing, by_id
from hub.closure.desk import Desk
from hub.closure.journal import note
from hub.closure.phases.erase import CANNOT
from hub.closure.phases.freeze import unlock
from hub.closure.phases.notify import tell_back
from hub.closure.scope import pages
from hub.connect import Missing, Receipt
from hub.errors import ConfigError, Unavailable
from hub.store import Tx
from hub.store.lease import Lease
from hub.sync.feed import Feed
from hub.sync.run import in_order

BATCH = 100


def go_back(desk: Desk) -> dict[str, Any]:
    """Undo the closing. Raises ConfigError after the point of no return."""
    with Lease(desk.store, [f"close:{desk.line}"]).held():
        _begin(desk)
        if locked := unlock(desk):
            raise Unavailable("; ".join(locked))
        how, left = _empty_target(desk)
        removed = how.total()
        told = tell_back(desk)
        with desk.store.begin() as tx:
            tx.run("DELETE FROM frozen_line WHERE line = ? AND closing_id = ?", desk.line, desk.id)
            tx.run(
                "UPDATE closing_approval SET void_seq = ?, void_why = 'the closing was undone' "
                "WHERE closing_id = ? AND void_seq IS NULL", tx.seq, desk.id,
            )  # fmt: skip
            tx.run("UPDATE closing_step SET state = 'undone' WHERE closing_id = ?", desk.id)
            tx.run("UPDATE closing SET state = 'back', ended_seq = ? WHERE id = ?", tx.seq, desk.id)
            data = {"line": desk.line, "removed": removed, "how": dict(how), "left": len(left), "told": told}
            append(tx, desk.who, "close back", data, at=desk.store.now())
            note(tx, desk.store, desk.id, "plan", "back", f"{desk.line} goes on as before", desk.who, data)
    return {"removed": removed, "how": dict(how), "left": left, "told": told}


def _begin(desk: Desk) -> Closing:
    """Stop the runner, and look whether it is not too late, in one transaction."""
    with desk.store.begin() as tx:
        closing = by_id(tx, desk.id)
        if closing.final:
            raise ConfigError(
                f"{desk.line}: the point of no return is passed, what was destroyed cannot be brought back by the hub; "
                f"the way forward: restore the archive into a new database (hub archive restore), read it there, and "
                f"enter what must live again in its source; legal holds still stop what is left (hub hold add)"
            )
        if closing.state not in ("open", "paused"):
            raise ConfigError(f"{desk.line}: is {closing.state}; there is nothing to undo")
        tx.run("UPDATE closing SET state = 'paused' WHERE id = ?", desk.id)
        note(tx, desk.store, desk.id, "plan", "going back", f"{desk.who} undoes the closing", desk.who)
        return closing


def _empty_target(desk: Desk) -> tuple[Counter[str], list[str]]:
    """Erase what the migration made over there; return how many in the target's words, and what is left for a person."""
    name = desk.plan.migrate_to
    how, left = Counter[str](), list[str]()
    if not name:
        return how, left
    with Lease(desk.store, [name]).held(patience=60):
        feeds = in_order([f for f in desk.hub.feeds() if f.connection == name])
        for feed in reversed(feeds):  # what refers goes before what it refers to
            with desk.store.begin() as tx:
                _unqueue(tx, desk, feed)
            for part in split(_made(desk, feed), BATCH):
                gone, kept = _erase(desk, feed, part)
                how.update(gone.values())
                left += [f"{feed.name} {key}: {why}" for key, why in kept.items()]
    if left:
        with desk.store.begin() as tx:
            for what in left[:1000]:
                note(tx, desk.store, desk.id, "migrate", "left", f"{what}; a person has to see to it", "hub")
    return how, left


def _unqueue(tx: Tx, desk: Desk, feed: Feed) -> None:
    for table in ("outbox", "dead_letter"):
        tx.run(
            f"DELETE FROM {table} WHERE stream_id = ? AND key = '' AND golden_id IN "
            "(SELECT golden_id FROM closing_scope WHERE closing_id = ?)",
            feed.id, desk.id,
        )  # fmt: skip


def _made(desk: Desk, feed: Feed) -> Iterator[str]:
    """The keys this migration made: links the hub created, of records it has noted."""
    sql = (
        "SELECT r.key FROM record r JOIN closing_deed d ON d.key = ? || r.golden_id "
        "WHERE d.closing_id = ? AND d.phase = 'migrate' AND r.stream_id = ? AND r.deleted_at IS NULL"
    )
    for page in pages(desk.store, sql, f"{feed.stream.name}/", desk.id, feed.id, by="r.key"):
        yield from (row[0] for row in page)


def _erase(desk: Desk, feed: Feed, keys: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Erase records over there and forget their links; return keys with how that was done, and with why it was not.

    Asked again, what is gone already is Missing and fine.
    """
    if not feed.stream.erases:
        return {}, dict.fromkeys(keys, feed.stream.stays or CANNOT)
    gone, kept = dict[str, str](), dict.fromkeys(keys, "no answer")
    for key, said in zip(keys, feed.connector.erase(feed.stream.name, keys), strict=False):
        if isinstance(said, Receipt | Missing):
            gone[key] = (said.how if isinstance(said, Receipt) else "") or "removed"
            del kept[key]
        else:
            kept[key] = str(said)
    with desk.store.begin() as tx:
        tx.run("DELETE FROM record WHERE stream_id = ? AND key IN ?", feed.id, list(gone))
        tx.run("DELETE FROM quarantine WHERE stream_id = ? AND key IN ?", feed.id, list(gone))
    return gone, kept
