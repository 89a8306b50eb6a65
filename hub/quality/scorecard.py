"""The scorecard: how complete, valid, unique and timely records are, by model, system and business line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from hub.model import Values
from hub.quality.checks.book import Book, Verdict
from hub.quality.checks.fault import Fault
from hub.quality.scorecard_read import Judged

Place = tuple[str, str, str]
"""(model, connection, line): an empty connection means the golden records, an empty line all of them."""


@dataclass(slots=True)
class Cell:
    """What was counted in one place."""

    records: int = 0
    expected: int = 0
    lacking: int = 0
    invalid: int = 0
    doubled: int = 0
    stale: int = 0
    checks: Counter[str] = field(default_factory=Counter)  # records with at least one fault, by check

    def add(self, alike: Alike, number: int, measures: Mapping[str, str]) -> None:
        """Count that many records that are alike."""
        failed = {measures.get(name, "validity") for name in alike.failed}
        self.records += number
        self.expected += number * alike.expected
        self.lacking += number * alike.lacking
        self.invalid += number * ("validity" in failed)
        self.doubled += number * ("uniqueness" in failed)
        self.stale += number * ("timeliness" in failed)
        self.checks.update(dict.fromkeys(alike.failed, number))

    def scores(self) -> Iterator[tuple[str, int, int]]:
        """(measure, good, total), the checks that found something behind the four measures."""
        yield "completeness", self.expected - self.lacking, self.expected
        yield "validity", self.records - self.invalid, self.records
        yield "uniqueness", self.records - self.doubled, self.records
        yield "timeliness", self.records - self.stale, self.records
        for name, count in sorted(self.checks.items()):
            yield f"check:{name}", self.records - count, self.records


class Score(NamedTuple):
    """One number of a scorecard: `good` of `total`, in one place, by one measure or check."""

    model: str
    connection: str
    line: str
    measure: str
    good: int
    total: int

    @property
    def share(self) -> float | None:
        """Good of total; None where there is nothing to measure."""
        return self.good / self.total if self.total else None


class Alike(NamedTuple):
    """What records can have in common that matters to the card: they are counted once for all of them."""

    model: str
    connection: str
    lines: tuple[str, ...]
    expected: int
    lacking: int
    failed: frozenset[str]


def count(judged: Iterable[Judged], book: Book) -> dict[Place, Cell]:
    """Count what was judged, golden records and the records of each system apart."""
    tally: Counter[Alike] = Counter()
    for one in judged:
        if one.values:
            tally[_alike(one.model, "", one.values, one.verdict, one.more)] += 1
        twice = tuple(fault for fault in one.more if fault.check == "duplicate")
        for shown in one.shown:
            more = shown.more if not twice else (*shown.more, *twice)
            tally[_alike(one.model, shown.connection, shown.values, shown.verdict, more)] += 1
    measures = {name: book.measure(name) for name in book.names()}
    cells: dict[Place, Cell] = {}
    for alike, number in tally.items():
        for line in ("", *alike.lines):
            cells.setdefault((alike.model, alike.connection, line), Cell()).add(alike, number, measures)
    return cells


def _alike(model: str, connection: str, values: Values, verdict: Verdict, more: Sequence[Fault]) -> Alike:
    failed = frozenset([fault.check for fault in verdict.faults] + [fault.check for fault in more])
    return Alike(model, connection, lines_of(values), verdict.expected, verdict.lacking, failed)


def lines_of(values: Values) -> tuple[str, ...]:
    """The business lines a record belongs to."""
    if "line" in values:
        return (str(values["line"]),) if values["line"] else ()
    return tuple([line for path, line in _memberships(tuple(values)) if values[path]])


@lru_cache(maxsize=4096)
def _memberships(paths: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((path, path[6:]) for path in paths if path.startswith("lines."))


def scores(cells: dict[Place, Cell]) -> list[Score]:
    """The numbers of a scorecard, ordered by place."""
    return [Score(*place, *score) for place, cell in sorted(cells.items()) for score in cell.scores()]


class Found(NamedTuple):
    """One fault with the record behind it: the golden record, and the system's record that shows the value."""

    fault: Fault
    model: str
    id: str
    connection: str
    stream: str
    key: str
    lines: tuple[str, ...]


def found(
    judged: Iterable[Judged], book: Book, check: str, connection: str | None = None, line: str | None = None
) -> Iterator[Found]:
    """The records behind a check's number, as they are met.

    `check` may also be a measure: everything that counts towards it. Without `connection` the golden records, each
    with a record that shows the same; with it, that system's records.
    """
    names = {name for name in book.names() if check in (name, book.measure(name))}
    for one in judged:
        mine = [fault for fault in (*one.verdict.faults, *one.more) if fault.check in names]
        for shown in one.shown:
            if connection is not None and shown.connection != connection:
                continue
            if connection is None and one.values:
                continue
            doubled = [fault for fault in mine if fault.check == "duplicate"]
            own = [f for f in (*shown.verdict.faults, *shown.more) if f.check in names and f.check != "duplicate"]
            lines = lines_of(shown.values)
            if line is None or line in lines:
                for fault in (*own, *doubled):
                    yield Found(fault, one.model, one.id, shown.connection, shown.stream, shown.key, lines)
        if connection is None and one.values:
            lines = lines_of(one.values)
            if line is None or line in lines:
                for fault in mine:
                    yield Found(fault, one.model, one.id, *_source(one, fault), lines)


def _source(one: Judged, fault: Fault) -> tuple[str, str, str]:
    """A record that shows the fault; the only record there is, where none shows it."""
    for shown in one.shown:
        if any(f[:3] == fault[:3] for f in (*shown.verdict.faults, *shown.more)):
            return shown.connection, shown.stream, shown.key
    if len(one.shown) == 1:
        return one.shown[0].connection, one.shown[0].stream, one.shown[0].key
    return "", "", ""
