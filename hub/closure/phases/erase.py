"""Erasing in the sources: each system is asked for its own records of the line, before the hub forgets their keys.

Records that refer go before those they refer to, since most systems want it so. Erasing twice does no harm (a promise
of every connector that erases), so what may have been erased without an answer is asked for again; while there is
something of which nobody knows, nothing is destroyed here. How a system erases, and what it keeps and why, are its words.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

import msgspec

from hub.closure.batches import answer, split
from hub.closure.desk import Desk
from hub.closure.gates import allowed
from hub.closure.holds import held
from hub.closure.phases.freeze import keys_of, unlock
from hub.connect import Answer, Missing, Receipt
from hub.errors import HubError
from hub.store import Tx
from hub.store.tables.closing import deed
from hub.sync.feed import HUB, Feed
from hub.sync.freeze import grave_mark
from hub.sync.run import in_order

BATCH = 100
TRIES = 2
WORDS = {"done": "erased", "refused": "refused", "unknown": "unknown", "sent": "unknown"}
READ_ONLY = "the hub may only read it: push is not set for it in hub.toml"
CANNOT = "its connector cannot erase"

Sources = dict[str, dict[str, int]]
"""By connection/stream: how many records were erased, refused, left, or are unknown."""
Notes = dict[str, dict[str, int]]
"""By connection/stream: what was done, or why it was not, in the system's words, with how many records that is."""


def erase_in_sources(desk: Desk) -> tuple[Sources, Notes, list[str]]:
    """Have the systems erase their records, where they can and the hub may write to them.

    Returns what became of them, in words and numbers, and why destruction has to wait: a system that did not answer.
    """
    if locked := unlock(desk):
        return {}, {}, locked
    feeds = [f for f in desk.hub.feeds() if f.connection not in (HUB, desk.plan.migrate_to)]
    sources: Sources = {}
    notes: Notes = {}
    blocks: list[str] = []
    for feed in reversed(in_order(feeds)):
        if why := _not_asked(feed, feeds):
            told, _ = _told(desk, feed)  # it may have been asked before somebody shut the door
            done = {"erased": told["erased"]} if told.get("erased") else {}
            left = sum(1 for _ in keys_of(desk, feed)) - sum(done.values())
            if left > 0:
                sources[feed.name], notes[feed.name] = done | {"left": left}, done | {f"left: {why}": left}
            continue
        why = ""
        for _ in range(TRIES):
            for some in split((f"{id}\n{key}" for id, key in keys_of(desk, feed)), BATCH):
                why = _erase(desk, feed, [(p.split("\n")[0], p.split("\n")[1]) for p in some]) or why
            if not (unknown := _unknown(desk, feed)):
                break
        if unknown:
            blocks.append(
                f"{feed.name}: of {unknown} records it is not known whether they were erased: {why or 'no answer'}; run "
                "again when it answers, or set push = false for it where that system is gone for good"
            )
        told, words = _told(desk, feed)
        if told:
            sources[feed.name], notes[feed.name] = told, words
        if told.keys() - {"erased"}:
            _leave_to_people(desk, feed, words)
    return sources, notes, blocks


def _leave_to_people(desk: Desk, feed: Feed, words: dict[str, int]) -> None:
    """Make a task of what a system has not erased: somebody there looks after it, now or when its time is over."""
    why = "; ".join(f"{number} {said}" for said, number in words.items() if said.startswith(("refused", "unknown")))
    with desk.store.begin() as tx:
        tx.run(
            "INSERT INTO closing_task (closing_id, id, title, phase, owner, source) VALUES (?, ?, ?, '', ?, 'destroy') "
            "ON CONFLICT DO NOTHING",
            desk.id, f"erase-{feed.connection}-{feed.stream.name}",
            f"see to what {feed.name} still holds: {why}", desk.plan.owner,
        )  # fmt: skip


def _not_asked(feed: Feed, feeds: Sequence[Feed]) -> str:
    """Why a system is not asked to erase, empty where it is.

    Leave to write is leave to erase; a stream that cannot be written goes by the others of its connection.
    """
    if not feed.stream.erases:
        return feed.stream.stays or CANNOT
    others = any(f.config.push for f in feeds if f.connection == feed.connection)
    return "" if (feed.config.push if feed.stream.push else others) else READ_ONLY


def _erase(desk: Desk, feed: Feed, some: Sequence[tuple[str, str]]) -> str:
    """Ask one system to erase some records: noted before it is asked, and what it answered after.

    Returns why not all were answered, empty where they were.
    """
    marks = {f"erase/{feed.id}/{grave_mark(feed.connection, feed.stream.name, key)}": (id, key) for id, key in some}
    with desk.store.begin() as tx:
        allowed(tx, desk.store, desk.id, "destroy")
        holds = held(tx, desk.line, [id for id, _ in some])
        before = {r[0]: r[1] for r in tx.rows(
            "SELECT key, state FROM closing_deed WHERE closing_id = ? AND phase = 'destroy' AND key IN ?",
            desk.id, sorted(marks),
        )}  # fmt: skip
        ready = [(m, key) for m, (id, key) in marks.items() if id not in holds and before.get(m) != "done"]
        columns = ("closing_id", "phase", "key", "state", "once", "data", "seq")
        rows = [(desk.id, "destroy", mark, "sent", uuid.uuid4().hex, None, tx.seq) for mark, _ in ready]
        tx.upsert(deed, columns, rows)
    if not ready:
        return ""
    told: dict[str, Answer] = {}
    why = ""
    try:
        for (mark, _), said in zip(ready, feed.connector.erase(feed.stream.name, [k for _, k in ready]), strict=False):
            told[mark] = said
    except HubError as error:
        why = str(error)
    with desk.store.begin() as tx:
        for mark, _ in ready:
            _note(tx, desk, mark, told.get(mark), asked_before=mark in before)
    return why


def _note(tx: Tx, desk: Desk, mark: str, said: Answer | None, *, asked_before: bool) -> None:
    if said is None:
        answer(tx, desk.id, "destroy", mark, "unknown")
    elif isinstance(said, Receipt):
        answer(tx, desk.id, "destroy", mark, "done", said.how)
    elif isinstance(said, Missing):
        answer(tx, desk.id, "destroy", mark, "done", "" if asked_before else "was gone already")
    else:
        answer(tx, desk.id, "destroy", mark, "refused", str(said))


def _unknown(desk: Desk, feed: Feed) -> int:
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT count(*) FROM closing_deed WHERE closing_id = ? AND phase = 'destroy' AND key LIKE ? "
            "AND state IN ('sent', 'unknown')",
            desk.id, f"erase/{feed.id}/%",
        )  # fmt: skip
    return int(rows[0][0])


def _told(desk: Desk, feed: Feed) -> tuple[dict[str, int], dict[str, int]]:
    """What became of all records of a feed, in one word each and in the system's words."""
    with desk.store.read() as tx:
        rows: list[tuple[Any, ...]] = tx.rows(
            "SELECT state, data, count(*) FROM closing_deed WHERE closing_id = ? AND phase = 'destroy' AND key LIKE ? "
            "GROUP BY state, data ORDER BY state, data",
            desk.id, f"erase/{feed.id}/%",
        )  # fmt: skip
    told: dict[str, int] = {}
    words: dict[str, int] = {}
    for state, data, number in rows:
        word, said = WORDS[state], msgspec.json.decode(data) if data else ""
        told[word] = told.get(word, 0) + int(number)
        text = f"{word}: {said}" if said and state != "done" else said or word  # a bin is not erased, and says so
        words[text] = words.get(text, 0) + int(number)
    return told, words
