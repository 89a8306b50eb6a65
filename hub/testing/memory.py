"""A system in memory and the connector to it: every ability can be switched, every fault injected.

It is the reference the contract suite is proved with, and the other side in tests of the sync engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from hub.connect.base import Answer, Connector, Page, Receipt, Record, Stream, Write
from hub.errors import Conflict, HubError, Missing, Rejected, Unauthorized, Unavailable
from hub.secret import Secret

Data = dict[str, Any]
Habit = Callable[[Data], Data]
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class State:
    """A record as it was from one moment on."""

    data: Data
    version: int
    changed_at: datetime
    shown_at: datetime  # when lists and searches come to know of it
    deleted: bool = False
    our_id: str | None = None


@dataclass(slots=True)
class Fault:
    """An error for the next requests, before they are carried out or, as a lost answer, after."""

    error: Exception
    times: int
    op: str | None
    after: bool


@dataclass
class MemorySystem:
    """A small world of records with a clock of its own; abilities are its fields."""

    streams: Mapping[str, str] = field(default_factory=lambda: {"customers": "customer"})  # name: model
    page: int = 3
    versioned: bool = True
    once: timedelta | None = timedelta(hours=24)
    findable: bool = True
    late: timedelta = timedelta(0)
    merges: bool = True
    erases: bool = True
    freezes: bool = True
    tombstones: bool = True  # pulls show what was removed
    answer: Literal["data", "version", "key"] = "data"  # how much of the record an answer to a write holds
    habit: Habit = dict  # what the system makes of the data it is given
    refuses: Callable[[Data], str | None] = lambda data: "bad is not allowed" if data.get("bad") else None
    resolution: timedelta = SECOND  # of its timestamps
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    token: str = "canary-7f3a"  # noqa: S105 - no secret: what a test looks for in messages

    def __post_init__(self) -> None:
        self.tables: dict[str, dict[str, list[State]]] = {name: {} for name in self.streams}
        self.requests = 0
        self.calls: list[str] = []
        self.faults: list[Fault] = []
        self.down = False
        self._kept: dict[str, tuple[datetime, Data, Receipt | HubError]] = {}
        self._keys = itertools.count(1)
        self._merged: dict[tuple[str, str, str], str] = {}
        self.frozen: dict[tuple[str, str], frozenset[str]] = {}  # by stream and name of the freeze

    # what a person over there does

    def add(self, stream: str, data: Mapping[str, Any] | None = None, *, late: bool = False) -> str:
        """Create a record over there and return its key."""
        key = f"{next(self._keys):04}"
        self._put(stream, key, dict(data or {"name": f"Name {key}", "note": None}), None, late)
        return key

    def edit(self, stream: str, key: str, late: bool = False, **changes: Any) -> None:
        """Change a record over there; `late`: lists show it only after the system's whole lateness."""
        if self.cold(stream, key):
            raise Rejected(f"memory: {stream} {key} is frozen")
        last = self.tables[stream][key][-1]
        changes = changes or {"note": f"edited {last.version}"}
        self._put(stream, key, last.data | changes, last.our_id, late)

    def remove(self, stream: str, key: str) -> None:
        """Delete a record over there."""
        last = self.tables[stream][key][-1]
        self._put(stream, key, last.data, last.our_id, late=False, deleted=True)

    def tick(self, seconds: float = 1) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def cold(self, stream: str, key: str | None) -> bool:
        """Whether a record is frozen."""
        return any(key in keys for (where, _), keys in self.frozen.items() if where == stream)

    # what a test looks at, and does to it

    def get(self, stream: str, key: str) -> Data | None:
        """The record's data as it truly is now, None where it is gone."""
        states = self.tables[stream].get(key)
        return None if not states or states[-1].deleted else dict(states[-1].data)

    def keys(self, stream: str) -> list[str]:
        """The keys of all records that are there."""
        return [key for key, states in self.tables[stream].items() if not states[-1].deleted]

    def sample(self, stream: str) -> Data:
        """New data for one record that the system keeps as it is."""
        return {"name": f"Sample {next(self._keys)}", "note": "as given"}

    def bad(self, stream: str) -> Data | None:
        """Data that the system refuses."""
        return {"name": "Bad", "bad": True}

    def fail(
        self, error: Exception | None = None, *, times: int = 1_000_000, op: str | None = None, after: bool = False
    ) -> None:
        """Let the next requests fail; `after`: they are carried out and only the answer is lost."""
        self.faults.append(Fault(error or Unavailable("memory: cannot now"), times, op, after))

    def heal(self) -> None:
        """Let requests succeed again."""
        self.faults.clear()

    # what the connector asks

    def request(self, op: str, *, after: bool = False) -> None:
        """Count one request and raise the fault that waits for it."""
        if not after:
            self.requests += 1
            self.calls.append(op)
            if self.down:
                raise Unavailable("memory: no connection; is the address right?")
        for fault in self.faults:
            if fault.after == after and fault.op in (None, op) and fault.times > 0:
                fault.times -= 1
                raise fault.error

    def listed(self, stream: str, start: datetime, after: tuple[datetime, str]) -> list[tuple[str, State]]:
        """One page of the list: changed since `start`, ordered by (time, key), behind `after`."""
        shown = []
        for key, states in self.tables[stream].items():
            state = next((s for s in reversed(states) if s.shown_at <= self.now), None)
            if state and state.changed_at >= start and (state.changed_at, key) > after:
                shown.append((state.changed_at, key, state))
        return [(key, state) for _, key, state in sorted(shown, key=lambda row: row[:2])[: self.page]]

    def write(self, stream: str, write: Write) -> Receipt | HubError:
        """Carry out one write as the system's abilities allow."""
        kept = self._kept.get(write.once) if self.once is not None else None
        if kept and self.once is not None and kept[0] + self.once > self.now:
            if kept[1] != dict(write.data):
                return Rejected("memory: this idempotency key came with other data")
            return kept[2]
        answer = self._write(stream, write)
        if self.once is not None:
            self._kept[write.once] = (self.now, dict(write.data), answer)
        return answer

    def merge(self, stream: str, keep: str, gone: str) -> Receipt | HubError:
        """Make a third record of two: the data of the first, where that is empty the second's; both are gone."""
        key = self._merged.get((stream, keep, gone))
        if key is None:
            both = [self.get(stream, one) for one in (keep, gone)]
            if None in both or keep == gone:
                return Missing(f"memory: {stream} {keep if both[0] is None else gone} is gone")
            first, second = ({k: v for k, v in (one or {}).items() if v is not None} for one in both)
            our_id = self.tables[stream][keep][-1].our_id
            key = self._merged[stream, keep, gone] = f"{next(self._keys):04}"
            self.remove(stream, keep)
            self.remove(stream, gone)
            self._put(stream, key, dict.fromkeys(both[0] or {}) | second | first, our_id, late=False)
        state = self.tables[stream][key][-1]
        return Receipt(key, str(state.version) if self.versioned else None, state.data, state.changed_at)

    def erase(self, stream: str, key: str) -> Receipt | HubError:
        """Delete a record for good, with all it ever said."""
        if self.get(stream, key) is None:
            return Missing(f"memory: {stream} {key} is gone")
        self.remove(stream, key)
        self.tables[stream][key] = [replace(self.tables[stream][key][-1], data={}, our_id=None)]
        return Receipt(key, how="deleted")

    def _write(self, stream: str, write: Write) -> Receipt | HubError:
        before = self.tables[stream].get(write.key)[-1] if write.key in self.tables[stream] else None  # type: ignore[index]
        if write.key is not None and (before is None or before.deleted):
            return Missing(f"memory: {stream} {write.key} is gone")
        if before and self.versioned and write.expect is not None and write.expect != str(before.version):
            return Conflict(f"memory: {stream} {write.key} has version {before.version}, not {write.expect}")
        if self.cold(stream, write.key):
            return Rejected(f"memory: {stream} {write.key} is frozen")
        if why := self.refuses(dict(write.data)):
            return Rejected(f"memory: {why}", tuple(write.data))
        key = write.key or f"{next(self._keys):04}"
        data = (before.data if before else {}) | self.habit(dict(write.data))
        state = self._put(stream, key, data, write.our_id if self.findable else None, late=False)
        receipt = Receipt(key, str(state.version) if self.versioned else None, state.data, state.changed_at)
        if self.answer == "data":
            return receipt
        return replace(receipt, data=None) if self.answer == "version" else Receipt(key)

    def _put(
        self, stream: str, key: str, data: Data, our_id: str | None, late: bool, *, deleted: bool = False
    ) -> State:
        states = self.tables[stream].setdefault(key, [])
        at = self.now - (self.now - datetime.min.replace(tzinfo=UTC)) % self.resolution
        shown = self.now + (self.late if late else timedelta(0))
        state = State(data, len(states) + 1, at, shown, deleted, our_id)
        states.append(state)
        return state


