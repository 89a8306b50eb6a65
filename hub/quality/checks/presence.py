"""What a record should hold: fields without which it makes no sense, and those somebody will look for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Any, Literal, NamedTuple, get_args, get_origin

import msgspec

from hub.model import MODELS, Values, field, fields
from hub.quality.checks.fault import Check, Fault

# A model's expected fields; `|` parts what may stand for each other, `*` is any kind.
EXPECTED: Mapping[str, tuple[str, ...]] = {
    "customer": (
        "name", "emails.* | phones.*", "addresses.*.street", "addresses.*.postal_code", "addresses.*.city",
        "addresses.*.country", "identifiers.vat | identifiers.tax | identifiers.registration",
    ),
    "contact": ("last_name | name", "emails.* | phones.*", "customer"),
    "product": ("sku", "name", "price"),
    "deal": ("name", "customer", "stage", "amount", "owner", "expected_on | closed_on"),
    "contract": ("number", "customer", "start_on", "end_on | renewal", "amount", "state"),
    "order": ("number", "customer", "ordered_on", "lines", "total", "state"),
    "invoice": ("number", "customer", "issued_on", "due_on", "total", "state"),
    "payment": ("amount", "paid_on | paid_at", "customer | payer", "reference | invoice | allocations", "method", "state"),
    "message": ("message_id", "direction", "sent_at", "sender", "customer | contact"),
    "ticket": ("number", "subject", "customer | contact", "state", "priority", "opened_at"),
}  # fmt: skip
# What records of a kind are not expected to hold.
SPARED: Mapping[tuple[str, str], frozenset[str]] = {
    ("customer", "person"): frozenset({"identifiers.vat | identifiers.tax | identifiers.registration"}),
    ("invoice", "credit_note"): frozenset({"due_on"}),
    ("payment", "write_off"): frozenset({"method"}),
    ("payment", "payout"): frozenset({"customer | payer", "reference | invoice | allocations"}),
}


def filled(value: object) -> bool:
    """Whether a field says anything."""
    return value is not None and value not in ("", [])


class Wanted(NamedTuple):
    """What records of one shape should hold: how much, what none of them has a field for, and what each may lack."""

    size: int
    absent: tuple[Fault, ...]
    fields: tuple[tuple[Fault, tuple[str, ...]], ...]


def wanted(model: str, paths: tuple[str, ...], kind: str = "") -> Wanted:
    """What a record of these paths should hold; a person has no tax number of a company, a credit note is not due."""
    spared = SPARED.get((model, kind), frozenset())
    texts = [text for text in EXPECTED.get(model, ()) if text not in spared]
    found = [(_lacks(model, text), tuple(path for path in paths if matches(text, path))) for text in texts]
    return Wanted(len(found), tuple(f for f, some in found if not some), tuple(one for one in found if one[1]))


def missing(values: Values, expectations: Wanted) -> tuple[Fault, ...]:
    """A fault for each expectation that no field meets."""
    found = expectations.absent
    for fault, paths in expectations.fields:
        for path in paths:
            if filled(values[path]):
                break
        else:
            found = (*found, fault)
    return found


def _lacks(model: str, text: str) -> Fault:
    either = text.replace(" | ", " or ")
    return Fault("missing", text.replace(" | ", "|"), None, f"every {model} should have {either}")


@lru_cache(maxsize=4096)
def matches(pattern: str, path: str) -> bool:
    """Whether a path is one of the pattern's: `addresses.*.city | name`."""
    return any(
        re.fullmatch(re.escape(part.strip()).replace(r"\*", "[^.]+"), path) is not None for part in pattern.split("|")
    )


@cache
def _needed(model: str) -> tuple[str, ...]:
    return tuple(path for path, declared in fields(MODELS[model]).items() if declared.required)


def _required(model: str, values: Values, today: date) -> Iterator[Fault]:
    for path in _needed(model):
        if not filled(values.get(path)):
            yield Fault("required", path, values.get(path), f"no {model} makes sense without {path}")


@lru_cache(maxsize=4096)
def _kinds(model: str, paths: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    """The paths that are not plain text with what they must be, None where the model has no such field."""
    found: list[tuple[str, Any]] = []
    for path in paths:
        declared = field(MODELS[model], path)
        if declared is None:
            found.append((path, None))
        elif get_origin(declared.type) is Literal:
            found.append((path, frozenset(get_args(declared.type))))
        elif declared.type is not str:
            found.append((path, list.__class_getitem__(declared.parts) if declared.parts else declared.type))
    return tuple(found)


@lru_cache(maxsize=4096)
def _texts(model: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    others = {path for path, _ in _kinds(model, paths)}
    return tuple(path for path in paths if path not in others)


def _type(model: str, values: Values, today: date) -> Iterator[Fault]:
    paths = tuple(values)
    for path in _texts(model, paths):
        if values[path].__class__ is not str and values[path] is not None:
            yield Fault("type", path, values[path], "is no text")
    for path, kind in _kinds(model, paths):
        value = values[path]
        if value is None or (kind is bool and (value is True or value is False)):
            continue
        if kind.__class__ is frozenset:
            if not isinstance(value, str) or value not in kind:
                yield Fault("type", path, value, f"is none of {', '.join(sorted(map(str, kind)))}")
            continue
        if kind is None:
            yield Fault("type", path, value, f"the model {model} has no such field")
            continue
        try:
            msgspec.convert(value, kind, strict=False)
        except (msgspec.ValidationError, TypeError) as error:
            yield Fault("type", path, value, f"is not what the model says: {error}")


PRESENCE = (
    Check("required", "a field without which the record makes no sense", find=_required),
    Check("type", "a value of another type than the model's, or none of its choices", find=_type),
    Check("missing", "a field somebody will look for", measure="completeness", models=tuple(EXPECTED)),
)
