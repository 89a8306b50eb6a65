"""Behind: a batch is written in a thread of its own while the next one is compared and mapped.

A third of a first sync into PostgreSQL is waiting for the server; this uses that time. What is in flight is one
batch, written before the next, so that cursors move in order; a batch that repeats a key of the one in flight waits,
since it must be compared with what that one leaves.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

from hub.connect import Record
from hub.sync.feed import Feed
from hub.sync.land import arriving, land, write
from hub.sync.walk import Walk

SWITCH = 0.0005  # seconds a thread may go on while another waits for its turn; Python's own is ten times that


class Landing:
    """Lands the batches of one pull, in order."""

    def __init__(self, walk: Walk, feed: Feed, asked: int, pool: ThreadPoolExecutor | None) -> None:
        self.walk = walk
        self.feed = feed
        self.asked = asked
        self.pool = pool
        self.keys: set[str] = set()  # of the batch in flight
        self.written: Future[None] | None = None

    def land(self, records: Sequence[Record], cursor: str | None, *, end: bool = False) -> None:
        """Land a batch; it may still be on its way when this returns. Raises what became of the one before it."""
        if self.pool is None:
            land(self.walk, self.feed, records, cursor, self.asked, end=end)
            return
        keys = {r.key for r in records}
        if not self.keys.isdisjoint(keys):
            self.wait()
        arrivals = arriving(self.walk, self.feed, records, self.asked)
        self.wait()
        self.keys = keys
        self.written = self.pool.submit(write, self.walk, self.feed, arrivals, cursor, end=end, again=True)

    def wait(self) -> None:
        """Wait until nothing is in flight. Raises what became of the last batch."""
        written, self.written, self.keys = self.written, None, set()
        if written is not None:
            written.result()


@contextmanager
def behind(walk: Walk, feed: Feed, asked: int) -> Iterator[Landing]:
    """Land the batches of a pull; all of them are written at the end, whatever happens."""
    if not walk.store.parallel:
        yield Landing(walk, feed, asked, None)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="land") as pool, often_switched():
        landing = Landing(walk, feed, asked, pool)
        yield landing
        landing.wait()


@contextmanager
def often_switched() -> Iterator[None]:
    """The thread that writes runs some microseconds between one wait for the server and the next: it is let in sooner."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
