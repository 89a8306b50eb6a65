"""A run: every feed is pulled, what follows is derived, and what others lack is pushed until all are quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple

import msgspec

from hub.config import ConnectionConfig, Project, StreamConfig, mapping_path
from hub.connect import Connector, HubError, Page
from hub.errors import Busy, ConfigError
from hub.model import MODELS
from hub.plugin import Event
from hub.store import Store
from hub.store.lease import Lease
from hub.sync.contact import Difference, differences, first_contact
from hub.sync.crosswalk import needed
from hub.sync.derive import derive, hub_feeds
from hub.sync.feed import HUB, Feed
from hub.sync.full import Sweep, sweep
from hub.sync.land import land, merge_waiting
from hub.sync.outbox import compare
from hub.sync.push import push
from hub.sync.settle import settle
from hub.sync.shelves import Outbox, Quarantine
from hub.sync.views import Rows, Views
from hub.sync.walk import BATCH, Ids, Walk

PASSES = 8  # derive, compare and push feed each other; a chain longer than this is a loop
MANY = 1_000  # new records after which the database should look at its tables anew
PATIENCE = 5.0  # seconds after which a batch is landed although it is not full


class Step(NamedTuple):
    """How far a run is, for progress."""

    connection: str
    stream: str
    name: str
    done: int
    total: int | None = None


class Count(NamedTuple):
    """What a run did with one stream."""

    connection: str
    stream: str
    read: int
    changed: int
    created: int
    merged: int
    waiting: int
    quarantined: int
    queued: int
    written: int
    refused: int
    conflicts: int
    gone: int


class Run(NamedTuple):
    """What one run did."""

    id: int
    counts: Sequence[Count]
    findings: Sequence[str]
    differences: Sequence[Difference] = ()
    contact: Sequence[Any] = ()

    @property
    def written(self) -> int:
        """How many records were written into other systems."""
        return sum(c.written for c in self.counts)


Progress = Callable[[Step], None]


def register(store: Store, connection: str, stream: str, model: str) -> int:
    """The id of a connection's stream; it gets one at its first use and keeps it."""
    with store.read() as tx:
        rows = tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)
    if rows:
        return int(rows[0][0])
    with store.begin() as tx:
        tx.run(
            "INSERT INTO stream (connection, name, model, read_to_end, compared_seq, created_seq) "
            "VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
            connection, stream, model, False,
        )  # fmt: skip
        return int(tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)[0][0])


