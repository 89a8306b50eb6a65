"""Refresh: the records of some golden records are read again by key, for those who cannot wait for the next pull."""

from __future__ import annotations

from collections.abc import Iterable

from hub.sync.feed import HUB
from hub.sync.land import land
from hub.sync.walk import BATCH, Walk


def refresh(walk: Walk, ids: Iterable[str]) -> int:
    """Read all living records of these golden records anew; return how many were asked for.

    Raises Unavailable or Unauthorized where a system does not answer.
    """
    wanted = sorted(set(ids))
    asked = 0
    for at in range(0, len(wanted), BATCH):
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT stream_id, key FROM record WHERE golden_id IN ? AND deleted_at IS NULL",
                wanted[at : at + BATCH],
            )
        keys: dict[int, list[str]] = {}
        for stream, key in rows:
            keys.setdefault(stream, []).append(key)
        for id, some in sorted(keys.items()):
            feed = walk.feeds.get(id)
            if feed is None or feed.connection == HUB or not feed.pulls:
                continue
            since = walk.store.sequence()
            with walk.store.read() as tx:
                cursor, end = tx.rows("SELECT cursor, read_to_end FROM stream WHERE id = ?", id)[0]
            land(walk, feed, list(feed.connector.read(feed.stream.name, some)), cursor, since, end=bool(end))
            asked += len(some)
    return asked
