"""Paths into a record over there, and the decoder that picks all of them out of JSON in one go.

A path is steps joined by dots, `properties.name`. A step of digits is a position where a list stands there
(`emails.0.value`); a step that holds a dot itself is quoted: `"party.name"` in double or single quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any

import msgspec
from msgspec import UNSET

Path = tuple[str, ...]
STEP = re.compile(r"""\s*(?:"([^"]+)"|'([^']+)'|([^.'"\s][^.'"]*))\s*(?:\.|$)""")


def split(text: str) -> Path:
    """Split a path into its steps. Raises ValueError for one that is empty or badly quoted."""
    steps, at = [], 0
    while at < len(text):
        found = STEP.match(text, at)
        if not found:
            raise ValueError(f"{text!r} is no path: steps are joined by dots, one with a dot in it is quoted")
        steps.append((found[1] or found[2] or found[3]).rstrip())
        at = found.end()
    if not steps or text.endswith("."):
        raise ValueError(f"{text!r} is no path: steps are joined by dots")
    return tuple(steps)


def joined(path: Path) -> str:
    """Write a path the way a mapping file does."""
    return ".".join(f'"{s}"' if "." in s else s for s in path)


def indexed(path: Path) -> bool:
    """Whether a step may be a position in a list."""
    return any(s.isdigit() for s in path)


def walk(data: Any, path: Path) -> Any:
    """Follow a path through decoded JSON: UNSET where a key is missing, None where null stands on the way."""
    for step in path:
        if isinstance(data, Mapping):
            if step not in data:
                return UNSET
            data = data[step]
        elif isinstance(data, (list, tuple)) and step.isdigit():
            if int(step) >= len(data):
                return UNSET
            data = data[int(step)]
        else:
            return None if data is None else UNSET
    return data


def put(data: dict[str, Any], path: Path, value: Any) -> None:
    """Set the value at a path, making the objects on the way."""
    for step in path[:-1]:
        data = data.setdefault(step, {})
    data[path[-1]] = value


def clean(value: Any) -> Any:
    """Take NUL characters out of all text: no database stores them, and no one means them."""
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, Mapping):
        return {k: clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(v) for v in value]
    return value


DECODE: Callable[[bytes], Any] = msgspec.json.Decoder(float_hook=Decimal).decode


class Picker:
    """Gets the values at some paths out of a record, group by group, UNSET for what is missing.

    JSON is decoded into nested Structs that hold only these paths; anything but an object on the way (null, text, a
    list) makes that fail, and the record is decoded whole and walked instead. Inside a group values come in the order
    of `groups`, which is the order given but for paths through different objects.
    """

    def __init__(self, groups: Sequence[Sequence[Path]]) -> None:
        heads = {_head(p) for group in groups for p in group}
        # A path that runs through another one's end must be walked inside that one's value.
        leaves = {h for h in heads if not any(h[:n] in heads for n in range(1, len(h)))}
        ends = {p: _end(p, leaves) for group in groups for p in group}
        # One object after the other, so that each is fetched once.
        self.groups = [sorted(group, key=lambda p: ends[p][:-1]) for group in groups]
        flat = [p for group in self.groups for p in group]
        self._rests = [(i, p[len(ends[p]) :]) for i, p in enumerate(flat) if p != ends[p]]
        self._struct, names = _struct(leaves)
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self._struct, float_hook=Decimal).decode
        runs = [list(run) for _, run in groupby((names[ends[p]] for p in flat), key=_above)]
        self._gets = tuple((attrgetter(_above(r[0])) if _above(r[0]) else None, _tupled(r)) for r in runs)
        self._only: Callable[[Any], tuple[Any, ...]] | None = (
            _chained(*self._gets[0]) if len(self._gets) == 1 and not self._rests else None
        )
        self._flat = flat

    def __call__(self, data: bytes | Mapping[str, Any], *, escapes: bool = True) -> Sequence[Any]:
        """Return the values of all groups in a row; `escapes` is False for JSON without any backslash.

        Raises ValueError for what is no JSON object.
        """
        try:
            if type(data) is bytes:
                if escapes and b"\\u0000" in data:
                    return self._walked(data)
                root = self._decode(data)
                if self._only is not None:
                    return self._only(root)
            else:
                root = msgspec.convert(data, self._struct)
            got: tuple[Any, ...] = ()
            for into, get in self._gets:
                got += get(into(root) if into else root)
        except (ValueError, AttributeError, ArithmeticError, RecursionError, TypeError):
            return self._walked(data)
        if self._rests:
            picked = list(got)
            for i, rest in self._rests:
                picked[i] = walk(picked[i], rest)
            return picked
        return got if type(data) is bytes else tuple(map(clean, got))

    def _walked(self, data: bytes | Mapping[str, Any]) -> list[Any]:
        whole = clean(decoded(data))
        return [walk(whole, p) for p in self._flat]


def decoded(data: bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the whole record. Raises ValueError for what is no JSON object."""
    try:
        whole = data if isinstance(data, Mapping) else DECODE(bytes(data))
    except (ValueError, ArithmeticError, TypeError) as error:
        raise ValueError(f"no readable JSON ({error})") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(whole, Mapping):
        raise ValueError("no JSON object")  # noqa: TRY004 - it is the data that is wrong, not the call
    return whole


def _above(dotted: str) -> str:
    return dotted.rpartition(".")[0]


def _tupled(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    last = [n.rpartition(".")[2] for n in names]
    if len(last) > 1:
        return attrgetter(*last)
    one = attrgetter(last[0])  # gives the value itself
    return lambda node: (one(node),)


def _chained(
    into: Callable[[Any], Any] | None, get: Callable[[Any], tuple[Any, ...]]
) -> Callable[[Any], tuple[Any, ...]]:
    return (lambda root: get(into(root))) if into else get


def _end(path: Path, leaves: set[Path]) -> Path:
    """The leaf in which a path ends, or through which it runs."""
    return next(path[:n] for n in range(1, len(path) + 1) if path[:n] in leaves)


def _head(path: Path) -> Path:
    """The part of a path before the first step that may be a position; never empty."""
    for n, step in enumerate(path):
        if n and step.isdigit():
            return path[:n]
    return path


def _same(value: Any) -> Any:
    return value


def _struct(leaves: Iterable[Path]) -> tuple[type[msgspec.Struct], dict[Path, str]]:
    """Define the Structs that hold just these leaves, and say under which dotted attribute each one is found."""
    names: dict[Path, str] = {}
    inner: dict[str, list[Path]] = {}
    fields: list[tuple[str, Any, Any]] = []
    rename: dict[str, str] = {}
    for leaf in sorted(leaves):
        inner.setdefault(leaf[0], [])
        if len(leaf) > 1:
            inner[leaf[0]].append(leaf[1:])
    for n, (step, below) in enumerate(inner.items()):
        name = f"f{n}"  # theirs may be no Python name
        rename[name] = step
        if not below:
            fields.append((name, Any, UNSET))
            names[(step,)] = name
            continue
        struct, under = _struct(below)
        # One empty object serves all records: nothing ever writes into it.
        fields.append((name, struct | None, msgspec.field(default_factory=partial(_same, struct()))))
        names |= {(step, *rest): f"{name}.{dotted}" for rest, dotted in under.items()}
    return msgspec.defstruct("Picked", fields, rename=rename, gc=False), names
