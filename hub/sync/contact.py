"""Before it is done: what a run would write, and what first contact found on each side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from hub.store import Tx
from hub.sync.feed import HUB, Feed
from hub.sync.outbox import merged_references, wanted
from hub.sync.state import GOLDEN, LINK, golden_of, link_of
from hub.sync.walk import Walk


class Difference(NamedTuple):
    """One field a run would write."""

    connection: str
    stream: str
    key: str | None  # None: the record would be created
    id: str  # of the golden record
    kind: str  # create | update
    field: str
    here: Any  # the golden value
    there: Any  # what the record shows now
    winner: str  # connection the golden value comes from


class Contact(NamedTuple):
    """What one stream holds that others hold too."""

    connection: str
    stream: str
    matched: int  # records whose golden record has records in other connections as well
    alone: int  # only here
    absent: int  # golden records of the model that have no record here


def differences(walk: Walk, feeds: Sequence[Feed]) -> list[Difference]:
    """Every field of every write that is queued for these feeds."""
    found: list[Difference] = []
    for feed in feeds:
        if not feed.pushes:
            continue
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT golden_id, key FROM outbox WHERE stream_id = ? AND state = 'queued' ORDER BY golden_id, key",
                feed.id,
            )
            for golden_id, key in rows:
                found += _of(walk, tx, feed, golden_id, key)
    return found


def _of(walk: Walk, tx: Tx, feed: Feed, golden_id: str, key: str) -> list[Difference]:
    golden = golden_of(tx.rows(f"SELECT {GOLDEN} FROM golden WHERE id = ?", golden_id)[0])
    link = None
    if key:
        link = link_of(tx.rows(f"SELECT {LINK} FROM record WHERE stream_id = ? AND key = ?", feed.id, key)[0])
    paths = feed.mapping.writable if key else feed.mapping.creatable
    into = merged_references(tx, [golden], [link] if link else [])
    return [
        Difference(
            feed.connection,
            feed.stream.name,
            key or None,
            golden_id,
            "update" if key else "create",
            path,
            value,
            link.seen.get(path) if link else None,
            walk.connections.get(stamp.again.stream, ""),
        )  # fmt: skip
        for path, (value, stamp) in wanted(golden, link, paths, into).items()
    ]


def first_contact(walk: Walk, tx: Tx) -> list[Contact]:
    """How the streams overlap, a row a stream."""
    found = []
    for feed in walk.feeds.values():
        if feed.connection == HUB:
            continue
        total = tx.rows(
            "SELECT count(DISTINCT golden_id) FROM record WHERE stream_id = ? AND deleted_at IS NULL", feed.id
        )[0][0]
        others = [f.id for f in walk.feeds.values() if f.connection not in (feed.connection, HUB)]
        matched = tx.rows(
            "SELECT count(DISTINCT r.golden_id) FROM record r WHERE r.stream_id = ? AND r.deleted_at IS NULL AND "
            "EXISTS (SELECT 1 FROM record o WHERE o.golden_id = r.golden_id AND o.deleted_at IS NULL "
            "AND o.stream_id IN ?)",
            feed.id,
            others,
        )[0][0]
        model = tx.rows("SELECT count(*) FROM golden WHERE model = ? AND into_id IS NULL", feed.model)[0][0]
        found.append(Contact(feed.connection, feed.stream.name, matched, total - matched, model - total))
    return found
