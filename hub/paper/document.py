"""What a document is made of: a title and blocks in their order; how it looks is the writer's business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from hub.model import Money

Kind = Literal["text", "number", "money", "day", "moment", "code"]
RIGHT: frozenset[str] = frozenset({"number", "money"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table; `key` is its name in CSV, `title` what people read."""

    key: str
    title: str
    kind: Kind = "text"
    width: float = 1.0  # its share of the page beside the others'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns, and rows of sums below them. A cell is None, text, a number, Money, a day or a moment."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    sums: Sequence[Sequence[Any]] = ()
    name: str = ""  # of the sheet, and the heading above it
    empty: str = "none"  # what stands there without rows


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; level 1 is the largest under the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text; a newline begins a new line."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Names with their values, a line each."""

    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Places to sign: for each a name or a role, and what was signed electronically where it was."""

    places: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Heading | Paragraph | Facts | Table | Signatures | PageBreak


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document; `head` and `foot` stand on every page, the foot beside the page number."""

    title: str
    blocks: tuple[Block, ...] = ()
    subtitle: str = ""
    head: str = ""
    foot: str = ""
    author: str = "hub"
    landscape: bool = False


def shown(value: Any) -> str:
    """Write a cell for people: money with its code, a day as ISO 8601, a number with a decimal point."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC" if value.tzinfo else "%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def plain(value: Any) -> tuple[str, str | None]:
    """Write a cell for a program, and apart from it the currency of money."""
    if isinstance(value, Money):
        amount, _, code = str(value).partition(" ")
        return amount, code
    return ("", None) if value is None else (shown(value), None)
