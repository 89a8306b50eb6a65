"""Tombstones: what it means for the golden record that a record is gone over there, as the stream's policy says."""

from __future__ import annotations

from hub.sync.feed import HUB, Feed
from hub.sync.state import Link
from hub.sync.walk import Walk
from hub.sync.work import Work


def gone(walk: Walk, work: Work, feed: Feed, link: Link) -> None:
    """Carry out `on_tombstone` for a link whose record is gone; by itself it deletes nothing anywhere.

    `ignore` keeps the link as a grave, so that the record is not created there again. `unlink` frees the golden record
    to be created there again. `archive` takes a golden record off the lists once no system holds it any more.
    """
    if link.golden_id is None:
        return
    golden = work.golden(link.golden_id)
    if feed.config.on_tombstone == "unlink":
        work.detach(link)
        return
    family = work.family(golden.id).values()
    policies = set()
    for other in family:
        owner = walk.feeds.get(other.stream)
        if owner is None or owner.connection == HUB:
            continue  # what the hub derives itself keeps nobody alive
        if other.alive:
            return
        policies.add(owner.config.on_tombstone)
    if "archive" in policies and golden.archived_at is None:
        golden.archived_at = work.now
        golden.changed = True


def back(work: Work, link: Link) -> None:
    """A golden record that a system holds again is archived no longer."""
    golden = work.golden(link.golden_id or "")
    if golden.archived_at is not None:
        golden.archived_at = None
        golden.changed = True
