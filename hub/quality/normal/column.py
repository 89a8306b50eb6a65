"""A column at a time: values repeat, and looking at each distinct one once is most of what speed there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def each(form: Callable[[str], T], column: Iterable[str | None]) -> list[T | None]:
    """Apply a form to every text of a column, in order; an empty or missing text gives None."""
    texts = list(column)
    known: dict[str | None, T | None] = {text: form(text) for text in set(texts) if text}
    return [known.get(text) for text in texts]
