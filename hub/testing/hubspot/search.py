"""The search of the fake CRM: filters, one sort, and the wall at 10,000."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from hub.testing.hubspot.refuse import Refusal
from hub.testing.hubspot.rows import Seen, Table, millis

MOST = 200  # results a page
FAR = 1 << 62


class Search:
    """Answers searches over one table; a result that needed a scan is kept until the index changes."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._kept: dict[str, tuple[int, list[int]]] = {}

    def page(self, body: Mapping[str, Any], cap: int) -> tuple[int, list[int], int | None]:
        """Return the total, the ids of the page, and the offset of the next one. Raises Refusal."""
        limit, after = _whole(body.get("limit", 10), "limit"), _whole(body.get("after") or 0, "after")
        groups, sorts = body.get("filterGroups") or [], body.get("sorts") or []
        if not 1 <= limit <= MOST:
            raise Refusal(400, "VALIDATION_ERROR", f"Invalid input: limit must be between 1 and {MOST}, was {limit}")
        if len(groups) > 6 or any(len(g.get("filters") or []) > 6 for g in groups):
            raise Refusal(400, "VALIDATION_ERROR", "Invalid input: at most 6 filter groups of 6 filters each")
        if len(sorts) > 1:
            raise Refusal(400, "VALIDATION_ERROR", "Invalid input: only one sort is supported")
        if after >= cap:
            raise Refusal(400, "VALIDATION_ERROR", f"Paging past {cap} results is not possible; filter more narrowly")
        total, ids = self._ids(groups, sorts, after, min(after + limit, cap))
        end = after + len(ids)
        return total, ids, end if end < total and ids else None

    def _ids(self, groups: Sequence[Any], sorts: Sequence[Any], start: int, stop: int) -> tuple[int, list[int]]:
        by, down = _sort(sorts[0]) if sorts else ("hs_object_id", False)
        filters = (groups[0].get("filters") or []) if len(groups) == 1 else None
        if filters is not None and not down:
            ends = self._range(filters, by)
            if ends is not None:
                low, high = ends
                order = self.table.index.order
                if by == self.table.changed:
                    return high - low, [-i for _, i in order[low + start : min(low + stop, high)]]
                part = order[max(low, high - stop) : high - start]  # within one millisecond the index runs backwards
                return high - low, [-i for _, i in reversed(part)]
        ids = self._scan(groups, by, down)
        return len(ids), ids[start:stop]

    def _range(self, filters: Sequence[Mapping[str, Any]], by: str) -> tuple[int, int] | None:
        """Return the span of the index that satisfies filters on change and id alone, None where it takes a scan."""
        low, high, first, last = 0, FAR, 0, FAR
        for f in filters:
            name, op, value = f.get("propertyName"), f.get("operator"), f.get("value")
            if name == self.table.changed and op in ("EQ", "GT", "GTE", "LT", "LTE"):
                at = _moment(value)
                low = max(low, at + (op == "GT")) if op in ("EQ", "GT", "GTE") else low
                high = min(high, at - (op == "LT")) if op in ("EQ", "LT", "LTE") else high
            elif name == "hs_object_id" and op in ("GT", "GTE"):
                first = max(first, _whole(value, "hs_object_id") + (op == "GT"))
            else:
                return None
        if (first, last) != (0, FAR) or by == "hs_object_id":
            if low != high:
                return None  # ids are in order only within one millisecond
        elif by != self.table.changed:
            return None
        order = self.table.index.order
        begin = bisect_left(order, (low, -FAR))
        return begin, max(begin, bisect_right(order, (high, -first)))

    def _scan(self, groups: Sequence[Any], by: str, down: bool) -> list[int]:
        index = self.table.index
        key = json.dumps([groups, by, down], sort_keys=True)
        kept = self._kept.get(key)
        if kept and kept[0] == index.generation:
            return kept[1]
        found = [i for i, seen in index.seen.items() if not groups or any(self._fits(i, seen, g) for g in groups)]
        if by == "hs_object_id":
            found.sort(reverse=down)
        elif by == self.table.changed:
            found.sort(key=lambda i: (index.seen[i].modified, -i), reverse=down)
        else:
            found.sort(key=lambda i: (index.seen[i].properties.get(by) or "", i), reverse=down)
        self._kept = {**dict(list(self._kept.items())[-7:]), key: (index.generation, found)}
        return found

    def _fits(self, id_: int, seen: Seen, group: Mapping[str, Any]) -> bool:
        return all(_passes(self.table, id_, seen, f) for f in group.get("filters") or [])


def _passes(table: Table, id_: int, seen: Seen, f: Mapping[str, Any]) -> bool:
    name, op = str(f.get("propertyName")), f.get("operator")
    has: Any = id_ if name == "hs_object_id" else seen.modified if name == table.changed else seen.properties.get(name)
    if op in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool((has is not None) == (op == "HAS_PROPERTY"))
    read: Callable[[Any], Any] = _folded
    if name == "hs_object_id":
        read = _id
    elif name == table.changed:
        read = _moment
    if has is None:
        return op in ("NEQ", "NOT_IN")
    have: Any = has if isinstance(has, int) else _folded(has)
    if op in ("IN", "NOT_IN"):
        return bool((have in {read(v) for v in f.get("values") or []}) == (op == "IN"))
    want: Any = read(f.get("value"))
    if op == "CONTAINS_TOKEN":
        return str(want).strip("*") in str(have)
    if not isinstance(have, int):
        have, want = _comparable(have, want)
    match op:
        case "EQ":
            return bool(have == want)
        case "NEQ":
            return bool(have != want)
        case "GT":
            return bool(have > want)
        case "GTE":
            return bool(have >= want)
        case "LT":
            return bool(have < want)
        case "LTE":
            return bool(have <= want)
        case "BETWEEN":
            return bool(want <= have <= read(f.get("highValue")))
    raise Refusal(400, "VALIDATION_ERROR", f"Invalid input: operator {op} is not known")


def _comparable(have: Any, want: Any) -> tuple[Any, Any]:
    try:
        return float(have), float(want)
    except (TypeError, ValueError):
        return have, want


def _id(value: Any) -> int:
    return _whole(value, "hs_object_id")


def _folded(value: Any) -> str:
    return str(value).casefold()


def _sort(sort: Any) -> tuple[str, bool]:
    if isinstance(sort, str):
        return sort.lstrip("-"), sort.startswith("-")
    return str(sort.get("propertyName")), sort.get("direction") == "DESCENDING"


def _whole(value: Any, name: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise Refusal(400, "VALIDATION_ERROR", f"Invalid input: {name} must be a whole number, was {value!r}") from None


def _moment(value: Any) -> int:
    """Return a moment given as milliseconds or ISO 8601 text, as search takes both."""
    text = str(value)
    try:
        return int(text) if text.isdecimal() else millis(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        raise Refusal(400, "VALIDATION_ERROR", f"Invalid input: {value!r} is no moment") from None
