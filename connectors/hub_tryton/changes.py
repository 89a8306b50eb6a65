"""What changed since: a record is as new as the newest of its parts, which Tryton dates one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from typing import Any

from hub.errors import ConfigError
from hub_tryton.rpc import Row, Rpc
from hub_tryton.wire import moment

OVERLAP = timedelta(seconds=10)  # a transaction is dated at its start and seen at its end
BEGINNING = "1970-01-01T00:00:00.000000Z"
DATES = ("write_date", "create_date", "_timestamp")


@dataclass(frozen=True, slots=True)
class Part:
    """A model whose change is a change of the record; `to` leads to the record, empty for the record itself."""

    model: str
    to: str = ""
    domain: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Cursor:
    """Up to `at` all is known; while a full read lasts, only records with an id up to `last`."""

    at: str
    last: int | None = None

    @classmethod
    def parse(cls, words: str) -> Cursor:
        """Read a cursor. Raises ConfigError where it is not one of ours."""
        try:
            at, _, last = words.partition(" after ")
            moment(at)
            return cls(at, int(last) if last else None)
        except ValueError:
            raise ConfigError(
                f"{words!r} is no cursor of this connector; read everything with: hub sync --full"
            ) from None

    def __str__(self) -> str:
        return self.at if self.last is None else f"{self.at} after {self.last}"


def newest(rpc: Rpc, parts: Iterable[Part]) -> str:
    """Return the latest date on any record: up to here a read that begins now will have seen everything."""
    found = [BEGINNING]
    for part in parts:
        # not write_date, which is null on what was never changed
        order = [["last_modified_at", "DESC"]]
        rows = rpc.search_read(part.model, list(part.domain), [*DATES[:2]], limit=1, order=order)
        found += [row["write_date"] or row["create_date"] for row in rows]
    return max(found)


def changed(rpc: Rpc, parts: Iterable[Part], since: str) -> dict[int, str]:
    """Return the ids of records that changed at or after a little before `since`, and when."""
    start = max(moment(since), moment(BEGINNING) + OVERLAP) - OVERLAP
    recent = ["OR", ["write_date", ">=", start], [["write_date", "=", None], ["create_date", ">=", start]]]
    found: dict[int, str] = {}
    for part in parts:
        fields = [part.to or "id", *DATES[:2]]
        for row in rpc.windows(part.model, [*part.domain, recent], fields):
            at = row["write_date"] or row["create_date"]
            for id in _owners(row, part.to):
                found[id] = max(at, found.get(id, at))
    return found


def _owners(row: Row, to: str) -> Iterator[int]:
    """Follow a path to ids: a record's own, a many2one, a one2many, or a reference such as `account.invoice,7`."""
    value: Any = row["id"]
    if to:
        *steps, last = to.split(".")
        for step in steps:
            row = row.get(f"{step}.") or {}
        value = row.get(last)
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            number = each.rpartition(",")[2]
            if number.isdecimal():
                yield int(number)
        elif each is not None:
            yield int(each)


def stamp(rows: Iterable[tuple[str, Row]]) -> tuple[str, str]:
    """Return the version and the date of a record made of (model, row): both move when any of them does."""
    marks, dates = [], [BEGINNING]
    for model, row in rows:
        marks.append(f"{model},{row['id']}@{row['_timestamp']}")
        dates.append(row["write_date"] or row["create_date"] or BEGINNING)
    return blake2b("\n".join(sorted(marks)).encode(), digest_size=12).hexdigest(), max(dates)


def expecting(rows: Iterable[tuple[str, Row]]) -> Mapping[str, str]:
    """Return the context that makes Tryton refuse the write when one of the rows was changed since it was read."""
    return {f"{model},{row['id']}": row["_timestamp"] for model, row in rows}


def by(rows: Sequence[Row], field: str) -> dict[int, list[Row]]:
    """Group rows by the record they belong to."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[field], []).append(row)
    return groups
