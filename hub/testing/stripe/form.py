"""Stripe's form encoding, read: `a[b][c]=1`, `a[]=x`, `a[0][b]=y` become nested mappings and lists."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

STEP = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    """Nest the pairs of a query or form body; every leaf stays text, as Stripe gets it."""
    out: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        first, _, rest = name.partition("[")
        steps = [first, *STEP.findall("[" + rest)] if rest else [first]
        _put(out, steps, value)
    return {name: _lists(value) for name, value in out.items()}


def _put(at: dict[str, Any], steps: list[str], value: str) -> None:
    for step in steps[:-1]:
        inner = at.setdefault(step or str(len(at)), {})
        at = inner if isinstance(inner, dict) else at.setdefault(f"{step} ", {})
    at[steps[-1] or str(len(at))] = value


def _lists(value: Any) -> Any:
    """Turn mappings whose keys are 0, 1, 2 ... into lists, from the inside out."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(item) for name, item in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def integer(value: Any) -> int | None:
    """Return the whole number a text holds, None where it holds none."""
    text = str(value)
    return int(text) if re.fullmatch(r"-?\d{1,18}", text) else None
