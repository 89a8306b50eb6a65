"""Derive: what follows from a golden record lands as a record of the connection `hub` and takes the same walk.

A won deal wants an order, an invoice changes what its customer owes. There is no second path for automation: derived
records merge with what others say of them, keep lineage, and are withdrawn when their cause no longer yields them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec

from hub.connect import Connector, Page, Record, Stream
from hub.mapping import Reading, Writing
from hub.model import MODELS, Values
from hub.model import field as field_of
from hub.model import fields as fields_of
from hub.plugin import Derived, Golden
from hub.store import Store, Tx
from hub.store.tables import derived as derived_table
from hub.sync.asked import Question, concerned, due, new, on_day, question, remember, shows
from hub.sync.feed import HUB, Feed, identifier_fields, reference_fields
from hub.sync.follow import group, seen_by_others, survivors
from hub.sync.land import land
from hub.sync.walk import Walk

CHUNK = 500
MOVES = ("changed", "created", "gone")
Goldens = list[Golden]  # since Looking has a method of the name `list`
_ordered = msgspec.json.Encoder(order="deterministic").encode


class Ours(Connector):
    """The connection `hub`: its records are handed to it by `derive`, so there is nothing to pull."""

    name = HUB
    streams = tuple(Stream(model, model, pull=False, complete=False) for model in MODELS)

    def check(self) -> None:
        """It is always there."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """There is nothing to ask."""
        return iter(())

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """There is nothing fresher than what was handed over."""
        return iter(())


class Plain:
    """The mapping of the hub's own records: they are canonical already, and references hold golden ids."""

    stream = HUB
    links: dict[str, str] = {}  # noqa: RUF012
    writable: frozenset[str] = frozenset()
    creatable: frozenset[str] = frozenset()
    issued: frozenset[str] = frozenset()

    def __init__(self, model: str) -> None:
        self.name = f"{HUB}.{model}"
        self.model = model

    def read(self, data: bytes | Values) -> Reading:
        """The values as they are."""
        return Reading(msgspec.json.decode(data) if isinstance(data, bytes) else dict(data))

    def write(self, values: Values, create: bool = False) -> Writing:
        """Nothing is ever written to the hub's own connection."""
        return Writing({}, {})

    def references(self, values: Values) -> Iterator[Any]:
        """Golden ids need no crosswalk."""
        return iter(())


class Looking:
    """What `derive` may look up: other golden records."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.questions: set[Question] = set()  # what was looked up for the present cause

    def today(self) -> date:
        """The day by the hub's clock, in UTC."""
        return datetime.fromtimestamp(self._store.clock(), UTC).date()

    def get(self, id: str) -> Golden | None:
        """The golden record of that id, or of the one it was merged into."""
        with self._store.read() as tx:
            id = survivors(tx, [id]).get(id, id)
            found = _golden(tx, tx.rows("SELECT id, model, data FROM golden WHERE id = ?", id))
        return found[0] if found else None

    def list(self, model: str, **fields: Any) -> Goldens:
        """All golden records of a model whose fields have these values; by identifiers it is quick."""
        with self._store.read() as tx:
            found = _golden(tx, find(tx, model, fields))
        if len(found) > 1:  # an address that one of them has given up is the other's alone
            found = [golden for golden in found if shows(golden, fields)] or found
        asks = question(model, fields, len(found))
        if asks:
            self.questions.add(asks)
        return found

    def referring(self, id: str, model: str) -> Goldens:
        """All golden records of a model that refer to that id."""
        with self._store.read() as tx:
            id = survivors(tx, [id]).get(id, id)
            rows = tx.rows(
                "SELECT DISTINCT g.id, g.model, g.data FROM reference r JOIN golden g ON g.id = r.golden_id "
                "WHERE r.target_id = ? AND g.model = ? AND g.into_id IS NULL ORDER BY g.id",
                id,
                model,
            )
            return _golden(tx, rows)


