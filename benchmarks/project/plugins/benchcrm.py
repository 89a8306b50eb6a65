"""The benchmark's two systems: a CRM read page by page, and a target that listens and is never written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from hub.connect import Connector, Page, Record, Stream
from hub.connect.rest import RestConnector
from hub.connect.rows import rows, since, upto
from hub.plugin import hookimpl

SHAPE = {"items": "results", "key": "id", "changed": "updatedAt", "deleted": "archived"}


class Crm(RestConnector):
    """Companies, all by list or what changed since a time by search."""

    name: ClassVar[str] = "benchcrm"
    ahead: ClassVar[bool] = True
    streams: ClassVar[tuple[Stream, ...]] = (Stream("companies", "customer"),)
    path = "/crm/v3/objects/companies"

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url)

    def check(self) -> None:
        """Read one company."""
        self.get(self.path, limit=1)

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield all companies, or those that changed since the cursor."""
        if cursor is not None:
            yield from self._changed(cursor)
            return
        after = None
        while True:
            records, rest = rows(self.get(self.path, limit=100, after=after).content, **SHAPE)
            cursor = upto(cursor, records)
            yield Page(records, cursor)
            after = rest.get("paging.next.after")
            if after is None:
                return

    def _changed(self, cursor: str) -> Iterator[Page]:
        while True:
            at = since(cursor)
            assert at is not None
            rule = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": str(int(at.timestamp() * 1000))}
            body = {"filterGroups": [{"filters": [rule]}], "limit": 100}
            records, _ = rows(self.post(f"{self.path}/search", body, reads=True).content, **SHAPE)
            before, cursor = cursor, upto(cursor, records) or cursor
            yield Page(records, cursor)
            if len(records) < 100 or cursor == before:
                return


class Target(Connector):
    """A system that should hold all customers."""

    name: ClassVar[str] = "benchtarget"
    streams: ClassVar[tuple[Stream, ...]] = (Stream("customers", "customer", pull=False, push=True),)

    def check(self) -> None:
        """It is always there."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """It has nothing to tell."""
        return iter(())

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """It holds nothing."""
        return iter(())


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Make both known."""
    register(Crm)
    register(Target)
