"""Systems with habits behind real connectors, and the real engine taken step by step, so that a trace can say when
each step happens and where the process dies."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.config import ConnectionConfig, Project, Rule, StreamConfig
from hub.connect import Conflict, Connector, Missing, Page, Receipt, Record, Rejected, Stream, Write
from hub.mapping import parse
from hub.store import Store
from hub.sync import land, outbox, push, settle
from hub.sync.feed import Feed
from hub.sync.feeds import register
from hub.sync.walk import Ids, Walk

FIELDS = ("name", "email", "phone", "owner", "balance")
PATHS = {"name": "name", "email": "emails.main", "phone": "phones.main", "owner": "owner", "balance": "balance.eur"}
MAPPING = """
stream = "things"
model = "customer"
[fields]
name = { theirs = "name", required = false }
"emails.main" = { theirs = "email", as = "text" }
"phones.main" = { theirs = "phone", as = "text" }
owner = "owner"
"balance.eur" = { theirs = "balance", as = "money", currency = "EUR" }
"""
IN_GROUPS = MAPPING.replace('owner = "owner"', 'parent = { theirs = "owner", link = "things" }')
"""The same with a reference: what a record shows as its owner is the key of its parent."""
Habit = Callable[[str | None, str | None], str | None]
HABITS: dict[str, Habit] = {
    "upper": lambda v, o: v and v.upper(),
    "lower": lambda v, o: v and v.lower(),
    "trim": lambda v, o: v and v.strip(),
    "cut": lambda v, o: v and v[:40],
    "plus": lambda v, o: v and "+" + re.sub(r"\D", "", v),
    "digits": lambda v, o: v and re.sub(r"\D", "", v),
    "round": lambda v, o: v and f"{float(v):.0f}",
    "default": lambda v, o: "n/a" if v is None else v,
    "blank": lambda v, o: "" if v is None else v,
    "ignore": lambda v, o: v if o is None else o,
    "dot": lambda v, o: v and v + ".",
    "comma": lambda v, o: v and v + ",",
}


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Clock:
    now: float = 10_000.0
    lag: Callable[[float], float] = lambda late: late


@dataclass
class System(Connector):
    """A system people work in, which keeps what it is given in its own way."""

    name: str
    clock: Clock
    habits: dict[str, Sequence[str]] = field(default_factory=dict)
    nightly_habits: dict[str, Sequence[str]] = field(default_factory=dict)
    versions: bool = True
    once: bool = True
    findable: bool = True
    answer: str = "data"  # data | version | none
    skew: float = 0
    late: float = 0
    bumps: bool = False  # a write that changes nothing moves the time all the same
    refuses: dict[str, str] = field(default_factory=dict)
    page: int = 3
    timed: bool = True  # tells when a record was changed

    def __post_init__(self) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        self.history: dict[str, list[tuple[float, dict[str, Any]]]] = {}
        self.done: dict[str, Receipt] = {}
        self.writes = self.attempts = self.number = 0
        self.log: list[tuple[str, str, dict[str, Any]]] = []
        self.before_update: Callable[[str], None] | None = None
        self.after_update: Callable[[str], None] | None = None
        self.streams = (  # type: ignore[misc]
            Stream(
                "things",
                "customer",
                push=True,
                versioned=self.versions,
                once=timedelta(days=1) if self.once else None,
                findable=self.findable,
                late=timedelta(seconds=self.late),
            ),
        )
        self.timeout = 0.0

    # -- people

    def add(self, customer: int, our_id: str | None = None, /, **values: str | None) -> str:
        self.number += 1
        key = f"{self.name}{self.number}"
        self.rows[key] = {
            "key": key, "data": dict.fromkeys(FIELDS) | {"note": "x"}, "version": 0, "gone": False,
            "our_id": our_id, "customer": customer, "at": 0,
        }  # fmt: skip
        self._apply(key, dict.fromkeys(FIELDS) | values, self.habits)
        self._save(key)
        return key

    def edit(self, key: str, name: str, value: str | None) -> bool:
        if self.rows[key]["gone"]:
            return False
        changed = self._apply(key, {name: value}, self.habits)
        if changed or self.bumps:
            self._save(key)
        return changed

    def touch(self, key: str) -> None:
        self._save(key)

    def remove(self, key: str) -> None:
        self.rows[key]["gone"] = True
        self._save(key)

    def night(self) -> None:
        for key, row in self.rows.items():
            values = {f: row["data"][f] for f in self.nightly_habits if row["data"][f] is not None}
            if not row["gone"] and self._apply(key, values, self.nightly_habits):
                self._save(key)

    def shown(self, name: str) -> list[str | None]:
        return [row["data"][name] for row in self.rows.values() if not row["gone"]]

    def _apply(self, key: str, values: dict[str, Any], habits: dict[str, Sequence[str]]) -> bool:
        data, changed = self.rows[key]["data"], False
        for name, value in values.items():
            for habit in habits.get(name, ()):
                value = HABITS[habit](value, data[name])
            if value != data[name]:
                data[name], changed = value, True
        return changed

    def _save(self, key: str) -> None:
        row = self.rows[key]
        row["at"] = int(self.clock.now + self.skew)
        row["version"] += 1
        shown_at = self.clock.now + (self.clock.lag(self.late) if self.late else 0)
        self.history.setdefault(key, []).append((shown_at, copy.deepcopy(row)))

    # -- the connector

    def check(self) -> None: ...

    def _visible(self) -> Iterator[dict[str, Any]]:
        for states in self.history.values():
            seen = [row for at, row in states if at <= self.clock.now]
            if seen:
                yield max(seen, key=lambda row: row["version"])

    def _record(self, row: dict[str, Any]) -> Record:
        return Record(
            key=row["key"],
            data=dict(row["data"]),
            version=str(row["version"]) if self.versions else None,
            changed_at=datetime.fromtimestamp(row["at"], UTC) if self.timed else None,
            deleted=row["gone"],
            our_id=row["our_id"] if self.findable else None,
        )

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        start = None if cursor is None else int(cursor) - self.late - 1
        rows = sorted(
            (row for row in self._visible() if start is None or row["at"] >= start),
            key=lambda row: (row["at"], row["key"]),
        )
        for i in range(0, len(rows), self.page):
            part = rows[i : i + self.page]
            newest = max(part[-1]["at"], int(cursor or 0))
            yield Page([self._record(row) for row in part], str(newest))

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        for key in keys:
            yield self._record(self.rows[key])

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        for row in self._visible():
            if row["our_id"] in our_ids and not row["gone"]:
                yield row["our_id"], self._record(row)

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Any]:
        for write in writes:
            self.attempts += 1
            if self.once and write.once in self.done:
                yield self.done[write.once]
                continue
            bad = [f for f, part in self.refuses.items() if write.data.get(f) is not None and part in write.data[f]]
            row = self.rows[write.key] if write.key else None
            if row is not None and self.before_update:
                self.before_update(row["key"])
            if row is not None and row["gone"]:
                yield Missing(f"{write.key} is gone")
            elif row is not None and self.versions and write.expect not in (None, str(row["version"])):
                yield Conflict(f"{write.key} changed")
            elif bad:
                yield Rejected(f"{bad[0]} is not accepted")
            else:
                yield self._write(write)

    def _write(self, write: Write) -> Receipt:
        self.writes += 1
        if write.key:
            key = write.key
            if self._apply(key, dict(write.data), self.habits) or self.bumps:
                self._save(key)
        else:
            key = self.add(self.customer_of(write.our_id), write.our_id, **write.data)
        self.log.append(("update" if write.key else "create", key, dict(write.data)))
        row = self.rows[key]
        receipt = Receipt(
            key=key,
            version=str(row["version"]) if self.versions else None,
            data=dict(row["data"]) if self.answer == "data" else None,
            changed_at=datetime.fromtimestamp(row["at"], UTC) if self.timed else None,
        )
        if self.once:
            self.done[write.once] = receipt
        if write.key and self.after_update:
            self.after_update(key)
        return receipt

    def customer_of(self, our_id: str) -> int:
        raise NotImplementedError


class World:
    """Some systems, and a hub that is driven step by step."""

    url = "sqlite://"  # the tests that run on PostgreSQL put theirs here

    def __init__(
        self,
        *systems: dict[str, Any],
        rule: str = "newest",
        order: Sequence[str] = (),
        hold: bool = True,
        mapping: str = MAPPING,
    ):
        self.clock = Clock()
        self.hold = hold
        self.systems = [System("ABC"[i], self.clock, **options) for i, options in enumerate(systems)]
        self.store = Store.open(self.url, clock=lambda: self.clock.now)
        self.store.watch = self._watch
        self.crash_in: int | None = None
        self.commits = 0
        ranks = tuple(order) or tuple(reversed([s.name for s in self.systems]))
        names = [s.name for s in self.systems]
        config = StreamConfig("things", "things", push=True, create="all")
        project = Project(
            Path(),
            "sqlite://",
            {n: ConnectionConfig(n, n, {}, None, {"things": config}) for n in names},
            rules={("customer", "*"): Rule(rule, ranks)},  # type: ignore[arg-type]
        )
        self.feeds: dict[str, Feed] = {}
        fields = parse(mapping, "things.toml")
        for system in self.systems:
            id = register(self.store, system.name, "things", "customer")
            feed = Feed(id, system.name, system.streams[0], config, fields, system, lookup={"things": id})
            self.feeds[system.name] = feed
            system.customer_of = self._customer  # type: ignore[method-assign]
        self.walk = Walk(self.store, project, {f.id: f for f in self.feeds.values()}, Ids(lambda: self.clock.now))
        self.fetched: dict[str, tuple[int, list[Page]]] = {}

    def _watch(self, when: str) -> None:
        self.commits += 1
        if self.crash_in is not None and self.commits >= self.crash_in:
            self.crash_in = None
            self.fetched.clear()
            raise Crash(when)

    def crash_after(self, commits: int) -> None:
        """Die at the n-th instant before or after a commit from now."""
        self.crash_in = self.commits + commits

    def _customer(self, our_id: str) -> int:
        """The hidden truth: which customer a golden record stands for."""
        with self.store.read() as tx:
            rows = tx.rows("SELECT stream_id, key FROM record WHERE golden_id = ?", our_id)
        by_id = {f.id: f.connector for f in self.feeds.values()}
        return by_id[rows[0][0]].rows[rows[0][1]]["customer"]  # type: ignore[attr-defined,no-any-return]

    # -- steps

    def fetch(self, name: str) -> None:
        asked = self.store.sequence()
        with self.store.read() as tx:
            cursor = tx.rows("SELECT cursor FROM stream WHERE id = ?", self.feeds[name].id)[0][0]
        self.fetched[name] = (asked, list(self.feeds[name].connector.pull("things", cursor)))

    def land(self, name: str) -> None:
        asked, pages = self.fetched.pop(name, (None, []))
        if asked is None:
            return
        for page in pages or [Page([], None)]:
            last = not pages or page is pages[-1]
            cursor = page.cursor
            if cursor is None:
                with self.store.read() as tx:
                    cursor = tx.rows("SELECT cursor FROM stream WHERE id = ?", self.feeds[name].id)[0][0]
            land.land(self.walk, self.feeds[name], page.records, cursor, asked, hold=self.hold, end=last)

    def merge(self, name: str | None = None) -> None:
        for feed in [self.feeds[name]] if name else list(self.feeds.values()):
            settle.settle(self.walk, feed)
            land.merge_waiting(self.walk, feed)

    def outbox(self) -> None:
        for feed in self.feeds.values():
            outbox.compare(self.walk, feed)

    def push(self, name: str | None = None) -> None:
        for feed in [self.feeds[name]] if name else list(self.feeds.values()):
            settle.settle(self.walk, feed)
            push.push(self.walk, feed)

    def step(self, what: str, name: str | None = None) -> bool:
        try:
            getattr(self, what)(name) if name else getattr(self, what)()
        except Crash:
            return False
        return True

    def round(self, order: Sequence[str] = ()) -> None:
        for name in order or [s.name for s in self.systems]:
            self.step("fetch", name)
            self.step("land", name)
            self.step("merge", name)
        self.step("outbox")
        self.step("push")
        self.step("outbox")

    def sync(self, rounds: int = 4) -> None:
        for _ in range(rounds):
            self.round()
            self.clock.now += 6

    # -- what there is to see

    def writes(self) -> int:
        return sum(s.writes for s in self.systems)

    def shown(self, name: str) -> list[list[str | None]]:
        return [s.shown(name) for s in self.systems]

    def written(self, name: str) -> list[str]:
        return [data[name] for s in self.systems for what, _, data in s.log if what == "update" and name in data]

    def golden(self) -> list[dict[str, Any]]:
        import msgspec

        with self.store.read() as tx:
            return [
                msgspec.json.decode(r[0]) for r in tx.rows("SELECT data FROM golden WHERE into_id IS NULL ORDER BY id")
            ]