def _golden(tx: Tx, rows: Sequence[Any]) -> Goldens:
    return [
        Golden(*row) for row in seen_by_others(tx, [(id, model, msgspec.json.decode(data)) for id, model, data in rows])
    ]


def find(tx: Tx, model: str, fields: Values, limit: int | None = None, *, archived: bool = True) -> list[Any]:
    """Rows (id, model, data) of the golden records whose fields have these values.

    A field named without its kind (`emails`) means any kind of it. What a merged record is known by finds the one
    that stands for it.
    """
    where = ["model = ?", "into_id IS NULL", "data <> '{}'"]  # empty: all it has is in quarantine
    values: list[Any] = [model]
    if not archived:
        where.append("archived_at IS NULL")
    known = {f.path: f for f in identifier_fields(model)}
    referring = {path for path, member in reference_fields(model) if member is None}
    for path, value in fields.items():
        if path in referring:
            ends = survivors(tx, [str(value)]).get(str(value), str(value))
            where.append(f"{tx.value_at(path)} IN ?")
            values.append(group(tx, [ends]))
            continue
        stem = path.split(".", maxsplit=1)[0]
        scheme = path if path in known or stem == "identifiers" else stem
        if path in known or f"{stem}.*" in known:
            name = f"{model}:{scheme}:{str(value).strip().casefold()}"
            owners = [
                row[0]
                for row in tx.rows(
                    "SELECT golden_id FROM identifier WHERE name = ? UNION SELECT golden_id FROM shared WHERE name = ?",
                    name, name,
                )
            ]  # fmt: skip
            into = survivors(tx, owners)
            where.append("id IN ?")
            values.append([into.get(id, id) for id in owners])
        if f"{path}.*" in known:
            continue
        if f"{path}.*" in fields_of(MODELS[model]):
            where.append(tx.any_kind())
            values += [f"{path}.", _as_text(value)]
        elif path in known or f"{stem}.*" in known:  # identifiers are the same whatever their case
            where.append(f"({tx.value_at(path)} = ? OR lower({tx.value_at(path)}) = lower(?))")
            values += [_as_text(value)] * 2
        else:
            spec = field_of(MODELS[model], path)
            where.append(f"CAST({tx.value_at(path)} AS VARCHAR) IN ?")
            values.append(_as_json(value) if spec is not None and spec.type is bool else [_as_text(value)])
    tail = f" LIMIT {int(limit)}" if limit is not None else ""
    return tx.rows(f"SELECT id, model, data FROM golden WHERE {' AND '.join(where)} ORDER BY id{tail}", *values)


def _as_json(value: Any) -> list[str]:
    """A truth as PostgreSQL and as SQLite write it."""
    return ["true", "1"] if value in (True, "true") else ["false", "0"]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def derive(walk: Walk) -> int:
    """Call the hook for golden records that changed, for those they refer to, and for those whose look-ups they answer.

    Return how many records moved. What is due by today is asked once more as well.
    """
    if walk.derive is None:
        return 0
    look = Looking(walk.store)
    with walk.store.read() as tx:
        rows = tx.rows("SELECT value FROM counter WHERE name = 'derived'")
        again = due(tx, look.today().isoformat())
    since, upto = rows[0][0] if rows else 0, walk.store.sequence()
    moved, after = 0, ""
    for at in range(0, len(again), CHUNK):
        with walk.store.read() as tx:
            goldens = _standing(tx, again[at : at + CHUNK])
        moved += _follow(walk, look, goldens, [])
    if since == upto:
        return moved
    while True:
        with walk.store.read() as tx:
            rows = tx.rows(
                "SELECT id FROM golden WHERE seq > ? AND seq <= ? AND id > ? ORDER BY id LIMIT " + str(CHUNK),
                since, upto, after,
            )  # fmt: skip
            ids = [row[0] for row in rows]
            causes = _standing(tx, ids)
            targets = [r[0] for r in tx.rows("SELECT DISTINCT target_id FROM reference WHERE golden_id IN ?", ids)]
            others = concerned(tx, causes).union(targets) - {cause.id for cause in causes}
            goldens = [*causes, *_standing(tx, sorted(others))]
            merged = tx.rows(
                "SELECT DISTINCT d.cause_id FROM derived d JOIN golden g ON g.id = d.cause_id "
                "WHERE g.into_id IS NOT NULL AND g.id IN ?",
                ids,
            )
        moved += _follow(walk, look, goldens, [row[0] for row in merged])
        if len(ids) < CHUNK:
            break
        after = ids[-1]
    with walk.store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES ('derived', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            upto,
        )
    return moved


