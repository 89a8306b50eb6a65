"""One connection's settings: secrets looked up, variables filled in, names and types checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from hub.config.env import VARIABLE, Secret, filled, literal_password, secret, unset
from hub.config.kinds import Kind
from hub.config.lines import KeyPath
from hub.config.table import TYPES, Mistakes, like


class Settings:
    """The reading of one connection's settings; `missing` gathers the variables that are not set."""

    def __init__(self, root: Path, env: Mapping[str, str], mistakes: Mistakes, *, strict: bool) -> None:
        self.root = root
        self.env = env
        self.mistakes = mistakes
        self.strict = strict
        self.missing: list[str] = []

    def read(self, data: Mapping[str, Any], path: KeyPath, kind: Kind | None) -> dict[str, Any]:
        """Return the constructor's arguments; a setting whose variable is not set is left out."""
        out: dict[str, Any] = {}
        for name, raw in data.items():
            at = (*path, name)
            declared = kind.settings.get(name) if kind else None
            if kind and declared is None:
                self.mistakes.add(at, f"{kind.name} has no such setting{like(name, kind.settings)}")
                continue
            hidden = declared.secret if declared else secret(name)
            value = self.value(raw, at, hidden=hidden)
            if value is None:
                continue
            if declared and not fits(value, declared.type):
                self.mistakes.add(at, f"must be {_named(declared.type)}, not {type(raw).__name__}")
            out[name] = value
        for name, setting in kind.settings.items() if kind else ():
            if setting.required and name not in data:
                hint = f'; for example {name} = "${{{_variable(path, name)}}}"' if setting.secret else ""
                self.mistakes.add(path, f"{name} is missing{hint}")
        return out

    def value(self, raw: Any, path: KeyPath, *, hidden: bool) -> Any:
        """Return a setting with its variables and files put in, None where that cannot be done."""
        if isinstance(raw, dict):
            if raw.keys() == {"file"} and isinstance(raw["file"], str):
                return self.file(raw["file"], path)
            columns = len(path) == 4 and path[2] == "streams"  # there `key` names a column and opens nothing
            inner = {
                k: self.value(v, (*path, k), hidden=hidden or (secret(k) and not (columns and k == "key")))
                for k, v in raw.items()
            }
            return {k: v for k, v in inner.items() if v is not None}
        if isinstance(raw, list):
            items = [self.value(item, (*path, n), hidden=hidden) for n, item in enumerate(raw)]
            return [item for item in items if item is not None]
        if hidden:
            return self.hidden(raw, path)
        return self.text(raw, path) if isinstance(raw, str) else raw

    def hidden(self, raw: Any, path: KeyPath) -> Secret | None:
        """Return a secret. Only a variable or a file may stand for one; the refused text is not repeated."""
        if isinstance(raw, str) and VARIABLE.fullmatch(raw):
            value = self.text(raw, path)
            return Secret(value) if value is not None else None
        variable = _variable(path[:-1], str(path[-1]))
        self.mistakes.add(path, f'a secret must not stand in the file; write "${{{variable}}}" or {{ file = "path" }}')
        return None

    def text(self, raw: str, path: KeyPath) -> str | None:
        """Return a text with its variables put in."""
        if literal_password(raw):
            self.mistakes.add(path, 'a password must not stand in the file; write "${VARIABLE}" in its place')
            return None
        names = unset(raw, self.env)
        if names:
            self.missing += names
            if self.strict:
                named = ", ".join(names)
                self.mistakes.add(path, f"{named} is not set; set it in the environment or in {self.root / '.env'}")
            return None
        value = filled(raw, self.env)
        return Secret(value) if "@" in value and value != raw and "://" in value else value

    def file(self, name: str, path: KeyPath) -> Secret | None:
        """Return the content of a file without the blanks around it."""
        file = self.root / name
        try:
            return Secret(file.read_text(encoding="utf-8").strip())
        except (OSError, UnicodeDecodeError) as error:
            self.missing.append(str(file))
            if self.strict:
                reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
                self.mistakes.add(path, f"cannot read {file}: {reason}")
            return None


def fits(value: Any, kind: object) -> bool:
    """Whether a TOML value can be an argument of that type; only plain types are judged, all others pass."""
    if get_origin(kind) in (Union, UnionType):
        return any(fits(value, choice) for choice in get_args(kind))
    plain = get_origin(kind) or kind
    if plain is bool:
        return isinstance(value, bool)
    if plain is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if plain is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if plain in (str, list, dict):
        return isinstance(value, plain)
    return value is not None if plain is not type(None) else value is None


def _named(kind: object) -> str:
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_named(choice) for choice in get_args(kind) if choice is not type(None))
    plain = get_origin(kind) or kind
    return TYPES.get(plain, str(kind)) if isinstance(plain, type) else str(kind)


def _variable(path: KeyPath, name: str) -> str:
    words = [str(step) for step in path[1:]] + [name]
    return "_".join(["HUB", *words]).upper().replace("-", "_")
