"""What the model says of a value beyond its type: the words of a Literal, the pattern of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import inspect

from hub.mapping.rows import Row
from hub.model import Field

Check = Callable[[Any], Any]


class Unknown(ValueError):  # noqa: N818 - it is no failure of the record: the value is left out and reported
    """A word over there for which the mapping or the model has no counterpart."""


def words(spec: Field) -> tuple[Any, ...]:
    """The words a field may hold, where its type is a Literal."""
    return get_args(spec.type) if get_origin(spec.type) is Literal else ()


@cache
def pattern(struct: type[msgspec.Struct], path: str) -> str | None:
    """The pattern the model declares for a text field, `addresses.main.country` included."""
    at: Any = inspect.type_info(struct)
    for step in (*path.split("."), None):
        if isinstance(at, inspect.UnionType):
            (at,) = (t for t in at.types if not isinstance(t, inspect.NoneType))
        if isinstance(at, inspect.Metadata):
            at = at.type
        if step is None:
            break
        if isinstance(at, inspect.DictType):
            at = at.value_type
        elif isinstance(at, inspect.StructType):
            at = next(f.type for f in at.fields if f.name == step)
    while isinstance(at, inspect.Metadata):
        at = at.type
    return at.pattern if isinstance(at, inspect.StrType) else None


def checker(row: Row, struct: type[msgspec.Struct]) -> Check | None:
    """A function that raises ValueError for values the model refuses; None where the converter rules them out."""
    spec = row.spec
    if allowed := words(spec):
        return _among(frozenset(allowed))
    rule = pattern(struct, row.field) if spec.type is str else None
    if rule and row.converter.shape is None:
        return _matching(rule)
    return None if row.converter.gives is not None else _convertible(spec.type)


def legal(spec: Field, struct: type[msgspec.Struct], value: Any) -> bool:
    """Whether a value written in a mapping file (constant, default, enum) fits the field."""
    if allowed := words(spec):
        return value in allowed
    rule = pattern(struct, spec.path) if spec.type is str else None
    try:
        (_matching(rule) if rule else _convertible(spec.type))(value)
    except ValueError:
        return False
    return True


def _among(allowed: frozenset[Any]) -> Check:
    def check(value: Any) -> Any:
        if value not in allowed:
            raise Unknown(f"is not one of {', '.join(sorted(map(str, allowed)))}; list it under values")
        return value

    return check


def _matching(rule: str) -> Check:
    match = re.compile(rule).search

    def check(value: Any) -> Any:
        if not isinstance(value, str) or not match(value):
            raise ValueError(f"does not match {rule}, which the model asks for")
        return value

    return check


def _convertible(kind: Any) -> Check:
    strict = kind in (str, bool)
    plain = (str, bool, int, list)

    def check(value: Any) -> Any:
        if not isinstance(value, plain):
            raise ValueError(f"became a {type(value).__name__}, which is no canonical value")  # noqa: TRY004 - it is the data that is wrong
        try:
            msgspec.convert(value, kind, strict=strict)
        except msgspec.ValidationError as error:
            raise ValueError(f"does not fit the model ({error})") from None
        return value

    return check
