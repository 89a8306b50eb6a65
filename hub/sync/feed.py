"""A feed is one stream of one connection in use: its connector, its settings, its mapping and its row in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from hub.config import StreamConfig
from hub.connect import Connector, Stream
from hub.mapping import Mapping as FieldMapping
from hub.mapping import Problem
from hub.model import MODELS, Field, Values, fields
from hub.model import field as field_of

HUB = "hub"  # the connection whose records follow from golden ones

Check = Callable[[str, Values], Sequence[Problem]]


@dataclass(slots=True, eq=False)
class Feed:
    """One stream of one connection, ready to be pulled and pushed."""

    id: int
    connection: str
    stream: Stream
    config: StreamConfig
    mapping: FieldMapping
    connector: Connector
    line: str | None = None
    checks: tuple[Check, ...] = ()
    settled: bool = False  # whether writes left over from before were settled in this run
    lookup: dict[str, int] = field(default_factory=dict)  # stream names of this connection to ids
    line_path: str | None = None  # where records carry the business line: the mapping's, else its connection's

    def __post_init__(self) -> None:
        if self.line is not None:
            paths = ("line", f"lines.{self.line}")
            self.line_path = next((p for p in paths if field_of(MODELS[self.model], p) is not None), None)

    @property
    def name(self) -> str:
        """connection/stream, for people."""
        return f"{self.connection}/{self.stream.name}"

    @property
    def model(self) -> str:
        """The canonical model's name."""
        return self.mapping.model

    @property
    def pulls(self) -> bool:
        """Whether records are read from it."""
        return self.stream.pull and self.config.pull

    @property
    def pushes(self) -> bool:
        """Whether it is told what changed elsewhere."""
        return self.stream.push and self.config.push


def identifier_fields(model: str) -> list[Field]:
    """The fields that identify a record of the model."""
    return [f for f in fields(MODELS[model]).values() if f.identifier]


def identities(model: str, values: Values) -> list[str]:
    """The exact identifiers in a record's values, strongest first, as `model:scheme:value`.

    The kind of an e-mail address does not matter (main here is billing there); the scheme of an identifier does.
    """
    shown = _identifying(model, tuple(values))
    return [prefix + str(value).strip().casefold() for path, prefix in shown if (value := values[path])]


@lru_cache(maxsize=4096)
def _identifying(model: str, paths: tuple[str, ...]) -> list[tuple[str, str]]:
    """Which of these paths identify, strongest first, each with what its identifiers begin with."""
    found: list[tuple[str, str]] = []
    for declared in identifier_fields(model):
        stem, _, kind = declared.path.partition(".")
        for path in paths:
            if path == declared.path or (kind and path.startswith(f"{stem}.")):
                scheme = path if stem == "identifiers" or not kind else stem
                found.append((path, f"{model}:{scheme}:"))
    return found


def referred(model: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The golden ids a record's values refer to, as (field, id)."""
    for path, member in reference_fields(model):
        value = values.get(path)
        if not value:
            continue
        if member is None:
            yield path, value
        else:
            for part in value:
                if part.get(member):
                    yield f"{path}.{member}", part[member]


def refers(model: str) -> bool:
    """Whether records of the model refer to others."""
    return bool(reference_fields(model))


@cache
def reference_fields(model: str) -> list[tuple[str, str | None]]:
    """The fields of a model that refer to others; of a list of parts the member that does, else None."""
    found: list[tuple[str, str | None]] = []
    for f in fields(MODELS[model]).values():
        if f.ref:
            found.append((f.path, None))
        elif f.parts:
            found += [(f.path, inner.path) for inner in fields(f.parts).values() if inner.ref]
    return found
