"""New fields of a system: what records show and no row of the mapping mentions is told once, and keeps nobody out."""

from __future__ import annotations

from collections.abc import Sequence

from hub.connect import Record
from hub.store import Tx
from hub.sync.feed import Feed
from hub.sync.walk import Walk

SAMPLE = 8  # records of a batch that are looked at
KIND = "unmapped"


def look_for_new_fields(walk: Walk, feed: Feed, records: Sequence[Record]) -> None:
    """Keep a note of each field that is new in a sample of the records."""
    step = max(1, len(records) // SAMPLE)
    shown = {name for r in records[::step] if not r.deleted for name in feed.mapping.unmapped(r.data)}
    shown.difference_update(feed.stream.known)
    if not shown:
        return
    with walk.store.read() as tx:
        told = {row[0] for row in tx.rows("SELECT field FROM finding WHERE stream_id = ? AND kind = ?", feed.id, KIND)}
    if shown <= told:
        return
    with walk.begin() as work:
        for name in sorted(shown - told):
            work.report(KIND, f"{name} is in no row of {feed.mapping.where}", stream=feed.id, field=name)


def new_fields(walk: Walk, tx: Tx) -> list[str]:
    """What this run met for the first time, a sentence a stream: information, not a finding."""
    rows = tx.rows("SELECT stream_id, field FROM finding WHERE run_id = ? AND kind = ? ORDER BY id", walk.run_id, KIND)
    by_stream: dict[int, list[str]] = {}
    for stream, name in rows:
        by_stream.setdefault(stream, []).append(name)
    return [
        f"{feed.name}: fields that no row of {feed.mapping.where} mentions: {', '.join(names[:20])}"
        + (f" and {len(names) - 20} more" if len(names) > 20 else "")
        + "; map them, or name them under ignore"
        for stream, names in by_stream.items()
        if (feed := walk.feeds.get(stream)) is not None
    ]
