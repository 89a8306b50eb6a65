"""The HubSpot connector: its settings, its streams, and the properties it needs over there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar

from hub.connect import Answer, Page, Record, Secret, Stream, Write
from hub.connect.vault import Vault
from hub.errors import ConfigError
from hub_hubspot.api import Api, Taken, authentication, decoded
from hub_hubspot.erase import erase
from hub_hubspot.merge import MERGED, merge
from hub_hubspot.pull import LATE, Reader
from hub_hubspot.push import Writer
from hub_hubspot.records import Records
from hub_hubspot.shapes import LINE_ITEMS, SHAPES, Own
from hub_hubspot.times import stamp


class HubSpot(Api):
    """HubSpot's CRM: companies, contacts, deals, tickets, orders, invoices and products, both ways.

    `token` is that of a private app; OAuth2 takes client_id, client_secret and refresh_token instead.
    `properties` replaces the properties asked for by stream, `extra_properties` adds to them.
    `id_property` is the unique property that keeps our id; it is defined where it is missing.
    `version` is v3 or a dated one such as 2026-03. `rate` and `search_rate` are requests a second, 0 for no bound.
    """

    name: ClassVar[str] = "hubspot"
    streams: ClassVar[tuple[Stream, ...]] = tuple(
        Stream(name, shape.model, push=True, findable=True, late=LATE, merges=name in MERGED, erases=True)
        for name, shape in SHAPES.items()
    )

    def __init__(
        self,
        token: Secret | None = None,
        base_url: str = "https://api.hubapi.com",
        *,
        client_id: str | None = None,
        client_secret: Secret | None = None,
        refresh_token: Secret | None = None,
        properties: dict[str, list[str]] | None = None,
        extra_properties: dict[str, list[str]] | None = None,
        id_property: str = "hub_id",
        version: str = "v3",
        rate: float = 9.0,
        search_rate: float = 4.0,
        list_page: int = 100,
        search_page: int = 200,
        archived_pages: int = 100,
        timeout: float = 30.0,
        connection: str = "hubspot",
        vault: Vault | None = None,
    ) -> None:
        for name in {**(properties or {}), **(extra_properties or {})}:
            if name not in SHAPES:
                raise ConfigError(f"hubspot: properties of {name!r}: no such stream; there are {', '.join(SHAPES)}")
        auth = authentication(base_url, token, client_id, client_secret, refresh_token, connection, vault)
        super().__init__(base_url, auth, version=version, timeout=timeout, rate=rate, search_rate=search_rate)
        self.properties: dict[str, tuple[str, ...]] = {name: shape.properties for name, shape in SHAPES.items()}
        self.properties |= {name: tuple(names) for name, names in (properties or {}).items()}
        self.extra_properties = {name: tuple(names) for name, names in (extra_properties or {}).items()}
        self.id_property = id_property
        self.list_page = list_page
        self.search_page = search_page
        self.archived_pages = archived_pages
        self._defined: dict[str, set[str]] = {}  # by object, the properties known to be there
        self._groups: dict[str, str] = {}  # by object, the group its properties stand in

    def check(self) -> None:
        """Read one company. Raises Unavailable or Unauthorized."""
        decoded(self.get(f"{self.objects}/companies", limit=1))["results"]  # a body without them is somebody else's

    def asked(self, stream: str) -> tuple[str, ...]:
        """Return the names of all properties asked for in a stream."""
        more = (*self.extra_properties.get(stream, ()), self.id_property, SHAPES[stream].changed, "hs_object_id")
        return tuple(dict.fromkeys((*self.properties[stream], *more)))

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield everything by list, or what changed since the cursor by search, archived records as tombstones."""
        return self._reader(stream).pull(cursor)

    def cursor_at(self, stream: str, moment: str) -> str:
        """Return the cursor from which changes at a moment (ISO 8601) and later are read. Raises ConfigError."""
        try:
            at = datetime.fromisoformat(moment)
        except ValueError:
            raise ConfigError(f"hubspot: {moment!r} is no moment; write it like 2026-11-22T17:00:00Z") from None
        return stamp(at if at.tzinfo else at.replace(tzinfo=UTC))

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by id, fresh: batch reads do not lag."""
        return self._reader(stream).read(keys)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the records that carry one of our ids; batch reads do not lag."""
        if self.id_property not in self._known(SHAPES[stream].object):
            return  # the property is defined by the first push: before it, nothing carries an id of ours
        reader = self._reader(stream)
        rows = self.batch_read(SHAPES[stream].object, our_ids, reader.properties, self.id_property)
        for row, record in zip(rows, reader.records.made(rows), strict=True):
            yield str(row["properties"][self.id_property]), record

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Carry out the writes in batches; one answer a write, in order."""
        if not writes:
            return
        self.prepare(stream, (name for w in writes for name in w.data.get("properties") or ()))
        reader = self._reader(stream)
        yield from Writer(self, SHAPES[stream], reader, self.id_property).push(writes)

    def merge(self, stream: str, keep: str, gone: str) -> Answer:
        """Make one record of two; HubSpot gives it an id of its own."""
        return merge(self, SHAPES[stream], self._reader(stream), keep, gone)

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Delete contacts for good, and put other records with their lines into HubSpot's bin."""
        return erase(self, SHAPES[stream], keys)

    def prepare(self, stream: str, written: Iterable[str] = ()) -> None:
        """Define the properties of ours that are missing over there: the unique one for our id, and those written."""
        shape, names = SHAPES[stream], set(written)
        self._define(shape.object, [own for own in shape.own if own.name in names])
        if shape.lines:
            self._define(LINE_ITEMS, [])

    def want(self, stream: str, paths: Iterable[str]) -> None:
        """Ask for the properties a mapping reads as well; `paths` are as the mapping names them: properties.city."""
        names = [path.removeprefix("properties.") for path in paths if path.startswith("properties.")]
        self.extra_properties[stream] = tuple(dict.fromkeys((*self.extra_properties.get(stream, ()), *names)))

    def _known(self, name: str) -> set[str]:
        """Return the properties an object has; those it lacked are looked for anew, others may have defined them."""
        if self.id_property not in self._defined.get(name, ()):
            answer = decoded(self.get(f"/crm/v3/properties/{name}"))
            self._defined[name] = {p["name"] for p in answer["results"]}
            self._groups[name] = next(p["groupName"] for p in answer["results"] if p["name"] == "hs_object_id")
        return self._defined[name]

    def _define(self, name: str, own: Sequence[Own]) -> None:
        known = self._known(name)
        for new in (Own(self.id_property, "Id in the hub"), *own):
            if new.name not in known:
                with suppress(Taken):  # another process was faster
                    definition = new.definition(self._groups[name], unique=new.name == self.id_property)
                    self.tell(f"/crm/v3/properties/{name}", definition)
                known.add(new.name)

    def _reader(self, stream: str) -> Reader:
        records = Records(self, SHAPES[stream], self.asked(stream), self.id_property)
        sizes = {"listed": self.list_page, "searched": self.search_page}
        return Reader(self, records, **sizes, archived_pages=self.archived_pages)
