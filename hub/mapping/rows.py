"""A row of a mapping file as data: what one field of ours is over there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from msgspec import UNSET

from hub.mapping.converters import Converter
from hub.mapping.path import Path
from hub.model import Field

On = Literal["both", "create", "pull", "push"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is: steps from the record, or from the item of a list; `^` in a file means the whole record."""

    path: Path
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One checked row; both directions are compiled from it."""

    field: str
    spec: Field
    theirs: Place | None  # None: a constant
    converter: Converter
    named: str  # the converter's name
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    options_from: Mapping[str, Place] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Any] | None = None  # theirs, as text, to ours
    back: Mapping[Any, str] = dataclasses.field(
        default_factory=dict
    )  # ours to theirs, wherever it is unambiguous or declared
    other: Any = UNSET  # what any other value there means
    on: On = "both"
    bad: Literal["quarantine", "skip"] = "quarantine"
    default: Any = UNSET
    constant: Any = UNSET
    required: bool = False
    issued: bool = False  # the system gives this number itself, as any other of its kind does
    link: str | None = None
    empty: tuple[Any, ...] = ()  # values over there that mean nothing, such as false
    each: tuple[Row, ...] | None = None
    line: int = 0

    @property
    def reads(self) -> bool:
        """Whether the field is taken from there."""
        return self.on != "push"

    def writes(self, *, create: bool) -> bool:
        """Whether the field is written there, when the record is created or when it is changed."""
        return self.theirs is not None and (self.on in ("both", "push") or (create and self.on == "create"))
