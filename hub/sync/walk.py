"""What every step of the walk is handed: the store, the feeds, the rules, the clock."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hub.config import Project
from hub.store import Store, Tx
from hub.store.lease import Lease
from hub.sync.feed import Feed
from hub.sync.stamp import Rankings
from hub.sync.work import Work

BATCH = 2_000  # records a transaction: 500 costs a third more, 5,000 gives 6 % for 40 MB

Random = Callable[[int], bytes]
RENEW = 1 << 20  # ids after which a new stem is drawn


class Ids:
    """New golden ids: the model's name and 26 hexadecimal digits that grow with time, so that an index grows at its end.

    A stem of twelve digits of milliseconds and nine that are drawn by chance serves a million ids, numbered by the
    last five: two processes meet only where they draw the same 36 bits in the same millisecond.
    """

    def __init__(self, clock: Callable[[], float], random: Random = os.urandom) -> None:
        self._clock = clock
        self._random = random
        self._series = "", count(RENEW)

    def __call__(self, model: str) -> str:
        stem, numbers = self._series
        number = next(numbers)  # one thread at a time: a batch is made ready while the one ahead of it is written
        if number >= RENEW:
            chance = int.from_bytes(self._random(5), "big") >> 4
            self._series = f"{int(self._clock() * 1000):012x}{chance:09x}", count()
            return self(model)
        return f"{model}_{stem}{number:05x}"


@dataclass(slots=True)
class Walk:
    """One run's view of the hub."""

    store: Store
    project: Project
    feeds: dict[int, Feed]
    ids: Ids
    permit: str | None = None  # the frozen business line this run may change: that of the closing that runs it
    carry: bool = False  # it carries a line elsewhere: what the target adds of its own stays out of golden records
    derive: Any = None  # the hook, None where no plugin has it
    survive: Any = None
    run_id: int | None = None
    lease: Lease | None = None  # asked before each write, so that a process that lost it writes nothing
    counts: dict[int, Counter[str]] = field(default_factory=dict)
    rankings: Rankings = field(init=False)

    def __post_init__(self) -> None:
        self.rank()

    def rank(self) -> None:
        """Take the feeds and the rules into account again."""
        self.rankings = Rankings(self.project.rule, {f.id: f.connection for f in self.feeds.values()})

    @property
    def connections(self) -> dict[int, str]:
        """Stream ids to connection names."""
        return {f.id: f.connection for f in self.feeds.values()}

    def count(self, feed: Feed, what: str, n: int = 1) -> None:
        """Add to the run's counts."""
        if n:
            self.counts.setdefault(feed.id, Counter())[what] += n

    def work(self, tx: Tx) -> Work:
        """A unit of work in a transaction."""
        return Work(
            tx,
            now=self.store.now(),
            rankings=self.rankings,
            connections=self.connections,
            survive=self.survive,
            run_id=self.run_id,
        )

    @contextmanager
    def begin(self) -> Iterator[Work]:
        """A unit of work in its own transaction, saved at its end."""
        if self.lease is not None:
            self.lease.check()
        with self.store.begin() as tx:
            work = self.work(tx)
            yield work
            work.save()

    def of_model(self, model: str) -> Sequence[Feed]:
        """The feeds of a model."""
        return [f for f in self.feeds.values() if f.model == model]
