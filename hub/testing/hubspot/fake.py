"""A CRM that answers as HubSpot's does: what people do in it, what it saw, and the faults to inject.

`handle` is its one door; `transport()` puts it behind httpx in the same process, `serve()` behind a real port.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from hub.testing.hubspot.refuse import clean, duplicate, invalid, missing
from hub.testing.hubspot.rows import EPOCH, Properties, Row, Table, iso, millis
from hub.testing.hubspot.schema import (
    CHILD_TO_PARENT,
    KINDS,
    PARENT_TO_CHILD,
    PLURAL,
    SINGULAR,
    default_kind,
    primary_kind,
)
from hub.testing.hubspot.search import Search
from hub.testing.serve import serve

HABITS: dict[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "digits": lambda text: "".join(c for c in text if c.isdecimal() or c == "+"),
}


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next requests that match."""

    kind: str  # "429" "500" "502" "503" "timeout" "cut" "slow" "malformed" "lost"
    times: int = 1
    match: str = ""  # part of "METHOD /path"
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Call:
    """One request the CRM saw; status 0 where it gave no answer."""

    method: str
    path: str
    status: int


class FakeHubSpot:
    """A stateful CRM: objects, associations, search with lateness and its cap, batches, rate headers, faults.

    `strict` refuses properties nobody defined, as HubSpot does; otherwise any name is taken. `lag` is how many seconds
    search is behind, `cap` where its paging ends, `rate` how many requests ten seconds may hold and `search_rate` how
    many searches one second (None: any number).
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        clock: Callable[[], datetime] | None = None,
        cap: int = 10_000,
        lag: float = 0.0,
        rate: int | None = None,
        search_rate: int | None = None,
        strict: bool = False,
    ) -> None:
        self.token = token
        self.clock = clock or (lambda: datetime.now(UTC))
        self.cap = cap
        self.lag = lag
        self.rate = rate
        self.search_rate = search_rate
        self.strict = strict
        self.calls: list[Call] = []
        self.written: Counter[str] = Counter()  # rows written by the API, by object; people's edits do not count
        self.owners: dict[str, str] = {}  # id -> e-mail address
        self.faults: list[Fault] = []
        self.habits: dict[tuple[str, str], Callable[[str], str]] = {}
        self.rules: dict[tuple[str, str], frozenset[str]] = {}  # values this CRM's own validation refuses
        self.tables = {name: Table(name) for name in SINGULAR}
        self.searches = {name: Search(table) for name, table in self.tables.items()}
        self.lock = threading.RLock()
        self._next_id = 1001
        self._spent = (0, 0)  # (window of ten seconds, requests in it)
        self._searched = (0, 0)  # the same of a second, searches alone

    # doors

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer one request; an injected loss of the connection is raised as httpx.TransportError."""
        from hub.testing.hubspot.door import answer  # the door knows the fake, not the other way round

        return answer(self, request)

    def transport(self) -> httpx.BaseTransport:
        """Return a transport for an httpx client in this process."""
        return httpx.MockTransport(self.handle)

    @contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on loopback while the block runs; yields the base URL."""
        with serve(self.handle, port) as url:
            yield url

    # what people do

    def add(
        self,
        object: str,
        properties: Mapping[str, Any] | None = None,
        associations: Mapping[str, Sequence[str]] | None = None,
    ) -> str:
        """Add a record as a person does; the first associated company becomes its main one. Returns its id."""
        with self.lock:
            table = self.table(object)
            row = self.create(table, clean(table, properties or {}, strict=False))
            for other, ids in (associations or {}).items():
                for id_ in ids:
                    self.associate(object, str(row.id), other, id_)
            return str(row.id)

    def edit(self, object: str, id: str, properties: Mapping[str, Any] | None = None) -> None:
        """Change a record as a person does; without properties it is merely touched."""
        with self.lock:
            table = self.table(object)
            self.change(table, self.live(table, id), clean(table, properties or {}, strict=False))

    def archive(self, object: str, id: str) -> None:
        """Put a record into the bin."""
        with self.lock:
            table = self.table(object)
            table.archive(self.live(table, id), self.now(), self.visible())

    def restore(self, object: str, id: str) -> None:
        """Take a record out of the bin."""
        with self.lock:
            table = self.table(object)
            row = table.find(id, archived=True)
            if row is None:
                raise missing(table.name)
            table.restore(row, self.now(), self.visible())

    def associate(self, object: str, id: str, other: str, other_id: str) -> None:
        """Associate two records; the first company of a contact, deal or ticket becomes its main one."""
        with self.lock:
            table, to = self.table(object), self.table(other)
            kind = primary_kind(table.name, to.name)
            row = self.live(table, id)
            if kind is None or row.links.get(to.name):
                kind = default_kind(table.name, to.name)
            if kind is None:
                raise missing(to.name)
            self.link(table, row, to, self.live(to, other_id), {kind.id})

    def dissociate(self, object: str, id: str, other: str, other_id: str) -> None:
        """Remove all associations between two records, as a person does."""
        with self.lock:
            table, to = self.table(object), self.table(other)
            self.unlink(table, self.live(table, id), to, int(other_id))

    def main_company(self, object: str, id: str) -> str | None:
        """Return the id of the main company of a contact, deal or ticket."""
        with self.lock:
            table = self.table(object)
            kind = primary_kind(table.name, "companies")
            held = self.live(table, id).links.get("companies", {})
            return next((str(i) for i, kinds in held.items() if kind is not None and kind.id in kinds), None)

    def add_owner(self, email: str) -> str:
        """Add a user of the CRM who can own records; returns the id."""
        with self.lock:
            id_ = str(self._next_id)
            self._next_id += 1
            self.owners[id_] = email
            return id_

    def rows(self, object: str, archived: bool = False) -> list[dict[str, Any]]:
        """Return all records of an object with all their properties and associated ids."""
        with self.lock:
            table = self.table(object)
            return [self.plain(table.rows[i]) for i in (table.gone if archived else table.live)]

    def row(self, object: str, id: str) -> dict[str, Any]:
        """Return one live record with all its properties and associated ids."""
        with self.lock:
            table = self.table(object)
            return self.plain(self.live(table, id))

    # what it saw, and what goes wrong

    def writes(self) -> int:
        """Return how many rows the API has written."""
        return sum(self.written.values())

    def fail(self, kind: str, times: int = 1, match: str = "", seconds: float = 0.0) -> None:
        """Let the next requests whose "METHOD /path" contains `match` go wrong."""
        self.faults.append(Fault(str(kind), times, match, seconds))

    def habit(self, object: str, property: str, name: str) -> None:
        """Store values of a property in another form: upper, lower, trim, digits, or truncate:N."""
        if name.startswith("truncate:"):
            most = int(name.removeprefix("truncate:"))
            self.habits[PLURAL[object], property] = lambda text: text[:most]
        else:
            self.habits[PLURAL[object], property] = HABITS[name]

    def rule(self, object: str, property: str, refused: Sequence[str] = ()) -> None:
        """Refuse these values of a property, as a validation rule of the account's own does; none takes it back."""
        self.rules[PLURAL[object], property] = frozenset(refused)

    def wait(self, seconds: float) -> None:
        """Let real time pass; a slow answer is made with it."""
        time.sleep(seconds)

    # state, for the door

    def now(self) -> int:
        """Return the present in milliseconds."""
        return millis(self.clock())

    def visible(self) -> int:
        """Return the moment from which search shows what is written now."""
        return self.now() + int(self.lag * 1000)

    def table(self, name: str) -> Table:
        """Return the table of an object by its singular, plural or underscored name. Raises Refusal."""
        if name not in PLURAL:
            raise missing("companies")
        return self.tables[PLURAL[name]]

    def live(self, table: Table, id_: str, by: str | None = None) -> Row:
        """Return a live row. Raises Refusal."""
        row = table.find(id_, by)
        if row is None:
            raise missing(table.name)
        return row

    def create(self, table: Table, properties: Properties) -> Row:
        """Insert a row. Raises Refusal where a unique value is taken."""
        properties = self.priced(table, self.formed(table, properties), {})
        if taken := table.taken(properties):
            raise duplicate(table, *taken)
        now = self.now()
        row = Row(self._next_id, properties, now, now)
        self._next_id += 1
        table.insert(row, self.visible())
        return row

    def change(self, table: Table, row: Row, properties: Properties) -> None:
        """Change a row. Raises Refusal where a unique value is taken."""
        properties = self.priced(table, self.formed(table, properties), row.properties)
        if taken := table.taken(properties, row.id):
            raise duplicate(table, *taken)
        table.change(row, properties, self.now(), self.visible())

    def formed(self, table: Table, properties: Properties) -> Properties:
        """Return properties in the form in which this CRM keeps them."""
        out = dict(properties)
        for name, text in properties.items():
            habit = self.habits.get((table.name, name))
            if text and habit:
                out[name] = habit(text) or None
            if text in self.rules.get((table.name, name), ()):
                words = f"{text} does not meet the validation rules of {name}"
                raise invalid([{"isValid": False, "message": words, "error": "FAILED_VALIDATION", "name": name}])
        if table.name == "contacts" and out.get("email"):
            out["email"] = str(out["email"]).lower()
        if table.name == "deals" and out.get("dealstage"):
            out["hs_is_closed_won"] = str(out["dealstage"] == "closedwon").lower()
            out["hs_is_closed"] = str(out["dealstage"] in ("closedwon", "closedlost")).lower()
        return out

    def priced(self, table: Table, properties: Properties, before: Properties) -> Properties:
        """Return properties with what follows from others: the amount of a line."""
        if table.name != "line_items":
            return properties
        now = {**before, **properties}
        price, quantity = now.get("price"), now.get("quantity")
        if not (price and quantity):
            return properties
        off = Decimal(now.get("hs_discount_percentage") or 0) / 100
        amount = Decimal(price) * Decimal(quantity) * (1 - off) - Decimal(now.get("discount") or 0) * Decimal(quantity)
        return {**properties, "amount": f"{amount.normalize():f}"}

    def link(self, table: Table, row: Row, to: Table, other: Row, kinds: set[int]) -> None:
        """Associate two rows by the given kinds; a new main company takes the mark from the one before."""
        known = KINDS.get((table.name, to.name), {})
        plain = default_kind(table.name, to.name)
        for kind in {*kinds, *([plain.id] if plain else [])}:
            if known[kind].label == "Primary":
                for held in row.links.get(to.name, {}).values():
                    held.discard(kind)
            row.links.setdefault(to.name, {}).setdefault(other.id, set()).add(kind)
            other.links.setdefault(table.name, {}).setdefault(row.id, set()).add(known[kind].inverse)
        touched: Properties = {}
        if CHILD_TO_PARENT in kinds and table is to:
            touched["hs_parent_company_id"] = str(other.id)
        if PARENT_TO_CHILD in kinds and table is to:
            to.change(other, {"hs_parent_company_id": str(row.id)}, self.now(), self.visible())
        table.change(row, touched, self.now(), self.visible())

    def unlink(self, table: Table, row: Row, to: Table, other_id: int) -> None:
        """Remove all associations between two rows."""
        kinds = row.links.get(to.name, {}).pop(other_id, set())
        other = to.rows.get(other_id)
        if other is not None:
            other.links.get(table.name, {}).pop(row.id, None)
        if CHILD_TO_PARENT in kinds:
            table.change(row, {"hs_parent_company_id": None}, self.now(), self.visible())
        elif kinds:
            table.change(row, {}, self.now(), self.visible())

    def plain(self, row: Row) -> dict[str, Any]:
        """Return a row as plain data, for people and tests."""
        links = {to: [str(i) for i in ids] for to, ids in row.links.items() if ids}
        at = iso(row.modified)
        return {"id": str(row.id), "properties": dict(row.properties), "associations": links, "updatedAt": at}

    def window(self) -> tuple[int, bool]:
        """Count a request; returns how many remain in these ten seconds and whether this one was too many."""
        most = self.rate or 110
        window = self.now() // 10_000
        spent = self._spent[1] + 1 if self._spent[0] == window else 1
        self._spent = (window, spent)
        return max(0, most - spent), self.rate is not None and spent > self.rate

    def search_over(self) -> bool:
        """Count a search; whether this second has had too many."""
        second = self.now() // 1_000
        spent = self._searched[1] + 1 if self._searched[0] == second else 1
        self._searched = (second, spent)
        return self.search_rate is not None and spent > self.search_rate


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or EPOCH + timedelta(days=20_000)

    def __call__(self) -> datetime:
        return self.at

    def tick(self, seconds: float = 1.0) -> datetime:
        """Move on."""
        self.at += timedelta(seconds=seconds)
        return self.at
