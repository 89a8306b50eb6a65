"""Fuse: two records of one stream that stand for one golden record are merged by their system's own call.

States are compared here too: as long as both are there, the call is due. A connector answers the same when it is asked
again, so a process that dies between the call and its receipt has nothing to remember.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from msgspec import UNSET

from hub.connect import Missing, Receipt, Record, Rejected, Unavailable
from hub.sync.answers import bury
from hub.sync.arrival import arrive, differs
from hub.sync.crosswalk import MERGED, golden_ids, wake
from hub.sync.feed import Feed
from hub.sync.frozen import frozen
from hub.sync.merge import Snapshot, observe
from hub.sync.sending import Sending, forget, queue_anew
from hub.sync.state import Link
from hub.sync.take import take
from hub.sync.twins import FUSED, MADE_OF, made_of, place
from hub.sync.walk import Walk
from hub.sync.work import Work


class Due(NamedTuple):
    """Two records of one stream that are to be one over there."""

    golden_id: str
    keep: str
    gone: str


def fuses(walk: Walk, feed: Feed) -> bool:
    """Whether the stream's system is to merge its records itself."""
    wanted = walk.project.duplicates.on_merge.get(feed.connection) == "merge"
    return wanted and feed.pushes and feed.stream.merges


def fuse(walk: Walk, feed: Feed) -> int:
    """Let the system merge every two records that a merge here has made one; return how many it did."""
    if not fuses(walk, feed):
        return 0
    done = 0
    tried: set[Due] = set()
    while fresh := [due for due in _due(walk, feed) if due not in tried]:  # of three records two are merged first
        tried.update(fresh)
        for due in fresh:
            done += _one(walk, feed, due)
    return done


def _one(walk: Walk, feed: Feed, due: Due) -> int:
    if _look(walk, feed, due):
        answer = feed.connector.merge(feed.stream.name, due.keep, due.gone)
        if isinstance(answer, Unavailable):
            raise answer
        shown = None
        if isinstance(answer, Receipt):
            shown = Record(answer.key, answer.data, answer.version, answer.changed_at) if answer.data else None
            shown = shown or next(iter(feed.connector.read(feed.stream.name, [answer.key])))
        with walk.begin() as work:
            work.load(feed.id, [due.keep, due.gone, *([answer.key] if isinstance(answer, Receipt) else [])])
            if isinstance(answer, Receipt) and shown is not None:
                _received(work, feed, due, answer, shown)
                walk.count(feed, "written")
                return 1
            if not isinstance(answer, Missing):  # one of them is gone: the next read tells which
                _refused(walk, work, feed, due, Rejected(str(answer)))
    return 0


def _due(walk: Walk, feed: Feed) -> list[Due]:
    """Every twin of the stream with the record that speaks for it; one whose merge was refused is left alone."""
    with walk.store.read() as tx:
        rows = tx.rows(
            "SELECT golden_id, key, origin_id, marks FROM record WHERE stream_id = ? AND deleted_at IS NULL "
            "AND golden_id IN (SELECT survivor_id FROM merge WHERE undone_seq IS NULL)",
            feed.id,
        )
        cold = frozen(tx, (row[0] for row in rows))
        busy = {row[0] for row in tx.rows("SELECT key FROM outbox WHERE stream_id = ? AND state = 'sent'", feed.id)}
    held: dict[str, list[tuple[str, str | None, str | None]]] = {}
    for golden_id, key, origin_id, marks in rows:
        held.setdefault(golden_id, []).append((key, origin_id, marks))
    found = []
    for golden_id, records in sorted((id, records) for id, records in held.items() if id not in cold):
        records.sort(key=lambda r: place(r[0], r[1]))
        keep = records[0][0]
        for key, origin_id, marks in records[1:]:
            refused = msgspec.json.decode(marks).get(FUSED, {}).get("r") if marks else None
            if origin_id is not None and refused != keep and not {key, keep} & busy:
                found.append(Due(golden_id, keep, key))
                break  # the others once it is known what the two became
    return found