def _standing(tx: Tx, ids: Sequence[str]) -> list[Golden]:
    """Those of the golden records that were not merged into others."""
    rows = tx.rows("SELECT id, model, data FROM golden WHERE into_id IS NULL AND id IN ? ORDER BY id", list(ids))
    return _golden(tx, rows)


def _follow(walk: Walk, look: Looking, causes: Sequence[Golden], merged: Sequence[str]) -> int:
    """Land what these causes yield; those merged into others yield nothing any more."""
    wanted: dict[str, dict[tuple[str, str], Derived]] = {id: {} for id in merged}
    questions: dict[str, set[Question]] = {id: set() for id in merged}
    for cause in causes:
        look.questions = set()
        try:
            yielded = [one for given in walk.derive(golden=cause, look=look) for one in given or ()]
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the others go on
            with walk.begin() as work:
                words = f"derive failed for {cause.model} {cause.id}: {type(error).__name__}: {error}"
                work.report("plugin", words, golden_id=cause.id)
            continue
        wanted[cause.id] = {(one.model, f"{cause.id}/{one.name}"): one for one in yielded}
        questions[cause.id] = look.questions | {on_day(one.again_on.isoformat()) for one in yielded if one.again_on}
    feeds = {f.stream.name: f for f in walk.feeds.values() if f.connection == HUB}
    with walk.store.read() as tx:
        known = tx.rows("SELECT cause_id, stream_id, key FROM derived WHERE cause_id IN ?", list(wanted))
    gone: dict[int, list[Record]] = {}
    kept: set[tuple[str, int, str]] = set()
    for cause_id, stream, key in known:
        feed = walk.feeds.get(stream)
        if feed is not None and (feed.stream.name, key) in wanted[cause_id]:
            kept.add((cause_id, stream, key))
        elif feed is not None:
            gone.setdefault(stream, []).append(Record(key, {}, deleted=True))
    by_feed: dict[int, list[Record]] = gone
    fresh = []
    for cause_id, ones in wanted.items():
        for (model, key), one in ones.items():
            feed = feeds[model]
            data = _ordered(msgspec.to_builtins(one.values))
            by_feed.setdefault(feed.id, []).append(Record(key, data, our_id=one.of))
            if (cause_id, feed.id, key) not in kept:
                fresh.append((cause_id, feed.id, key))
    if fresh:
        with walk.store.begin(count=False) as tx:
            tx.insert(derived_table, ("cause_id", "stream_id", "key"), fresh, ignore=True)
    moved = sum(_land(walk, walk.feeds[id], records) for id, records in sorted(by_feed.items()))
    with walk.store.read() as tx:
        questions = new(tx, questions)
    if questions:  # last of all: who dies before it has the day's questions asked again
        with walk.store.begin(count=False) as tx:
            remember(tx, questions)
    return moved


def _land(walk: Walk, feed: Feed, records: Sequence[Record]) -> int:
    counted = walk.counts.setdefault(feed.id, Counter())
    before = sum(counted[move] for move in MOVES)
    land(walk, feed, records, None, walk.store.sequence(), end=True)
    return sum(counted[move] for move in MOVES) - before


def hub_feeds(ids: Iterable[tuple[str, int]], config: Any) -> list[Feed]:
    """The feeds of the connection `hub`, one a model."""
    ours = Ours()
    return [
        Feed(id, HUB, ours.stream(model), config(model), Plain(model), ours)  # type: ignore[arg-type]
        for model, id in ids
    ]
