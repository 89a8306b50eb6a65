"""Finds on which line of a TOML file each key stands, since tomllib does not tell."""

from __future__ import annotations

import re

Key = tuple[str, ...]

TOKEN = re.compile(
    r'"""(?:\\.|(?!""").)*"{3,5}'  # text over several lines
    r"|'''(?:(?!''').)*'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[][{}=,.\n]"
    r"|[A-Za-z0-9_+:-]+",
    re.DOTALL,
)


def lines(text: str) -> dict[Key, int]:
    """Map each key of a TOML file, by its full path, to its line (from 1); inline tables included.

    The text is taken to be valid TOML; arrays of tables share one path.
    """
    found: dict[Key, int] = {}
    header: Key = ()
    open_: list[tuple[str, Key]] = []  # brackets we are in, and the key each belongs to
    steps: list[str] = []
    key: Key = ()
    line = start = 1
    naming = fresh = True  # whether a key may stand here; whether the line has had no part yet
    in_header = False
    for part in (m.group() for m in TOKEN.finditer(text)):
        if part == "\n":
            if not open_:
                if in_header:
                    header = tuple(steps)
                    found.setdefault(header, start)
                steps, naming, fresh, in_header = [], True, True, False
            line += 1
            continue
        if part.startswith("#"):
            continue
        if fresh:
            start = line
        if part == "[" and fresh and not open_:
            in_header = True
        elif in_header:
            if part not in "[].":
                steps.append(_bare(part))
        elif naming and part == "=":
            key = (*(open_[-1][1] if open_ else header), *steps)
            for n in range(len(header) + 1, len(key) + 1):
                found.setdefault(key[:n], line)
            naming = False
        elif naming and part not in "[]{},.":
            steps.append(_bare(part))
        elif part in "{[":
            open_.append((part, key))
            naming, steps = part == "{", []
        elif part in "}]":
            if open_:
                open_.pop()
            naming, steps = False, []
        elif part == "," and open_:
            naming, steps = open_[-1][0] == "{", []
        fresh = False
        line += part.count("\n")
    if in_header:
        found.setdefault(tuple(steps), start)
    return found


def _bare(part: str) -> str:
    return part[1:-1] if part[0] in "\"'" else part
