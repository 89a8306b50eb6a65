"""Legal holds: what a court or the legal department wants kept is never destroyed, whoever has approved what.

A hold covers a whole line, or one record; that of a customer covers all that refers to it too. It is asked for each
record inside the transaction that destroys, so one set while destruction runs stops what has not been destroyed yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.audit import append, now
from hub.errors import ConfigError, Missing
from hub.store import Store, Tx


class Hold(NamedTuple):
    """One hold; `at` is microseconds since 1970."""

    id: int
    line: str | None
    golden_id: str | None
    reason: str
    person: str
    at: int
    released_by: str | None
    released_why: str | None


COLUMNS = "id, line, golden_id, reason, person, at, released_by, released_why"


def add(store: Store, person: str, reason: str, *, line: str | None = None, golden_id: str | None = None) -> Hold:
    """Set a hold on a line or on a record. Raises ConfigError without a reason, Missing for a record nobody knows."""
    if (line is None) == (golden_id is None):
        raise ConfigError("hold: name either a record or, with --line, a business line")
    if not reason.strip():
        raise ConfigError(
            "hold: say why; the reason stands in the certificate of what is destroyed without it: --reason TEXT"
        )
    with store.begin() as tx:
        if golden_id is not None:
            if tx.rows("SELECT 1 FROM grave WHERE golden_id = ?", golden_id):
                raise Missing(f"hold: {golden_id} was destroyed; its certificate is in the closing's folder")
            if not tx.rows("SELECT 1 FROM golden WHERE id = ?", golden_id):
                raise Missing(f"hold: no record {golden_id}; list them with: hub list MODEL")
        ((id,),) = tx.rows(
            "INSERT INTO legal_hold (line, golden_id, reason, person, at, seq) VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            line, golden_id, reason, person, now(tx, store), tx.seq,
        )  # fmt: skip
        append(
            tx, person, "hold add", {"hold": int(id), "line": line, "id": golden_id, "reason": reason}, at=store.now()
        )
        return _of(tx, int(id))


def release(store: Store, id: int, person: str, reason: str) -> Hold:
    """Release a hold; somebody else may have set it, but only in the role that sets holds."""
    if not reason.strip():
        raise ConfigError("hold: say why it is released: --reason TEXT")
    with store.begin() as tx:
        count = tx.run(
            "UPDATE legal_hold SET released_seq = ?, released_by = ?, released_why = ? "
            "WHERE id = ? AND released_seq IS NULL",
            tx.seq, person, reason, id,
        )  # fmt: skip
        if not count:
            raise Missing(f"hold: no hold {id} is in force; see: hub hold list")
        append(tx, person, "hold release", {"hold": id, "reason": reason}, at=store.now())
        return _of(tx, id)


def holds(store: Store, *, released: bool = False) -> list[Hold]:
    """The holds in force, or all."""
    with store.read() as tx:
        where = "" if released else "WHERE released_seq IS NULL"
        return [Hold._make(row) for row in tx.rows(f"SELECT {COLUMNS} FROM legal_hold {where} ORDER BY id")]


def held(tx: Tx, line: str, ids: Sequence[str]) -> dict[str, int]:
    """Those of the records that must not be destroyed, with the number of the hold."""
    rows = tx.rows("SELECT id FROM legal_hold WHERE line = ? AND released_seq IS NULL ORDER BY id LIMIT 1", line)
    if rows:
        return dict.fromkeys(ids, int(rows[0][0]))
    if not tx.rows("SELECT 1 FROM legal_hold WHERE golden_id IS NOT NULL AND released_seq IS NULL LIMIT 1"):
        return {}
    wanted = list(ids)
    found: dict[str, int] = dict(tx.rows(
        "SELECT golden_id, id FROM legal_hold WHERE released_seq IS NULL AND golden_id IN ?", wanted
    ))  # fmt: skip
    found |= dict(tx.rows(
        "SELECT r.golden_id, h.id FROM legal_hold h JOIN reference r ON r.target_id = h.golden_id "
        "WHERE h.released_seq IS NULL AND r.golden_id IN ?", wanted,
    ))  # fmt: skip
    # a customer whose document is held stays too: without it nobody knows whose the document is
    found |= dict(tx.rows(
        "SELECT r.target_id, h.id FROM legal_hold h JOIN reference r ON r.golden_id = h.golden_id "
        "WHERE h.released_seq IS NULL AND r.target_id IN ?", wanted,
    ))  # fmt: skip
    return found


def _of(tx: Tx, id: int) -> Hold:
    return Hold._make(tx.rows(f"SELECT {COLUMNS} FROM legal_hold WHERE id = ?", id)[0])
