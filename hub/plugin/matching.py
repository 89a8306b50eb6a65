"""What a plugin may say about duplicates beside texts that mean identity: one more respect in which records are compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.model import Values


@dataclass(frozen=True, slots=True)
class Compare:
    """One more respect in which the records of a model are compared.

    `value(values)` gives a text, or None where a record says nothing. `same` is how often two records of one thing have
    the same text, and how often two of different things do: (0.9, 0.001). With `edits`, texts so many letters apart
    come next. With `blocks`, records with the same text are compared even where they have nothing else in common.
    Where there is enough data, both chances are learnt from it.
    """

    value: Callable[[Values], str | None]
    same: tuple[float, float] = (0.9, 0.001)
    edits: int = 0
    blocks: bool = False
