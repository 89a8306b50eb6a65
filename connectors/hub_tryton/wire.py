"""Tryton's JSON: decimals, dates and moments travel as objects with a `__class__`; here they are text and back."""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any


def pack(value: Any) -> Any:
    """Turn Decimal, date and datetime (UTC) within lists and dicts into what Tryton reads."""
    if isinstance(value, dict):
        return {name: pack(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [pack(each) for each in value]
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": format(value, "f")}
    if isinstance(value, datetime):
        at = value.astimezone(UTC)
        clock = {"hour": at.hour, "minute": at.minute, "second": at.second, "microsecond": at.microsecond}
        return {"__class__": "datetime", "year": at.year, "month": at.month, "day": at.day, **clock}
    if isinstance(value, date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    return value


def unpack(value: Any) -> Any:
    """Turn Tryton's objects into JSON-safe text: "10.00", "2026-11-22", "2026-11-22T17:00:00.000123Z".

    Moments keep six decimals always, so that their text sorts as they do.
    """
    if isinstance(value, list):
        return [unpack(each) for each in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("__class__")
    if kind is None:
        return {name: unpack(each) for name, each in value.items()}
    if kind == "Decimal":
        return format(Decimal(value["decimal"]), "f")
    if kind == "date":
        return date(value["year"], value["month"], value["day"]).isoformat()
    if kind == "datetime":
        clock = (value["hour"], value["minute"], value["second"], value["microsecond"])
        return text(datetime(value["year"], value["month"], value["day"], *clock, tzinfo=UTC))
    if kind == "timedelta":
        return timedelta(seconds=value["seconds"]).total_seconds()
    if kind == "bytes":
        return base64.b64encode(base64.b64decode(value["base64"])).decode()
    return value


def text(moment: datetime) -> str:
    """Write a moment as this connector does everywhere."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment(words: str) -> datetime:
    """Read a moment written by `text`. Raises ValueError."""
    return datetime.strptime(words, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
