"""Attachments stand in raw records as base64; in an archive each is a unit of its own, and put back when restored."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

MARK = "@attachment:"
LEAST = 32  # bytes below which a content stays where it is


class Content(NamedTuple):
    """The content of one attachment, and what its record says of it."""

    sha256: str
    name: str | None
    media_type: str | None
    data: bytes


def cut(payload: bytes) -> tuple[bytes, list[Content]]:
    """Take the attachments out of a raw record; one that could not be put back byte for byte is left as it is."""
    if b'"attachments"' not in payload:
        return payload, []
    try:
        listed = msgspec.json.decode(payload).get("attachments")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError):
        return payload, []
    contents: list[Content] = []
    short = payload
    for one in listed if isinstance(listed, list) else ():
        found = _content(one)
        if found is None:
            continue
        text, content = found
        if short.count(text) != 1:  # given twice: the second stays where it is
            continue
        contents.append(content)
        short = short.replace(text, _mark(content.sha256))
    return (short, contents) if put_back(short, [c.data for c in contents]) == payload else (payload, [])


def put_back(short: bytes, contents: Sequence[bytes]) -> bytes:
    """The raw record as it came, from what `cut` gave."""
    for data in contents:
        short = short.replace(_mark(hashlib.sha256(data).hexdigest()), b'"' + base64.b64encode(data) + b'"')
    return short


def _mark(sha256: str) -> bytes:
    return f'"{MARK}{sha256}"'.encode()


def _content(one: Any) -> tuple[bytes, Content] | None:
    text = one.get("content") if isinstance(one, dict) else None
    if not isinstance(text, str) or not text.isascii():
        return None
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(data) < LEAST:
        return None
    name, kind = (one.get(key) if isinstance(one.get(key), str) else None for key in ("name", "media_type"))
    return b'"' + text.encode() + b'"', Content(hashlib.sha256(data).hexdigest(), name, kind, data)
