"""One write on its way, and its row in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.connect import Write
from hub.store.tables import outbox
from hub.sync.feed import Feed
from hub.sync.outbox import QUEUED, Want
from hub.sync.state import Link, text
from hub.sync.work import Work

ANEW = "anew"
"""What a create expects that is due although no system holds the record any more: theirs was merged into another."""


@dataclass(slots=True)
class Sending:
    """One row of the outbox on its way."""

    golden_id: str
    key: str  # empty: a create
    want: Want
    once: str
    expect: str | None  # a version; of a create: None or ANEW
    sent_at: int
    attempts: int
    data: Any = None

    def write(self) -> Write:
        """What the connector gets."""
        return Write(self.data, self.key or None, self.expect if self.key else None, self.once, self.golden_id)


def mark_sent(work: Work, feed: Feed, s: Sending) -> None:
    """The row is being sent: what it writes is frozen."""
    work.tx.run(
        "UPDATE outbox SET state = 'sent', want = ?, once = ?, expect = ?, sent_at = ?, note = NULL "
        "WHERE stream_id = ? AND golden_id = ? AND key = ?",
        text(s.want), s.once, s.expect, s.sent_at, feed.id, s.golden_id, s.key,
    )  # fmt: skip


def forget(work: Work, feed: Feed, golden_id: str, key: str) -> None:
    """The row is done with."""
    work.tx.run("DELETE FROM outbox WHERE stream_id = ? AND golden_id = ? AND key = ?", feed.id, golden_id, key)


def queue_create(work: Work, stream: int, golden_id: str) -> None:
    """A create that is due although none may be due by the stream's policy."""
    row = (stream, golden_id, "", "queued", work.tx.seq, 0, ANEW)
    work.tx.insert(outbox, (*QUEUED, "expect"), [row], ignore=True)


def queue_anew(work: Work, link: Link) -> None:
    """What its system has merged into another record is to be there again as a record of its own.

    The link is nobody's from then on, and remembers whose it was: what it showed is told of that side.
    """
    home = link.origin_id or link.golden_id
    queue_create(work, link.stream, link.golden_id or "")
    work.detach(link)
    link.origin_id = home


def queue_again(work: Work, feed: Feed, s: Sending) -> None:
    """The write did not arrive: it is due again, the later the more often that happened."""
    work.tx.run(
        "UPDATE outbox SET state = 'queued', want = NULL, due_at = ? WHERE stream_id = ? AND golden_id = ? AND key = ?",
        due(work, s.attempts), feed.id, s.golden_id, s.key,
    )  # fmt: skip


def due(work: Work, attempts: int) -> int:
    """When a write is tried again that could not be carried out so many times."""
    return work.now + backoff(attempts) * 1_000_000


def backoff(attempts: int) -> int:
    """Seconds until the next try: none after the first failure, then 4, 8 ... and a quarter of an hour at most."""
    return 0 if attempts < 2 else int(min(2 ** min(attempts, 10), 900))
