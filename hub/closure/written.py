"""Writing TOML that people read: the hub only needs tables, lists of tables, texts, numbers, days and flags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

BARE = re.compile(r"[A-Za-z0-9_-]+")
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\b": "\\b", "\f": "\\f"}


def toml(data: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> str:
    """The text of a TOML file; `notes` are comments above keys, by dotted path."""
    return "\n".join(_table(data, (), notes or {})) + "\n"


def _table(data: Mapping[str, Any], path: tuple[str, ...], notes: Mapping[str, str]) -> Iterator[str]:
    inner = {k: v for k, v in data.items() if isinstance(v, Mapping)}
    lists = {k: v for k, v in data.items() if _tables(v)}
    for key, value in data.items():
        if key not in inner and key not in lists and value is not None:
            yield from _comment(notes, (*path, key))
            yield f"{_key(key)} = {_value(value)}"
    for key, value in inner.items():
        plain = any(not isinstance(v, Mapping) and not _tables(v) for v in value.values())
        if plain or not value:
            yield ""
            yield from _comment(notes, (*path, key))
            yield f"[{'.'.join(map(_key, (*path, key)))}]"
        yield from _table(value, (*path, key), notes)
    for key, rows in lists.items():
        yield ""
        yield from _comment(notes, (*path, key))
        for row in rows:
            yield f"[[{'.'.join(map(_key, (*path, key)))}]]"
            yield from (f"{_key(k)} = {_value(v)}" for k, v in row.items() if v is not None)
            yield ""


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)


def _comment(notes: Mapping[str, str], path: tuple[str, ...]) -> Iterator[str]:
    for line in notes.get(".".join(path), "").splitlines():
        yield f"# {line}"


def _key(key: str) -> str:
    return key if BARE.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return _text(str(value))


def _text(text: str) -> str:
    def escaped(c: str) -> str:
        return ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c)

    return '"' + "".join(map(escaped, text)) + '"'
