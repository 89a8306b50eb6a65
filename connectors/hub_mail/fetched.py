"""What IMAP's FETCH answers, out of the texts and literals imaplib makes of it."""

from __future__ import annotations

import imaplib
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the server said of one mail; `raw` is None where it was not asked for."""

    uid: int
    flags: frozenset[str]
    size: int
    arrived: datetime | None
    raw: bytes | None = None


def fetched(found: Sequence[Any]) -> Iterator[Fetched]:
    """Read what imaplib makes of FETCH answers: texts, and pairs of a text and a literal, in one flat list."""
    said, raw = b"", None
    for part in [*found, b"0 ("]:  # the last one closes the one before
        text, literal = part if isinstance(part, tuple) else (part or b"", None)
        if re.match(rb"\d+ \(", text):
            one = _one(said, raw)
            if one:
                yield one
            said, raw = b"", None
        said += b" " + text
        raw = literal if literal is not None else raw


def _one(said: bytes, raw: bytes | None) -> Fetched | None:
    uid = re.search(rb"\bUID (\d+)", said)
    if not uid:  # the server's own news of another mail's flags
        return None
    flags = re.search(rb"FLAGS \(([^)]*)\)", said)
    size = re.search(rb"RFC822\.SIZE (\d+)", said)
    arrived = re.search(rb'INTERNALDATE "([^"]+)"', said)
    short = re.search(rb'BODY\[[A-Z]*\] (?:"((?:[^"\\]|\\.)*)"|NIL)', said)  # too small for a literal, or empty
    if raw is None and short:
        raw = re.sub(rb"\\(.)", rb"\1", short.group(1) or b"")
    return Fetched(
        uid=int(uid.group(1)),
        flags=frozenset(flags.group(1).decode("ascii", "replace").lower().split()) if flags else frozenset(),
        size=int(size.group(1)) if size else 0,
        arrived=_arrived(arrived.group(1).decode("ascii", "replace")) if arrived else None,
        raw=raw,
    )


def _arrived(text: str) -> datetime | None:
    when = imaplib.Internaldate2tuple(f'INTERNALDATE "{text}"'.encode())  # in local time, whatever it says
    try:
        return datetime.fromtimestamp(time.mktime(when), UTC) if when else None
    except (ValueError, OverflowError):
        return None
