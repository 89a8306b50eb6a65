"""Push: carry out what is queued, in batches; a write that may have arrived is never sent blindly again."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.connect import RateLimited, Unauthorized, Unavailable
from hub.connect.retry import NotSent
from hub.errors import HubError
from hub.store.tables import outbox
from hub.sync.answers import answers
from hub.sync.arrival import arrive, differs
from hub.sync.crosswalk import MERGED, Look, their_keys
from hub.sync.feed import Feed
from hub.sync.freeze import thawed
from hub.sync.outbox import QUEUED, Want, wanted
from hub.sync.sending import ANEW, Sending, backoff, forget, mark_sent
from hub.sync.state import Golden, Link
from hub.sync.take import take
from hub.sync.twins import is_twin, spares
from hub.sync.walk import Walk
from hub.sync.work import Work

Place = tuple[int, str, str]
"""Where a row stands in the outbox: sequence, golden id, key."""


def push(walk: Walk, feed: Feed) -> int:
    """Send everything queued for the feed; return how many records were written there."""
    written = 0
    after: Place = (0, "", "")
    while True:
        rows = _due(walk, feed, after)
        if not rows:
            return written
        after = rows[-1]
        due = [(golden_id, key) for _, golden_id, key in rows]
        if not feed.stream.versioned:
            due = _look(walk, feed, due)
        batch = _prepare(walk, feed, due)
        if batch:
            done, go_on = send(walk, feed, batch)
            written += done
            if not go_on:
                return written


def _due(walk: Walk, feed: Feed, after: Place) -> list[Place]:
    """The next queued rows, the oldest first, each once a call of push."""
    with walk.store.read() as tx:
        rows = tx.rows(
            "SELECT seq, golden_id, key FROM outbox WHERE stream_id = ? AND state = 'queued' "
            "AND (due_at IS NULL OR due_at <= ?) AND (seq, golden_id, key) > (?, ?, ?) "
            f"ORDER BY seq, golden_id, key LIMIT {feed.stream.batch}",
            feed.id,
            walk.store.now(),
            *after,
        )
    return [(row[0], row[1], row[2]) for row in rows]


def _look(walk: Walk, feed: Feed, due: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without versions: read the records first; what was edited over there is merged before anything is written."""
    keys = [key for _, key in due if key]
    if not keys:
        return due
    now = walk.store.now()
    arrivals = [arrive(feed, record, now) for record in feed.connector.read(feed.stream.name, keys)]
    with walk.begin() as work:
        work.load(feed.id, keys)
        links = {a.key: work.links.get((feed.id, a.key)) for a in arrivals}
        edited = [
            a for a in arrivals if a.deleted or (link := links[a.key]) is None or differs(feed, link.seen, a.values)
        ]
        if not edited:
            return due
        take(walk, work, feed, edited, fresh=True)
        gone = {a.key for a in edited}
        work.tx.run("DELETE FROM outbox WHERE stream_id = ? AND key IN ? AND state = 'queued'", feed.id, sorted(gone))
    return [row for row in due if row[1] not in gone]


def _prepare(walk: Walk, feed: Feed, due: Sequence[tuple[str, str]]) -> list[Sending]:
    """Compute what each row is to write, and commit that it is being sent, before the call."""
    ready: list[Sending] = []
    if not due:
        return ready
    with walk.begin() as work:
        work.load_golden(golden_id for golden_id, _ in due)
        due = thawed(walk, work, feed, due)
        drop: list[tuple[str, str]] = []
        wants: list[tuple[Golden, Link | None, Want]] = []
        for golden_id, key in due:
            golden = work.golden(golden_id)
            link = work.family(golden.id).get((feed.id, key)) if key else None
            want = _still(walk, work, feed, golden, link, key)
            if not want or golden.id != golden_id:
                drop.append((golden_id, key))
                work.bump(golden.id)
            else:
                wants.append((golden, link, want))
        look = their_keys(work, feed, (values_of_want(want) for _, _, want in wants))
        tried = _attempts(work, feed, due)
        for golden, link, want in wants:
            sending = _row(walk, work, feed, golden, link, want, look)
            if sending is not None:
                sending.attempts = tried.get((golden.id, sending.key), 0)
                ready.append(sending)
        for golden_id, key in drop:
            forget(work, feed, golden_id, key)
        for s in ready:
            mark_sent(work, feed, s)
    return ready


