"""Outbox: where what a target shows is not what it should show, a write is queued.

States are compared, never events; that is what stops echoes. A queued row says only which link is due; what is
written is computed when it is sent, so a second change before the first is sent needs no second row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from hub.store import Tx
from hub.store.tables import outbox
from hub.sync.feed import Feed, referred, refers
from hub.sync.follow import Into, any_merged, same, survivors
from hub.sync.stamp import Stamp
from hub.sync.state import GOLDEN, LINK, Golden, Link, golden_of, link_of
from hub.sync.twins import twins
from hub.sync.walk import BATCH, Walk
from hub.sync.work import Work

QUEUED = ("stream_id", "golden_id", "key", "state", "seq", "attempts")
NOBODY: Into = {}
Want = dict[str, tuple[Any, Stamp]]
"""What a link should show and does not: {path: (golden value, its stamp)}."""


def wanted(golden: Golden, link: Link | None, paths: frozenset[str], into: Into = NOBODY) -> Want:
    """Compare a golden record with what its record over there means; `link` is None for a create.

    `into` says where references to merged golden records end: two that end at one are no difference.
    """
    want: Want = {}
    for path, value in golden.values.items():
        if path not in paths:
            continue
        if link is None or path not in link.seen:
            if value is None or (link is not None and link.refused(path) == value):
                continue
        elif same(golden.model, path, value, link.meant(path), into) or value == link.refused(path):
            continue
        want[path] = (value, golden.stamp(path))
    return want


def merged_references(tx: Tx, golden: Sequence[Golden], links: Sequence[Link]) -> Into:
    """Where references of these golden records and their links end, where they name merged ones."""
    if not any(refers(g.model) for g in golden) or not any_merged(tx):
        return NOBODY
    held = [(g.model, g.values) for g in golden] + [(g.model, x.seen) for g, x in zip(golden, links, strict=False)]
    return survivors(tx, (id for model, values in held for _, id in referred(model, values)))


def listeners(walk: Walk, feed: Feed) -> list[Feed]:
    """The feeds that get a record of all there is of the feed's model, and are never read themselves."""
    return [
        f
        for f in walk.of_model(feed.model)
        if f.pushes and not f.pulls and f.stream.creates and f.config.create == "all" and f is not feed
    ]


def announce(walk: Walk, work: Work, feed: Feed) -> None:
    """Queue a create of each record adopted in this transaction where everything of the model is wanted.

    `compare` would find the same, by reading all that was written once more. It need not where nothing is left between.
    """
    if not work.adopted:
        return
    tx, ids = work.tx, list(work.adopted.values())
    for target in listeners(walk, feed):
        if may_create(tx, target):
            continue
        tx.insert(outbox, QUEUED, [(target.id, id, "", "queued", tx.seq, 0) for id in ids])
        walk.count(target, "queued", len(ids))
        if work.only_adopts:
            tx.run(
                "UPDATE stream SET created_seq = ? WHERE id = ? AND created_seq >= "
                "(SELECT COALESCE(max(seq), 0) FROM golden WHERE model = ? AND seq < ?)",
                tx.seq, target.id, feed.model, tx.seq,
            )  # fmt: skip


def compare(walk: Walk, feed: Feed) -> int:
    """Queue a write for each link of the feed that shows something else than it should; return how many."""
    if not feed.pushes:
        return 0
    look_again_if_settings_changed(walk, feed)
    queued = _updates(walk, feed) if feed.stream.changes else 0
    if feed.config.create != "never" and feed.stream.creates:
        queued += _creates(walk, feed)
    walk.count(feed, "queued", queued)
    return queued


def look_again_if_settings_changed(walk: Walk, feed: Feed) -> None:
    """A changed mapping, policy or rule means that everything must be compared once more."""
    rules = sorted((k, v) for k, v in walk.project.rules.items() if k[0] == feed.model)
    said = repr((feed.config, sorted(feed.mapping.writable), sorted(feed.mapping.creatable), rules))
    digest = hashlib.blake2b(said.encode(), digest_size=12).hexdigest()
    with walk.store.read() as tx:
        same = tx.rows("SELECT 1 FROM stream WHERE id = ? AND push_digest = ?", feed.id, digest)
    if not same:
        with walk.store.begin() as tx:
            tx.run("UPDATE stream SET push_digest = ?, compared_seq = 0, created_seq = 0 WHERE id = ?", digest, feed.id)


