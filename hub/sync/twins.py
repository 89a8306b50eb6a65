"""Twins: two records of one stream that a merge has put under one golden record, and which of them speaks for it.

They must not fight: the record that was the survivor's own comes first, then the oldest key. The other ones are
read as ever; whether they are written too is the connection's `on_merge`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.config import Project
from hub.store import Tx
from hub.sync.feed import Feed
from hub.sync.state import Link, Mark

FUSED = "(merge)"
"""The mark that tells what became of a record's merge over there: the key it ended in, or the one that was refused."""
MADE_OF = "(made of)"
"""The mark of a record that its system has made of several: whose the others were, as golden ids."""
Place = tuple[bool, int, str]


def place(key: str, origin_id: str | None) -> Place:
    """Where a record stands among those of its stream under one golden record; the first speaks for it."""
    return (origin_id is not None, len(key), key)


def made_of(marks: Mapping[str, Mark]) -> list[str]:
    """Whose records, beside its own, a record with these marks was made of over there."""
    return list(marks[MADE_OF].meant) if MADE_OF in marks else []


def is_twin(link: Link, family: Iterable[Link]) -> bool:
    """Whether another living record of the stream speaks for the golden record; only a merge makes twins."""
    if link.origin_id is None:
        return False
    mine = place(link.key, link.origin_id)
    return any(
        x.stream == link.stream and x.alive and x is not link and place(x.key, x.origin_id) < mine for x in family
    )


def spares(project: Project, feed: Feed) -> bool:
    """Whether the twins of a stream are left as they are over there."""
    return project.duplicates.on_merge.get(feed.connection, "link") != "update"


def twins(tx: Tx, project: Project, feed: Feed, links: Sequence[Link]) -> set[str]:
    """The keys of these links that are twins and are not to be written."""
    moved = [link for link in links if link.origin_id is not None and link.golden_id is not None]
    if not moved or not spares(project, feed):
        return set()
    rows: list[tuple[Any, ...]] = tx.rows(
        "SELECT golden_id, key, origin_id FROM record WHERE stream_id = ? AND golden_id IN ? AND deleted_at IS NULL",
        feed.id,
        sorted({str(link.golden_id) for link in moved}),
    )
    first: dict[str, Place] = {}
    for golden_id, key, origin_id in rows:
        mine = place(key, origin_id)
        first[golden_id] = min(first.get(golden_id, mine), mine)
    return {link.key for link in moved if place(link.key, link.origin_id) > first[str(link.golden_id)]}
