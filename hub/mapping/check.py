"""Says of a mapping what is legal and still worth a look: what does not survive the way there and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from hub.mapping.mapping import Mapping
from hub.mapping.path import joined
from hub.mapping.rows import Row
from hub.mapping.shape import words

LOSSY = {
    "lower": "writes lower case over whatever case stands there",
    "upper": "writes upper case over whatever case stands there",
    "domain": "writes a bare domain over a whole address",
    "unix": "cuts moments to whole seconds when writing",
    "unix_ms": "cuts moments to milliseconds when writing",
}
"""Converters that do not give back what they were given, and what that does to the other side."""


def check(mapping: Mapping) -> list[str]:
    """Return warnings, each with file, line and field; none of them keeps the mapping from working."""
    return [f"{mapping.where}:{row.line}: {name}: {why}" for name, row, why in _warnings(mapping.rows, "")]


def _warnings(rows: Sequence[Row], above: str) -> Iterator[tuple[str, Row, str]]:
    for row in rows:
        name = f"{above}{row.field}"
        written = row.writes(create=True)
        if written and row.reads and row.named in LOSSY and row.values is None:
            yield name, row, f"{row.named} {LOSSY[row.named]}"
        if row.values is not None:
            yield from ((name, row, why) for why in _words(row, written=written))
        if written and row.reads and row.default is not UNSET:
            yield (
                name,
                row,
                f"an empty {_there(row)} is read as {row.default!r}, and may be filled with it when written",
            )
        if row.each is not None:
            yield from _warnings(row.each, f"{name}.")
            if written and (left := [s.field for s in row.each if s.theirs is None or not s.writes(create=True)]):
                yield name, row, f"lists are written whole, without {', '.join(left)}: what stands there is lost"


def _words(row: Row, *, written: bool) -> Iterator[str]:
    values = row.values or {}
    merged = [t for t, o in values.items() if o in row.back and row.back[o] != t]
    if written and merged:
        yield f"{', '.join(map(repr, merged))} over there become other words when they are written back"
    missing = [w for w in words(row.spec) if w not in values.values()]
    if written and missing:
        yield f"has no word over there for {', '.join(missing)}: these are never written"
    if row.other is not UNSET and written and row.other not in row.back:
        yield f"whatever is not listed is read as {row.other!r}, which is never written"


def _there(row: Row) -> str:
    return joined(row.theirs.path) if row.theirs else "constant"
