"""The canonical form of a golden record and its hash: two records that say the same have the same one.

By the model's own types 10.10 equals 10.1 and one moment in two time zones is one moment; texts are compared in
Unicode's NFC, so that e with an accent is one letter however it was typed. What only looks like a number, an
identifier with leading zeros, stays the text it is. Where two forms meet as equal, `compare` lists them as normalised.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import msgspec

from hub.model import MODELS, field, fields

_ordered = msgspec.json.Encoder(order="deterministic").encode
WIDTH = 64  # bytes of a tally


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two states of one record compare: paths that only differ in form, and paths that differ."""

    normalised: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both say the same."""
        return not self.changed


class Tally:
    """The hash of a set of records, in whatever order they come: a sum, so that one missing, extra or swapped shows.

    It guards against faults, not against forgers; those meet the signature.
    """

    def __init__(self) -> None:
        self.count = 0
        self._sum = 0

    def add(self, name: str, digest: str) -> None:
        """Take in one record by its name and its digest."""
        self.count += 1
        self._sum += int.from_bytes(hashlib.sha512(f"{name}\n{digest}".encode()).digest(), "big")

    def join(self, count: int, text: str) -> None:
        """Take in what another tally holds."""
        self.count += count
        self._sum += int(text, 16)

    @property
    def text(self) -> str:
        """The hash of all that was added."""
        return f"{self._sum % (1 << 8 * WIDTH):0{2 * WIDTH}x}"


def canonical(model: str, values: Mapping[str, Any]) -> bytes:
    """The canonical bytes of a record in flat form; fields without a value say nothing and are left out."""
    return _ordered({path: form for path, value in values.items() if (form := _form(model, path, value)) is not None})


def digest(model: str, values: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical bytes, in hexadecimal."""
    return hashlib.sha256(model.encode() + b"\n" + canonical(model, values)).hexdigest()


def compare(model: str, here: Mapping[str, Any], there: Mapping[str, Any]) -> Comparison:
    """Compare two states of a record field by field."""
    normalised, changed = [], []
    for path in sorted(here.keys() | there.keys()):
        a, b = here.get(path), there.get(path)
        if a == b and type(a) is type(b):
            continue
        if _ordered(_form(model, path, a)) == _ordered(_form(model, path, b)):
            if a is not None and b is not None:  # an empty field and a missing one are no two forms
                normalised.append(path)
        else:
            changed.append(path)
    return Comparison(tuple(normalised), tuple(changed))


def _form(model: str, path: str, value: Any) -> Any:
    if value is None or value == {} or value == []:
        return None
    kind, parts = _kind(model, path)
    if parts is not None and isinstance(value, list):
        return [_part(parts, member) for member in value]
    return _plain(kind, value)


def _part(parts: Mapping[str, Any], member: Any) -> Any:
    if not isinstance(member, Mapping):
        return _plain(None, member)
    formed = {str(name): _plain(parts.get(str(name)), inner) for name, inner in member.items()}
    return {name: inner for name, inner in formed.items() if inner is not None}


def _plain(kind: Any, value: Any) -> Any:
    if isinstance(value, str):
        if kind is Decimal:
            return _number(value)
        if kind is datetime:
            return _moment(value)
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if type(value) is int and kind is not Decimal:  # most of what is no text: minor units and flags
        return value
    if kind is Decimal and isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(str(value))
    if isinstance(value, Mapping):
        return {unicodedata.normalize("NFC", str(name)): _plain(None, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(None, inner) for inner in value]
    return value


def _number(text: str) -> str:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return unicodedata.normalize("NFC", text)
    if not number.is_finite():
        return text
    sign, digits, exponent = number.as_tuple()
    kept = "".join(map(str, digits)).lstrip("0")
    short = kept.rstrip("0")
    if not short:
        return "0"
    return f"{'-' if sign else ''}{short}e{int(exponent) + len(kept) - len(short)}"


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return unicodedata.normalize("NFC", text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)  # the hub's moments are UTC
    try:
        return moment.astimezone(UTC).isoformat()
    except OverflowError:
        return text


@lru_cache(maxsize=8192)
def _kind(model: str, path: str) -> tuple[Any, dict[str, Any] | None]:
    """What the model says of a path: its type, and of a list of parts their members' types."""
    known = field(MODELS[model], path) if model in MODELS else None
    if known is None:
        return None, None
    parts = {f.path: f.type for f in fields(known.parts).values()} if known.parts else None
    return known.type, parts
