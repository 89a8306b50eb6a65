"""What is wrong with one TOML file: gathered in full, told at once with file, line and key."""

from __future__ import annotations

from hub.errors import ConfigError
from hub.toml import KeyPath, lines, nearest


class Mistakes:
    """Mistakes of one file, raised as one error in the order of the lines; `where` names the file."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        self.positions = lines(text)
        self.found: list[tuple[int, str]] = []

    def line(self, path: KeyPath) -> int:
        """Return the line of a key; for one that is missing, that of the table around it."""
        return nearest(self.positions, path) or 1

    def add(self, path: KeyPath, message: str) -> None:
        """Note a mistake at a key."""
        line = self.line(path)
        self.found.append((line, f"{self.where}:{line}: {dotted(path)}: {message}"))

    def raise_any(self, kind: type[ConfigError] = ConfigError) -> None:
        """Raise an error with all mistakes, one a line, if there are any."""
        if self.found:
            ordered = [message for _, message in sorted(self.found, key=lambda pair: pair[0])]
            raise kind("\n".join(dict.fromkeys(ordered)))


def dotted(path: KeyPath) -> str:
    """Write a key path as one would in TOML."""
    return ".".join(f'"{step}"' if isinstance(step, str) and "." in step else str(step) for step in path)
