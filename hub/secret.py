"""A text that must not be seen: in a log, a repr, an exception or a traceback with locals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

SECRET_NAMES = ("token", "password", "secret", "key")


class Secret:
    """Holds a secret text; only `reveal()` gives it, everything that prints shows stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str | Secret) -> None:
        self._text = text.reveal() if isinstance(text, Secret) else text

    def reveal(self) -> str:
        """The text itself: hand it on at once, keep it in no variable."""
        return self._text

    def starred(self, words: str) -> str:
        """The words with stars where this secret stands in them: some servers repeat it when they refuse it."""
        return words.replace(self._text, "***") if self._text else words

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __bool__(self) -> bool:
        return bool(self._text)


def is_secret(name: str) -> bool:
    """Whether a setting of that name is masked: `password`, `api_key`, `token` and the like."""
    return name in SECRET_NAMES or name.endswith(tuple(f"_{word}" for word in SECRET_NAMES))


def held(value: Any) -> Iterator[Secret]:
    """Every secret inside a value, at any depth of tables and lists."""
    if isinstance(value, Secret):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from held(inner)


def masked(words: str, values: Any) -> str:
    """The words with stars where any secret inside the values stands in them, the longest first."""
    for secret in sorted(held(values), key=lambda s: len(s.reveal()), reverse=True):
        if len(secret.reveal()) >= 4:  # fewer letters stand in words that are none
            words = secret.starred(words)
    return words


def revealed(value: Any) -> Any:
    """The value with every secret inside it in the open: for the one who asked for plain text, and at once."""
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Mapping):
        return {name: revealed(inner) for name, inner in value.items()}
    return [revealed(inner) for inner in value] if isinstance(value, list | tuple) else value


def sent(value: object) -> str:
    """What an encoder writes of a secret that is meant to be sent: its text (msgspec's `enc_hook`)."""
    if isinstance(value, Secret):
        return value.reveal()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def received(kind: type, value: object) -> Any:
    """What a decoder makes of a text that is declared as a secret (msgspec's `dec_hook`)."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError("expected text")
