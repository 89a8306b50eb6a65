"""A full read: everything is asked for again, and what is no longer there has vanished."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator

from hub.connect import Record
from hub.sync.feed import Feed
from hub.sync.land import land
from hub.sync.walk import BATCH, Walk

PART = 100_000  # keys that are held as a set at once


class Sweep:
    """The keys a full read has shown, in eight bytes each: Python's hash, which holds as long as the process."""

    def __init__(self) -> None:
        self._keys = array("q")

    def saw(self, keys: Iterable[str]) -> None:
        """Take note of keys."""
        self._keys.extend(map(hash, keys))

    def vanished(self, walk: Walk, feed: Feed) -> list[str]:
        """Keys the hub knows as living and the read did not show."""
        with walk.store.read() as tx:
            living = tx.rows("SELECT count(*) FROM record WHERE stream_id = ? AND deleted_at IS NULL", feed.id)[0][0]
        if living == sum(len(shown) for shown in self._parts()):  # all that was shown is known: nothing is missing
            return []
        parts = len(self._keys) // PART + 1
        return [
            key
            for part, shown in enumerate(self._parts())
            for key in _living(walk, feed)
            if (kept := hash(key)) % parts == part and kept not in shown
        ]

    def _parts(self) -> Iterator[set[int]]:
        """The keys, each once, a part at a time."""
        parts = len(self._keys) // PART + 1
        return ({key for key in self._keys if key % parts == part} for part in range(parts))


def _living(walk: Walk, feed: Feed) -> Iterable[str]:
    after = ""
    while True:
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT key FROM record WHERE stream_id = ? AND deleted_at IS NULL AND key > ? "
                "ORDER BY key LIMIT 20000",
                feed.id,
                after,
            )
        yield from (row[0] for row in rows)
        if len(rows) < 20000:
            return
        after = rows[-1][0]


def sweep(walk: Walk, feed: Feed, seen: Sweep, asked: int) -> None:
    """Make tombstones of what vanished, unless it is more than may vanish at once: then say so and stop.

    A key is read once more before it counts as gone, since a list may lag behind.
    """
    missing = seen.vanished(walk, feed)
    if not missing:
        return
    with walk.store.read() as tx:
        living = tx.rows("SELECT count(*) FROM record WHERE stream_id = ? AND deleted_at IS NULL", feed.id)[0][0]
    share = len(missing) / max(living, 1)
    if share > feed.config.vanish_limit and len(missing) > 1:
        words = (
            f"{len(missing)} of {living} records vanished ({share:.0%}), more than vanish_limit = "
            f"{feed.config.vanish_limit:.0%}: none was marked as gone; if it is true, raise vanish_limit for this "
            "stream in hub.toml and run again with --full"
        )
        with walk.begin() as work:
            work.report("vanished", f"{feed.name}: {words}", stream=feed.id)
        return
    for at in range(0, len(missing), BATCH):
        keys = missing[at : at + BATCH]
        try:
            shown = {r.key: r for r in feed.connector.read(feed.stream.name, keys)}
        except NotImplementedError:
            shown = {}
        records = [shown.get(key) or Record(key, b"{}", deleted=True) for key in keys]
        with walk.store.read() as tx:
            cursor = tx.rows("SELECT cursor FROM stream WHERE id = ?", feed.id)[0][0]
        land(walk, feed, records, cursor, asked)
