"""Push: carry out what is queued, in batches; a write that may have arrived is never sent blindly again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from hub.connect import Conflict, Missing, RateLimited, Receipt, Record, Rejected, Unauthorized, Unavailable, Write
from hub.connect.retry import NotSent
from hub.errors import HubError
from hub.store.tables import dead_letter
from hub.sync.feed import Feed
from hub.sync.land import MERGED, arrive, read, take
from hub.sync.merge import Snapshot, observe
from hub.sync.outbox import Want, wanted
from hub.sync.stamp import Stamp
from hub.sync.state import Golden, Link, text
from hub.sync.walk import Walk
from hub.sync.work import Work

_want = msgspec.json.Decoder(dict[str, tuple[Any, Stamp]]).decode
ROW = "golden_id, key, want, once, expect, sent_at, attempts"


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


def push(walk: Walk, feed: Feed) -> int:
    """Send everything queued for the feed; return how many records were written there."""
    written = 0
    tried: set[tuple[str, str]] = set()
    while True:
        due = _due(walk, feed, tried)
        if not due:
            return written
        tried.update(due)
        if not feed.stream.versioned:
            due = _look(walk, feed, due)
        batch = _prepare(walk, feed, due)
        if batch:
            done, go_on = _send(walk, feed, batch)
            written += done
            if not go_on:
                return written


def _due(walk: Walk, feed: Feed, tried: set[tuple[str, str]]) -> list[tuple[str, str]]:
    """The next queued rows, the oldest first."""
    with walk.store.read() as tx:
        rows = tx.rows(
            "SELECT golden_id, key FROM outbox WHERE stream_id = ? AND state = 'queued' "
            "AND (due_at IS NULL OR due_at <= ?) ORDER BY seq, golden_id, key",
            feed.id,
            walk.store.now(),
        )
    return [row for row in rows if row not in tried][: feed.stream.batch]


def _look(walk: Walk, feed: Feed, due: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without versions: read the records first; what was edited over there is merged before anything is written."""
    keys = [key for _, key in due if key]
    if not keys:
        return due
    now = walk.store.now()
    arrivals = []
    for record in feed.connector.read(feed.stream.name, keys):
        digest, payload = arrive(feed, record)
        arrivals.append(read(feed, record, digest, payload, now))
    with walk.begin() as work:
        work.load(feed.id, keys)
        edited = [a for a in arrivals if a.deleted or _differs(feed, work.links.get((feed.id, a.key)), a.values)]
        if not edited:
            return due
        take(walk, work, feed, edited)
        gone = {a.key for a in edited}
        work.tx.run("DELETE FROM outbox WHERE stream_id = ? AND key IN ? AND state = 'queued'", feed.id, sorted(gone))
    return [row for row in due if row[1] not in gone]


def _differs(feed: Feed, link: Link | None, values: dict[str, Any]) -> bool:
    if link is None:
        return True
    links = feed.mapping.links
    return any(link.seen.get(path) != x for path, x in values.items() if path not in links)


def _prepare(walk: Walk, feed: Feed, due: Sequence[tuple[str, str]]) -> list[Sending]:
    """Compute what each row is to write, and commit that it is being sent, before the call."""
    ready: list[Sending] = []
    if not due:
        return ready
    with walk.begin() as work:
        work.load_golden(golden_id for golden_id, _ in due)
        drop: list[tuple[str, str]] = []
        wants: list[tuple[Golden, Link | None, Want]] = []
        for golden_id, key in due:
            golden = work.golden(golden_id)
            link = work.family(golden.id).get((feed.id, key)) if key else None
            want = _still(work, feed, golden, link, key)
            if not want or golden.id != golden_id:
                drop.append((golden_id, key))
                work.bump(golden.id)
            else:
                wants.append((golden, link, want))
        look = _their_keys(walk, work, feed, wants)
        for golden, link, want in wants:
            sending = _row(walk, work, feed, golden, link, want, look)
            if sending is not None:
                ready.append(sending)
        for golden_id, key in drop:
            _forget(work, feed, golden_id, key)
        for s in ready:
            _mark_sent(work, feed, s)
    return ready


