"""Accept: the records of a pair, or of a whole cluster, become one golden record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from hub.audit import append
from hub.errors import ConfigError, Rejected
from hub.quality.decide.desk import Desk
from hub.quality.decide.held import refuse_held
from hub.quality.decide.pairs import Pair, cluster, decide, is_record, pair, touching
from hub.store import Tx
from hub.sync.feed import HUB
from hub.sync.follow import survivors
from hub.sync.join import join


class Plan(NamedTuple):
    """What accepting would do."""

    model: str
    survivor: str
    losers: Sequence[str]
    pairs: Sequence[Pair]  # the open pairs it settles

    @property
    def records(self) -> frozenset[str]:
        """All golden records that would be one."""
        return frozenset((self.survivor, *self.losers))


class Accepted(NamedTuple):
    """What accepting did."""

    survivor: str
    merges: Sequence[int]
    pairs: int


def plan(
    tx: Tx, what: str, keep: str | None = None, *, separate: Iterable[Collection[str]], again: bool = False
) -> Plan:
    """What accepting a pair, or the cluster of a record, would do; `again` decides what was decided once more.

    `separate` are the groups of business lines that are never merged across. Raises Rejected where it is decided
    already, somebody said that two of them are not one, or something else holds two of them apart for good;
    ConfigError where there is nothing of that name.
    """
    settled: str | None = None
    if is_record(what):
        ids, pairs = cluster(tx, what)
        if not pairs:
            raise ConfigError(f"no open pair has {what}; list them with: hub duplicates list")
        model = pairs[0].model
    else:
        one = pair(tx, what)
        if one.one and one.state != "rejected":
            raise Rejected(
                f"its records are one already; {one.told()}; take it apart with: hub duplicates unmerge {one.merge_id or one.left}"
            )
        if one.state != "open" and not again:
            raise Rejected(f"{one.told()}; to decide again, add --again")
        ids, model, settled = sorted({one.left, one.right}), one.model, one.id
    vetoes = [
        p for p in touching(tx, ids, "rejected") if p.id != settled and not p.one and {p.left, p.right} <= set(ids)
    ]
    if vetoes and not (again and settled is not None):  # of a pair all ask the same: whether these two are one
        veto = vetoes[0]
        first = f"accept single pairs, or that one first: hub duplicates accept {veto.id} --again"
        todo = first if settled is None else "to decide again, add --again"
        raise Rejected(f"{veto.left} and {veto.right} are not one: {veto.told()}; {todo}")
    refuse_held(tx, ids, separate)
    survivor = _survivor(tx, ids, keep)
    within = [p for p in touching(tx, ids, "open") if {p.left, p.right} <= set(ids)]
    if settled is not None and settled not in {p.id for p in within}:
        within.append(pair(tx, settled))
    within += vetoes
    return Plan(model, survivor, [id for id in ids if id != survivor], within)


def _survivor(tx: Tx, ids: Sequence[str], keep: str | None) -> str:
    """The record that stays: the one a person named, else the one with the most records over there, else the oldest."""
    if keep is not None:
        found = survivors(tx, [keep]).get(keep, keep)
        if found not in ids:
            raise ConfigError(f"--keep {keep}: not among the records that are to be one: {', '.join(ids)}")
        return found
    rows = tx.rows(
        "SELECT r.golden_id, count(*) FROM record r JOIN stream s ON s.id = r.stream_id "
        "WHERE r.golden_id IN ? AND r.deleted_at IS NULL AND s.connection <> ? GROUP BY r.golden_id",
        list(ids), HUB,
    )  # fmt: skip
    linked: dict[str, int] = {row[0]: int(row[1]) for row in rows}
    return min(ids, key=lambda id: (-linked.get(id, 0), id))


def accept(
    desk: Desk, what: str, *, by: str, keep: str | None = None, again: bool = False, shown: Plan | None = None
) -> Accepted:
    """Make one golden record of a pair's two, or of all of a cluster, in one transaction.

    `shown` is the plan a person has agreed to; where it is another one by now, nothing is done. Raises Rejected,
    ConfigError, and Busy where one of them is of a frozen business line.
    """
    with desk.work() as work:
        tx = work.tx
        now = plan(tx, what, keep, separate=desk.project.duplicates.separate, again=again)
        if shown is not None and (now.survivor, now.records) != (shown.survivor, shown.records):
            raise Rejected(f"{what}: somebody decided meanwhile; look again: hub duplicates show {what}")
        merges = {loser: join(work, now.survivor, loser, by) for loser in now.losers}
        for p in now.pairs:
            numbers = [merges[side] for side in (p.left, p.right) if side in merges]
            decide(tx, [p.id], "accepted", by, work.now, max(numbers))
        done = {"survivor": now.survivor, "merges": merges, "pairs": [p.id for p in now.pairs]}
        append(tx, by, "duplicates accept", done, at=work.now)
    return Accepted(now.survivor, list(merges.values()), len(now.pairs))
