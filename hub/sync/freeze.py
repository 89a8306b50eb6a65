"""Freeze: what belongs to a business line that is being closed changes only through the closing itself.

A record that arrives for a frozen line is landed and waits; nothing of the line is written to other systems. What was
destroyed stays so: a record whose grave is known is not taken in again, though its system may still show it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence

from hub.config import Project
from hub.errors import ConfigError
from hub.model import Values
from hub.store import Store
from hub.sync.arrival import Arrival
from hub.sync.feed import Feed
from hub.sync.frozen import NOTE, frozen, frozen_lines
from hub.sync.walk import Walk
from hub.sync.work import Work


def in_use(store: Store, project: Project, wanted: Sequence[str] | None) -> list[str]:
    """The connections to work with: those asked for, else all that were not shut down with a business line."""
    with store.read() as tx:
        retired = {row[0] for row in tx.rows("SELECT connection FROM retired_connection")}
    for name in wanted or ():
        if name in retired:
            raise ConfigError(f"{name}: shut down since its business line was closed; take it out of hub.toml")
    return list(wanted or (name for name in project.connections if name not in retired))


def cold(walk: Walk, work: Work, feed: Feed, arrivals: Sequence[Arrival]) -> Collection[str]:
    """The keys of arrivals that belong to a frozen line and have to wait."""
    lines = frozen_lines(work.tx, walk.permit)
    if not lines:
        return ()
    homes = {a.key: link.golden_id for a in arrivals if (link := work.links.get((feed.id, a.key))) and link.golden_id}
    known = frozen(work.tx, homes.values(), walk.permit)
    found = {a.key for a in arrivals if (homes[a.key] in known if a.key in homes else _of(a, lines))}
    walk.count(feed, "frozen", len(found))
    return found


def buried(work: Work, feed: Feed, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
    """The arrivals without those that were destroyed here before."""
    if not arrivals or not work.tx.rows("SELECT 1 FROM grave_key LIMIT 1"):
        return arrivals
    marks = {grave_mark(feed.connection, feed.stream.name, a.key): a.key for a in arrivals}
    rows = work.tx.rows("SELECT digest FROM grave_key WHERE digest IN ?", sorted(marks))
    dead = {marks[row[0]] for row in rows}
    return [a for a in arrivals if a.key not in dead]


def thawed(walk: Walk, work: Work, feed: Feed, due: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """The rows of the outbox that may be sent; the others say why they wait."""
    ids = frozen(work.tx, (golden_id for golden_id, _ in due), walk.permit)
    if not ids:
        return due
    work.tx.run(
        "UPDATE outbox SET note = ? WHERE stream_id = ? AND golden_id IN ? AND state = 'queued'",
        NOTE, feed.id, sorted(ids),
    )  # fmt: skip
    return [row for row in due if row[0] not in ids]


def echoed(walk: Walk, work: Work, golden_id: str, values: Values, want: Collection[str]) -> Values:
    """What a receipt may say of a frozen record: no more than what was written."""
    if walk.carry or (walk.permit is None and frozen(work.tx, [golden_id])):
        return {path: value for path, value in values.items() if path in want}
    return values


def grave_mark(connection: str, stream: str, key: str) -> str:
    """What is kept of a destroyed record's key: a hash, since a key may be a name or an address."""
    return hashlib.sha256(f"{connection}\n{stream}\n{key}".encode()).hexdigest()


def _of(arrival: Arrival, lines: Collection[str]) -> bool:
    """Whether a record nobody knows yet belongs to frozen lines alone."""
    line = arrival.values.get("line")
    if line is not None:
        return line in lines
    mine = [path[6:] for path, value in arrival.values.items() if path.startswith("lines.") and value]
    return bool(mine) and all(name in lines for name in mine)