def _still(work: Work, feed: Feed, golden: Golden, link: Link | None, key: str) -> Want:
    """What the row is to write by now; nothing where it became needless."""
    if key:
        if link is None or not link.alive or link.waiting != MERGED:
            return {}
        return wanted(golden, link, feed.mapping.writable)
    family = work.family(golden.id)
    if any(stream == feed.id for stream, _ in family) or not any(x.alive for x in family.values()):
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


Look = Callable[[str, str], str | None]


def _their_keys(walk: Walk, work: Work, feed: Feed, wants: Iterable[tuple[Golden, Link | None, Want]]) -> Look | None:
    """A look-up of (stream, golden id) to their key, for all references of the batch at once."""
    if not feed.mapping.links:
        return None
    ids: set[str] = set()
    for golden, _, want in wants:
        from hub.sync.feed import referred

        ids.update(id for _, id in referred(golden.model, {path: value for path, (value, _) in want.items()}))
    streams = {feed.lookup[name]: name for name in set(feed.mapping.links.values()) if name in feed.lookup}
    rows = work.tx.rows(
        "SELECT stream_id, golden_id, key FROM record WHERE golden_id IN ? AND deleted_at IS NULL ORDER BY key DESC",
        sorted(ids),
    )
    found = {(streams[stream], id): key for stream, id, key in rows if stream in streams}
    return lambda stream, id: found.get((stream, id))


def _row(
    walk: Walk, work: Work, feed: Feed, golden: Golden, link: Link | None, want: Want, look: Look | None
) -> Sending | None:
    """One write, or None while a reference it needs has no record over there, or nothing can be expressed there."""
    values = {path: value for path, (value, _) in want.items()}
    missing: Sequence[tuple[str, str, str]] = ()
    if look is not None:
        values, missing = feed.mapping.unresolve(values, look)
        want = {path: ws for path, ws in want.items() if path in values}
    if link is None and (needs := _needs(feed, values, missing)):
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
            _forget(work, feed, golden.id, link.key)
        return None
    return Sending(
        golden_id=golden.id,
        key=link.key if link is not None else "",
        want=want,
        once=str(uuid.uuid4()),
        expect=link.version if link is not None and feed.stream.versioned else None,
        sent_at=walk.store.now(),
        attempts=0,
        data=writing.data,
    )


def _needs(feed: Feed, values: Mapping[str, Any], missing: Sequence[tuple[str, str, str]]) -> str:
    """What a record lacks to be created there: required fields, and references whose target is not there yet."""
    gone = {path: id for path, _, id in missing}
    lacks = [
        f"{row.field} ({gone[row.field]} is not there yet)" if row.field in gone else row.field
        for row in feed.mapping.rows
        if row.required and row.field in feed.mapping.creatable and values.get(row.field) is None
    ]
    return ", ".join(lacks)


def _mark_sent(work: Work, feed: Feed, s: Sending) -> None:
    work.tx.run(
        "UPDATE outbox SET state = 'sent', want = ?, once = ?, expect = ?, sent_at = ?, note = NULL "
        "WHERE stream_id = ? AND golden_id = ? AND key = ?",
        text(s.want), s.once, s.expect, s.sent_at, feed.id, s.golden_id, s.key,
    )  # fmt: skip


def _forget(work: Work, feed: Feed, golden_id: str, key: str) -> None:
    work.tx.run("DELETE FROM outbox WHERE stream_id = ? AND golden_id = ? AND key = ?", feed.id, golden_id, key)


