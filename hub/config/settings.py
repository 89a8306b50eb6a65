"""One connection's settings: secrets looked up, variables filled in, and all of it judged by the connector."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.config.env import VARIABLE, filled, literal_password, unset
from hub.config.kinds import Kind
from hub.mistakes import Mistakes
from hub.secret import Secret, is_secret
from hub.toml import KeyPath


class Settings:
    """The reading of one connection's settings; `missing` gathers the variables and files that are not there."""

    def __init__(self, root: Path, env: Mapping[str, str], mistakes: Mistakes, *, strict: bool) -> None:
        self.root = root
        self.env = env
        self.mistakes = mistakes
        self.strict = strict
        self.missing: list[str] = []

    def read(self, data: Mapping[str, Any], path: KeyPath, kind: Kind | None) -> dict[str, Any]:
        """Return the constructor's arguments; a setting whose variable is not set is left out."""
        read = {name: self.value(raw, (*path, name), hidden=is_secret(name)) for name, raw in data.items()}
        out = {name: value for name, value in read.items() if value is not None}
        for name, fault in kind.faults(out).items() if kind else ():
            if name in out or name not in data:  # one that could not be read has been told already
                self.mistakes.add((*path, name), fault)
        return out

    def value(self, raw: Any, path: KeyPath, *, hidden: bool) -> Any:
        """Return a setting with its variables and files put in, None where that cannot be done."""
        if isinstance(raw, dict):
            if raw.keys() == {"file"} and isinstance(raw["file"], str):
                return self.file(raw["file"], path)
            columns = len(path) == 4 and path[2] == "streams"  # there `key` names a column and opens nothing
            inner = {
                k: self.value(v, (*path, k), hidden=hidden or (is_secret(k) and not (columns and k == "key")))
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
        variable = "_".join(["HUB", *(str(step) for step in path[1:])]).upper().replace("-", "_")
        self.mistakes.add(path, f'a secret must not stand in the file; write "${{{variable}}}" or {{ file = "path" }}')
        return None

    def text(self, raw: str, path: KeyPath) -> str | Secret | None:
        """Return a text with its variables put in; one with a password among them is a secret as a whole."""
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
        return Secret(value) if value != raw and literal_password(value) else value

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
