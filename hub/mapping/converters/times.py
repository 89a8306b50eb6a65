"""Moments are UTC, days are dates in the place they belong to."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from hub.mapping.converters.amounts import exact
from hub.mapping.converters.base import Converters

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ISO = re.compile(r"\s*\d{4}-\d{2}-\d{2}", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
UTC_SECOND = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


@cache
def place(zone: str) -> ZoneInfo:
    """The time zone of an IANA name. Raises ValueError for one that is not known."""
    try:
        return ZoneInfo(zone)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"needs a known time zone, not {zone!r}") from None


def canonical(at: datetime) -> str:
    """A moment as the hub writes it: UTC, a Z, and microseconds only where there are some."""
    try:
        return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        raise ValueError("is no moment of this calendar") from None


SIGNS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
SIGN = re.compile("|".join(SIGNS) + "|%")


@cache
def pattern(form: str) -> str:
    """What `form = "DD.MM.YYYY"` is to Python. Raises ValueError where it does not say a whole day."""
    signs = SIGN.findall(form) if isinstance(form, str) else []
    if sorted(sign.lstrip("Y") for sign in signs if sign in ("YYYY", "YY", "MM", "DD")) != ["", "DD", "MM"]:
        raise ValueError('is no form of a day; write it with YYYY, MM and DD, such as "DD.MM.YYYY" (times: HH, mm, ss)')
    return SIGN.sub(lambda found: SIGNS.get(found[0], "%%"), form)


def _as(form: str, value: Any) -> datetime:
    try:
        return datetime.strptime(value.strip(), pattern(form))
    except ValueError:
        raise ValueError(f"is not written as {form}") from None


def _parsed(value: Any, zone: str | None, form: str | None = None) -> datetime:
    if form and isinstance(value, str) and not ISO.match(value):  # a sheet has days beside texts
        found = _as(form, value)
    elif isinstance(value, datetime):
        found = value
    elif isinstance(value, str):
        try:
            found = datetime.fromisoformat(value.strip())
        except ValueError:
            hint = (
                '; say how it is written, such as form = "DD.MM.YYYY"' if form is None else f", nor written as {form}"
            )
            raise ValueError(f"is no ISO 8601 time{hint}") from None
    else:
        raise ValueError("is no ISO 8601 time")
    return found if found.tzinfo else found.replace(tzinfo=place(zone) if zone else UTC)


def moment(value: Any, *, zone: str | None = None, form: str | None = None) -> str:
    """An ISO 8601 time with any offset, or one written as `form`; without an offset it is in `zone`, by default UTC."""
    if isinstance(value, str) and UTC_SECOND.fullmatch(value):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise ValueError("is no ISO 8601 time") from None
        return value
    return canonical(_parsed(value, zone, form))


def unmoment(value: Any, *, zone: str | None = None, form: str | None = None) -> Any:
    """The canonical text; with `zone` local time without an offset, as such systems expect it; with `form` in that."""
    if not zone and not form:
        return value
    local = datetime.fromisoformat(value).astimezone(place(zone) if zone else UTC).replace(tzinfo=None)
    return local.strftime(pattern(form)) if form else local.isoformat()


def day(value: Any, *, zone: str | None = None, form: str | None = None) -> str:
    """A day, from a date or from a time: the day its text shows, or with `zone` the day it was there."""
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError("is no day of the calendar") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    at = _parsed(value, None, form)
    try:
        return (at.astimezone(place(zone)) if zone else at).date().isoformat()
    except OverflowError:
        raise ValueError("is no moment of this calendar") from None


def unday(value: Any, *, zone: str | None = None, form: str | None = None) -> Any:
    """The day as YYYY-MM-DD, or as `form`."""
    return date.fromisoformat(value).strftime(pattern(form)) if form else value


def _since(value: Any, unit: timedelta) -> datetime:
    try:
        microseconds = exact(value) * (unit // timedelta(microseconds=1))
        return EPOCH + timedelta(microseconds=int(microseconds))
    except OverflowError:
        raise ValueError("is no moment of this calendar") from None


SECOND, MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)


def unix(value: Any) -> str:
    """Seconds since 1970."""
    return canonical(_since(value, SECOND))


def ununix(value: Any) -> int:
    """Whole seconds since 1970."""
    return int((datetime.fromisoformat(value) - EPOCH) // SECOND)


def unix_ms(value: Any) -> str:
    """Milliseconds since 1970."""
    return canonical(_since(value, MILLISECOND))


def ununix_ms(value: Any) -> int:
    """Whole milliseconds since 1970."""
    return int((datetime.fromisoformat(value) - EPOCH) // MILLISECOND)


def _local(at: datetime, zone: str | None) -> str:
    try:
        return (at.astimezone(place(zone)) if zone else at).date().isoformat()
    except OverflowError:
        raise ValueError("is no moment of this calendar") from None


def _midnight(value: str, zone: str | None) -> datetime:
    return datetime.fromisoformat(value).replace(tzinfo=place(zone) if zone else UTC)


def unix_date(value: Any, *, zone: str | None = None) -> str:
    """The day of a time in seconds since 1970, in `zone`, by default UTC."""
    return _local(_since(value, SECOND), zone)


def ununix_date(value: Any, *, zone: str | None = None) -> int:
    """Midnight of the day in seconds since 1970."""
    return int((_midnight(value, zone) - EPOCH) // SECOND)


def ms_date(value: Any, *, zone: str | None = None) -> str:
    """The day of a time in milliseconds since 1970, in `zone`, by default UTC."""
    return _local(_since(value, MILLISECOND), zone)


def unms_date(value: Any, *, zone: str | None = None) -> int:
    """Midnight of the day in milliseconds since 1970."""
    return int((_midnight(value, zone) - EPOCH) // MILLISECOND)


def register(into: Converters) -> None:
    """Add the converters of this module."""
    into.register("date", day, unday, gives=date)
    into.register("moment", moment, unmoment, gives=datetime)
    into.register("unix", unix, ununix, gives=datetime)
    into.register("unix_ms", unix_ms, ununix_ms, gives=datetime)
    into.register("unix_date", unix_date, ununix_date, gives=date)
    into.register("ms_date", ms_date, unms_date, gives=date)
