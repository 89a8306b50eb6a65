"""Samples: some records by chance and some by risk, looked at and signed by a person.

Which ones is drawn from the scope's hash and the archive's seal, so nobody can choose them and everybody can draw them
again. Risk is money: the larger the amount, the likelier it is looked at.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator
from typing import Any, NamedTuple

from hub.audit import append
from hub.closure.canonical import digest
from hub.closure.closing import current
from hub.closure.desk import Desk
from hub.closure.journal import note
from hub.closure.scope import records
from hub.errors import ConfigError, Missing
from hub.store import Store

VERDICTS = ("right", "wrong")


class Sample(NamedTuple):
    """A record to look at, and what a person has said of it."""

    id: str
    why: str
    digest: str
    person: str | None
    verdict: str | None
    note: str | None


def draw(desk: Desk, seed: str) -> list[Sample]:
    """Draw the sample, once a seed; what was signed before holds while the record is the same."""
    chance: list[tuple[str, str, str]] = []
    risk: list[tuple[int, str, str]] = []
    for id, model, values in records(desk.store, desk.id):
        mark = digest(model, values)
        drawn = hashlib.sha256(f"{seed}\n{id}".encode()).hexdigest()
        heapq.heappush(chance, (drawn, id, mark))
        if len(chance) > desk.plan.sample_random:
            heapq.heappop(chance)
        heapq.heappush(risk, (_weight(values), id, mark))
        if len(risk) > desk.plan.sample_risk:
            heapq.heappop(risk)
    wanted = {id: ("random", mark) for _, id, mark in chance} | {id: ("risk", m) for w, id, m in risk if w}
    with desk.store.begin() as tx:
        known = {s.id: s for s in _rows(tx, desk.id)}
        for id in known.keys() - wanted.keys():
            tx.run("DELETE FROM closing_sample WHERE closing_id = ? AND golden_id = ?", desk.id, id)
        for id, (why, mark) in wanted.items():
            if id in known and known[id].digest == mark:
                continue
            tx.run("DELETE FROM closing_sample WHERE closing_id = ? AND golden_id = ?", desk.id, id)
            tx.run(
                "INSERT INTO closing_sample (closing_id, golden_id, why, digest) VALUES (?, ?, ?, ?)",
                desk.id, id, why, mark,
            )  # fmt: skip
        return list(_rows(tx, desk.id))


def samples(store: Store, line: str) -> list[Sample]:
    """The sample as it was drawn."""
    with store.read() as tx:
        return list(_rows(tx, current(tx, line).id))


def sign(store: Store, line: str, ids: list[str], verdict: str, person: str, said: str = "") -> int:
    """Sign records of the sample (none named: all that are not signed); what is wrong is named. Return how many."""
    if verdict not in VERDICTS:
        raise ConfigError(f'"{verdict}" is no verdict; it is right or wrong')
    if verdict == "wrong" and not (ids and said.strip()):
        raise ConfigError(
            f"{line}: say which records are wrong and what: hub close sample {line} ID --sign wrong --note TEXT"
        )
    with store.begin() as tx:
        closing = current(tx, line)
        known = {s.id: s for s in _rows(tx, closing.id)}
        if missing := sorted(set(ids) - set(known)):
            raise Missing(f"{line}: {missing[0]} is not in the sample; see: hub close sample {line}")
        wanted = ids or [id for id, s in known.items() if s.verdict is None]
        for id in wanted:
            tx.run(
                "UPDATE closing_sample SET person = ?, verdict = ?, note = ?, signed_seq = ? "
                "WHERE closing_id = ? AND golden_id = ?",
                person, verdict, said, tx.seq, closing.id, id,
            )  # fmt: skip
        marks = {id: known[id].digest for id in wanted}
        append(tx, person, "close sign sample", {"line": line, "verdict": verdict, "records": marks}, at=store.now())
        note(tx, store, closing.id, "verify", "sample", f"{person} found {len(wanted)} of the sample {verdict}", person)
    return len(wanted)


def _rows(tx: Any, closing_id: int) -> Iterator[Sample]:
    for row in tx.rows(
        "SELECT golden_id, why, digest, person, verdict, note FROM closing_sample WHERE closing_id = ? ORDER BY golden_id",
        closing_id,
    ):
        yield Sample._make(row)


def _weight(values: dict[str, Any]) -> int:
    money = values.get("total") or values.get("amount")
    return abs(int(money[0])) if money else 0
