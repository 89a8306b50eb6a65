"""From HubSpot's rows to records: associations, lines and owners are fetched for a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub.connect import Record
from hub_hubspot.api import Api, Row, main_first
from hub_hubspot.shapes import LINE, LINE_ITEMS, OWNER, Shape
from hub_hubspot.times import moment


class Records:
    """Makes the records of one stream."""

    def __init__(self, api: Api, shape: Shape, properties: Sequence[str], id_property: str) -> None:
        self.api = api
        self.shape = shape
        self.properties = tuple(properties)
        self.id_property = id_property
        self._owners_read = False

    def made(self, rows: Sequence[Row]) -> list[Record]:
        """Turn rows without associations, as searches and batches give them, into records."""
        return self._made(rows, {})

    def listed(self, rows: Sequence[Row]) -> list[Record]:
        """Turn rows of a list, which bring their associations, into records."""
        ties: dict[str, dict[str, list[str]]] = {}
        short: set[str] = set()  # objects of which a list showed only the first associations
        for row in rows:
            for name, held in (row.get("associations") or {}).items():
                other = name.replace(" ", "_")  # "line items"
                if "paging" in held:
                    short.add(other)
                ties.setdefault(other, {})[row["id"]] = _inline(held["results"])
        for other in self.others():
            if other in short:
                del ties[other]
            else:
                ties.setdefault(other, {})
        return self._made(rows, ties)

    def others(self) -> list[str]:
        return [*dict.fromkeys(self.shape.ties.values()), *([LINE_ITEMS] if self.shape.lines else [])]

    def _made(self, rows: Sequence[Row], ties: Mapping[str, Mapping[str, list[str]]]) -> list[Record]:
        ids = [r["id"] for r in rows]
        if not ids:
            return []
        held = {o: ties[o] if o in ties else self.api.tied(self.shape.object, o, ids) for o in self.others()}
        lines = self.lines(held[LINE_ITEMS]) if self.shape.lines else {}
        return [self._one(row, held, lines.get(row["id"], [])) for row in rows]

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

    def _one(self, row: Row, held: Mapping[str, Mapping[str, list[str]]], lines: list[Row]) -> Record:
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
