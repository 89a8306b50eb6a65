"""Associations of the fake CRM: inline in lists, and the v4 batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hub.testing.hubspot.refuse import Refusal
from hub.testing.hubspot.rows import Row, Table
from hub.testing.hubspot.schema import KINDS, SINGULAR, default_kind

if TYPE_CHECKING:
    from hub.testing.hubspot.fake import FakeHubSpot


def inline(table: Table, row: Row, to: str) -> list[dict[str, str]]:
    """Return associations as lists show them: one entry for each kind, the main company under a name of its own."""
    word = f"{SINGULAR[table.name]}_to_{SINGULAR[to]}"
    marked = any(k.label == "Primary" for k in KINDS.get((table.name, to), {}).values())
    out = []
    for id_, kinds in sorted(row.links.get(to, {}).items()):
        for kind in sorted(kinds):
            label = KINDS[table.name, to][kind].label
            plain = word + "_unlabeled" if marked else word
            name = plain if label is None else word if label == "Primary" else label.lower().replace(" ", "_")
            out.append({"id": str(id_), "type": name})
    return out


def listed(fake: FakeHubSpot, table: Table, id_: str, to: Table) -> dict[str, Any]:
    """Return what one record is associated with."""
    return {"results": _to(table, fake.live(table, id_), to)}


def route(fake: FakeHubSpot, method: str, table: Table, to: Table, rest: list[str], data: Any) -> tuple[int, Any]:
    """Carry out a request on associations between two objects. Raises Refusal."""
    known = KINDS.get((table.name, to.name))
    if known is None:
        raise Refusal(400, "VALIDATION_ERROR", f"{table.name} and {to.name} cannot be associated")
    match [method, *rest]:
        case ["GET", "labels"]:
            labels = [{"category": "HUBSPOT_DEFINED", "typeId": k.id, "label": k.label} for k in known.values()]
            return 200, {"results": labels}
        case ["POST", "batch", "read"]:
            return _read(fake, table, to, _inputs(data, 1000))
        case ["POST", "batch", "create"]:
            pairs = _pairs(fake, table, to, _inputs(data, 2000))
            for (row, other), given in zip(pairs, data["inputs"], strict=True):
                kinds = {int(t["associationTypeId"]) for t in given["types"]}
                if not kinds <= known.keys():
                    raise Refusal(400, "VALIDATION_ERROR", f"association types {sorted(kinds)} are not valid here")
                fake.link(table, row, to, other, kinds)
            fake.written["associations"] += len(pairs)
            return 201, {"status": "COMPLETE", "results": []}
        case ["POST", "batch", "associate", "default"]:
            kind = default_kind(table.name, to.name)
            pairs = _pairs(fake, table, to, _inputs(data, 2000))
            for row, other in pairs:
                fake.link(table, row, to, other, {kind.id} if kind else set())
            fake.written["associations"] += len(pairs)
            return 200, {"status": "COMPLETE", "results": []}
        case ["POST", "batch", "archive"]:
            for given in _inputs(data, 2000):
                row = fake.live(table, str(given["from"]["id"]))
                for other in given["to"]:
                    fake.unlink(table, row, to, int(other["id"]))
                    fake.written["associations"] += 1
            return 204, None
    raise Refusal(404, "OBJECT_NOT_FOUND", f"No resource for {method} /{'/'.join(rest)}")


def _inputs(data: Any, most: int) -> list[Any]:
    inputs: list[Any] = data.get("inputs") or []
    if not 1 <= len(inputs) <= most:
        raise Refusal(400, "VALIDATION_ERROR", f"The number of inputs must be between 1 and {most}")
    return inputs


def _pairs(fake: FakeHubSpot, table: Table, to: Table, inputs: list[Any]) -> list[tuple[Row, Row]]:
    return [(fake.live(table, str(g["from"]["id"])), fake.live(to, str(g["to"]["id"]))) for g in inputs]


def _read(fake: FakeHubSpot, table: Table, to: Table, inputs: list[Any]) -> tuple[int, Any]:
    results, errors = [], []
    for given in inputs:
        row = table.find(str(given["id"])) or table.find(str(given["id"]), archived=True)
        others = _to(table, row, to) if row else []
        if others:
            results.append({"from": {"id": str(given["id"])}, "to": others})
        else:
            said = f"No {to.name} is associated with {table.name} {given['id']}."
            sub = "crm.associations.NO_ASSOCIATIONS_FOUND"
            errors.append(Refusal(404, "OBJECT_NOT_FOUND", said, sub=sub).row(ids=[str(given["id"])]))
    body: dict[str, Any] = {"status": "COMPLETE", "results": results}
    return (207, {**body, "numErrors": len(errors), "errors": errors}) if errors else (200, body)


def _to(table: Table, row: Row, to: Table) -> list[dict[str, Any]]:
    known = KINDS.get((table.name, to.name), {})
    return [
        {
            "toObjectId": id_,
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": k, "label": known[k].label} for k in sorted(kinds)
            ],
        }
        for id_, kinds in sorted(row.links.get(to.name, {}).items())
    ]
