"""What a converter is: a named pair of functions, theirs to ours and back."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class Pair(Protocol):
    """What a plugin registers: two functions."""

    @property
    def read(self) -> Callable[..., Any]:
        """Theirs to ours."""

    @property
    def write(self) -> Callable[..., Any]:
        """Ours to theirs."""


@dataclass(frozen=True, slots=True)
class Converter:
    """A named pair of functions; options of a row are handed to both as keyword arguments.

    `read` gets any JSON value but null and "" and returns a canonical one; it raises ValueError for what it cannot
    read, with a reason that makes sense after the field's name, or Doubt for a value that is taken with a warning.
    `write` gets a canonical value, never None, and raises ValueError where it has no form over there. `gives` is the
    model's type it makes (str, Decimal, Money ...), None where that is unknown and each value must be checked.
    """

    read: Callable[..., Any]
    write: Callable[..., Any]
    options: frozenset[str] = frozenset()
    gives: Any = None
    shape: str | None = None  # pattern of the model that its values always match: "country", "currency"


def named_options(*functions: Callable[..., Any]) -> frozenset[str]:
    """The keyword-only parameters of the functions: these are a converter's options."""
    return frozenset(
        p.name
        for function in functions
        for p in inspect.signature(function).parameters.values()
        if p.kind is p.KEYWORD_ONLY
    )


class Converters(dict[str, Converter]):
    """The converters a mapping may name; one registered later under the same name wins."""

    def register(
        self,
        name: str,
        read: Callable[..., Any],
        write: Callable[..., Any],
        *,
        gives: Any = None,
        shape: str | None = None,
    ) -> None:
        """Add a pair of functions under a name; keyword-only parameters become options of a mapping's rows."""
        self[name] = Converter(read, write, named_options(read, write), gives, shape)

    def including(self, more: Mapping[str, Pair]) -> Converters:
        """These converters and those of plugins (`registry.converters`); on equal names the plugin's wins."""
        out = Converters(self)
        for name, pair in more.items():
            out.register(name, pair.read, pair.write)
        return out


def options_for(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that a function takes."""
    known = named_options(function)
    return {k: v for k, v in options.items() if k in known}
