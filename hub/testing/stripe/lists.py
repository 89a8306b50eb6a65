"""How Stripe lists, searches and expands: newest first, at most a hundred, `has_more`, no total."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hub.testing.stripe.books import KEPT, Books, Thing, invalid
from hub.testing.stripe.form import integer

FILTERS: dict[str, tuple[str, ...]] = {
    "customer": ("email", "created"),
    "invoice": ("customer", "status", "collection_method", "created"),
    "invoiceitem": ("customer", "invoice", "created"),
    "payment_intent": ("customer", "created"),
    "charge": ("customer", "payment_intent", "created"),
    "refund": ("charge", "payment_intent", "created"),
    "payout": ("status", "arrival_date", "created"),
    "balance_transaction": ("payout", "type", "source", "currency", "created"),
    "event": ("type", "types", "created"),
    "product": ("active", "created"),
    "price": ("active", "product", "created"),
}
LINKS = {
    "balance_transaction": "balance_transaction", "charge": "charge", "customer": "customer", "invoice": "invoice",
    "latest_charge": "charge", "payment_intent": "payment_intent",
}  # fmt: skip
CLAUSE = re.compile(r"""(-?)(?:metadata\[(["'])(.+?)\2\]|(email|name|phone))\s*([:~])\s*(["'])((?:\\.|(?!\6).)*)\6""")


def listing(books: Books, kind: str, asked: Mapping[str, Any], url: str) -> Thing:
    """Answer GET /v1/{kind}s."""
    allowed = ("limit", "starting_after", "ending_before", "expand", *FILTERS[kind])
    for name in asked:
        if name not in allowed:
            raise invalid(f"Received unknown parameter: {name}", name, "parameter_unknown")
    limit = _limit(asked)
    after, before = (_edge(books, kind, asked, name) for name in ("starting_after", "ending_before"))
    fits = _filter(kind, asked)
    found: list[Thing] = []
    for thing in _span(books, kind, asked, after, before):
        if fits(thing):
            found.append(thing)
            if len(found) > limit:
                break
    data, more = found[:limit], len(found) > limit
    return {"object": "list", "data": data[::-1] if before else data, "has_more": more, "url": url}


def sublist(things: list[Thing], asked: Mapping[str, Any], url: str) -> Thing:
    """Answer for a list inside an object: in its own order, paged by starting_after."""
    limit, after = _limit(asked), asked.get("starting_after")
    begin = 1 + next((i for i, t in enumerate(things) if t["id"] == after), -1)
    return {
        "object": "list",
        "data": things[begin : begin + limit],
        "has_more": begin + limit < len(things),
        "url": url,
    }


def search(books: Books, kind: str, asked: Mapping[str, Any], late: float, url: str) -> Thing:
    """Answer GET /v1/{kind}s/search; what changed less than `late` seconds ago is not found yet."""
    query, limit = str(asked.get("query") or ""), _limit(asked)
    clauses = list(CLAUSE.finditer(query))
    joins = {word for word in re.split(r"\s+", CLAUSE.sub("", query)) if word}
    if not clauses or joins - {"AND", "OR"} or len(joins) > 1:
        raise invalid(f"We were unable to parse your search query: {query}", "query")
    if len(clauses) > 10:
        raise invalid("A search query has at most 10 clauses.", "query")
    every, seen = (any if "OR" in joins else all), books.clock() - late
    found = [t for t in books.newest(kind) if books.touched[t["id"]] <= seen and every(_says(t, c) for c in clauses)]
    begin = integer(asked.get("page", 0)) or 0
    more = begin + limit < len(found)
    return {"object": "search_result", "data": found[begin : begin + limit], "has_more": more, "url": url,
            "next_page": str(begin + limit) if more else None}  # fmt: skip


def expand(books: Books, answer: Thing, paths: Any) -> Thing:
    """Replace ids by the objects they name, as `expand[]` asks."""
    for path in paths if isinstance(paths, list) else [paths]:
        if answer.get("object") in ("list", "search_result"):
            if not str(path).startswith("data."):
                raise invalid(f"This property cannot be expanded ({path}).", "expand")
            answer = answer | {"data": [_one(books, thing, str(path)[5:]) for thing in answer["data"]]}
        else:
            answer = _one(books, answer, str(path))
    return answer


def _one(books: Books, thing: Thing, name: str) -> Thing:
    if name == "tax_ids" and thing["object"] == "customer":
        return thing | {name: _owned(books, "tax_id", "customer", thing["id"])}
    if name == "refunds" and thing["object"] == "charge":
        return thing | {name: _owned(books, "refund", "charge", thing["id"])}
    if name == "source" and thing["object"] == "balance_transaction":
        kind: str | None = str(thing["type"])
    else:
        kind = LINKS.get(name)
    if kind is None or name not in thing:
        raise invalid(f"This property cannot be expanded ({name}).", "expand")
    key = thing[name]
    return thing | {name: books.things[kind].get(key, key)} if isinstance(key, str) else thing


def _owned(books: Books, kind: str, field: str, key: str) -> Thing:
    data = [thing for thing in books.newest(kind) if thing[field] == key]
    return {"object": "list", "data": data, "has_more": False, "url": f"/v1/{kind}s"}


def _span(books: Books, kind: str, asked: Mapping[str, Any], after: str | None, before: str | None) -> Iterator[Thing]:
    bounds = asked.get("created")
    least = integer(bounds.get("gte", bounds.get("gt", 0))) if isinstance(bounds, Mapping) else None
    if kind == "event":
        oldest = books.now() - KEPT
        least = max(least or 0, oldest)
    newest = books.now() - (books.events_late if kind == "event" else 0)
    for thing in books.newest(kind, after=after, before=before):
        if thing.get("created", 0) > newest:
            continue
        if before is None and least is not None and thing["created"] < least:
            return  # all that follow are older still
        yield thing


def _limit(asked: Mapping[str, Any]) -> int:
    limit = integer(asked.get("limit", 10))
    if limit is None:
        raise invalid(f"Invalid integer: {asked['limit']}", "limit", "parameter_invalid_integer")
    if not 1 <= limit <= 100:
        side = "less than or equal to 100" if limit > 100 else "greater than or equal to 1"
        raise invalid(f"This value must be {side} (it currently is '{limit}').", "limit", "parameter_invalid_integer")
    return limit


def _edge(books: Books, kind: str, asked: Mapping[str, Any], name: str) -> str | None:
    key = asked.get(name)
    if key is None:
        return None
    thing = books.things[kind].get(key)
    if thing is None or thing.get("deleted"):
        raise invalid(f"No such {kind}: '{key}'", name, "resource_missing")
    return str(key)


def _filter(kind: str, asked: Mapping[str, Any]) -> Callable[[Thing], bool]:
    tests: list[Callable[[Thing], bool]] = []
    for name in FILTERS[kind]:
        if name not in asked:
            continue
        value = asked[name]
        if name in ("created", "arrival_date"):
            tests.append(_range(name, value))
        elif name == "types":
            kinds = frozenset(value if isinstance(value, list) else [value])
            if len(kinds) > 20:
                raise invalid("You may pass at most 20 types.", "types")
            tests.append(lambda t, kinds=kinds: t["type"] in kinds)  # type: ignore[misc]
        elif name == "active":
            tests.append(lambda t, value=value: t["active"] == (value == "true"))  # type: ignore[misc]
        else:
            tests.append(lambda t, name=name, value=value: t[name] == value)  # type: ignore[misc]
    return lambda thing: all(test(thing) for test in tests)


def _range(name: str, value: Any) -> Callable[[Thing], bool]:
    bounds = value if isinstance(value, Mapping) else {"gte": value, "lte": value}
    limits: dict[str, int] = {}
    for side, text in bounds.items():
        number = integer(text)
        if side not in ("gt", "gte", "lt", "lte") or number is None:
            raise invalid(f"Invalid {name}: {side} {text}", f"{name}[{side}]", "parameter_invalid_integer")
        limits[side] = number
    least = max(limits.get("gte", 0), limits.get("gt", -1) + 1)
    most = min(limits.get("lte", 1 << 62), limits.get("lt", 1 << 62) - 1)
    return lambda thing: least <= thing[name] <= most


def _says(thing: Thing, clause: re.Match[str]) -> bool:
    minus, _, meta, field, sign, _, raw = clause.groups()
    wanted = re.sub(r"\\(.)", r"\1", raw)
    value = str((thing["metadata"].get(meta) if meta else thing.get(field)) or "")
    same = wanted.lower() in value.lower() if sign == "~" else value.lower() == wanted.lower()
    return same != bool(minus)
