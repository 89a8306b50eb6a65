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
    naming = fresh = True  # whether a key may stand here; whether the line has had no token yet
    in_header = False
    for token in (m.group() for m in TOKEN.finditer(text)):
        if token == "\n":
            if not open_:
                if in_header:
                    header = tuple(steps)
                    found.setdefault(header, start)
                steps, naming, fresh, in_header = [], True, True, False
            line += 1
            continue
        if token.startswith("#"):
            continue
        if fresh:
            start = line
        if token == "[" and fresh and not open_:
            in_header = True
        elif in_header:
            if token not in "[].":
                steps.append(_bare(token))
        elif naming and token == "=":
            key = (*(open_[-1][1] if open_ else header), *steps)
            for n in range(len(header) + 1, len(key) + 1):
                found.setdefault(key[:n], line)
            naming = False
        elif naming and token not in "[]{},.":
            steps.append(_bare(token))
        elif token in "{[":
            open_.append((token, key))
            naming, steps = token == "{", []
        elif token in "}]":
            if open_:
                open_.pop()
            naming, steps = False, []
        elif token == "," and open_:
            naming, steps = open_[-1][0] == "{", []
        fresh = False
        line += token.count("\n")
    if in_header:
        found.setdefault(tuple(steps), start)
    return found


def _bare(token: str) -> str:
    return token[1:-1] if token[0] in "\"'" else token
