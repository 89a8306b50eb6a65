"""Suggests the name that was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def like(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean "x"?)` for the known name closest to a wrong one, or nothing."""
    close = get_close_matches(name, list(known), 1, 0.6)
    return f' (did you mean "{close[0]}"?)' if close else ""
