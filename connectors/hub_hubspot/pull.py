"""Reading: everything by list, what changed by search, what was archived, and records by key.

Search cannot page past 10,000 results and shifts under changes made meanwhile, so it is never paged by offset here:
each request begins at the last change seen, and records of one millisecond are read by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.connect import Page, Record
from hub_hubspot.api import Api, Row, decoded
from hub_hubspot.records import Records, tombstone
from hub_hubspot.shapes import LINE_ITEMS
from hub_hubspot.times import BEGINNING, MILLISECOND, epoch, moment, stamp

LATE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a stream was read: changes up to `since`; and while the first full read lasts, how far its lists are."""

    since: datetime
    archived: bool = False
    after: str | None = None  # None: the lists are read to their end

    @classmethod
    def of(cls, text: str) -> Mark:
        """Read a cursor."""
        since, _, rest = text.partition("|")
        which, _, after = rest.partition(":")
        return cls(moment(since), which == "archived", after if rest else None)

    def __str__(self) -> str:
        since = stamp(self.since)
        return since if self.after is None else f"{since}|{'archived' if self.archived else 'live'}:{self.after}"


class Reader:
    """Reads one stream."""

    def __init__(self, api: Api, records: Records, *, listed: int, searched: int, archived_pages: int) -> None:
        self.api = api
        self.records = records
        self.shape = records.shape
        self.properties = records.properties
        self.listed = listed
        self.size = searched
        self.archived_pages = archived_pages

    def pull(self, cursor: str | None) -> Iterator[Page]:
        """Yield all, or what changed since the cursor."""
        if cursor is None:
            since, total = self._newest()
            yield from self._all(Mark(since, after=""), total)
            return
        mark = Mark.of(cursor)
        if mark.after is not None:
            yield from self._all(mark, None)
        yield from self._changes(mark.since)

    def read(self, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by id, gone ones as tombstones."""
        rows = self.api.batch_read(self.shape.object, [k for k in keys if k.isdecimal()], self.properties)
        found = {row["id"] for row in rows} & set(keys)  # the id of a merged record gives the one it became
        yield from self.records.made([row for row in rows if row["id"] in found])
        yield from (Record(key, {}, deleted=True) for key in dict.fromkeys(keys) if key not in found)

    # everything

    def _newest(self) -> tuple[datetime, int]:
        """Return the newest change search knows of, from which the next pull goes on, and the number of records."""
        sort = {"propertyName": self.shape.changed, "direction": "DESCENDING"}
        answer = self.api.search(self.shape.object, {"limit": 1, "sorts": [sort], "properties": [self.shape.changed]})
        rows = answer["results"]
        return (moment(rows[0]["properties"][self.shape.changed]) if rows else BEGINNING), int(answer["total"])

    def _all(self, mark: Mark, total: int | None) -> Iterator[Page]:
        """Yield the live records from the mark on, then the archived ones as tombstones."""
        archived, after = mark.archived, mark.after
        while True:
            rows, next_ = self._list(after or None, archived=archived)
            records = [tombstone(r) for r in rows] if archived else self.records.listed(rows)
            if next_ is not None:
                yield Page(records, str(Mark(mark.since, archived, next_)), total)
                after = next_
            elif not archived:
                yield Page(records, str(Mark(mark.since, True, "")), total)
                archived, after = True, None
            else:
                yield Page(records, str(Mark(mark.since)), total)
                return

    def _list(self, after: str | None, *, archived: bool) -> tuple[list[Row], str | None]:
        ties = self.records.others()
        answer = decoded(
            self.api.get(
                f"{self.api.objects}/{self.shape.object}",
                limit=self.listed,
                after=after,
                archived="true" if archived else None,
                properties=",".join(self.properties),
                associations=None if archived or not ties else ",".join(ties),
            )
        )
        return answer["results"], answer.get("paging", {}).get("next", {}).get("after")

    # what changed

    def _changes(self, since: datetime) -> Iterator[Page]:
        start = max(BEGINNING, since - LATE - timedelta(seconds=1))
        newest = since
        shown: set[str] = set()
        for rows in self._changed(self.shape.object, self.shape.changed, self.properties, start):
            newest = max(newest, *(moment(r["properties"][self.shape.changed]) for r in rows))
            shown |= {r["id"] for r in rows}
            yield Page(self.records.made(rows), stamp(newest))
        if self.shape.lines:
            owners, changed = self._owners_of_changed_lines(start)
            newest = max(newest, changed)
            rows = self.api.batch_read(self.shape.object, [i for i in owners if i not in shown], self.properties)
            if rows:
                yield Page(self.records.made(rows), stamp(newest))
        gone, at = self._gone(start)
        newest = max(newest, at)
        if gone:
            yield Page(gone, stamp(newest))

    def _changed(self, name: str, by: str, properties: Sequence[str], start: datetime) -> Iterator[list[Row]]:
        """Yield rows changed from `start` on, oldest first, each once unless it changes meanwhile."""
        low, shown = start, set[str]()
        while True:
            rows = self._search(name, by, properties, [(by, "GTE", epoch(low))], by)
            last = moment(rows[-1]["properties"][by]) if rows else low
            if len(rows) == self.size and last == low:
                yield from self._ties(name, by, properties, low, shown)
                low, shown = low + MILLISECOND, set()
                continue
            if fresh := [r for r in rows if r["id"] not in shown]:
                yield fresh
            if len(rows) < self.size:
                return
            shown = {r["id"] for r in rows if moment(r["properties"][by]) == last}
            low = last

    def _ties(
        self, name: str, by: str, properties: Sequence[str], at: datetime, shown: set[str]
    ) -> Iterator[list[Row]]:
        """Yield all rows changed in one millisecond, in the order of their ids, without those shown already."""
        id_ = "0"
        while True:
            filters = [(by, "EQ", epoch(at)), ("hs_object_id", "GT", id_)]
            rows = self._search(name, by, properties, filters, "hs_object_id")
            if fresh := [r for r in rows if r["id"] not in shown]:
                yield fresh
            if len(rows) < self.size:
                return
            id_ = rows[-1]["id"]

    def _search(
        self, name: str, by: str, properties: Sequence[str], filters: Sequence[tuple[str, str, str]], sort: str
    ) -> list[Row]:
        body = {
            "filterGroups": [{"filters": [{"propertyName": n, "operator": o, "value": v} for n, o, v in filters]}],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(dict.fromkeys((*properties, by))),
            "limit": self.size,
        }
        rows: list[Row] = self.api.search(name, body)["results"]
        return rows

    def _owners_of_changed_lines(self, start: datetime) -> tuple[list[str], datetime]:
        """Return the records whose lines changed: a changed line does not count as a change of its deal or order."""
        by = "hs_lastmodifieddate"
        lines = [r for rows in self._changed(LINE_ITEMS, by, (by,), start) for r in rows]
        newest = max((moment(r["properties"][by]) for r in lines), default=start)
        owners = self.api.tied(LINE_ITEMS, self.shape.object, [r["id"] for r in lines]) if lines else {}
        return [owner for held in owners.values() for owner in held], newest

    def _gone(self, start: datetime) -> tuple[list[Record], datetime]:
        """Return what was archived since; the list has no filter, so it is read whole, up to `archived_pages`."""
        gone: list[Record] = []
        after: str | None = None
        for _ in range(self.archived_pages):
            rows, after = self._list(after, archived=True)
            gone += [tombstone(r) for r in rows if moment(r["archivedAt"]) >= start]
            if after is None:
                break
        return gone, max((r.changed_at for r in gone if r.changed_at), default=start)
