"""What a run did: a count a stream, what a person should see, and how far it is while it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.errors import HubError
from hub.store import Tx
from hub.sync.contact import Contact, Difference
from hub.sync.feed import HUB, Feed
from hub.sync.outbox import unidentified
from hub.sync.unmapped import KIND
from hub.sync.walk import Walk


class Step(NamedTuple):
    """How far a run is, for progress."""

    connection: str
    stream: str
    name: str
    done: int
    total: int | None = None


Progress = Callable[[Step], None]


class Count(NamedTuple):
    """What a run did with one stream."""

    connection: str
    stream: str
    read: int
    changed: int
    created: int
    merged: int
    waiting: int
    quarantined: int
    queued: int
    written: int
    refused: int
    conflicts: int
    gone: int


class Run(NamedTuple):
    """What one run did."""

    id: int
    counts: Sequence[Count]
    findings: Sequence[str]
    differences: Sequence[Difference] = ()
    contact: Sequence[Contact] = ()
    down: Mapping[str, HubError] = {}  # connections that did not go on, and why
    notes: Sequence[str] = ()  # good to know; nobody has to act

    @property
    def written(self) -> int:
        """How many records were written into other systems."""
        return sum(c.written for c in self.counts)


def counts(walk: Walk) -> list[Count]:
    """A row a stream; those of the hub's own connection only where something happened."""
    return [_count(walk, feed) for feed in walk.feeds.values() if feed.id in walk.counts or feed.connection != HUB]


def findings(walk: Walk, tx: Tx, counted: Sequence[Count]) -> list[str]:
    """Everything of the run that a person should see, a sentence each."""
    rows = tx.rows(
        "SELECT DISTINCT kind, stream_id, key, text FROM finding WHERE run_id = ? AND kind <> ?", walk.run_id, KIND
    )
    found = [_sentence(walk, row) for row in rows]
    for c in counted:
        if c.quarantined:
            found.append(f"{c.connection}/{c.stream}: {c.quarantined} in quarantine: hub quarantine list")
        if c.refused:
            found.append(f"{c.connection}/{c.stream}: {c.refused} refused: hub outbox list")
    for feed in walk.feeds.values():
        found += _postponed(walk, tx, feed)
    return found


def held_back(walk: Walk, tx: Tx) -> list[str]:
    """Streams in which nothing is created, as long as a person has not looked at what waits there."""
    feeds = [feed for feed in walk.feeds.values() if feed.pushes and feed.config.create != "never"]
    whys = [(feed.name, unidentified(tx, feed)) for feed in feeds]
    return [f"{name}: nothing is created there meanwhile: {why}: hub quarantine list" for name, why in whys if why]


def _postponed(walk: Walk, tx: Tx, feed: Feed) -> list[str]:
    """Writes that got no answer, or were told to come again."""
    counted: Mapping[str, int] = walk.counts.get(feed.id, {})
    later = counted.get("postponed", 0)
    if not later:
        return []
    notes = tx.rows("SELECT note FROM outbox WHERE stream_id = ? AND note IS NOT NULL ORDER BY seq LIMIT 1", feed.id)
    why = f" ({notes[0][0]})" if notes else ""
    return [f"{feed.name}: {later} writes wait for the next run{why}: hub outbox list"]


def _count(walk: Walk, feed: Feed) -> Count:
    counted: Mapping[str, int] = walk.counts.get(feed.id, {})
    return Count(
        feed.connection, feed.stream.name,
        **{k: counted.get(k, 0) for k in Count._fields[2:] if k != "merged"},
        merged=counted.get("changed", 0) + counted.get("created", 0),
    )  # fmt: skip


def _sentence(walk: Walk, row: Any) -> str:
    kind, stream, key, words = row
    feed = walk.feeds.get(stream) if stream else None
    where = f"{feed.name} {key}: " if feed and key else ""
    return f"{where}{words}" if kind in words or kind in ("plugin", "vanished") else f"{where}{kind}: {words}"
