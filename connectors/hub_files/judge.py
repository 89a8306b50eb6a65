"""What a row is known by, and which writes to it can be carried out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.connect import Answer, Conflict, Missing, Record, Rejected, Write
from hub_files.source import Source


def key_of(source: Source, values: Mapping[str, Any]) -> str:
    """The key of a row, "" where a key column is empty."""
    if len(source.key) == 1 and isinstance(only := values.get(source.key[0]), str):
        return only
    parts = [values.get(name) for name in source.key]
    return "" if any(v is None or v == "" for v in parts) else "|".join(_plain(v) for v in parts)


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')


def digest(data: bytes) -> str:
    """The version of a row: the same for the same content."""
    return hashlib.sha256(data).hexdigest()[:24]


def moment(value: Any) -> datetime | None:
    """A moment from ISO 8601 text; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def judge(
    source: Source, write: Write, there: Mapping[str, Record], ours: Mapping[str, str], adds: Collection[str]
) -> Answer | str:
    """Say which key a write goes to, or what speaks against it."""
    given = {**write.data, source.id_column: write.our_id}
    if write.data.get(source.id_column, write.our_id) != write.our_id:
        return Rejected(f"{source.id_column} is the hub's own column", (source.id_column,))
    for name, value in write.data.items():
        if isinstance(value, str) and "\0" in value:
            return Rejected(f"{name} holds a zero byte, which no reader of {source.format} takes", (name,))
    named = key_of(source, given)
    if write.key is not None:
        present = there.get(write.key)
        if present is None or present.version is None:
            return Missing(f"{source.path}: no row has the key {write.key!r}")
        if write.expect is not None and present.version != write.expect:
            return Conflict(f"{source.path}: the row {write.key!r} was changed meanwhile")
        if any(name in write.data for name in source.key) and named not in ("", write.key):
            return Rejected(f"the key of a row cannot change from {write.key!r} to {named!r}", source.key)
        return write.key
    if write.our_id in ours:
        return ours[write.our_id]  # the create had arrived before
    if not named:
        return Rejected(f"a new row needs a value in {' and '.join(source.key)}", source.key)
    if named in there or named in adds:
        return Rejected(f"{source.path}: there is a row with the key {named!r} already", source.key)
    return named
