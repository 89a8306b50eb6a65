"""Records a column at a time: values repeat, and what is looked at once for each distinct one is most of what speed there is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hub.model import Values

ORDER = ("main", "billing", "work", "delivery", "home")

PLAIN = {str, type(None)}

Texts = list[str | None]
"""A text or None for each record."""


class Batch:
    """Some records, read by path."""

    def __init__(self, records: Sequence[Values]) -> None:
        self.records = records
        self.known = frozenset().union(*records)
        self.paths = sorted(self.known)

    def __len__(self) -> int:
        return len(self.records)

    def values(self, path: str) -> list[Any]:
        """What each record holds under a path."""
        if path not in self.known:
            return [None] * len(self.records)
        return [one.get(path) for one in self.records]

    def texts(self, path: str) -> Texts:
        """What each record holds under a path, as text; nothing where it is empty."""
        found = self.values(path)
        if set(map(type, found)) <= PLAIN:
            return [it or None for it in found]
        return [str(it) if it else None for it in found]

    def under(self, stem: str) -> list[str]:
        """The paths `stem.*`, the main one first."""
        start = f"{stem}."
        return sorted((path for path in self.paths if path.startswith(start)), key=rank)

    def lists(self, stem: str, form: Callable[[Texts], list[Any]]) -> list[list[Any] | None]:
        """What each record holds under `stem.*` in a form, the main one first, what is said twice once; None for nothing."""
        columns = [form(self.texts(path)) for path in self.under(stem)]
        if not columns:
            return [None] * len(self)
        if len(columns) == 1:
            return [[it] if it else None for it in columns[0]]
        return [list(dict.fromkeys(filter(None, row))) or None for row in zip(*columns, strict=True)]


def rank(path: str) -> tuple[int, str]:
    """Where a path stands among those of its stem: the main one first."""
    kind = path.split(".")[1]
    return (ORDER.index(kind) if kind in ORDER else len(ORDER), path)


def first(lists: Sequence[list[Any] | None]) -> list[Any]:
    """The first of each list."""
    return [some[0] if some else None for some in lists]
