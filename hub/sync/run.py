"""A run: every feed is pulled, what follows is derived, and what others lack is pushed until all are quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial

import msgspec

from hub.config import Project
from hub.connect import Connector, HubError
from hub.errors import Busy, ConfigError
from hub.plugin import Event
from hub.plugin.registry import Registry, load
from hub.plugin.settings import connector as build
from hub.secret import masked
from hub.store import Store
from hub.store.content import content
from hub.store.lease import Lease
from hub.store.vault import vault
from hub.sync.contact import Difference, differences, first_contact
from hub.sync.derive import derive
from hub.sync.feed import HUB, Feed
from hub.sync.feeds import feeds
from hub.sync.freeze import in_use
from hub.sync.fuse import fuse
from hub.sync.graves import reapply
from hub.sync.land import merge_waiting
from hub.sync.outbox import compare
from hub.sync.pull import pull
from hub.sync.push import push
from hub.sync.refresh import refresh
from hub.sync.report import Progress, Run, Step, counts, findings, held_back
from hub.sync.say import Said, say
from hub.sync.settle import settle
from hub.sync.shelves import Outbox, Quarantine
from hub.sync.tell import details, tell
from hub.sync.unmapped import new_fields
from hub.sync.views import Rows, Views
from hub.sync.walk import Ids, Walk

PASSES = 8  # derive, compare and push feed each other; a chain longer than this is a loop
MANY = 1_000  # new records after which the database should look at its tables anew


class Hub:
    """The hub at work on one project."""

    def __init__(self, project: Project, registry: Registry, store: Store) -> None:
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
    def open(
        cls, project: Project, registry: Registry | None = None, *, clock: Callable[[], float] = time.time
    ) -> Iterator[Hub]:
        """Open the project's store and close everything at the end."""
        if registry is None:
            plugins = project.root / project.plugins
            registry = load(plugins if plugins.is_dir() else None)
        hub = cls(project, registry, Store.open(project.store.reveal(), clock=clock))
        try:
            reapply(hub.store, project.root)  # before anyone can read what an old backup has brought back
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
            self._connectors[name] = build(self.project, name, self.registry, vault(self.project))
            self._connectors[name].files(partial(content, self.store))
            self._connectors[name].hasten()
        return self._connectors[name]

    def feeds(self) -> Sequence[Feed]:
        """All streams in use, and those of the hub's own connection."""
        return feeds(self.project, self.registry, self.store, self.connector)

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

    # -- for the rooms above

    def say(self, said: Sequence[Said]) -> int:
        """Land values about golden records as records of the connection `hub`; return how many moved."""
        with Lease(self.store, [HUB]).held(patience=60):
            return say(self.walk(), said)

    def refresh(self, ids: Iterable[str], patience: float = 60.0) -> int:
        """Read the records of these golden records anew from the systems that hold them; return how many."""
        with Lease(self.store, list(self.project.connections)).held(patience):
            return refresh(self.walk(), ids)

    # -- a run

    def sync(
        self,
        connections: Sequence[str] | None = None,
        stream: str | None = None,
        full: bool = False,
        since: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        permit: str | None = None,
    ) -> Run:
        """Read what changed in these connections (None: all), merge it, and write what they lack.

        `permit` names a frozen business line that may change all the same: only its own closing does so.
        Raises Busy while another run works on one of them, Unavailable or Unauthorized where one does not answer.
        """
        names = in_use(self.store, self.project, connections)
        for name in names:
            self.connector(name)
        lease = Lease(self.store, names)
        with nullcontext() if dry_run else lease.held(), self.store.rehearse() if dry_run else nullcontext():
            walk = self.walk()
            walk.lease = None if dry_run else lease
            walk.permit = permit
            self._begin(walk)
            chosen = [
                f for f in walk.feeds.values()
                if f.connection in names and (stream is None or f.stream.name == stream)
            ]  # fmt: skip
            if stream is not None and not chosen:
                raise ConfigError(f"no stream {stream!r} in {', '.join(names)}")
            down: dict[str, HubError] = {}
            try:
                self._walk(walk, chosen, full, since, dry_run, progress or (lambda step: None), down)
            except BaseException as error:
                self._end(walk, down, error)
                raise
            return self._end(walk, down, None, differences(walk, chosen) if dry_run else (), contact=dry_run)

    def _walk(
        self,
        walk: Walk,
        chosen: Sequence[Feed],
        full: bool,
        since: str | None,
        dry_run: bool,
        progress: Progress,
        down: dict[str, HubError],
    ) -> None:

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
                    down[feed.connection] = error
            return done

        ordered = in_order(chosen)
        pushing = [feed for feed in ordered if feed.pushes]
        waiting = [*ordered, *(f for f in walk.feeds.values() if f.connection == HUB)]
        if not dry_run:
            each(ordered, lambda feed: settle(walk, feed) and 0)
            each(pushing, lambda feed: fuse(walk, feed))
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
        down: Mapping[str, HubError],
        error: BaseException | None,
        written: Sequence[Difference] = (),
        *,
        contact: bool = False,
    ) -> Run:
        counted = counts(walk)
        secrets = [self.project.store, *(c.settings for c in self.project.connections.values())]
        failure = masked(f"{type(error).__name__}: {error}", secrets)[:2000] if error is not None else None
        with self.store.begin(count=False) as tx:
            found = [f"{name}: {why}" for name, why in down.items()] + findings(walk, tx, counted)
            found = [masked(text, secrets) for text in found]
            outcome = "failed" if error else "findings" if found else "fine"
            tx.run(
                "UPDATE run SET ended_at = ?, outcome = ?, counts = ?, error = ? WHERE id = ?",
                self.store.now(), outcome, msgspec.json.encode([c._asdict() for c in counted]).decode(),
                failure, walk.run_id,
            )  # fmt: skip
            met = first_contact(walk, tx) if contact else ()  # it reads everything there is
            notes, held = new_fields(walk, tx), held_back(walk, tx)
            events = [] if contact else list(details(walk, tx, partial(masked, values=secrets)))
        if outcome != "fine":
            texts = [*found[:5], *(event.text for event in events)]
            text = f"sync ended with {outcome}: " + "; ".join(texts or [failure or ""])
            events.append(Event(f"run {outcome}", text, data={"run": walk.run_id}))
        if notes:
            events.append(Event("new fields", "; ".join(notes), data={"run": walk.run_id}))
        tell(self.registry.hook.on_event, events)
        return Run(walk.run_id or 0, counted, found, written, met, down, [*notes, *held])

    # -- what there is to see

    def status(self) -> Rows:
        """How each stream stands."""
        return self.views.status()

    def list(
        self, model: str, where: Mapping[str, str] | None = None, limit: int | None = 50, *, archived: bool = False
    ) -> Rows:
        """Golden records; archived ones only where asked for."""
        return self.views.list(model, where or {}, limit, archived=archived)

    def show(self, model: str, id: str) -> Rows | None:
        """A golden record: its values with source and reason, its links, and what lost."""
        return self.views.show(model, id)


def in_order(feeds: Sequence[Feed]) -> list[Feed]:
    """What others refer to comes first: a customer before its orders, a deal before the order it becomes."""
    order = ("product", "customer", "contact", "deal", "contract", "order", "invoice", "payment", "message", "ticket")
    return sorted(feeds, key=lambda f: order.index(f.model))


def _pushed(walk: Walk, feed: Feed, progress: Progress) -> int:
    """Push, and tell how many writes were answered for good: each of them may leave something else to write."""
    before = _answered(walk, feed)
    written = push(walk, feed)
    if written:
        progress(Step(feed.connection, feed.stream.name, "written", written))
    return _answered(walk, feed) - before


def _answered(walk: Walk, feed: Feed) -> int:
    counted: Mapping[str, int] = walk.counts.get(feed.id, {})
    return sum(counted.get(what, 0) for what in ("written", "refused", "conflicts"))
