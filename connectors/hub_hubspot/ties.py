"""Associations: what a write wants of them, and the way there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub_hubspot.api import Api, Row
from hub_hubspot.shapes import Shape

CHILD_TO_PARENT = 14  # https://developers.hubspot.com/docs/api-reference/crm-associations-v4/guide
PARENT = "parent"

Wants = dict[str, Any]
"""Object -> the one main id, or None, or all ids as a list; `parent` -> a company's parent."""


def wanted(shape: Shape, data: Mapping[str, Any]) -> Wants:
    """Return what a write says of associations: by our word for one (`company`), or by lists under `associations`."""
    wants: Wants = {}
    for other, ids in (data.get("associations") or {}).items():
        if other in shape.ties.values():
            wants[other] = [str(i) for i in ids or ()]
    for one, other in shape.ties.items():
        if one in data:
            wants[other] = None if data[one] in (None, "") else str(data[one])
    if shape.object == "companies" and PARENT in data:
        wants[PARENT] = None if data[PARENT] in (None, "") else str(data[PARENT])
    return wants


class Ties:
    """Writes associations of one object."""

    def __init__(self, api: Api, shape: Shape) -> None:
        self.api = api
        self.name = shape.object

    def inline(self, wants: Wants) -> list[Row]:
        """Return associations as they are given with a new record."""
        out = []
        for other, want in wants.items():
            for id_ in want if isinstance(want, list) else [want] if want else []:
                kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": self._kind(other, want)}
                out.append({"to": {"id": id_}, "types": [kind]})
        return out

    def write(self, wants: Mapping[str, Wants]) -> None:
        """Bring the associations of records to what is wanted; what already is so costs no write."""
        for other in dict.fromkeys(o for want in wants.values() for o in want):
            if other == PARENT:
                self._parents({id_: w[PARENT] for id_, w in wants.items() if PARENT in w})
            else:
                self._object(other, {id_: w[other] for id_, w in wants.items() if other in w})

    def _object(self, other: str, wants: Mapping[str, str | list[str] | None]) -> None:
        held = self.api.tied(self.name, other, wants)
        main = "Primary" in self.api.kinds(self.name, other)
        drop: list[tuple[str, str]] = []
        first: list[tuple[str, str]] = []
        add: list[tuple[str, str]] = []
        for id_, want in wants.items():
            has = held.get(id_, [])
            if isinstance(want, list):
                drop += [(id_, x) for x in has if x not in want]
                add += [(id_, x) for x in want if x not in has]
            elif (has[0] if has else None) != want:
                # where there is a main one the others may stay beside it; elsewhere the first one counts
                drop += [(id_, x) for x in (has[:1] if want is None and main else [] if main else has) if x != want]
                first += [(id_, want)] if want is not None else []
        self.api.tie(self.name, other, add, None)
        self.api.tie(self.name, other, first, self._kind(other, ""))
        self.api.untie(self.name, other, drop)

    def _parents(self, wants: Mapping[str, str | None]) -> None:
        rows = self.api.batch_read(self.name, wants, ("hs_parent_company_id",))
        has = {r["id"]: r["properties"].get("hs_parent_company_id") for r in rows}
        other = [i for i, want in wants.items() if has.get(i) != want]
        self.api.untie(self.name, self.name, [(i, str(has[i])) for i in other if has.get(i)])
        self.api.tie(self.name, self.name, [(i, str(wants[i])) for i in other if wants[i]], CHILD_TO_PARENT)

    def _kind(self, other: str, want: Any) -> int:
        """Return the kind of one association: the main one where there is such a thing and just one is meant."""
        if other == PARENT:
            return CHILD_TO_PARENT
        kinds = self.api.kinds(self.name, other)
        return kinds[None] if isinstance(want, list) else kinds.get("Primary", kinds[None])