class Hub:
    """The hub at work on one project."""

    def __init__(self, project: Project, registry: Any, store: Store) -> None:
        self.project = project
        self.registry = registry
        self.store = store
        self.quarantine = Quarantine(store)
        self.outbox = Outbox(store)
        self.views = Views(store, project)
        self._connectors: dict[str, Connector] = {}
        self.ids = Ids(store.clock)

    @classmethod
    @contextmanager
    def open(cls, project: Project, registry: Any = None, *, clock: Callable[[], float] = time.time) -> Iterator[Hub]:
        """Open the project's store and close everything at the end."""
        if registry is None:
            from hub.plugin.registry import load

            plugins = project.root / project.plugins
            registry = load(plugins if plugins.is_dir() else None)
        hub = cls(project, registry, Store.open(project.store.reveal(), clock=clock))
        try:
            yield hub
        finally:
            hub.close()

    def close(self) -> None:
        """Close the connectors and the store."""
        for connector in self._connectors.values():
            connector.close()
        self._connectors.clear()
        self.store.close()

    # -- what it works with

    def connector(self, name: str) -> Connector:
        """The connection's connector, made at first use."""
        if name not in self._connectors:
            from hub.plugin.settings import connector

            self._connectors[name] = connector(self.project, name, self.registry)
        return self._connectors[name]

    def feeds(self) -> list[Feed]:
        """All feeds of the project, and those of the hub's own connection."""
        from hub.mapping import loaded

        checks = _checks(self.registry)
        feeds: list[Feed] = []
        for connection in self.project.connections.values():
            mine = []
            for config in connection.streams.values():
                mapping = loaded(mapping_path(self.project, config.mapping), self.registry)
                id = register(self.store, connection.name, config.name, mapping.model)
                stream = self._declared(connection, config)
                connector = self.connector(connection.name)
                mine.append(
                    Feed(
                        id,
                        connection.name,
                        stream,
                        config,
                        mapping,
                        connector,
                        connection.line or self.project.line,
                        checks.get(mapping.model, ()),
                    )  # fmt: skip
                )
            lookup = {f.stream.name: f.id for f in mine}
            _check_references(mine, lookup)
            for feed in mine:
                feed.lookup = lookup
                theirs = (".".join(row.theirs.path) for row in feed.mapping.rows if row.theirs is not None)
                feed.connector.want(feed.stream.name, theirs)
            feeds += mine
        if self.registry.hook.derive.get_hookimpls():
            ids = [(model, register(self.store, HUB, model, model)) for model in MODELS]
            feeds += hub_feeds(ids, lambda model: StreamConfig(model, f"{HUB}.{model}"))
        return feeds

    def _declared(self, connection: ConnectionConfig, config: StreamConfig) -> Any:
        connector = self.connector(connection.name)
        try:
            return connector.stream(config.name)
        except KeyError:
            known = ", ".join(s.name for s in connector.streams)
            raise ConfigError(f"{connection.name}: no stream {config.name!r}; there are: {known}") from None

    def walk(self) -> Walk:
        """What the steps of a run are handed."""
        hook = self.registry.hook
        return Walk(
            self.store,
            self.project,
            {f.id: f for f in self.feeds()},
            self.ids,
            derive=hook.derive if hook.derive.get_hookimpls() else None,
            survive=hook.survive if hook.survive.get_hookimpls() else None,
        )

    # -- a run

    def sync(
        self,
        connections: Sequence[str] | None = None,
        stream: str | None = None,
        full: bool = False,
        since: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Run:
        """Read what changed in these connections (None: all), merge it, and write what they lack.

        Raises Busy while another run works on one of them, Unavailable or Unauthorized where one does not answer.
        """
        names = list(connections or self.project.connections)
        for name in names:
            self.connector(name)
        lease = Lease(self.store, names)
        with nullcontext() if dry_run else lease.held(), self.store.rehearse() if dry_run else nullcontext():
            walk = self.walk()
            walk.lease = None if dry_run else lease
            self._begin(walk)
            chosen = [
                f for f in walk.feeds.values()
                if f.connection in names and (stream is None or f.stream.name == stream)
            ]  # fmt: skip
            if stream is not None and not chosen:
                raise ConfigError(f"no stream {stream!r} in {', '.join(names)}")
            failed: list[str] = []
            try:
                self._walk(walk, chosen, full, since, dry_run, progress or (lambda step: None), failed)
            except BaseException as error:
                self._end(walk, failed, error)
                raise
            return self._end(walk, failed, None, differences(walk, chosen) if dry_run else (), contact=dry_run)

    def _walk(
        self,
        walk: Walk,
        chosen: Sequence[Feed],
        full: bool,
        since: str | None,
        dry_run: bool,
        progress: Progress,
        failed: list[str],
    ) -> None:
        down: set[str] = set()

        def each(feeds: Sequence[Feed], act: Callable[[Feed], int | None]) -> int:
            """Act on feeds; a connection that is down must not keep the others from going on."""
            done = 0
            for feed in feeds:
                if feed.connection in down:
                    continue
                try:
                    done += act(feed) or 0
                except Busy:
                    raise
                except HubError as error:
                    down.add(feed.connection)
                    failed.append(f"{feed.name}: {error}")
            return done

        ordered = in_order(chosen)
        pushing = [feed for feed in ordered if feed.pushes]
        waiting = [*ordered, *(f for f in walk.feeds.values() if f.connection == HUB)]
        if not dry_run:
            each(ordered, lambda feed: settle(walk, feed) and 0)
        each([f for f in ordered if f.pulls], lambda feed: pull(walk, feed, full, since, progress))
        if any(counted["created"] >= MANY for counted in walk.counts.values()):
            self.store.analyze()
        for _ in range(PASSES):
            with nullcontext() if dry_run or walk.derive is None else Lease(self.store, [HUB]).held(patience=60):
                moved = derive(walk)
                moved += each(waiting, lambda feed: merge_waiting(walk, feed))
            each(pushing, lambda feed: compare(walk, feed))
            written = 0 if dry_run else each(pushing, lambda feed: _pushed(walk, feed, progress))
            if not moved and not written:
                break
        for feed in walk.feeds.values():
            if feed not in chosen:
                compare(walk, feed)

    def _begin(self, walk: Walk) -> None:
        with self.store.begin(count=False) as tx:
            walk.run_id = int(tx.rows("INSERT INTO run (started_at) VALUES (?) RETURNING id", self.store.now())[0][0])

    def _end(
        self,
        walk: Walk,
        failed: list[str],
        error: BaseException | None,
        found: Sequence[Difference] = (),
        *,
        contact: bool = False,
    ) -> Run:
        counts = [
            _count(walk, feed) for feed in walk.feeds.values() if feed.id in walk.counts or feed.connection != HUB
        ]
        with self.store.begin(count=False) as tx:
            rows = tx.rows("SELECT DISTINCT kind, stream_id, key, text FROM finding WHERE run_id = ?", walk.run_id)
            findings = failed + [_sentence(walk, row) for row in rows]
            findings += [
                f"{c.connection}/{c.stream}: {c.quarantined} in quarantine: hub quarantine list"
                for c in counts
                if c.quarantined
            ]
            findings += [
                f"{c.connection}/{c.stream}: {c.refused} refused: hub outbox list" for c in counts if c.refused
            ]
            outcome = "failed" if error else "findings" if findings else "fine"
            tx.run(
                "UPDATE run SET ended_at = ?, outcome = ?, counts = ?, error = ? WHERE id = ?",
                self.store.now(), outcome, msgspec.json.encode([c._asdict() for c in counts]).decode(),
                None if error is None else f"{type(error).__name__}: {error}"[:2000], walk.run_id,
            )  # fmt: skip
            met = first_contact(walk, tx) if contact else ()  # it reads everything there is
        if self.registry.hook.on_event.get_hookimpls() and outcome != "fine":
            text = f"sync ended with {outcome}: " + "; ".join(findings[:5] or [str(error)])
            self.registry.hook.on_event(event=Event(f"run {outcome}", text, data={"run": walk.run_id}))
        return Run(walk.run_id or 0, counts, findings, found, met)

    # -- what there is to see

    def status(self) -> Rows:
        """How each stream stands."""
        return self.views.status()

    def list(self, model: str, where: Mapping[str, str] | None = None, limit: int | None = 50) -> Rows:
        """Golden records."""
        return self.views.list(model, where or {}, limit)

    def show(self, model: str, id: str) -> Rows | None:
        """A golden record: its values with source and reason, its links, and what lost."""
        return self.views.show(model, id)


def _check_references(feeds: Sequence[Feed], lookup: Mapping[str, int]) -> None:
    """What a record cannot do without must be read as well; other references are left out."""
    lacks = [
        f"{feed.connection}: {feed.stream.name} needs the stream {stream!r} ({feed.mapping.name}.toml: {path}); "
        f"add [connections.{feed.connection}.streams.{stream}] to hub.toml"
        for feed in feeds
        for path, stream in feed.mapping.links.items()
        if stream not in lookup and needed(feed, path)
    ]
    if lacks:
        raise ConfigError("\n".join(lacks))


def in_order(feeds: Sequence[Feed]) -> list[Feed]:
    """What others refer to comes first: a customer before its orders, a deal before the order it becomes."""
    order = ("product", "customer", "contact", "deal", "contract", "order", "invoice", "payment", "message", "ticket")
    return sorted(feeds, key=lambda f: order.index(f.model))


def pull(walk: Walk, feed: Feed, full: bool, since: str | None, progress: Progress) -> None:
    """Read what changed, a batch a transaction."""
    asked = walk.store.sequence()
    with walk.store.read() as tx:
        cursor = tx.rows("SELECT cursor FROM stream WHERE id = ?", feed.id)[0][0]
    if since is not None:
        cursor = feed.connector.cursor_at(feed.stream.name, since)
    seen = Sweep() if full and feed.stream.complete else None
    batch: list[Any] = []
    done, last = 0, time.monotonic()
    pages: Iterator[Page] = feed.connector.pull(feed.stream.name, None if full else cursor)
    for page in pages:
        batch += page.records
        done += len(page.records)
        if seen is not None:
            seen.saw(r.key for r in page.records if not r.deleted)
        if page.cursor is not None:
            cursor = page.cursor
        if len(batch) >= BATCH or time.monotonic() - last > PATIENCE:
            land(walk, feed, batch, cursor, asked)
            batch, last = [], time.monotonic()
            progress(Step(feed.connection, feed.stream.name, "read", done, page.total))
    land(walk, feed, batch, cursor, asked, end=True)
    if seen is not None:
        sweep(walk, feed, seen, asked)
    progress(Step(feed.connection, feed.stream.name, "read", done, done))


def _pushed(walk: Walk, feed: Feed, progress: Progress) -> int:
    written = push(walk, feed)
    if written:
        progress(Step(feed.connection, feed.stream.name, "written", written))
    return written


def _checks(registry: Any) -> dict[str, tuple[Any, ...]]:
    from hub.mapping import Problem

    out: dict[str, list[Any]] = {}
    for name, (model, check) in registry.checks.items():

        def run(of: str, values: Any, name: str = name, check: Any = check) -> list[Problem]:
            return [Problem("", "", None, f"{name}: {reason}") for reason in check(values)]

        out.setdefault(model, []).append(run)
    return {model: tuple(found) for model, found in out.items()}


def _count(walk: Walk, feed: Feed) -> Count:
    counted: Mapping[str, int] = walk.counts.get(feed.id, {})
    return Count(
        feed.connection, feed.stream.name,
        **{k: counted.get(k, 0) for k in Count._fields[2:] if k != "merged"},
        merged=counted.get("changed", 0) + counted.get("created", 0),
    )  # fmt: skip


def _sentence(walk: Walk, row: Any) -> str:
    kind, stream, key, words = row
    feed = walk.feeds.get(stream) if stream else None
    where = f"{feed.name} {key}: " if feed and key else ""
    return f"{where}{words}" if kind in words or kind in ("plugin", "vanished") else f"{where}{kind}: {words}"
