"""Cron expressions and durations, checked before anything is scheduled."""

from __future__ import annotations

import re

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_FIELDS: tuple[tuple[str, int, int, list[str]], ...] = (
    ("minute", 0, 59, []),
    ("hour", 0, 23, []),
    ("day of the month", 1, 31, []),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EVERY = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def cron_fault(text: str) -> str | None:
    """Return what is wrong with a cron expression of five fields, or None."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return f'a cron expression has five fields (minute hour day month weekday), "{text}" has {len(fields)}'
    for value, (name, low, high, names) in zip(fields, _FIELDS, strict=True):
        for part in value.lower().split(","):
            if not _part(part, low, high, names):
                return f'the {name} "{value}" is not within {low}-{high}'
    return None


def _part(part: str, low: int, high: int, names: list[str]) -> bool:
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step)):
        return False
    if span == "*":
        return True
    ends = [_number(end, low, names) for end in span.split("-")]
    return (
        len(ends) <= 2
        and all(end is not None and low <= end <= high for end in ends)
        and (len(ends) == 1 or (ends[0] or 0) <= (ends[1] or 0))
    )


def _number(text: str, low: int, names: list[str]) -> int | None:
    if text in names:
        return names.index(text) + low
    return int(text) if text.isdecimal() else None


def seconds(text: str) -> float | None:
    """Read a duration such as "90s", "15m", "2h" or "1d" as seconds; None where it is none, or zero."""
    match = _EVERY.fullmatch(text.strip())
    return (float(match[1]) * _UNITS[match[2]] or None) if match else None
