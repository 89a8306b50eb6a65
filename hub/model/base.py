"""What all canonical models share: how a field is declared, and the flat form in which records travel.

A field is written once, in its model. Mappings, survivorship, lineage and the CLI name it by its path:
`name`, `phones.main`, `addresses.billing.city`. In flight and at rest a record is flat, `{path: value}`, because
the merge decides path by path; the Struct is the nested, typed form for those who write code against it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

Values = dict[str, Any]
"""A record in flat form: field path to JSON-safe value (text, integer, boolean, None, list, Money as [minor, code])."""

KIND = re.compile(r"[a-z][a-z0-9_]*")


class Model(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of all canonical models; every field may be absent, since one source knows only a part."""


class Part(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The base of what models are made of: addresses, lines, attachments."""


class Field(msgspec.Struct, frozen=True):
    """What the model says of one field path; `*` in the path stands for any kind (`phones.*`)."""

    path: str
    type: Any
    text: str = ""
    required: bool = False
    identifier: bool = False
    ref: str | None = None
    parts: type[Part] | None = None

    @property
    def money(self) -> bool:
        """Whether the value is Money."""
        return getattr(self.type, "__name__", "") == "Money"


def required(text: str) -> Meta:
    """A field without which the record makes no sense; one that is mapped and empty quarantines its record."""
    return Meta(description=text, extra={"required": True})


def identifies(text: str) -> Meta:
    """A field whose equal value in two systems means the same thing is meant."""
    return Meta(description=text, extra={"identifier": True})


def refers(model: str, text: str, *, need: bool = False) -> Meta:
    """A field that holds the id of another golden record."""
    return Meta(description=text, extra={"ref": model, "required": need})


def _bare(hint: Any) -> tuple[Any, dict[str, Any], str]:
    """Strip `Annotated` and `| None`: the type itself, the extras, the description."""
    extra: dict[str, Any] = {}
    text = ""
    while True:
        if get_origin(hint) is Annotated:
            hint, *notes = get_args(hint)
            for note in notes:
                if isinstance(note, Meta):
                    extra |= note.extra or {}
                    text = note.description or text
        elif get_origin(hint) in (Union, UnionType):
            (hint,) = (a for a in get_args(hint) if a is not type(None))
        else:
            return hint, extra, text


def _walk(struct: type[msgspec.Struct], prefix: str) -> Iterator[Field]:
    for name, hint in get_type_hints(struct, include_extras=True).items():
        kind, extra, text = _bare(hint)
        path, parts = f"{prefix}{name}", None
        if get_origin(kind) is dict:
            path = f"{path}.*"
            kind, _, _ = _bare(get_args(kind)[1])
            if isinstance(kind, type) and issubclass(kind, Part):
                yield from _walk(kind, f"{path}.")
                continue
        elif get_origin(kind) is list:
            item, _, _ = _bare(get_args(kind)[0])
            parts = item if isinstance(item, type) and issubclass(item, Part) else None
        yield Field(
            path=path,
            type=kind,
            text=text,
            required=bool(extra.get("required")),
            identifier=bool(extra.get("identifier")),
            ref=extra.get("ref"),
            parts=parts,
        )


@cache
def fields(struct: type[msgspec.Struct]) -> dict[str, Field]:
    """All field paths of a model or part, in order of declaration, with `*` for kinds."""
    return {f.path: f for f in _walk(struct, "")}


@cache
def field(struct: type[msgspec.Struct], path: str) -> Field | None:
    """What the model says of a concrete path (`phones.main`), or None where it has no such field."""
    known = fields(struct)
    if path in known:
        return known[path] if "*" not in path else None
    steps = path.split(".")
    if len(steps) > 1 and KIND.fullmatch(steps[1]):
        return known.get(".".join((steps[0], "*", *steps[2:])))
    return None


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Flat to nested: `{"phones.main": x}` to `{"phones": {"main": x}}`; empty values are left out."""
    out: dict[str, Any] = {}
    for path, value in values.items():
        if value is None:
            continue
        if "." not in path:
            out[path] = value
            continue
        *steps, last = path.split(".")
        at = out
        for step in steps:
            at = at.setdefault(step, {})
        at[last] = value
    return out


def flat(model: Model) -> Values:
    """Nested to flat: the JSON-safe values of a model by field path."""
    out: Values = {}
    spread = {f.path.split(".")[0] for f in fields(type(model)).values() if "*" in f.path}

    def put(path: str, value: Any, deep: int) -> None:
        if isinstance(value, dict) and deep:
            for name, inner in value.items():
                put(f"{path}.{name}", inner, deep - 1)
        else:
            out[path] = value

    for name, value in msgspec.to_builtins(model).items():
        put(name, value, 2 if name in spread else 0)
    return out


def typed(struct: type[Model], values: Mapping[str, Any]) -> Model:
    """Build the model from flat values. Raises msgspec.ValidationError, which names the path and the fault."""
    return msgspec.convert(nest(values), struct, strict=False)
