"""Merging two records of the fake CRM: they become a third one with an id of its own, to which both old ids lead.

https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hub.testing.hubspot.refuse import Refusal
from hub.testing.hubspot.rows import Row, Table
from hub.testing.hubspot.schema import default_kind, primary_kind

if TYPE_CHECKING:
    from hub.testing.hubspot.fake import FakeHubSpot


def merge(fake: FakeHubSpot, table: Table, data: Mapping[str, Any]) -> Row:
    """Merge the record `objectIdToMerge` with `primaryObjectId`; returns the new one. Raises Refusal."""
    ids = [str(data.get(name) or "") for name in ("primaryObjectId", "objectIdToMerge")]
    if not all(id_.isdecimal() for id_ in ids):
        raise Refusal(400, "VALIDATION_ERROR", "Invalid input JSON: primaryObjectId and objectIdToMerge are required")
    main, other = (fake.live(table, id_) for id_ in ids)
    if main is other:
        raise Refusal(400, "VALIDATION_ERROR", f"Cannot merge object {main.id} with itself")
    own = (table.created, table.changed, "hs_object_id", "hs_merged_object_ids")
    properties = {n: v for n, v in {**other.properties, **_filled(main)}.items() if n not in own}
    ids_before = [str(row.properties.get("hs_merged_object_ids") or row.id) for row in (main, other)]
    for row in (main, other):
        table.archive(row, fake.now(), fake.visible())
    new = fake.create(table, {**properties, "hs_merged_object_ids": ";".join(ids_before)})
    for row in (main, other):
        table.merged[row.id] = new.id
    for row in (main, other):
        _hand_over(fake, table, row, new)
    fake.written[table.name] += 1
    return new


def _filled(row: Row) -> dict[str, str | None]:
    return {name: value for name, value in row.properties.items() if value}


def _hand_over(fake: FakeHubSpot, table: Table, row: Row, new: Row) -> None:
    """Give what the row is associated with to the new one; the primary record's main company stays the main one."""
    for name, held in list(row.links.items()):
        to = fake.tables[name]
        main, plain = primary_kind(table.name, name), default_kind(table.name, name)
        taken = main is not None and any(main.id in kinds for kinds in new.links.get(name, {}).values())
        for id_, kinds in list(held.items()):
            there = to.rows[id_]
            there.links.get(table.name, {}).pop(row.id, None)
            if there is new or there.archived is not None:
                continue
            kept = {k for k in kinds if not (taken and main is not None and k == main.id)}
            fake.link(table, new, to, there, kept or ({plain.id} if plain else set()))
    row.links = {}