CHANGED = f"""
    SELECT {", ".join("g." + c for c in GOLDEN.split(", "))}, {", ".join("r." + c for c in LINK.split(", "))}
    FROM golden g JOIN record r ON r.golden_id = g.id
    WHERE g.model = ? AND g.seq > ? AND g.seq <= ? AND g.into_id IS NULL AND r.stream_id = ? AND r.deleted_at IS NULL
      AND r.waiting = 0 AND (r.marks IS NOT NULL OR r.seen <> g.data) AND g.id > ?
    ORDER BY g.id LIMIT {BATCH}
"""


def _updates(walk: Walk, feed: Feed) -> int:
    width = len(GOLDEN.split(", "))
    upto = walk.store.sequence()
    with walk.store.read() as tx:
        since = tx.rows("SELECT compared_seq FROM stream WHERE id = ?", feed.id)[0][0]
    if upto == since:
        return 0
    queued, after = 0, ""
    while True:
        with walk.store.read() as tx:
            rows = tx.rows(CHANGED, feed.model, since, upto, feed.id, after)
            golden, links = [golden_of(row[:width]) for row in rows], [link_of(row[width:]) for row in rows]
            into = merged_references(tx, golden, links)
            spared = twins(tx, walk.project, feed, links)
        due = [
            (feed.id, g.id, link.key)
            for g, link in zip(golden, links, strict=True)
            if link.key not in spared and wanted(g, link, feed.mapping.writable, into)
        ]
        last = len(rows) < BATCH
        with walk.store.begin() as tx:
            queued += tx.insert(outbox, QUEUED, [(*d, "queued", tx.seq, 0) for d in due], ignore=True)
            if last:
                tx.run("UPDATE stream SET compared_seq = ? WHERE id = ?", upto, feed.id)
        if last:
            return queued
        after = rows[-1][0]


CREATES = """
    INSERT INTO outbox (stream_id, golden_id, key, state, seq, attempts)
    SELECT r.into_stream, g.id, '', 'queued', r.at_seq, 0
    FROM golden g, (SELECT CAST(? AS INTEGER) AS into_stream, CAST(? AS BIGINT) AS at_seq) r
    WHERE g.model = ? AND g.seq > ? AND g.into_id IS NULL AND g.archived_at IS NULL
      AND EXISTS (SELECT 1 FROM record x WHERE x.golden_id = g.id AND x.deleted_at IS NULL AND x.waiting IN (0, 1))
      AND NOT EXISTS (SELECT 1 FROM record x WHERE x.golden_id = g.id AND x.stream_id = r.into_stream)
      AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.stream_id = r.into_stream AND o.golden_id = g.id AND o.key = '')
"""
REFERENCED = """
      AND EXISTS (
        SELECT 1 FROM reference f JOIN golden h ON h.id = f.golden_id
        WHERE f.target_id = g.id AND h.into_id IS NULL AND h.model IN ?
      )
"""


def may_create(tx: Tx, feed: Feed) -> str | None:
    """Why nothing may be created in the stream yet, or None.

    What stands there and is not known yet could be the very thing that would be created.
    """
    if feed.pulls and not tx.rows("SELECT 1 FROM stream WHERE id = ? AND read_to_end", feed.id):
        return "it was not read to its end yet"
    return unidentified(tx, feed)


def unidentified(tx: Tx, feed: Feed) -> str | None:
    """Why nothing may be created while records wait that nobody could identify, or None."""
    sql = "SELECT count(*) FROM record WHERE stream_id = ? AND waiting > 0 AND golden_id IS NULL"
    count = tx.rows(sql, feed.id)[0][0]
    return f"{count} of its records wait unidentified and could be the same" if count else None


def _creates(walk: Walk, feed: Feed) -> int:
    with walk.store.read() as tx:
        since = tx.rows("SELECT created_seq FROM stream WHERE id = ?", feed.id)[0][0]
        if since == walk.store.sequence() or may_create(tx, feed):
            return 0
    with walk.store.begin() as tx:
        if may_create(tx, feed):
            return 0
        sql, values = CREATES, [feed.id, tx.seq, feed.model, since]
        if feed.config.create == "referenced":
            models = sorted(
                f.model
                for f in walk.feeds.values()
                if f.connection == feed.connection and f.pushes and f.config.create != "never" and f is not feed
            )
            sql, values = CREATES + REFERENCED, [*values, models]
        queued = tx.run(sql, *values)
        tx.run("UPDATE stream SET created_seq = ? WHERE id = ?", tx.seq, feed.id)
    return queued
