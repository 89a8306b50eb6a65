"""One write on its way, and its row in the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.connect import Write
from hub.sync.feed import Feed
from hub.sync.outbox import Want
from hub.sync.state import text
from hub.sync.work import Work


@dataclass(slots=True)
class Sending:
    """One row of the outbox on its way."""

    golden_id: str
    key: str  # empty: a create
    want: Want
    once: str
    expect: str | None
    sent_at: int
    attempts: int
    data: Any = None

    def write(self) -> Write:
        """What the connector gets."""
        return Write(self.data, self.key or None, self.expect, self.once, self.golden_id)


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
