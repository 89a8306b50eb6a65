"""The one runner of all phases: batches with a checkpoint, each in a transaction that asks first whether it may.

What is done to the hub's own rows is done in the same transaction as the checkpoint, so a crash repeats nothing. What
is done elsewhere goes through `deeds`: noted as sent before the call, with a key that stays the same, and as done after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from hub.closure.closing import Closing
from hub.closure.gates import allowed
from hub.closure.journal import note
from hub.closure.plan import Phase
from hub.closure.times import now
from hub.store import Store, Tx
from hub.store.tables.closing import deed

BATCH = 500
T = TypeVar("T")


class Step(NamedTuple):
    """How far a phase is."""

    phase: str
    state: str
    place: str | None
    done: int
    total: int | None
    result: dict[str, Any]
    begun_at: int  # microseconds since 1970


def step(tx: Tx, closing_id: int, phase: Phase) -> Step | None:
    """How far a phase is, None before it began."""
    rows = tx.rows(
        "SELECT phase, state, place, done, total, result, begun_at FROM closing_step WHERE closing_id = ? AND phase = ?",
        closing_id,
        phase,
    )
    if not rows:
        return None
    r = rows[0]
    return Step(r[0], r[1], r[2], int(r[3]), r[4], msgspec.json.decode(r[5]) if r[5] else {}, int(r[6]))


def begin(store: Store, closing_id: int, phase: Phase, who: str) -> Step:
    """Begin a phase, or take it up where it stopped."""
    with store.begin() as tx:
        allowed(tx, store, closing_id, phase)
        found = step(tx, closing_id, phase)
        if found is None or found.state == "undone":
            tx.run("DELETE FROM closing_step WHERE closing_id = ? AND phase = ?", closing_id, phase)
            tx.run("DELETE FROM closing_deed WHERE closing_id = ? AND phase = ?", closing_id, phase)
            tx.run(
                "INSERT INTO closing_step (closing_id, phase, state, done, begun_at, seq) VALUES (?, ?, 'running', 0, ?, ?)",
                closing_id, phase, now(tx, store, closing_id), tx.seq,
            )  # fmt: skip
            note(tx, store, closing_id, phase, "begun", f"{phase} begins", who)
        elif found.state == "running":
            # one that had done nothing yet only waited for somebody
            kind, after = ("resumed", f" after {found.done} acts") if found.done else ("again", "")
            note(tx, store, closing_id, phase, kind, f"{phase} goes on{after}", who)
        return step(tx, closing_id, phase)  # type: ignore[return-value]


def end(store: Store, closing_id: int, phase: Phase, who: str, result: Mapping[str, Any], text: str) -> None:
    """Close a phase with its result."""
    with store.begin() as tx:
        allowed(tx, store, closing_id, phase)
        tx.run(
            "UPDATE closing_step SET state = 'done', result = ?, ended_at = ?, seq = ? WHERE closing_id = ? AND phase = ?",
            msgspec.json.encode(result).decode(), now(tx, store, closing_id), tx.seq, closing_id, phase,
        )  # fmt: skip
        note(tx, store, closing_id, phase, "ended", text, who, result)


def reopen(tx: Tx, store: Store, closing_id: int, phase: Phase, why: str, who: str = "hub") -> None:
    """Send a phase that was done back to work, since what it stood on has changed."""
    changed = tx.run(
        "UPDATE closing_step SET state = 'undone', ended_at = NULL WHERE closing_id = ? AND phase = ? AND state = 'done'",
        closing_id, phase,
    )  # fmt: skip
    if changed:
        note(tx, store, closing_id, phase, "reopened", f"{phase} must be done again: {why}", who)


def batches(
    store: Store,
    closing_id: int,
    phase: Phase,
    items: Callable[[str], Iterable[str]],
    act: Callable[[Tx, Closing, Sequence[str]], int],
    size: int = BATCH,
) -> int:
    """Act on items in order, a transaction a batch; `items` yields those after a place. Return how many acts were done.

    Raises Shut as soon as the phase may no longer act; what was done before stays, and the next call goes on there.
    """
    with store.read() as tx:
        found = step(tx, closing_id, phase)
    place, total = (found.place or "" if found else ""), 0
    for keys in split(items(place), size):
        with store.begin() as tx:
            closing = allowed(tx, store, closing_id, phase)
            done = act(tx, closing, keys)
            tx.run(
                "UPDATE closing_step SET place = ?, done = done + ? WHERE closing_id = ? AND phase = ?",
                keys[-1], done, closing_id, phase,
            )  # fmt: skip
        total += done
    return total


def split(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most `size`."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def send(tx: Tx, store: Store, closing_id: int, phase: Phase, key: str, once: str, data: Any = None) -> bool:
    """Note that an act outside is under way; False where it was done, or may have been done, before."""
    allowed(tx, store, closing_id, phase)
    rows = tx.rows(
        "SELECT state FROM closing_deed WHERE closing_id = ? AND phase = ? AND key = ?", closing_id, phase, key
    )
    if rows and rows[0][0] not in ("due", "refused"):
        return False
    columns = ("closing_id", "phase", "key", "state", "once", "data", "seq")
    said = msgspec.json.encode(data).decode() if data is not None else None
    tx.upsert(deed, columns, [(closing_id, phase, key, "sent", once, said, tx.seq)])
    return True


def answer(tx: Tx, closing_id: int, phase: Phase, key: str, state: str, data: Any = None) -> None:
    """Note what became of an act outside: done, refused or unknown."""
    tx.run(
        "UPDATE closing_deed SET state = ?, data = ?, seq = ? WHERE closing_id = ? AND phase = ? AND key = ?",
        state, msgspec.json.encode(data).decode() if data is not None else None, tx.seq, closing_id, phase, key,
    )  # fmt: skip


def deeds(tx: Tx, closing_id: int, phase: Phase, *states: str) -> dict[str, tuple[str, str, Any]]:
    """Acts outside by key: state, idempotency key, data."""
    rows = tx.rows(
        "SELECT key, state, once, data FROM closing_deed WHERE closing_id = ? AND phase = ? ORDER BY key",
        closing_id,
        phase,
    )
    return {
        r[0]: (r[1], r[2], msgspec.json.decode(r[3]) if r[3] else None) for r in rows if not states or r[1] in states
    }
