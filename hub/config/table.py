"""Reading one TOML table with every mistake kept: wrong types, unknown keys, wrong choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hub.mistakes import Mistakes
from hub.suggest import like
from hub.toml import KeyPath

TYPES: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    list: "a list",
    dict: "a table",
}


class Table:
    """One table of a TOML file; what is not asked for by `done` is an unknown key."""

    def __init__(self, data: Mapping[str, Any], path: KeyPath, mistakes: Mistakes) -> None:
        self.data = data
        self.path = path
        self.mistakes = mistakes
        self.known: list[str] = []

    def wrong(self, key: str | None, message: str) -> None:
        """Note a mistake at a key of this table, or at the table itself."""
        self.mistakes.add(self.path if key is None else (*self.path, key), message)

    def get(self, key: str, kind: type, default: Any = None) -> Any:
        """Return the value of a key, or the default where it is missing or of another type."""
        self.known.append(key)
        if key not in self.data:
            return default
        value = self.data[key]
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self.wrong(key, f"must be {TYPES[kind]}, not {_shown(value)}")
            return default
        return value

    def text(self, key: str, default: str | None = None) -> str | None:
        """Return a text."""
        value: str | None = self.get(key, str, default)
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        return bool(self.get(key, bool, default))

    def choice(self, key: str, choices: Sequence[str], default: Any) -> Any:
        """Return one of the choices."""
        value = self.text(key, default)
        if value not in choices:
            self.wrong(key, f'must be one of {", ".join(choices)}, not "{value}"{like(str(value), choices)}')
            return default
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self.get(key, list, [])
        for number, value in enumerate(values):
            if not isinstance(value, str):
                self.mistakes.add((*self.path, key, number), f"must be a text, not {_shown(value)}")
        return tuple(value for value in values if isinstance(value, str))

    def table(self, key: str) -> Table:
        """Return the table under a key, empty where there is none."""
        return Table(self.get(key, dict, {}), (*self.path, key), self.mistakes)

    def tables(self) -> Iterator[tuple[str, Table]]:
        """Yield every key of this table with the table under it."""
        for key in self.data:
            if isinstance(self.data[key], dict):
                yield key, self.table(key)
            else:
                self.get(key, dict)

    def rest(self) -> dict[str, Any]:
        """Return what was not asked for."""
        return {key: value for key, value in self.data.items() if key not in self.known}

    def done(self) -> None:
        """Note every key that was not asked for as unknown."""
        for key in self.rest():
            self.wrong(key, f"unknown key{like(key, self.known)}; known here: {', '.join(self.known)}")


def _shown(value: Any) -> str:
    """Name a value by its type alone: it may be a secret in the wrong place."""
    names = {str: "text", bool: "true/false", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), type(value).__name__)
