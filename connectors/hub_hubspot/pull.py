"""Reading: everything by list, what changed by search, what was archived, and records by key.

Search cannot page past 10,000 results and shifts under changes made meanwhile, so it is never paged by offset here:
each request begins at the last change seen, and records of one millisecond are read by id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.connect import Page, Record
from hub_hubspot.api import Api, Row, decoded, main_first
from hub_hubspot.shapes import LINE, LINE_ITEMS, OWNER, Shape

LATE = timedelta(seconds=15)
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


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


def moment(text: str) -> datetime:
    """Return HubSpot's time as a moment."""
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """Return a moment as HubSpot writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def epoch(at: datetime) -> str:
    """Return a moment as search takes it: milliseconds since 1970."""
    return str((at - BEGINNING) // MILLISECOND)


class Reader:
    """Reads one stream."""

    def __init__(
        self,
        api: Api,
        shape: Shape,
        properties: Sequence[str],
        id_property: str,
        *,
        listed: int,
        searched: int,
        archived_pages: int,
    ) -> None:
        self.api = api
        self.shape = shape
        self.properties = tuple(properties)
        self.id_property = id_property
        self.listed = listed
        self.size = searched
        self.archived_pages = archived_pages
        self._owners_read = False

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

    def records(self, rows: Sequence[Row]) -> list[Record]:
        """Turn rows without associations into records."""
        return self._records(rows, {})

    def read(self, keys: Sequence[str]) -> Iterator[Record]:
        """Yield records by id, gone ones as tombstones."""
        rows = self.api.batch_read(self.shape.object, [k for k in keys if k.isdecimal()], self.properties)
        yield from self.records(rows)
        found = {row["id"] for row in rows}
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
            records = [tombstone(r) for r in rows] if archived else self._listed(rows)
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
        ties = self._others()
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

    def _listed(self, rows: Sequence[Row]) -> list[Record]:
        """Turn rows of a list, which bring their associations, into records."""
        ties: dict[str, dict[str, list[str]]] = {}
        short: set[str] = set()  # objects of which a list showed only the first associations
        for row in rows:
            for name, held in (row.get("associations") or {}).items():
                other = name.replace(" ", "_")  # "line items"
                if "paging" in held:
                    short.add(other)
                ties.setdefault(other, {})[row["id"]] = _inline(held["results"])
        for other in self._others():
            if other in short:
                del ties[other]
            else:
                ties.setdefault(other, {})
        return self._records(rows, ties)

    # what changed

    def _changes(self, since: datetime) -> Iterator[Page]:
        start = max(BEGINNING, since - LATE - timedelta(seconds=1))
        newest = since
        shown: set[str] = set()
        for rows in self._changed(self.shape.object, self.shape.changed, self.properties, start):
            newest = max(newest, *(moment(r["properties"][self.shape.changed]) for r in rows))
            shown |= {r["id"] for r in rows}
            yield Page(self.records(rows), stamp(newest))
        if self.shape.lines:
            owners, changed = self._owners_of_changed_lines(start)
            newest = max(newest, changed)
            rows = self.api.batch_read(self.shape.object, [i for i in owners if i not in shown], self.properties)
            if rows:
                yield Page(self.records(rows), stamp(newest))
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

    # rows to records

    def _others(self) -> list[str]:
        return [*dict.fromkeys(self.shape.ties.values()), *([LINE_ITEMS] if self.shape.lines else [])]

    def _records(self, rows: Sequence[Row], ties: Mapping[str, Mapping[str, list[str]]]) -> list[Record]:
        ids = [r["id"] for r in rows]
        if not ids:
            return []
        held = {o: ties[o] if o in ties else self.api.tied(self.shape.object, o, ids) for o in self._others()}
        lines = self.lines(held[LINE_ITEMS]) if self.shape.lines else {}
        return [self._record(row, held, lines.get(row["id"], [])) for row in rows]

    def lines(self, held: Mapping[str, Sequence[str]]) -> dict[str, list[Row]]:
        """Return the line items of records, in their order on the page."""
        rows = self.api.batch_read(LINE_ITEMS, [i for ids in held.values() for i in ids], LINE)
        by_id = {r["id"]: {"id": r["id"], **{n: r["properties"].get(n) for n in LINE}} for r in rows}
        return {
            owner: sorted((by_id[i] for i in ids if i in by_id), key=_position) for owner, ids in held.items() if ids
        }

    def derived(self, properties: Mapping[str, Any]) -> Row:
        """Return what is said by several properties, or by an id that means nothing elsewhere."""
        out: Row = {}
        if OWNER in properties:
            out["owner"] = self._owner(properties[OWNER])
        if "hs_parent_company_id" in properties:
            out["parent"] = properties["hs_parent_company_id"]
        if "hs_is_closed" in properties and "closedate" in properties:
            out["closed_on"] = properties["closedate"] if properties["hs_is_closed"] == "true" else None
        return out

    def _owner(self, id_: str | None) -> str | None:
        """Return an owner's e-mail address, or what stands there where no user has that id."""
        if not id_ or not id_.isdecimal():
            return id_
        if id_ not in self.api.owners(fresh=False) and not self._owners_read:
            self._owners_read = True
            self.api.owners(fresh=True)
        return self.api.owners(fresh=False).get(id_, id_)

    def _record(self, row: Row, held: Mapping[str, Mapping[str, list[str]]], lines: list[Row]) -> Record:
        given = row["properties"]  # lists, searches and batches add different ones of their own, in different orders
        properties = {name: given[name] for name in self.properties if name in given}
        data: Row = {"id": row["id"], "properties": properties}
        data["associations"] = {o: ids.get(row["id"], []) for o, ids in held.items() if o != LINE_ITEMS}
        for one, other in self.shape.ties.items():
            data[one] = next(iter(data["associations"][other]), None)
        if self.shape.lines:
            data["lines"] = lines
        data |= self.derived(properties)
        version = properties[self.shape.changed]
        return Record(row["id"], data, version, moment(version), our_id=properties.get(self.id_property) or None)


def tombstone(row: Row) -> Record:
    """Return the tombstone of an archived record."""
    return Record(row["id"], {}, row["archivedAt"], moment(row["archivedAt"]), deleted=True)


def _position(line: Row) -> tuple[int, int]:
    position = str(line.get("hs_position_on_quote") or "")
    return int(position) if position.isdecimal() else 0, int(line["id"])


def _inline(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of associations in a list, the main one first: beside it stands one of the same name, unlabeled."""
    kinds = {r["type"] for r in results}
    held: dict[str, bool] = {}
    for r in results:
        main = f"{r['type']}_unlabeled" in kinds
        held[str(r["id"])] = held.get(str(r["id"]), False) or main
    return main_first(held)