def _send(walk: Walk, feed: Feed, batch: Sequence[Sending]) -> tuple[int, bool]:
    """Call the connector and take in its answers; return how many landed, and whether to go on with the next batch."""
    answered: list[tuple[Sending, Any]] = []
    stopped: HubError | None = None
    try:
        for s, answer in zip(batch, feed.connector.push(feed.stream.name, [s.write() for s in batch]), strict=False):
            answered.append((s, answer))
    except (Unavailable, Unauthorized) as error:
        stopped = error
    done = answers(walk, feed, answered)
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
            wait = min(2 ** min(s.attempts, 10), 900)
            if isinstance(why, RateLimited) and why.retry_after:
                wait = max(wait, int(why.retry_after))
            work.tx.run(
                "UPDATE outbox SET state = ?, due_at = ?, attempts = ?, note = ? "
                "WHERE stream_id = ? AND golden_id = ? AND key = ?",
                "queued" if certain else "sent", work.now + wait * 1_000_000 if certain else None, s.attempts + 1,
                str(why)[:500], feed.id, s.golden_id, s.key,
            )  # fmt: skip


def answers(walk: Walk, feed: Feed, answered: Sequence[tuple[Sending, Any]]) -> int:
    """Take in the connector's answers, all in one transaction; return how many writes landed."""
    if not answered:
        return 0
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
                    "UPDATE outbox SET attempts = attempts + 1, note = ? WHERE stream_id = ? AND golden_id = ? AND key = ?",
                    str(answer)[:500], feed.id, s.golden_id, s.key,
                )  # fmt: skip
                walk.count(feed, "postponed")
    for s in alone:
        done += _each_alone(walk, feed, s)
    walk.count(feed, "written", sum(isinstance(a, Receipt) for _, a in answered))
    return done


def _link(work: Work, feed: Feed, s: Sending) -> Link | None:
    return work.links.get((feed.id, s.key)) if s.key else None


def receipt(
    walk: Walk,
    work: Work,
    feed: Feed,
    s: Sending,
    got: Receipt,
    seen: Record | None,
    *,
    unsure: bool = False,
) -> None:
    """Take note of a write that landed: what it showed is what we wrote, in the target's own form."""
    _forget(work, feed, s.golden_id, s.key)
    golden = work.golden(s.golden_id)
    link = work.links.get((feed.id, got.key))
    if not s.key and link is not None and link.golden_id is not None and link.golden_id != golden.id:
        work.report("duplicate?", f"the record created for {golden.id} belongs to {link.golden_id}", link)
        return
    created = not s.key and (link is None or link.golden_id is None)
    if link is None:
        link = work.add(Link(feed.id, got.key))
    if link.golden_id is None:
        work.attach(link, golden)
        link.ours = created
    work.touch(link)
    work.bump(golden.id)
    link.receipt_seq = work.tx.seq
    work.tx.run(
        "DELETE FROM dead_letter WHERE stream_id = ? AND golden_id = ? AND key IN ?", feed.id, golden.id, ["", s.key]
    )
    if got.data is not None:
        seen = Record(got.key, got.data, got.version, got.changed_at)
    if seen is None or seen.deleted:
        _blind(link, golden, s, work.now)
        return
    digest, payload = arrive(feed, seen)
    arrival = read(feed, seen, digest, payload, work.now)
    values = arrival.values
    if feed.mapping.links:
        values, _ = feed.mapping.resolve(values, _known_ids(work, feed, s, values))
    exact = not unsure and (got.data is not None or not feed.stream.versioned or seen.version == got.version)
    if created:
        _defaults(feed, link, s, values, exact)
    ahead = link.waiting and link.landed and msgspec.json.decode(link.landed)[1] >= arrival.at
    if not ahead:
        link.digest, link.payload, link.waiting, link.landed = digest, payload, MERGED, None
        work.payloads.add((feed.id, link.key))
    before = link.changed_at
    observe(
        work.merging,
        link,
        golden,
        Snapshot(values, seen.version, arrival.at, False, arrival.unclear),
        s.want,
        exact=exact,
    )
    if seen.changed_at is None:  # the hub's own clock must not make a later edit look late
        link.changed_at = before
    names = [(n, golden.id) for n in _identities(feed, values)]
    if names:
        work.claim(names)
    from hub.sync.land import _wake

    _wake(work, feed, [link.key])


