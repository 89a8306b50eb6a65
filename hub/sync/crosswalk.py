"""The crosswalk: their keys to golden ids and back, for all references of a batch at once; and who waited for one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from hub.model import MODELS, Values, field
from hub.sync.feed import Feed, referred
from hub.sync.follow import any_merged, survivors
from hub.sync.state import marks_of
from hub.sync.twins import MADE_OF, made_of
from hub.sync.work import Work

MERGED, TO_MERGE, QUARANTINED, WANTS_REFERENCE = range(4)
"""What `record.waiting` says: merged, to be merged, in quarantine, until a needed reference is there."""

Look = Callable[[str, str], str | None]


def golden_ids(work: Work, feed: Feed, records: Iterable[Values]) -> Look | None:
    """A look-up of (stream, their key) to golden id; None where the mapping has no references.

    Of a record whose golden record was merged into another it gives the id from before: what refers to it shows the
    same as ever, and is back on its side when the merge is taken apart. Of records that their system has made of
    several the merge of this work learns whose the others were.
    """
    if not feed.mapping.links:
        return None
    wanted: dict[str, set[str]] = {}
    for values in records:
        for _, stream, key in feed.mapping.references(values):
            wanted.setdefault(stream, set()).add(key)
    found: dict[tuple[str, str], str | None] = {}
    for stream, keys in wanted.items():
        target = feed.lookup.get(stream)
        if target is None:
            continue
        rows = work.tx.rows(
            "SELECT key, COALESCE(origin_id, golden_id), CASE WHEN marks LIKE ? THEN marks END FROM record "
            "WHERE stream_id = ? AND key IN ? AND golden_id IS NOT NULL",
            f'%"{MADE_OF}"%',
            target,
            sorted(keys),
        )
        found.update(((stream, key), golden_id) for key, golden_id, _ in rows)
        _learn_made(work, feed, target, {golden_id: made_of(marks_of(marks)) for _, golden_id, marks in rows if marks})
        for key in keys:
            inside = work.links.get((target, key))
            id = inside.origin_id or inside.golden_id if inside is not None else work.adopted.get((target, key))
            if id:
                found[stream, key] = id
    work.learn(id for id in found.values() if id)
    return lambda stream, key: found.get((stream, key))


def _learn_made(work: Work, feed: Feed, target: int, made: dict[str, list[str]]) -> None:
    """Take note of whose records their system has made one of, until those have records of their own there again."""
    if not made:
        return
    others = sorted({id for ids in made.values() for id in ids})
    again = work.tx.rows(
        "SELECT golden_id FROM record WHERE stream_id = ? AND golden_id IN ? AND deleted_at IS NULL", target, others
    )
    own = {row[0] for row in again}
    work.merging.made.setdefault(feed.id, {}).update(
        (other, id) for id, ids in made.items() for other in ids if other not in own
    )
    work.learn(others)


def their_keys(work: Work, feed: Feed, records: Iterable[Values]) -> Look | None:
    """A look-up of (stream, golden id) to their key; None where the mapping has no references.

    Where a merged golden record has several records in a stream, its own comes before those of the other side.
    """
    if not feed.mapping.links:
        return None
    ids = {id for values in records for _, id in referred(feed.model, values)}
    streams = {feed.lookup[name]: name for name in set(feed.mapping.links.values()) if name in feed.lookup}
    into = survivors(work.tx, ids) if any_merged(work.tx) else {}
    rows = work.tx.rows(
        "SELECT stream_id, golden_id, key, COALESCE(origin_id, golden_id) FROM record "
        "WHERE golden_id IN ? AND deleted_at IS NULL ORDER BY key DESC",
        sorted({into.get(id, id) for id in ids}),
    )
    found: dict[tuple[str, str], str] = {}
    own: dict[tuple[str, str], str] = {}
    for stream, golden_id, key, origin in rows:
        if stream in streams:
            found[streams[stream], golden_id] = key
            own[streams[stream], origin] = key
    return lambda stream, id: own.get((stream, id)) or found.get((stream, into.get(id, id)))


def needed(feed: Feed, path: str) -> bool:
    """Whether a record makes no sense without the field."""
    declared = field(MODELS[feed.model], path)
    return declared is not None and declared.required


def wake(work: Work, feed: Feed, keys: Sequence[str]) -> None:
    """Let records that waited for these keys be merged again."""
    if not keys or not work.tx.rows("SELECT 1 FROM pending WHERE target_stream_id = ? LIMIT 1", feed.id):
        return
    rows = work.tx.rows(
        "SELECT stream_id, key FROM pending WHERE target_stream_id = ? AND target_key IN ?", feed.id, list(keys)
    )
    for stream, key in rows:
        inside = work.links.get((stream, key))
        if inside is not None:
            inside.waiting = TO_MERGE if inside.waiting in (MERGED, WANTS_REFERENCE) else inside.waiting
            work.touch(inside)
        else:
            work.tx.run(
                "UPDATE record SET waiting = 1 WHERE stream_id = ? AND key = ? AND waiting IN (0, 3)", stream, key
            )
    if rows:
        work.tx.run("DELETE FROM pending WHERE target_stream_id = ? AND target_key IN ?", feed.id, list(keys))
