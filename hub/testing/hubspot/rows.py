"""Rows of the fake CRM, kept sorted so that a page costs what it shows, whatever the size of the account."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hub.testing.hubspot.schema import CREATED, UNIQUE, Definition, changed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Properties = dict[str, str | None]


def millis(moment: datetime) -> int:
    """Return a moment as whole milliseconds since 1970."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def iso(ms: int) -> str:
    """Return milliseconds since 1970 as the text HubSpot shows: 2026-11-22T17:00:00.000Z."""
    moment = EPOCH + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


@dataclass(slots=True)
class Row:
    """One record of one object."""

    id: int
    properties: Properties
    created: int  # ms
    modified: int  # ms
    archived: int | None = None  # ms of the moment it was archived
    links: dict[str, dict[int, set[int]]] = field(default_factory=dict)  # to object -> to id -> kinds


@dataclass(slots=True)
class Seen:
    """A row as the search index shows it."""

    modified: int
    properties: Properties


class Index:
    """What search knows: a copy of the live rows, `lag` milliseconds behind them.

    Rows of one millisecond stand with the newest id first: HubSpot promises no order among them, so nobody may
    rely on one.
    """

    def __init__(self) -> None:
        self.seen: dict[int, Seen] = {}
        self.order: list[tuple[int, int]] = []  # (modified, -id)
        self.generation = 0
        self._late: deque[tuple[int, int, Seen | None]] = deque()  # (visible from, id, new state)

    def put(self, row: Row, visible: int) -> None:
        """Note the row's present state, to be shown from the moment `visible` on."""
        state = None if row.archived is not None else Seen(row.modified, dict(row.properties))
        self._late.append((visible, row.id, state))

    def settle(self, now: int) -> None:
        """Show what has become visible by now."""
        while self._late and self._late[0][0] <= now:
            _, id_, state = self._late.popleft()
            self.generation += 1
            before = self.seen.pop(id_, None)
            if before is not None:
                del self.order[bisect_left(self.order, (before.modified, -id_))]
            if state is not None:
                self.seen[id_] = state
                insort(self.order, (state.modified, -id_))


class Table:
    """All rows of one object, live and archived."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.created = CREATED.get(name, "createdate")
        self.changed = changed(name)
        self.rows: dict[int, Row] = {}
        self.live: list[int] = []  # sorted ids
        self.gone: list[int] = []  # sorted ids
        self.merged: dict[int, int] = {}  # ids of merged rows to the id of the row they became
        self.index = Index()
        self.definitions: dict[str, Definition] = {}
        self.unique: dict[str, dict[str, int]] = {name: {} for name in UNIQUE.get(name, ())}

    def find(self, value: str, by: str | None = None, *, archived: bool = False) -> Row | None:
        """Return the row with that id, or that value of a unique property."""
        if by and by != "hs_object_id":
            id_ = self.unique[by].get(value.casefold())
        else:
            id_ = int(value) if value.isdecimal() else None
            while id_ in self.merged and not archived:
                id_ = self.merged[id_]
        row = self.rows.get(id_) if id_ is not None else None
        return row if row is not None and (row.archived is not None) == archived else None

    def taken(self, properties: Properties, own: int | None = None) -> tuple[str, int] | None:
        """Return the first unique property whose value another live row has, and that row's id."""
        for name, ids in self.unique.items():
            other = ids.get((properties.get(name) or "").casefold())
            if other is not None and other != own:
                return name, other
        return None

    def insert(self, row: Row, visible: int) -> None:
        """Add a new row."""
        self.rows[row.id] = row
        insort(self.live, row.id)
        self._claim(row.properties, row.id)
        self._stamp(row)
        self.index.put(row, visible)

    def change(self, row: Row, properties: Properties, now: int, visible: int) -> None:
        """Write properties of a row; the row counts as modified even where they are what it had."""
        for name, ids in self.unique.items():
            if name in properties and row.properties.get(name):
                ids.pop(str(row.properties[name]).casefold(), None)
        row.properties.update(properties)
        row.modified = now
        self._claim(row.properties, row.id)
        self._stamp(row)
        self.index.put(row, visible)

    def archive(self, row: Row, now: int, visible: int) -> None:
        """Move a row to the archived ones; its unique values become free."""
        row.archived = now
        del self.live[bisect_left(self.live, row.id)]
        insort(self.gone, row.id)
        for name, ids in self.unique.items():
            if row.properties.get(name):
                ids.pop(str(row.properties[name]).casefold(), None)
        self.index.put(row, visible)

    def restore(self, row: Row, now: int, visible: int) -> None:
        """Bring an archived row back."""
        row.archived = None
        del self.gone[bisect_left(self.gone, row.id)]
        insort(self.live, row.id)
        self.change(row, {}, now, visible)

    def drop(self, row: Row) -> None:
        """Take an archived row out of the bin: nothing of it is left."""
        del self.gone[bisect_left(self.gone, row.id)]
        del self.rows[row.id]

    def make_unique(self, name: str) -> None:
        """Refuse equal values of a property from now on."""
        ids = self.unique.setdefault(name, {})
        ids.update({str(v).casefold(): i for i in self.live if (v := self.rows[i].properties.get(name))})

    def _claim(self, properties: Properties, id_: int) -> None:
        for name, ids in self.unique.items():
            if properties.get(name):
                ids[str(properties[name]).casefold()] = id_

    def _stamp(self, row: Row) -> None:
        row.properties["hs_object_id"] = str(row.id)
        row.properties[self.changed] = iso(row.modified)
        row.properties.setdefault(self.created, iso(row.created))
