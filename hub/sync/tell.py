"""Tell: what a run's events say to `on_event`: how it ended, each write that was refused, what is kept out, new fields."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from hub.plugin import Event
from hub.store import Tx
from hub.sync.feed import Feed
from hub.sync.walk import Walk

MOST = 100  # writes or records one event lists; `hub outbox list` and `hub quarantine list` show them all
SAID = 5  # of these, how many its text says
log = logging.getLogger(__name__)


def details(walk: Walk, tx: Tx, masked: Callable[[str], str]) -> Iterator[Event]:
    """An event for each stream whose writes were refused in this run, and for each that keeps records out."""
    for feed in walk.feeds.values():
        counted: Mapping[str, int] = walk.counts.get(feed.id, {})
        if counted.get("refused", 0):
            rows = tx.rows(
                "SELECT id, golden_id, key, want, message FROM dead_letter WHERE stream_id = ? "
                f"ORDER BY id DESC LIMIT {min(counted['refused'], MOST)}",
                feed.id,
            )
            writes = [
                {"id": str(id), "golden_id": golden, "key": key or None, "fields": sorted(msgspec.json.decode(want)),
                 "message": masked(message)}
                for id, golden, key, want, message in reversed(rows)
            ]  # fmt: skip
            texts = [f"{w['key'] or w['golden_id']}: {w['message']}" for w in writes]
            yield _event(walk, feed, "refused writes", counted["refused"], "writes", writes, texts)
        if counted.get("quarantined", 0):
            rows = tx.rows(
                "SELECT key, field, value, reason FROM quarantine WHERE stream_id = ? "
                f"ORDER BY id DESC LIMIT {min(counted['quarantined'], MOST)}",
                feed.id,
            )
            records = [dict(zip(("key", "field", "value", "reason"), row, strict=True)) for row in reversed(rows)]
            texts = [f"{r['key']}: {r['field'] or 'record'}: {r['reason']}" for r in records]
            yield _event(walk, feed, "quarantined records", counted["quarantined"], "records", records, texts)


def _event(
    walk: Walk, feed: Feed, kind: str, count: int, name: str, rows: Sequence[Mapping[str, Any]], texts: Sequence[str]
) -> Event:
    more = f"; and {count - SAID} more" if count > SAID else ""
    text = f"{feed.name}: {count} {kind}: {'; '.join(texts[:SAID])}{more}"
    return Event(kind, text, feed.connection, feed.stream.name, {"run": walk.run_id, "count": count, name: rows})


def tell(hook: Any, events: Sequence[Event]) -> None:
    """Call the hook for each event; a plugin that fails is logged, since the run it hears of is over."""
    if not hook.get_hookimpls():
        return
    for event in events:
        try:
            hook(event=event)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            log.warning("on_event failed for %r: %s: %s", event.kind, type(error).__name__, error)
