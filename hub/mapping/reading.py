"""Compiles the rows of a mapping into functions that read: theirs to ours, with a reason for what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from hub.mapping.converters.base import options_for
from hub.mapping.converters.text import text
from hub.mapping.path import Path, joined, walk
from hub.mapping.result import Doubt, Problem, shown
from hub.mapping.rows import Place, Row
from hub.mapping.shape import Unknown, checker


@dataclass(slots=True)
class Reader:
    """How one row is read: `convert` for a value, `blank` for null and "", `absent` for what is missing."""

    row: Row
    convert: Callable[..., Any]
    blank: Any = None
    absent: Any = UNSET
    at: int = -1  # which of the picked values; -1: in the list item, at `row.theirs`
    options: dict[str, int | Place] = field(default_factory=dict)  # option: which picked value, or where in the item
    items: list[Reader] | None = None

    @property
    def is_text(self) -> bool:
        """Whether this row takes text as it stands, the commonest case by far."""
        return self.convert is text and self.blank is None and self.absent is UNSET

    def failed(self, value: Any, error: Exception, problems: list[Problem], within: str = "") -> Any:
        """Report why a value was not taken as it stands, and return what is taken instead."""
        row, severe = self.row, False
        out = UNSET
        if isinstance(error, Doubt):
            out = error.value
        elif not isinstance(error, Unknown):
            severe = row.bad == "quarantine"
        reason = str(error) if isinstance(error, ValueError) else f"broke the converter ({type(error).__name__})"
        there = joined(row.theirs.path) if row.theirs else ""
        problem = Problem(f"{within}{row.field}", there, shown(value), reason, "error" if severe else "warning")
        problems.append(problem)
        return out

    def take(self, value: Any, got: Sequence[Any], item: Any, problems: list[Problem], within: str = "") -> Any:
        """Read one value with all that may belong to it: options found in the record, items of a list."""
        if value is None or value == "":
            return self.blank
        if value is UNSET:
            return self.absent
        if self.items is not None:
            return self._list(value, got, problems)
        try:
            if not self.options:
                return self.convert(value)
            options = {k: got[p] if isinstance(p, int) else walk(item, p.path) for k, p in self.options.items()}
            return self.convert(
                value, **{k: v for k, v in options.items() if v is not UNSET and v is not None and v != ""}
            )
        except Exception as error:  # noqa: BLE001 - a plugin's converter may raise anything; the run must go on
            return self.failed(value, error, problems, within)

    def _list(self, value: Any, got: Sequence[Any], problems: list[Problem]) -> Any:
        if not isinstance(value, (list, tuple)):
            return self.failed(value, ValueError("is no list"), problems)
        out: list[dict[str, Any]] = []
        whole = True
        for n, item in enumerate(value):
            if not isinstance(item, Mapping):
                return self.failed(item, ValueError(f"holds an item ({n}) that is no object"), problems)
            made: dict[str, Any] = {}
            found: list[Problem] = []
            within = f"{self.row.field}.{n}."
            for reader in self.items or ():
                theirs = reader.row.theirs
                given = UNSET if theirs is None else walk(item, theirs.path) if reader.at < 0 else got[reader.at]
                taken = reader.take(given, got, item, found, within)
                if taken is not None and taken is not UNSET:
                    made[reader.row.field] = taken
                elif reader.row.required and not any(p.severity == "error" for p in found):
                    reader.failed(None, ValueError("is required and empty"), found, within)
            if any(p.severity == "error" for p in found):
                whole = False
                if self.row.bad == "skip":
                    found = [p._replace(severity="warning") for p in found]
            problems += found
            out.append(made)
        return out if whole else UNSET


def reader(row: Row, struct: type[msgspec.Struct], at: Mapping[Path, int] | None = None) -> Reader:
    """Compile one row; `at` says which of the picked values stands at a path of the record."""
    out = Reader(row, converting(row, struct))
    if row.default is not UNSET:
        out.blank = out.absent = row.default
    elif row.constant is not UNSET:
        out.absent = row.constant
    elif row.values is not None and "" in row.values:
        out.blank = row.values[""]
    if at is not None:
        if row.theirs is not None and row.theirs.whole:
            out.at = at[row.theirs.path]
        out.options = {k: at[p.path] if p.whole else p for k, p in row.options_from.items()}
        if row.each is not None and row.spec.parts is not None:
            out.items = [reader(sub, row.spec.parts, at) for sub in row.each]
    return out


def converting(row: Row, struct: type[msgspec.Struct]) -> Callable[..., Any]:
    """The function that turns one value of theirs into ours: converter, enum, reference and check in one."""
    read: Callable[..., Any] = row.converter.read
    if fixed := options_for(read, row.options):
        read = partial(read, **fixed)
    if row.values is not None:
        read = _enum(row, read)
    elif row.link is not None:
        read = read if row.converter.gives is str else _key(read)
    elif check := checker(row, struct):
        read = _checked(read, check)
    if row.empty:
        read = _or_empty(read, row.empty)
    return read


def _enum(row: Row, read: Callable[..., Any]) -> Callable[..., Any]:
    values, other = dict(row.values or {}), row.other

    def find(value: Any) -> Any:
        if type(value) is not str or value not in values or row.named:
            key = read(value)
            value = key if isinstance(key, str) else text(key)
        found = values.get(value, other)
        if found is UNSET:
            raise Unknown("is a value that the mapping does not list under values")
        return found

    return find


def _key(read: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value: text(read(value))


def _checked(read: Callable[..., Any], check: Callable[[Any], Any]) -> Callable[..., Any]:
    def both(value: Any, **options: Any) -> Any:
        try:
            found = read(value, **options)
        except Doubt as doubt:
            check(doubt.value)
            raise
        return found if found is None else check(found)

    return both


def _or_empty(read: Callable[..., Any], empty: tuple[Any, ...]) -> Callable[..., Any]:
    def unless(value: Any, **options: Any) -> Any:
        if any(value == e and type(value) is type(e) for e in empty):
            return None
        return read(value, **options)

    return unless
