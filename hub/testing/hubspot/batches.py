"""Batches of the fake CRM: read, create, update, upsert, archive, with 207 where only some rows went well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import httpx

from hub.testing.hubspot.refuse import Refusal, clean, duplicate
from hub.testing.hubspot.rows import Row, Table, iso
from hub.testing.hubspot.schema import KINDS, SINGULAR

if TYPE_CHECKING:
    from hub.testing.hubspot.fake import FakeHubSpot

MOST = 100


def route(
    fake: FakeHubSpot, table: Table, verb: str, query: httpx.QueryParams, data: Mapping[str, Any]
) -> tuple[int, Any]:
    """Carry out a batch. Raises Refusal where the whole of it is refused."""
    inputs = data.get("inputs")
    if not isinstance(inputs, list) or not inputs:
        raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON: inputs must be a list that is not empty")
    if len(inputs) > MOST:
        raise Refusal(400, "VALIDATION_ERROR", f"The maximum number of inputs is {MOST}, there were {len(inputs)}")
    match verb:
        case "read":
            return _read(fake, table, query.get("archived") == "true", data, inputs)
        case "create":
            return _create(fake, table, inputs)
        case "update":
            return _update(fake, table, inputs)
        case "upsert":
            return _upsert(fake, table, inputs)
        case "archive":
            for given in inputs:
                row = table.find(str(given["id"]))
                if row is not None:
                    table.archive(row, fake.now(), fake.visible())
                    fake.written[table.name] += 1
            return 204, None
    raise Refusal(404, "OBJECT_NOT_FOUND", f"No batch named {verb}")


def create(fake: FakeHubSpot, table: Table, given: Mapping[str, Any]) -> Row:
    """Create one record with its associations. Raises Refusal, and then nothing was done."""
    properties = clean(table, given.get("properties") or {}, strict=fake.strict)
    ties = _ties(fake, table, given.get("associations") or [])
    row = fake.create(table, properties)
    for to, other, kinds in ties:
        fake.link(table, row, to, other, kinds)
    fake.written[table.name] += 1
    return row


def _ties(fake: FakeHubSpot, table: Table, given: Sequence[Mapping[str, Any]]) -> list[tuple[Table, Row, set[int]]]:
    ties = []
    for tie in given:
        id_, kinds = str(tie["to"]["id"]), {int(t["associationTypeId"]) for t in tie["types"]}
        to = next((n for (one, n), known in KINDS.items() if one == table.name and kinds <= known.keys()), None)
        if to is None:
            raise Refusal(400, "VALIDATION_ERROR", f"One or more association types are not valid: {sorted(kinds)}")
        ties.append((fake.tables[to], fake.live(fake.tables[to], id_), kinds))
    return ties


def _read(
    fake: FakeHubSpot, table: Table, archived: bool, data: Mapping[str, Any], inputs: list[Any]
) -> tuple[int, Any]:
    from hub.testing.hubspot.routes import shown

    by = _unique(table, data.get("idProperty"))
    found, lost = [], []
    for id_ in dict.fromkeys(str(given["id"]) for given in inputs):
        row = table.find(id_, by, archived=archived)
        if row is None:
            lost.append(id_)
        else:
            found.append(shown(fake, table, row, data.get("properties") or ()))
    return _answer(fake, 200, found, _unknown(table, lost))


def _unknown(table: Table, lost: list[str]) -> list[dict[str, Any]]:
    """The one error that names all ids which are not there; none where none is lost."""
    if not lost:
        return []
    word = SINGULAR[table.name].upper()
    said = f"Could not get some {word} objects, they may be deleted or not exist. Check that ids are valid."
    return [Refusal(404, "OBJECT_NOT_FOUND", said).row(ids=lost)]


def _create(fake: FakeHubSpot, table: Table, inputs: list[Any]) -> tuple[int, Any]:
    """Create all or none: one bad row has the whole batch refused, with the error of that row alone."""
    from hub.testing.hubspot.routes import shown

    claimed: set[tuple[str, str]] = set()
    for given in inputs:
        properties = fake.formed(table, clean(table, given.get("properties") or {}, strict=fake.strict))
        _ties(fake, table, given.get("associations") or [])
        taken = table.taken(properties)
        if taken:
            raise duplicate(table, *taken)
        mine = {(n, str(properties[n]).casefold()) for n in table.unique if properties.get(n)}
        if mine & claimed:
            raise Refusal(400, "VALIDATION_ERROR", "Duplicate values of a unique property in one batch")
        claimed |= mine
    results = []
    for given in inputs:
        row = create(fake, table, given)
        results.append(_traced(shown(fake, table, row, given.get("properties") or ()), given))
    return _answer(fake, 201, results, [])


def _update(fake: FakeHubSpot, table: Table, inputs: list[Any]) -> tuple[int, Any]:
    from hub.testing.hubspot.routes import shown

    _once_each(inputs)
    results, errors, lost = [], [], []
    for given in inputs:
        row = table.find(str(given["id"]), _unique(table, given.get("idProperty")))
        if row is None:
            lost.append(str(given["id"]))
            continue
        try:
            properties = clean(table, given.get("properties") or {}, strict=fake.strict)
            fake.change(table, row, properties)
        except Refusal as refusal:
            errors.append(refusal.row(given.get("objectWriteTraceId"), [str(given["id"])]))
            continue
        fake.written[table.name] += 1
        results.append(_traced(shown(fake, table, row, properties), given))
    return _answer(fake, 200, results, errors + _unknown(table, lost))


def _upsert(fake: FakeHubSpot, table: Table, inputs: list[Any]) -> tuple[int, Any]:
    from hub.testing.hubspot.routes import shown

    _once_each(inputs)
    results, errors = [], []
    for given in inputs:
        by = _unique(table, given.get("idProperty"))
        if by is None:
            raise Refusal(400, "VALIDATION_ERROR", "idProperty is required")
        row = table.find(str(given["id"]), by)
        new = row is None
        try:
            properties = clean(table, {**(given.get("properties") or {}), by: given["id"]}, strict=fake.strict)
            if row is None:
                row = fake.create(table, properties)
            else:
                fake.change(table, row, properties)
        except Refusal as refusal:
            errors.append(refusal.row(given.get("objectWriteTraceId"), [str(given["id"])]))
            continue
        fake.written[table.name] += 1
        results.append({**_traced(shown(fake, table, row, properties), given), "new": new})
    return _answer(fake, 200, results, errors)


def _unique(table: Table, by: str | None) -> str | None:
    if by and by != "hs_object_id" and by not in table.unique:
        raise Refusal(400, "VALIDATION_ERROR", f"{by} is not a property with unique values")
    return by


def _once_each(inputs: list[Any]) -> None:
    ids = [str(given.get("id")) for given in inputs]
    if len(set(ids)) < len(ids):
        raise Refusal(400, "VALIDATION_ERROR", "Duplicate IDs found in batch input")


def _traced(result: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    trace = given.get("objectWriteTraceId")
    return {**result, "objectWriteTraceId": trace} if trace else result


def _answer(fake: FakeHubSpot, status: int, results: list[Any], errors: list[Any]) -> tuple[int, Any]:
    """Return the body of a batch. Results come in another order than the inputs, since HubSpot promises none."""
    at = iso(fake.now())
    body = {"status": "COMPLETE", "results": results[::-1], "startedAt": at, "completedAt": at}
    if errors:
        return 207, {**body, "numErrors": len(errors), "errors": errors}
    return status, body
