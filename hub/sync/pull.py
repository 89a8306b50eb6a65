"""Pull: read what changed, a batch a transaction."""

from __future__ import annotations

import gc
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, nullcontext

from hub.connect import Page, Record
from hub.sync.ahead import ahead
from hub.sync.behind import behind
from hub.sync.feed import Feed
from hub.sync.full import Sweep, sweep
from hub.sync.outbox import listeners, look_again_if_settings_changed
from hub.sync.report import Progress, Step
from hub.sync.unmapped import look_for_new_fields
from hub.sync.walk import BATCH, Walk

PATIENCE = 5.0  # seconds after which a batch is landed although it is not full


def pull(walk: Walk, feed: Feed, full: bool, since: str | None, progress: Progress) -> None:
    """Read a feed from its cursor on, from a moment (`since`), or whole (`full`), which also finds what vanished."""
    for listener in listeners(walk, feed):
        look_again_if_settings_changed(walk, listener)
    asked = walk.store.sequence()
    with walk.store.read() as tx:
        cursor = tx.rows("SELECT cursor FROM stream WHERE id = ?", feed.id)[0][0]
    if since is not None:
        cursor = feed.connector.cursor_at(feed.stream.name, since)
    seen = Sweep() if full and feed.stream.complete else None
    batch: list[Record] = []
    done, last = 0, time.monotonic()
    begin = cursor if not full else feed.connector.afresh(feed.stream.name, cursor) if cursor else None
    pages: Iterator[Page] = feed.connector.pull(feed.stream.name, begin)
    if feed.connector.ahead and isinstance(pages, Generator):
        pages = ahead(pages)
    ended = closing(pages) if isinstance(pages, Generator) else nullcontext()
    with ended, seldom_collected(), behind(walk, feed, asked) as landing:
        for page in pages:
            batch += page.records
            done += len(page.records)
            if seen is not None:
                seen.saw(r.key for r in page.records if not r.deleted)
            if page.cursor is not None:
                cursor = page.cursor
            if len(batch) >= BATCH or time.monotonic() - last > PATIENCE:
                landing.land(batch, cursor)
                look_for_new_fields(walk, feed, batch)
                batch, last = [], time.monotonic()
                progress(Step(feed.connection, feed.stream.name, "read", done, page.total))
        landing.land(batch, cursor, end=True)
        look_for_new_fields(walk, feed, batch)
    if seen is not None:
        sweep(walk, feed, seen, asked)
    progress(Step(feed.connection, feed.stream.name, "read", done, done))


@contextmanager
def seldom_collected() -> Iterator[None]:
    """A walk makes many objects and few cycles, so it looks for those less often while it lasts."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
