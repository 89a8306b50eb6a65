"""A record on its way in: digested, mapped and checked."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from hub.connect import Record
from hub.mapping import Problem
from hub.model import Values
from hub.sync.clock import micros
from hub.sync.feed import Feed
from hub.sync.state import text

if TYPE_CHECKING:
    from hub.sync.newcomer import Newcomer

_ordered = msgspec.json.Encoder(order="deterministic").encode


class Arrival(msgspec.Struct, gc=False):
    """A record on its way in."""

    key: str
    digest: bytes
    payload: bytes
    version: str | None
    at: int
    deleted: bool
    our_id: str | None
    values: Values
    unclear: tuple[str, ...]
    problems: tuple[Problem, ...]
    newcomer: Newcomer | None = None  # what it becomes where nobody knows it

    @property
    def landed(self) -> str:
        """What is kept of it beside the payload while it waits."""
        return text((self.version, self.at, self.deleted, self.our_id))


def differs(feed: Feed, seen: Values, values: Values) -> bool:
    """Whether a record shows something else than it last showed; references are compared only once translated."""
    return any(seen.get(path) != x for path, x in values.items() if path not in feed.mapping.links)


def arrive(feed: Feed, record: Record, now: int) -> Arrival:
    """Digest, map and check a record."""
    digest, payload = digested(feed, record)
    return read(feed, record, digest, payload, now)


def digested(feed: Feed, record: Record) -> tuple[bytes, bytes]:
    """The record's digest and its payload as stored."""
    data = record.data
    payload = data if isinstance(data, bytes) else _ordered(data)
    content = payload
    if feed.stream.volatile:
        steady = {k: v for k, v in msgspec.json.decode(payload).items() if k not in feed.stream.volatile}
        content = _ordered(steady)
    state = hashlib.blake2b(content, digest_size=12)
    version, at, deleted = record.version, record.changed_at, record.deleted
    if at is not None or version is not None or deleted:
        state.update(f"{version!r} {at and micros(at)} {'1' if deleted else '0'}".encode())
    return state.digest(), payload


def read(feed: Feed, record: Record, digest: bytes, payload: bytes, now: int) -> Arrival:
    """Map and check a record."""
    at = micros(record.changed_at) if record.changed_at else now
    if record.deleted:
        return Arrival(record.key, digest, payload, record.version, at, True, record.our_id, {}, (), ())
    reading = feed.mapping.read(payload)
    values, problems = reading.values, reading.problems
    if feed.line_path == "line":
        values["line"] = values.get("line") or feed.line
    elif feed.line_path is not None:
        values.setdefault(feed.line_path, True)
    for check in feed.checks:
        problems = [*problems, *check(feed.model, values)]
    if not problems:
        return Arrival(record.key, digest, payload, record.version, at, False, record.our_id, values, (), ())
    errors = tuple(p for p in problems if p.severity == "error")
    unclear = tuple(p.field for p in problems if p.severity != "error" and p.field)
    return Arrival(record.key, digest, payload, record.version, at, False, record.our_id, values, unclear, errors)
