"""Reject: two records are not one. It holds for ever: the pair is never proposed again, and no cluster merges it."""

from __future__ import annotations

from collections.abc import Sequence

from hub.audit import append
from hub.errors import ConfigError, Rejected
from hub.quality.decide.desk import Desk
from hub.quality.decide.pairs import Pair, cluster, decide, is_record, pair
from hub.store import Tx


def rejecting(tx: Tx, what: str, *, again: bool = False) -> Sequence[Pair]:
    """The pairs that rejecting a pair, or the cluster of a record, would settle. Raises Rejected, ConfigError."""
    if is_record(what):
        _, pairs = cluster(tx, what)
        if not pairs:
            raise ConfigError(f"no open pair has {what}; list them with: hub duplicates list")
        return pairs
    one = pair(tx, what)
    if one.one:
        raise Rejected(f"{one.told()}; take it apart with: hub duplicates unmerge {one.merge_id or one.left}")
    if one.state == "rejected" or (one.state == "accepted" and not again):
        raise Rejected(one.told())
    return [one]


def reject(desk: Desk, what: str, *, by: str, again: bool = False) -> Sequence[Pair]:
    """Say that the records of a pair, or all neighbours of a cluster, are not one; return the pairs."""
    with desk.work() as work:
        pairs = rejecting(work.tx, what, again=again)
        ids = [p.id for p in pairs]
        decide(work.tx, ids, "rejected", by, work.now)
        append(work.tx, by, "duplicates reject", {"pairs": ids}, at=work.now)
    return pairs