class MemoryConnector(Connector):
    """The reference connector: as short as it can be with every promise kept."""

    name = "memory"

    def __init__(self, system: MemorySystem, token: str | None = None) -> None:
        self.system = system
        self._token = Secret(system.token if token is None else token)
        self.streams = tuple(  # type: ignore[misc]  # which streams there are is the system's to say
            Stream(
                name,
                model,
                push=True,
                versioned=system.versioned,
                once=system.once,
                findable=system.findable,
                late=system.late,
                merges=system.merges,
                erases=system.erases,
                freezes=system.freezes,
            )
            for name, model in system.streams.items()
        )

    def check(self) -> None:
        """Ask once."""
        self._request("check")

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Page by (time, key); the cursor is the newest time seen."""
        newest = datetime.fromisoformat(cursor) if cursor else datetime.min.replace(tzinfo=UTC)
        start = newest - self.system.late - SECOND if cursor else newest
        after = (start, "")
        while True:
            self._request("pull")
            rows = self.system.listed(stream, start, after)
            if not rows:
                return
            after = (rows[-1][1].changed_at, rows[-1][0])
            newest = max(newest, after[0])
            visible = [self._record(*row) for row in rows if self.system.tombstones or not row[1].deleted]
            yield Page(visible, newest.isoformat())

    def cursor_at(self, stream: str, moment: str) -> str:
        """Cursors are times."""
        return moment

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Read the true state of each."""
        self._request("read")
        for key in keys:
            states = self.system.tables[stream].get(key)
            yield self._record(key, states[-1]) if states else Record(key, {}, deleted=True)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Search among what lists show."""
        self._request("find")
        for key, states in self.system.tables[stream].items():
            state = next((s for s in reversed(states) if s.shown_at + self.system.late <= self.system.now), None)
            if state and not state.deleted and state.our_id in our_ids and state.our_id is not None:
                yield state.our_id, self._record(key, states[-1])

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write one after the other."""
        for write in writes:
            self._request("push")
            answer = self.system.write(stream, write)
            self.system.request("push", after=True)
            if not isinstance(answer, Receipt | Conflict | Missing | Rejected | Unavailable):
                raise answer
            yield answer

    def merge(self, stream: str, keep: str, gone: str) -> Answer:
        """Merge."""
        self._request("merge")
        answer = self.system.merge(stream, keep, gone)
        self.system.request("merge", after=True)
        assert isinstance(answer, Receipt | Missing)  # noqa: S101 - all there is
        return answer

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Erase one after the other."""
        for key in keys:
            self._request("erase")
            answer = self.system.erase(stream, key)
            self.system.request("erase", after=True)
            assert isinstance(answer, Receipt | Missing)  # noqa: S101 - all there is
            yield answer

    def freeze(self, stream: str, name: str, keys: Sequence[str]) -> None:
        """Freeze."""
        self._request("freeze")
        self.system.frozen[stream, name] = frozenset(keys)

    def _request(self, op: str) -> None:
        self.system.request(op)
        if self._token.reveal() != self.system.token:
            raise Unauthorized("memory: token refused (401); give the right one and run: hub check")

    def _record(self, key: str, state: State) -> Record:
        version = str(state.version) if self.system.versioned else None
        data = {} if state.deleted else dict(state.data)
        return Record(key, data, version, state.changed_at, state.deleted, state.our_id)
