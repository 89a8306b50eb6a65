"""How the fake CRM says no, and the rules by which it does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from hub.testing.hubspot.rows import Properties, Table
from hub.testing.hubspot.schema import BUILT_IN, NUMBERS, OPTIONS, READ_ONLY, SINGULAR

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]{2,}")
CORRELATION = "00000000-0000-4000-8000-000000000000"


class Refusal(Exception):  # noqa: N818  it is an answer, not a fault of the program
    """An answer of 400 or above."""

    def __init__(
        self,
        status: int,
        category: str,
        message: str,
        *,
        context: Any = None,
        errors: Any = None,
        sub: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "status": "error",
            "message": message,
            "correlationId": CORRELATION,
            "category": category,
        }
        if sub:
            self.body["subCategory"] = sub
        if context:
            self.body["context"] = context
        if errors:
            self.body["errors"] = errors

    def row(self, trace: str | None = None, ids: list[str] | None = None) -> dict[str, Any]:
        """Return the error as it stands inside a 207 answer."""
        body = {k: v for k, v in self.body.items() if k != "correlationId"}
        context = dict(body.get("context") or {})
        if trace:
            context["objectWriteTraceId"] = [trace]
        if ids:
            context["ids"] = ids
        return {**body, "context": context}


def invalid(faults: list[dict[str, Any]]) -> Refusal:
    """Return the refusal of property values."""
    errors = [{"message": f["message"], "code": f["error"], "context": {"propertyName": [f["name"]]}} for f in faults]
    return Refusal(
        400,
        "VALIDATION_ERROR",
        "Property values were not valid: " + json.dumps(faults, ensure_ascii=False),
        errors=errors,
    )


def missing(name: str) -> Refusal:
    """Return the refusal of an id that does not exist or is archived."""
    return Refusal(404, "OBJECT_NOT_FOUND", f"Object of type {SINGULAR[name].upper()} not found.", context={})


def duplicate(table: Table, prop: str, other: int) -> Refusal:
    """Return the refusal of a value that another record has."""
    word = SINGULAR[table.name].replace("_", " ").capitalize()
    return Refusal(409, "CONFLICT", f"{word} already exists. Existing ID: {other}", context={"propertyName": [prop]})


def clean(table: Table, given: Mapping[str, Any], *, strict: bool) -> Properties:
    """Return properties as they are stored: text or None. Raises Refusal with all faults at once."""
    out: Properties = {}
    faults: list[dict[str, Any]] = []
    for name, value in given.items():
        if isinstance(value, dict | list):
            raise Refusal(400, "VALIDATION_ERROR", f"Invalid input JSON: property {name} is no plain value")
        text = str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
        fault = _fault(table, name, text or None, strict=strict)
        if fault:
            faults.append({"isValid": False, "message": fault[1], "error": fault[0], "name": name})
        out[name] = text or None
    if faults:
        raise invalid(faults)
    return out


def _fault(table: Table, name: str, text: str | None, *, strict: bool) -> tuple[str, str] | None:
    known = table.definitions.get(name)
    if name in READ_ONLY:
        return "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
    if known is None and strict and name not in BUILT_IN:
        return "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
    if text is None:
        return None
    options = OPTIONS.get((table.name, name)) or (known.options if known else frozenset())
    if options and text not in options:
        return "INVALID_OPTION", f"{text} was not one of the allowed options: {', '.join(sorted(options))}"
    if (name in NUMBERS or (known and known.type == "number")) and not _number(text):
        return "INVALID_INTEGER", f"{text} was not a valid number."
    if table.name == "contacts" and name == "email" and not EMAIL.fullmatch(text):
        return "INVALID_EMAIL", f"Email address {text} is invalid"
    return None


def _number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