def _look(walk: Walk, feed: Feed, due: Due) -> bool:
    """Take in what was edited over there, since the system keeps one side's values; return whether they are twins still.

    Where one reads as gone they may be one already: the call tells.
    """
    arrivals = [
        arrive(feed, record, walk.store.now()) for record in feed.connector.read(feed.stream.name, [due.keep, due.gone])
    ]
    with walk.begin() as work:
        work.load(feed.id, [due.keep, due.gone])
        links = [work.links.get((feed.id, key)) for key in (due.keep, due.gone)]
        if any(link is None or link.golden_id != due.golden_id for link in links):
            return False
        edited = [
            a for a in arrivals
            if not a.deleted and (link := work.links.get((feed.id, a.key))) is not None
            and differs(feed, link.seen, a.values)
        ]  # fmt: skip
        if edited:
            take(walk, work, feed, edited, fresh=True)
    return True


def _received(work: Work, feed: Feed, due: Due, got: Receipt, shown: Record) -> None:
    """The record that is left goes on as the one that was kept; the others are graves that say where they ended."""
    keep, gone = work.links[feed.id, due.keep], work.links[feed.id, due.gone]
    golden = work.golden(keep.golden_id or "")
    left = work.links.get((feed.id, got.key))
    if left is None:
        left = work.add(Link(feed.id, got.key))
    if left.golden_id is None:
        work.attach(left, golden, keep.origin_id)
        left.seen, left.ours = dict(keep.seen), keep.ours
        left.marks = {path: msgspec.structs.replace(m) for path, m in keep.marks.items() if path != FUSED}
        left.changed_at = keep.changed_at
    if left.golden_id == golden.id:
        _note_made_of(left, keep, gone)
    else:
        work.report("duplicate?", f"{due.keep} and {due.gone} became a record of {left.golden_id}", left)
    _grave(work, feed, [old for old in (keep, gone) if old is not left], got.key)
    arrival = arrive(feed, shown, work.now)
    values = arrival.values
    look = golden_ids(work, feed, [values])
    if look is not None:
        values, _ = feed.mapping.resolve(values, look)
    if gone.golden_id == keep.golden_id:
        _inherit(work, left, gone, values)
    else:  # taken apart here while they were merged there
        queue_anew(work, gone)
    left.digest, left.payload, left.waiting, left.landed = arrival.digest, arrival.payload, MERGED, None
    left.receipt_seq = work.tx.seq
    work.payloads.add((feed.id, left.key))
    golden = work.golden(left.golden_id or "")
    observe(work.merging, left, golden, Snapshot(values, shown.version, arrival.at, False, arrival.unclear))
    work.bump(golden.id)
    wake(work, feed, [left.key])


def _note_made_of(left: Link, keep: Link, gone: Link) -> None:
    """Take note of whose records the one that is left was made of: what referred to them shows that one from now on."""
    homes = {x.origin_id or x.golden_id for x in (keep, gone)} | {id for x in (keep, gone) for id in made_of(x.marks)}
    others = sorted(id for id in homes if id is not None and id != (left.origin_id or left.golden_id))
    if others:
        left.mark(MADE_OF).meant = others


def _grave(work: Work, feed: Feed, links: Sequence[Link], into: str) -> None:
    for link in links:
        link.deleted_at = work.now
        link.mark(FUSED).meant = into
        work.touch(link)
        forget(work, feed, link.golden_id or "", link.key)
        work.tx.run("DELETE FROM dead_letter WHERE stream_id = ? AND key = ?", feed.id, link.key)


def _inherit(work: Work, left: Link, gone: Link, values: dict[str, object]) -> None:
    """What the system took over from the record that is gone was known before: it is nobody's edit."""
    golden = work.golden(gone.golden_id or "")
    for path, x in values.items():
        if path not in gone.seen or gone.seen[path] != x or left.seen.get(path, UNSET) == x:
            continue
        base = gone.base(path, golden, work.merging.rankings.of(golden.model, path))
        left.set(path, x, gone.meant(path), ours=True)  # not what this record says by itself
        left.mark(path).base = UNSET if base is None else base


def _refused(walk: Walk, work: Work, feed: Feed, due: Due, why: Rejected) -> None:
    """The system does not merge them: it stays a dead letter until a person has it tried again."""
    link = work.links.get((feed.id, due.gone))
    if link is None or link.golden_id is None:
        return
    link.mark(FUSED).refused = due.keep
    work.touch(link)
    said = Sending(link.golden_id, due.gone, {}, "", None, work.now, 0)
    bury(work, feed, said, {FUSED: due.keep}, why)
    walk.count(feed, "refused")