def _attempts(work: Work, feed: Feed, due: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How often the rows that were tried before failed."""
    rows = work.tx.rows(
        "SELECT golden_id, key, attempts FROM outbox WHERE stream_id = ? AND golden_id IN ? AND attempts > 0",
        feed.id,
        sorted({golden_id for golden_id, _ in due}),
    )
    return {(golden_id, key): attempts for golden_id, key, attempts in rows}


def _still(walk: Walk, work: Work, feed: Feed, golden: Golden, link: Link | None, key: str) -> Want:
    """What the row is to write by now; nothing where it became needless."""
    if key:
        if link is None or not link.alive or link.waiting != MERGED:
            return {}
        if spares(walk.project, feed) and is_twin(link, work.family(golden.id).values()):
            return {}
        return wanted(golden, link, feed.mapping.writable, work.into)
    family = work.family(golden.id)
    if any(stream == feed.id for stream, _ in family):
        return {}
    if not any(x.alive for x in family.values()) and not _anew(work, feed, golden):
        return {}
    want = wanted(golden, None, feed.mapping.creatable)
    values = {path: value for path, (value, _) in want.items()}
    for id, refused in work.tx.rows(
        "SELECT id, want FROM dead_letter WHERE stream_id = ? AND golden_id = ? AND key = ''", feed.id, golden.id
    ):
        if msgspec.json.decode(refused) == values:
            return {}  # the same was refused before
        work.tx.run("DELETE FROM dead_letter WHERE id = ?", id)
    return want


def _anew(work: Work, feed: Feed, golden: Golden) -> bool:
    """Whether the record is to be created again because its system had merged it, which was taken apart here."""
    where = "SELECT 1 FROM outbox WHERE stream_id = ? AND golden_id = ? AND key = '' AND expect = ?"
    return bool(work.tx.rows(where, feed.id, golden.id, ANEW))


def _row(
    walk: Walk, work: Work, feed: Feed, golden: Golden, link: Link | None, want: Want, look: Look | None
) -> Sending | None:
    """One write, or None while a reference it needs has no record over there, or nothing can be expressed there."""
    values = {path: value for path, (value, _) in want.items()}
    missing: Sequence[tuple[str, str, str]] = ()
    if look is not None:
        values, missing = feed.mapping.unresolve(values, look)
        want = {path: ws for path, ws in want.items() if path in values}
    if link is None and (needs := _draft(golden) or _needs(feed, values, missing)):
        work.tx.run(
            "UPDATE outbox SET note = ? WHERE stream_id = ? AND golden_id = ? AND key = ''",
            f"waits until it has {needs}",
            feed.id,
            golden.id,
        )
        walk.count(feed, "held")
        return None
    writing = feed.mapping.write(values, create=link is None)
    for path, reason in writing.skipped.items():
        work.report("cannot be written", f"{path}: {reason}", link, golden_id=golden.id, field=path)
        if link is not None and path in want:
            link.mark(path).refused = want[path][0]
            work.touch(link)
    want = {path: ws for path, ws in want.items() if path not in writing.skipped}
    if not want or not writing.data:
        if link is not None:
            forget(work, feed, golden.id, link.key)
        return None
    return Sending(
        golden_id=golden.id,
        key=link.key if link is not None else "",
        want=want,
        once=str(uuid.uuid4()),
        expect=_expects(work, feed, golden, link),
        sent_at=walk.store.now(),
        attempts=0,
        data=writing.data,
    )


def _draft(golden: Golden) -> str:
    """A draft is nobody's but ours until a person has released it."""
    held = golden.model == "message" and golden.values.get("state") == "draft"
    return "been released: it is a draft" if held else ""


def _expects(work: Work, feed: Feed, golden: Golden, link: Link | None) -> str | None:
    if link is None:
        return ANEW if _anew(work, feed, golden) else None
    return link.version if feed.stream.versioned else None


def _needs(feed: Feed, values: Mapping[str, Any], missing: Sequence[tuple[str, str, str]]) -> str:
    """What a record lacks to be created there: required fields, and references whose target is not there yet."""
    gone = {path: id for path, _, id in missing}
    lacks = [
        f"{row.field} ({gone[row.field]} is not there yet)" if row.field in gone else row.field
        for row in feed.mapping.rows
        if row.required and row.field in feed.mapping.creatable and values.get(row.field) in (None, [])
    ]
    return ", ".join(lacks)


def values_of_want(want: Want) -> dict[str, Any]:
    """The values alone."""
    return {path: value for path, (value, _) in want.items()}


def send(walk: Walk, feed: Feed, batch: Sequence[Sending]) -> tuple[int, bool]:
    """Call the connector and take in its answers; return how many landed, and whether to go on with the next batch."""
    answered: list[tuple[Sending, Any]] = []
    stopped: HubError | None = None
    try:
        for s, answer in zip(batch, feed.connector.push(feed.stream.name, [s.write() for s in batch]), strict=False):
            answered.append((s, answer))
    except (Unavailable, Unauthorized) as error:
        stopped = error
    done, alone = answers(walk, feed, answered)
    for s in alone:
        done += _each_alone(walk, feed, s)
    open_rows = batch[len(answered) :]
    if stopped is None and open_rows:
        stopped = Unavailable(f"{feed.name}: the connector answered {len(answered)} of {len(batch)} writes")
    if stopped is not None:
        _postpone(walk, feed, open_rows, stopped)
        walk.count(feed, "postponed", len(open_rows))
        if isinstance(stopped, Unauthorized):
            raise stopped
    return done, stopped is None


def _postpone(walk: Walk, feed: Feed, rows: Sequence[Sending], why: HubError) -> None:
    """Rows without an answer: queued again where they certainly did not arrive, else they stay sent."""
    certain = isinstance(why, (RateLimited, NotSent, Unauthorized))
    with walk.begin() as work:
        for s in rows:
            wait = max(backoff(s.attempts + 1), 1)
            if isinstance(why, RateLimited) and why.retry_after:
                wait = max(wait, int(why.retry_after))
            work.tx.run(
                "UPDATE outbox SET state = ?, due_at = ?, attempts = ?, note = ? "
                "WHERE stream_id = ? AND golden_id = ? AND key = ?",
                "queued" if certain else "sent", work.now + wait * 1_000_000 if certain else None, s.attempts + 1,
                str(why)[:500], feed.id, s.golden_id, s.key,
            )  # fmt: skip


def _each_alone(walk: Walk, feed: Feed, s: Sending) -> int:
    """Write each field of a refused write alone, once, so that one bad value does not keep the good ones out."""
    done = 0
    for path, ws in s.want.items():
        with walk.begin() as work:
            work.load_golden([s.golden_id])
            golden = work.golden(s.golden_id)
            link = work.family(golden.id).get((feed.id, s.key))
            if link is None or not link.alive:
                return done
            look = their_keys(work, feed, [{path: ws[0]}])
            single = _row(walk, work, feed, golden, link, {path: ws}, look)
            if single is None:
                continue
            work.tx.insert(outbox, QUEUED, [(feed.id, golden.id, s.key, "queued", work.tx.seq, 0)], ignore=True)
            mark_sent(work, feed, single)
        landed, go_on = send(walk, feed, [single])
        done += landed
        if not go_on:
            break
    return done
