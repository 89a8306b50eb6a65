"""Judges everything a store holds, golden records and the records of the systems they are made of, page by page.

A record that shows what its golden record holds is not judged again, which most records of most systems do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from hub.model import Values
from hub.quality.checks.book import Book, Verdict
from hub.quality.checks.fault import Fault
from hub.quality.checks.stale import stale
from hub.quality.scorecard_apart import Duplicates, lost_references
from hub.quality.scorecard_page import IN_QUARANTINE, SIZE, Link, Page, Place, Row, quarantined, read
from hub.store import Store
from hub.sync.feed import HUB
from hub.sync.state import values_of

NOTHING = Verdict((), 0, 0)


class Shown(NamedTuple):
    """One system's record of a golden record, its own values judged."""

    connection: str
    stream: str
    key: str
    values: Values
    verdict: Verdict
    more: tuple[Fault, ...]  # quarantine, lost references, staleness


class Judged(NamedTuple):
    """One golden record, or with an empty id a record of a system that is not part of one yet."""

    id: str
    model: str
    values: Values
    verdict: Verdict
    more: tuple[Fault, ...]
    shown: Sequence[Shown]


@dataclass(slots=True)
class Reader:
    """Judges what a store holds. `ages` are days after which a model's records count as stale."""

    store: Store
    book: Book
    model: str | None = None
    ages: Mapping[str, int] = field(default_factory=dict)
    _now: int = 0
    _today: date = date.min
    _streams: Mapping[int, tuple[str, str, str]] = field(default_factory=dict)
    _lost: Mapping[Place, Fault] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Judged]:
        """Every golden record that lives, then the records that no golden record shows."""
        self._now = self.store.now()
        self._today = datetime.fromtimestamp(self._now / 1_000_000, UTC).date()
        with self.store.read() as tx:
            rows = tx.rows("SELECT id, connection, name, model FROM stream")
            self._streams = {row[0]: (row[1], row[2], row[3]) for row in rows}
            self._lost = lost_references(tx, self.model) if self._on("reference") else {}
            twice = Duplicates(tx, self.model) if self._on("duplicate") else None
        told: set[Place] = set()
        after = ""
        while True:
            with self.store.read() as tx:
                page = read(tx, after, self.model, twice, self.book.off)
            if not page.rows:
                break
            after = page.rows[-1].id
            for row in page.rows:
                links = page.links.get(row.id, ())
                if self._lost:
                    told.update((link.stream, link.key) for link in links if (link.stream, link.key) in self._lost)
                yield self._judge(page, row, links)
        yield from self._kept_out()
        for place, fault in self._lost.items():
            if place not in told:
                yield self._alone(*place, (fault,))

    def _on(self, name: str) -> bool:
        return name not in self.book.off

    def _judge(self, page: Page, row: Row, links: Sequence[Link]) -> Judged:
        verdict = self.book.judge(row.model, row.values, self._today) if row.values else NOTHING
        more = list(page.faults.get(row.id, ()))
        more += self._stale(row.model, row.values, max((x.changed_at for x in links if x.changed_at), default=None))
        shown = []
        for link in links:
            connection, stream, _ = self._streams[link.stream]
            if connection != HUB:
                same = link.seen == row.data
                own = row.values if same else values_of(link.seen)
                mine: list[Fault] = list(page.kept_out.get((link.stream, link.key), ()))
                if (link.stream, link.key) in self._lost:
                    mine.append(self._lost[link.stream, link.key])
                if same or own == row.values:
                    mine += more
                    judged = verdict
                else:
                    mine += self._stale(row.model, own, link.changed_at)
                    judged = self.book.judge(row.model, own, self._today) if own else NOTHING
                shown.append(Shown(connection, stream, link.key, own, judged, tuple(mine)))
        # one without values is nothing anybody can look at: all it has is in quarantine, or waits
        return Judged(row.id if row.values else "", row.model, row.values, verdict, tuple(more), shown)

    def _stale(self, model: str, values: Values, changed_at: int | None) -> list[Fault]:
        if not values or not self._on("stale"):
            return []
        found = stale(model, values, changed_at, self._now, self._today, self.ages)
        return [found] if found else []

    def _kept_out(self) -> Iterator[Judged]:
        """Records that never became part of a golden one, since they are in quarantine."""
        for stream, (_, _, model) in self._streams.items():
            after = ""
            while self._on("quarantine") and self.model in (None, model):
                with self.store.read() as tx:
                    rows = tx.rows(
                        f"SELECT key FROM record WHERE stream_id = ? AND waiting = {IN_QUARANTINE} AND waiting > 0 "
                        f"AND golden_id IS NULL AND key > ? ORDER BY key LIMIT {SIZE}",
                        stream,
                        after,
                    )
                    faults = quarantined(tx, stream, [row[0] for row in rows]) if rows else {}
                if not rows:
                    break
                after = rows[-1][0]
                for (_, key), found in faults.items():
                    yield self._alone(stream, key, tuple(found))

    def _alone(self, stream: int, key: str, faults: tuple[Fault, ...]) -> Judged:
        connection, name, model = self._streams[stream]
        return Judged("", model, {}, NOTHING, (), (Shown(connection, name, key, {}, NOTHING, faults),))
