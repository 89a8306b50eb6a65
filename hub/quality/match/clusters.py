"""Clusters: records that open pairs hang together, directly or by way of others; a cluster is named by its smallest id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from hub.store import Tx


def clusters(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The cluster of each record that is in a pair."""
    head: dict[str, str] = {}

    def find(id: str) -> str:
        while head[id] != id:
            head[id] = head[head[id]]
            id = head[id]
        return id

    for left, right in pairs:
        head.setdefault(left, left)
        head.setdefault(right, right)
        one, other = find(left), find(right)
        if one != other:
            head[max(one, other)] = min(one, other)
    return {id: find(id) for id in head}


def count(tx: Tx, model: str) -> int:
    """How many clusters the open pairs of a model make; most of many are one pair by itself."""
    rows = tx.rows("SELECT left_id, right_id FROM pair WHERE model = ? AND state = 'open'", model)
    seen = Counter(row[0] for row in rows)
    seen.update(row[1] for row in rows)
    together = [(row[0], row[1]) for row in rows if seen[row[0]] > 1 or seen[row[1]] > 1]
    return len(rows) - len(together) + len(set(clusters(together).values()))


def members(tx: Tx, cluster: str) -> list[str]:
    """The records of the cluster that a record belongs to, sorted; empty where no open pair names it."""
    found, fresh = {cluster}, [cluster]
    while fresh:
        rows = tx.rows(
            "SELECT left_id, right_id FROM pair WHERE state = 'open' AND (left_id IN ? OR right_id IN ?)", fresh, fresh
        )
        fresh = sorted({id for row in rows for id in row} - found)
        found.update(fresh)
    return sorted(found) if len(found) > 1 else []