def _identities(feed: Feed, values: dict[str, Any]) -> Iterable[str]:
    from hub.sync.feed import identities

    return identities(feed.model, values)


def _known_ids(work: Work, feed: Feed, s: Sending, values: dict[str, Any]) -> Look:
    """Their keys to golden ids, for the references of one answered record."""
    found: dict[tuple[str, str], str | None] = {}
    for _, stream, key in feed.mapping.references(values):
        target = feed.lookup.get(stream)
        rows = (
            work.tx.rows("SELECT golden_id FROM record WHERE stream_id = ? AND key = ?", target, key) if target else []
        )
        found[stream, key] = rows[0][0] if rows else None
    return lambda stream, key: found.get((stream, key))


def _blind(link: Link, golden: Golden, s: Sending, now: int) -> None:
    """Nothing is shown of the write: take it as kept as written."""
    link.changed_at = link.changed_at if link.changed_at is not None else now
    for path, (value, stamp) in s.want.items():
        link.set(path, value, value, ours=True)
        link.mark(path).base = UNSET if golden.values.get(path, UNSET) == value else stamp


def _defaults(feed: Feed, link: Link, s: Sending, values: dict[str, Any], exact: bool) -> None:
    """Fields we could have written and left out of a create show what the target fills in by habit: no information.

    What only the target can give, such as its number, is a value like any other.
    """
    ours = feed.mapping.writable | feed.mapping.creatable
    for path, x in values.items():
        if path not in s.want and path in ours:
            link.set(path, x if exact else None, None, ours=True)


def _missing(walk: Walk, work: Work, feed: Feed, s: Sending) -> None:
    _forget(work, feed, s.golden_id, s.key)
    link = _link(work, feed, s)
    if link is not None:
        link.deleted_at = work.now
        work.touch(link)
    work.bump(work.golden(s.golden_id).id)
    walk.count(feed, "gone")


def _conflict(walk: Walk, work: Work, feed: Feed, s: Sending, now: Record | None) -> None:
    """Someone was there first: merge what they did; the next comparison decides anew."""
    _forget(work, feed, s.golden_id, s.key)
    work.bump(work.golden(s.golden_id).id)
    walk.count(feed, "conflicts")
    if now is not None:
        digest, payload = arrive(feed, now)
        take(walk, work, feed, [read(feed, now, digest, payload, work.now)])


def _refused(walk: Walk, work: Work, feed: Feed, s: Sending, why: Rejected) -> bool:
    """Take note of a refusal; True where each field must be tried alone to find the bad one."""
    _forget(work, feed, s.golden_id, s.key)
    link = _link(work, feed, s)
    golden = work.golden(s.golden_id)
    if link is None:
        _bury(work, feed, s, {p: v for p, (v, _) in s.want.items()}, why)
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
    _bury(work, feed, s, {p: s.want[p][0] for p in bad}, why)
    walk.count(feed, "refused")
    return False


def _bury(work: Work, feed: Feed, s: Sending, want: dict[str, Any], why: Rejected) -> None:
    work.tx.insert(
        dead_letter,
        ("stream_id", "golden_id", "key", "want", "message", "at"),
        [(feed.id, s.golden_id, s.key, text(want), str(why)[:2000], work.now)],
    )


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
            look = _their_keys(walk, work, feed, [(golden, link, {path: ws})])
            single = _row(walk, work, feed, golden, link, {path: ws}, look)
            if single is None:
                continue
            from hub.store.tables import outbox

            columns = ("stream_id", "golden_id", "key", "state", "seq", "attempts")
            work.tx.insert(outbox, columns, [(feed.id, golden.id, s.key, "queued", work.tx.seq, 0)], ignore=True)
            _mark_sent(work, feed, single)
        landed, go_on = _send(walk, feed, [single])
        done += landed
        if not go_on:
            break
    return done
