"""Compiles the rows of a mapping into functions that write: ours to theirs, or the reason why that cannot be said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from msgspec import UNSET

from hub.mapping.converters.base import options_for
from hub.mapping.path import Path, joined, put, walk
from hub.mapping.rows import Place, Row
from hub.model import Money


@dataclass(slots=True)
class Writer:
    """How one row is written."""

    row: Row
    path: Path
    convert: Callable[[Any], Any]
    code: Place | None = None  # where the currency goes
    case: Callable[[str], str] = str.upper
    items: list[Writer] | None = None

    def write(self, value: Any, data: dict[str, Any], whole: dict[str, Any]) -> None:
        """Set a value, in a record or in an item of a list. Raises ValueError where it has no form over there."""
        if value is None:
            put(data, self.path, self.row.empty[0] if self.row.empty else None)
            return
        if self.items is not None:
            put(data, self.path, [self._item(n, item, whole) for n, item in enumerate(value)])
            return
        out = self.convert(value)
        if self.code is not None:
            at, code = (whole if self.code.whole else data), self.case(value[1])
            there = walk(at, self.code.path)
            if isinstance(there, str) and there.upper() != code.upper():
                raise ValueError(f"is in {value[1]}, and {joined(self.code.path)} is {there} already")
            put(at, self.code.path, code)
        put(data, self.path, out)

    def _item(self, n: int, item: Any, whole: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for writer in self.items or ():
            if writer.row.field in item:
                try:
                    writer.write(item[writer.row.field], out, whole)
                except (ValueError, TypeError, ArithmeticError) as error:
                    raise ValueError(f"item {n}: {writer.row.field} {error}") from None
        return out


def writer(row: Row) -> Writer:
    """Compile one row that is written."""
    assert row.theirs is not None  # noqa: S101 - constants are never written
    out = Writer(row, row.theirs.path, converting(row))
    if row.spec.type is Money and row.each is None:
        out.code = row.options_from.get("currency")
        out.case = str.lower if row.options.get("case") == "lower" else str.upper
    if row.each is not None:
        out.items = [writer(sub) for sub in row.each if sub.writes(create=True)]
    return out


def converting(row: Row) -> Callable[[Any], Any]:
    """The function that turns one value of ours into theirs."""
    write = row.converter.write
    if fixed := options_for(write, row.options):
        write = partial(write, **fixed)
    return write if row.values is None else _enum(row)


def _enum(row: Row) -> Callable[[Any], Any]:
    known = {ours: key(row, word) for ours, word in row.back.items()}

    def find(value: Any) -> Any:
        found = known.get(value, UNSET)
        if found is UNSET:
            raise ValueError(f"{value!r} has no counterpart under values")
        return found

    return find


def key(row: Row, word: str) -> Any:
    """A word of theirs in the type the record has it: TOML's keys are text, theirs may be a number or a boolean."""
    if word == "":
        return None
    if row.named == "bool" or (not row.named and row.values and {k for k in row.values if k} <= {"true", "false"}):
        return word == "true"
    return int(word) if row.named == "int" else word
