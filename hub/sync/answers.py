"""Answers: what became of each write of a batch, taken in together in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connect import Conflict, Missing, Receipt, Record, Rejected
from hub.store.tables import dead_letter
from hub.sync.arrival import arrive
from hub.sync.feed import Feed
from hub.sync.receipt import receipt
from hub.sync.sending import Sending, due, forget
from hub.sync.state import Link, text
from hub.sync.take import take
from hub.sync.tombstone import gone
from hub.sync.walk import Walk
from hub.sync.work import Work


def answers(walk: Walk, feed: Feed, answered: Sequence[tuple[Sending, Any]]) -> tuple[int, list[Sending]]:
    """Take in the connector's answers; return how many writes landed, and those to try field by field."""
    if not answered:
        return 0, []
    bare = [a.key for _, a in answered if isinstance(a, Receipt) and a.data is None]
    again = [s.key for s, a in answered if isinstance(a, Conflict) and s.key]
    fresh: dict[str, Record] = {}
    if bare or again:
        fresh = {r.key: r for r in feed.connector.read(feed.stream.name, sorted({*bare, *again}))}
    alone: list[Sending] = []
    done = 0
    with walk.begin() as work:
        work.load(
            feed.id, [a.key for _, a in answered if isinstance(a, Receipt)] + [s.key for s, _ in answered if s.key]
        )
        work.load_golden(s.golden_id for s, _ in answered)
        for s, answer in answered:
            if isinstance(answer, Receipt):
                receipt(walk, work, feed, s, answer, fresh.get(answer.key))
                done += 1
            elif isinstance(answer, Missing):
                _missing(walk, work, feed, s)
            elif isinstance(answer, Conflict):
                _conflict(walk, work, feed, s, fresh.get(s.key))
            elif isinstance(answer, Rejected):
                if _refused(walk, work, feed, s, answer):
                    alone.append(s)
            else:
                work.tx.run(
                    "UPDATE outbox SET attempts = ?, due_at = ?, note = ? "
                    "WHERE stream_id = ? AND golden_id = ? AND key = ?",
                    s.attempts + 1, due(work, s.attempts + 1), str(answer)[:500], feed.id, s.golden_id, s.key,
                )  # fmt: skip
                walk.count(feed, "postponed")
    walk.count(feed, "written", sum(isinstance(a, Receipt) for _, a in answered))
    return done, alone


def _link(work: Work, feed: Feed, s: Sending) -> Link | None:
    return work.links.get((feed.id, s.key)) if s.key else None


def _missing(walk: Walk, work: Work, feed: Feed, s: Sending) -> None:
    forget(work, feed, s.golden_id, s.key)
    link = _link(work, feed, s)
    if link is not None:
        link.deleted_at = work.now
        work.touch(link)
        gone(walk, work, feed, link)
    work.bump(work.golden(s.golden_id).id)
    walk.count(feed, "gone")


def _conflict(walk: Walk, work: Work, feed: Feed, s: Sending, now: Record | None) -> None:
    """Someone was there first: merge what they did; the next comparison decides anew."""
    forget(work, feed, s.golden_id, s.key)
    work.bump(work.golden(s.golden_id).id)
    walk.count(feed, "conflicts")
    if now is not None:
        take(walk, work, feed, [arrive(feed, now, work.now)], fresh=True)


def _refused(walk: Walk, work: Work, feed: Feed, s: Sending, why: Rejected) -> bool:
    """Take note of a refusal; True where each field must be tried alone to find the bad one."""
    forget(work, feed, s.golden_id, s.key)
    link = _link(work, feed, s)
    golden = work.golden(s.golden_id)
    if link is None:
        bury(work, feed, s, {p: v for p, (v, _) in s.want.items()}, why)
        walk.count(feed, "refused")
        return False
    bad = feed.mapping.ours(why.fields) & s.want.keys() if why.fields else set()
    if len(s.want) == 1:
        bad = set(s.want)
    if not bad:
        return True
    for path in bad:
        link.mark(path).refused = s.want[path][0]
    work.touch(link)
    work.bump(golden.id)
    bury(work, feed, s, {p: s.want[p][0] for p in bad}, why)
    walk.count(feed, "refused")
    return False


def bury(work: Work, feed: Feed, s: Sending, want: dict[str, Any], why: Rejected) -> None:
    """Make a dead letter of what was refused, with the target's words."""
    work.tx.insert(
        dead_letter,
        ("stream_id", "golden_id", "key", "want", "message", "at"),
        [(feed.id, s.golden_id, s.key, text(want), str(why)[:2000], work.now)],
    )
