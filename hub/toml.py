"""Where each key of a TOML text stands, since tomllib tells values but no lines.

The scanner runs only over text that tomllib has accepted, so it looks for structure and checks nothing.
"""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""A path of keys; items of lists are counted from 0: ("connections", "crm", "token"), ("order", 0)."""
Key = tuple[str, ...]
"""A path of keys in which no list stands."""

_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STEP = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*(\.?)""")
_BARE = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


def lines(text: str) -> dict[KeyPath, int]:
    """Return the line, counted from 1, on which each key, table and list item of valid TOML begins."""
    return _Scanner(text).scan()


def nearest(positions: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a path, or of the closest thing around it that stands in the text."""
    while path:
        if path in positions:
            return positions[path]
        path = path[:-1]
    return None


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.line = 1
        self.counted = 0
        self.found: dict[KeyPath, int] = {}
        self.lists: dict[KeyPath, int] = {}  # arrays of tables: how many there are so far

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self.space()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.space()
        return self.found

    def header(self) -> KeyPath:
        many = self.text.startswith("[[", self.at)
        here = self.here()
        self.at += 2 if many else 1
        keys = self.keys()
        self.at += 2 if many else 1
        path: KeyPath = ()
        for number, key in enumerate(keys):
            path = (*path, key)
            if number == len(keys) - 1 and many:
                self.lists[path] = self.lists.get(path, -1) + 1
            self.found.setdefault(path, here)
            if path in self.lists:
                path = (*path, self.lists[path])
        self.found[path] = here
        return path

    def pair(self, path: KeyPath) -> None:
        here = self.here()
        for key in self.keys():
            path = (*path, key)
            self.found.setdefault(path, here)
        self.at += 1  # the equals sign
        self.space()
        self.value(path)

    def value(self, path: KeyPath) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self.items(path, "]")
        elif opening == "{":
            self.items(path, "}")
        else:
            for pattern in (*_STRINGS, _BARE):
                if match := pattern.match(self.text, self.at):
                    self.at = match.end()
                    return

    def items(self, path: KeyPath, closing: str) -> None:
        self.at += 1
        number = 0
        self.space()
        while self.text[self.at] != closing:
            if closing == "}":
                self.pair(path)
            else:
                self.found[(*path, number)] = self.here()
                self.value((*path, number))
                number += 1
            self.space()
            if self.text[self.at] == ",":
                self.at += 1
                self.space()
        self.at += 1

    def keys(self) -> list[str]:
        found: list[str] = []
        while match := _STEP.match(self.text, self.at):
            self.at = match.end()
            found.append(_name(match[1]))
            if not match[2]:
                break
        return found

    def space(self) -> None:
        if match := _SPACE.match(self.text, self.at):
            self.at = match.end()

    def here(self) -> int:
        self.line += self.text.count("\n", self.counted, self.at)
        self.counted = self.at
        return self.line


def _name(key: str) -> str:
    if key[0] not in "\"'":
        return key
    (name,) = tomllib.loads(f"{key} = 0")
    return name
