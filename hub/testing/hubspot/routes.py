"""From a path of HubSpot's API to what is done: single records, lists, search, properties."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from hub.testing.hubspot import batches, links, merges
from hub.testing.hubspot.refuse import Refusal, clean
from hub.testing.hubspot.rows import Properties, Row, Table, iso
from hub.testing.hubspot.schema import BUILT_IN, PLURAL, SHOWN, SINGULAR, Definition

if TYPE_CHECKING:
    from hub.testing.hubspot.fake import FakeHubSpot

MOST = 100  # records a list page


def route(fake: FakeHubSpot, method: str, path: str, query: httpx.QueryParams, data: Any) -> tuple[int, Any]:
    """Carry out a request; returns status and body. Raises Refusal."""
    match [method, *path.strip("/").split("/")]:
        case [_, "crm", "v3", "objects", name, *rest]:
            return _objects(fake, method, fake.table(name), rest, query, data)
        case [_, "crm", "objects", version, name, *rest] if version[:2] == "20":
            return _objects(fake, method, fake.table(name), rest, query, data)
        case [_, "crm", "v3", "properties", name, *rest]:
            return _properties(fake, method, fake.table(name), rest, data)
        case ["GET", "crm", "v3", "owners"]:
            return 200, _owners(fake, query)
        case ["GET", "crm", "v4", "objects", name, id_, "associations", other]:
            return 200, links.listed(fake, fake.table(name), id_, fake.table(other))
        case [_, "crm", "v4", "associations", name, other, *rest]:
            return links.route(fake, method, fake.table(name), fake.table(other), rest, data)
    raise Refusal(404, "OBJECT_NOT_FOUND", f"No resource at {method} {path}")


def _objects(
    fake: FakeHubSpot, method: str, table: Table, rest: list[str], query: httpx.QueryParams, data: Any
) -> tuple[int, Any]:
    match [method, *rest]:
        case ["GET"]:
            return 200, _list(fake, table, query)
        case ["POST"]:
            row = batches.create(fake, table, data)
            return 201, shown(fake, table, row, data.get("properties") or {})
        case ["POST", "merge"]:
            return 200, shown(fake, table, merges.merge(fake, table, data))
        case ["POST", "gdpr-delete"] if table.name == "contacts":  # no other object has it
            id_, by = str(data.get("objectId") or ""), data.get("idProperty")
            found = table.find(id_, by) or table.find(id_, archived=True)
            forget(fake, table, found or fake.live(table, id_, by))
            return 204, None
        case ["POST", "search"]:
            return 200, _search(fake, table, data)
        case ["POST", "batch", verb]:
            return batches.route(fake, table, verb, query, data)
        case ["GET", id_]:
            archived = query.get("archived") == "true"
            row = table.find(id_, _by(table, query), archived=archived) or fake.live(table, id_, _by(table, query))
            return 200, shown(fake, table, row, _names(query, "properties"), _names(query, "associations"))
        case ["PATCH", id_]:
            row = fake.live(table, id_, _by(table, query))
            properties = clean(table, data.get("properties") or {}, strict=fake.strict)
            fake.change(table, row, properties)
            fake.written[table.name] += 1
            return 200, shown(fake, table, row, properties)
        case ["DELETE", id_]:
            row_or_none = table.find(id_)
            if row_or_none is not None:
                table.archive(row_or_none, fake.now(), fake.visible())
                fake.written[table.name] += 1
            return 204, None
    raise Refusal(405, "VALIDATION_ERROR", f"{method} is not allowed here")


def forget(fake: FakeHubSpot, table: Table, row: Row) -> None:
    """Delete a record for good, also out of the bin, together with its associations."""
    for name, held in row.links.items():
        for id_ in held:
            fake.tables[name].rows[id_].links.get(table.name, {}).pop(row.id, None)
    if row.archived is None:
        table.archive(row, fake.now(), fake.visible())
    table.drop(row)
    fake.written[table.name] += 1


def shown(
    fake: FakeHubSpot,
    table: Table,
    row: Row,
    names: Iterable[str] = (),
    associations: Iterable[str] = (),
    properties: Properties | None = None,
) -> dict[str, Any]:
    """Return a row as the API shows it: the properties that always come, those asked for, and associations."""
    has = row.properties if properties is None else properties
    asked = [table.created, table.changed, "hs_object_id", *SHOWN[table.name], *names]
    known = {n: has.get(n) for n in asked if not fake.strict or n in has or n in table.definitions or n in BUILT_IN}
    out: dict[str, Any] = {
        "id": str(row.id),
        "properties": known,
        "createdAt": iso(row.created),
        "updatedAt": has.get(table.changed) or iso(row.modified),
        "archived": row.archived is not None,
    }
    if row.archived is not None:
        out["archivedAt"] = iso(row.archived)
    tied = {PLURAL[n]: links.inline(table, row, PLURAL[n]) for n in associations if n in PLURAL}
    if any(tied.values()):
        out["associations"] = {n.replace("_", " "): {"results": r} for n, r in tied.items() if r}
    return out


def _list(fake: FakeHubSpot, table: Table, query: httpx.QueryParams) -> dict[str, Any]:
    limit = int(query.get("limit", "10"))
    if not 1 <= limit <= MOST:
        raise Refusal(400, "VALIDATION_ERROR", f"limit must be between 1 and {MOST}, was {limit}")
    ids = table.gone if query.get("archived") == "true" else table.live
    start = bisect_right(ids, int(query.get("after") or 0))
    names, to = _names(query, "properties"), _names(query, "associations")
    page = ids[start : start + limit]
    out: dict[str, Any] = {"results": [shown(fake, table, table.rows[i], names, to) for i in page]}
    if start + limit < len(ids):
        link = f"https://api.hubapi.com/crm/v3/objects/{table.name}?after={page[-1]}"
        out["paging"] = {"next": {"after": str(page[-1]), "link": link}}
    return out


def _search(fake: FakeHubSpot, table: Table, data: Mapping[str, Any]) -> dict[str, Any]:
    table.index.settle(fake.now())
    total, ids, after = fake.searches[table.name].page(data, fake.cap)
    names = data.get("properties") or ()
    seen = table.index.seen
    results = [shown(fake, table, table.rows[i], names, properties=seen[i].properties) for i in ids]
    for row in results:
        row["archived"] = False
        row.pop("archivedAt", None)
    out: dict[str, Any] = {"total": total, "results": results}
    if after is not None:
        out["paging"] = {"next": {"after": str(after)}}
    return out


def _owners(fake: FakeHubSpot, query: httpx.QueryParams) -> dict[str, Any]:
    limit, after = int(query.get("limit", "100")), int(query.get("after") or 0)
    ids = [i for i in sorted(fake.owners, key=int) if int(i) > after]
    rows = [{"id": i, "email": fake.owners[i], "type": "PERSON", "archived": False} for i in ids[:limit]]
    return {"results": rows, "paging": {"next": {"after": ids[limit - 1]}}} if len(ids) > limit else {"results": rows}


def _properties(fake: FakeHubSpot, method: str, table: Table, rest: list[str], data: Any) -> tuple[int, Any]:
    group = f"{SINGULAR[table.name].replace('_', '')}information"
    match [method, *rest]:
        case ["GET"]:
            return 200, {"results": [_described(d, group) for d in _all_definitions(table)]}
        case ["GET", name]:
            for known in _all_definitions(table):
                if known.name == name:
                    return 200, _described(known, group)
            raise Refusal(404, "OBJECT_NOT_FOUND", f'Property "{name}" does not exist')
        case ["POST"]:
            if not {"name", "label", "type", "fieldType", "groupName"} <= data.keys():
                raise Refusal(400, "VALIDATION_ERROR", "name, label, type, fieldType and groupName are required")
            if data["groupName"] != group:
                raise Refusal(400, "VALIDATION_ERROR", f'Property group "{data["groupName"]}" does not exist')
            if any(d.name == data["name"] for d in _all_definitions(table)):
                raise Refusal(409, "CONFLICT", f'A property named "{data["name"]}" already exists.')
            unique = bool(data.get("hasUniqueValue"))
            options = frozenset(o["value"] for o in data.get("options") or [])
            new = Definition(data["name"], data["type"], group, data["label"], unique, options)
            table.definitions[new.name] = new
            if unique:
                table.make_unique(new.name)
            return 201, _described(new, group)
    raise Refusal(405, "VALIDATION_ERROR", f"{method} is not allowed here")


def _all_definitions(table: Table) -> list[Definition]:
    return [*(Definition(name) for name in sorted(BUILT_IN)), *table.definitions.values()]


def _described(definition: Definition, group: str) -> dict[str, Any]:
    return {
        "name": definition.name,
        "label": definition.label or definition.name,
        "type": definition.type,
        "fieldType": "text",
        "groupName": group,
        "hasUniqueValue": definition.unique,
        "archived": False,
    }


def _names(query: httpx.QueryParams, key: str) -> list[str]:
    return [name for text in query.get_list(key) for name in text.split(",") if name]


def _by(table: Table, query: httpx.QueryParams) -> str | None:
    by: str | None = query.get("idProperty")
    if by and by != "hs_object_id" and by not in table.unique:
        raise Refusal(400, "VALIDATION_ERROR", f"{by} is not a property with unique values")
    return by
