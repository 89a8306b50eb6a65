"""Migrate: the line's records go to another connection through the normal push; what was refused keeps the gate shut.

Each create is queued for the line's records, and for the shared customers they refer to, in the order of references,
and sent by the walk with its idempotency keys. What was there before stays: only what this migration has queued is
noted with its number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hub.closure.batches import begin
from hub.closure.compare import Compared, sides
from hub.closure.desk import Desk, Outcome
from hub.closure.gates import allowed
from hub.closure.scope import pages, records
from hub.errors import ConfigError, Unauthorized, Unavailable
from hub.store.lease import Lease
from hub.store.tables.closing import deed
from hub.sync.arrival import arrive
from hub.sync.feed import Feed
from hub.sync.outbox import may_create
from hub.sync.push import push
from hub.sync.run import in_order
from hub.sync.settle import settle
from hub.sync.state import link_of
from hub.sync.walk import Walk

PAGE = 1_000


def migrate(desk: Desk) -> Outcome:
    """Carry the records over; begun before, go on with what is not there yet."""
    begin(desk.store, desk.id, "migrate", desk.who)
    name = desk.plan.migrate_to
    if not name:
        return Outcome("the plan migrates nothing", {"target": None})
    desk.hub.project.connection(name)
    read = desk.hub.sync([name])  # what stands there already is known, and met instead of made twice
    if read.down:
        return Outcome(blocks=[f"{name}: {error}" for name, error in read.down.items()])
    with Lease(desk.store, [name]).held(patience=60) as lease:
        walk = desk.hub.walk()
        walk.permit, walk.lease, walk.carry = desk.line, lease, True
        feeds = in_order([f for f in walk.feeds.values() if f.connection == name and f.stream.push])
        if not feeds:
            raise ConfigError(f"{name}: no stream of it can be written; the plan cannot migrate there")
        try:
            why = _carry(desk, walk, feeds)
        except (Unauthorized, Unavailable) as error:  # what was under way is looked into when it goes on
            why = f"{name}: {error}; what was written stays, run again to go on"
        if why:
            return Outcome(blocks=[why])
    blocks = _refused(desk, feeds)
    counts = {feed.stream.name: _linked(desk, feed) for feed in feeds}
    return Outcome(f"{sum(counts.values())} records are in {name}", {"target": name, "records": counts}, blocks)


def _carry(desk: Desk, walk: Walk, feeds: list[Feed]) -> str:
    """Queue and write stream by stream, what is referred to first; return why nothing may be created, or nothing."""
    for feed in feeds:
        if not settle(walk, feed):
            return f"{feed.name}: writes have no answer yet; run again in a minute, when it shows whether they arrived"
        with desk.store.read() as tx:
            why = may_create(tx, feed)
        if why:
            return f"{feed.name}: nothing can be created there: {why}: hub quarantine list"
        _queue(desk, feed)
        written = push(walk, feed)
        desk.say(f"{feed.name}: {written} written")
    for feed in feeds:  # what waited for a reference that came later
        push(walk, feed)
    return ""


def _queue(desk: Desk, feed: Feed) -> None:
    """Queue a create for each record of the line that has no record over there; note whose link this migration makes.

    What was tried before and waits for its next try is due at once: whoever runs it again has mended something.
    """
    after = ""
    with desk.store.begin() as tx:
        tx.run(
            "UPDATE outbox SET due_at = NULL WHERE stream_id = ? AND state = 'queued' AND golden_id IN "
            "(SELECT golden_id FROM closing_scope WHERE closing_id = ?)",
            feed.id, desk.id,
        )  # fmt: skip
    while True:
        with desk.store.begin() as tx:
            allowed(tx, desk.store, desk.id, "migrate")
            rows = tx.rows(
                "SELECT s.golden_id FROM closing_scope s WHERE s.closing_id = ? AND s.model = ? "
                "AND s.golden_id > ? AND NOT EXISTS "
                "(SELECT 1 FROM record r WHERE r.golden_id = s.golden_id AND r.stream_id = ?) "
                f"ORDER BY s.golden_id LIMIT {PAGE}",
                desk.id, feed.model, after, feed.id,
            )  # fmt: skip
            ids = [row[0] for row in rows]
            tx.run(
                "INSERT INTO outbox (stream_id, golden_id, key, state, seq, attempts) "
                "SELECT ?, golden_id, '', 'queued', ?, 0 FROM closing_scope WHERE closing_id = ? AND golden_id IN ? "
                "ON CONFLICT DO NOTHING",
                feed.id, tx.seq, desk.id, ids,
            )  # fmt: skip
            columns = ("closing_id", "phase", "key", "state", "once", "seq")
            noted = [(desk.id, "migrate", f"{feed.stream.name}/{id}", "sent", f"{desk.id}/{id}", tx.seq) for id in ids]
            tx.insert(deed, columns, noted, ignore=True)
            tx.run(
                "UPDATE closing_step SET place = ?, done = done + ? WHERE closing_id = ? AND phase = 'migrate'",
                f"{feed.stream.name}/{ids[-1]}" if ids else after, len(ids), desk.id,
            )  # fmt: skip
        if len(ids) < PAGE:
            return
        after = ids[-1]


def _linked(desk: Desk, feed: Feed) -> int:
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT count(*) FROM closing_scope s JOIN record r ON r.golden_id = s.golden_id "
            "WHERE s.closing_id = ? AND r.stream_id = ? AND r.deleted_at IS NULL",
            desk.id, feed.id,
        )  # fmt: skip
    return int(rows[0][0])


def _refused(desk: Desk, feeds: list[Feed]) -> list[str]:
    """Why records of the line are not over there, a line each."""
    found = []
    for feed in feeds:
        with desk.store.read() as tx:
            rows = tx.rows(
                "SELECT s.golden_id, (SELECT d.message FROM dead_letter d WHERE d.stream_id = ? AND "
                "d.golden_id = s.golden_id ORDER BY d.id DESC LIMIT 1), (SELECT o.note FROM outbox o "
                "WHERE o.stream_id = ? AND o.golden_id = s.golden_id LIMIT 1) FROM closing_scope s "
                "WHERE s.closing_id = ? AND s.model = ? AND NOT EXISTS "
                "(SELECT 1 FROM record r WHERE r.golden_id = s.golden_id AND r.stream_id = ?) ORDER BY s.golden_id",
                feed.id, feed.id, desk.id, feed.model, feed.id,
            )  # fmt: skip
        mend = "; once that is mended: hub outbox retry"
        found += [
            f"{feed.name}: {id}: {message + mend if message else note or 'no answer yet'}" for id, message, note in rows
        ]
    return found


def compared(desk: Desk) -> dict[str, Compared]:
    """The target read anew, against the hub, a comparison a stream; only what the target's mapping can say counts."""
    name = desk.plan.migrate_to
    if not name:
        return {}
    walk = desk.hub.walk()
    out = {}
    for feed in in_order([f for f in walk.feeds.values() if f.connection == name and f.stream.push]):

        def shown(model: str, values: Mapping[str, Any], feed: Feed = feed) -> Mapping[str, Any]:
            return {p: x for p, x in values.items() if p in feed.mapping.creatable and p not in feed.mapping.links}

        out[feed.name] = sides(records(desk.store, desk.id, feed.model, kind=None), _there(desk, feed), shown)
    return out


def _there(desk: Desk, feed: Feed) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What the target shows of the line's records, read by key, in order of golden id."""
    now = desk.store.now()
    sql = (
        "SELECT s.golden_id, r.key, r.seen, r.marks FROM closing_scope s JOIN record r ON r.golden_id = s.golden_id "
        "WHERE s.closing_id = ? AND r.stream_id = ? AND r.deleted_at IS NULL"
    )
    for rows in pages(desk.store, sql, desk.id, feed.id, by="s.golden_id", size=PAGE):
        keys = {row[1]: row for row in rows}
        shown = {r.key: r for r in feed.connector.read(feed.stream.name, list(keys))}
        for id, key, seen, marks in rows:
            record = shown.get(key)
            if record is None or record.deleted:
                continue
            yield id, feed.model, _meant(arrive(feed, record, now).values, seen, marks)


def _meant(values: Mapping[str, Any], seen: str, marks: str | None) -> Mapping[str, Any]:
    """What the target shows, in the form it was given: what the receipt noted as the target's own way is no change."""
    if not marks:
        return values
    link = link_of((0, "", None, None, None, None, 0, seen, marks, True, None, None, None, 0))
    return {p: (link.meant(p) if p in link.seen and link.seen[p] == x else x) for p, x in values.items()}
