"""Letters to customers who owe: templates that ship, those of the project before them, by language where there is one.

A template is a text file whose first line is `Subject: ...`; `{customer}`, `{total}`, `{items}`, `{days}`, `{day}` and
`{sender}` are filled in. `reminder.de.txt` is for customers whose language is German.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from hub.errors import ConfigError

PLACE = re.compile(r"\{([^{}]*)\}")
PLACES = ("customer", "total", "items", "days", "day", "sender")


class Letter(NamedTuple):
    """What a customer reads."""

    subject: str
    body: str


def letter(folder: Path, name: str, language: str | None, values: Mapping[str, str]) -> Letter:
    """Fill in a template. Raises ConfigError for one that is not there, or names a place there is not."""
    where, text = _read(folder, name, language)
    wrong = sorted({place for place in PLACE.findall(text) if place not in PLACES})
    if wrong:
        raise ConfigError(f"{where}: no {{{wrong[0]}}}; there are: {', '.join(PLACES)}")
    head, _, body = text.partition("\n")
    if not head.lower().startswith("subject:"):
        raise ConfigError(f"{where}: the first line must be Subject: ...")
    # one pass: what is filled in is never looked at for places again
    filled = [PLACE.sub(lambda found: values[found[1]], part) for part in (head[len("subject:") :], body)]
    return Letter(" ".join(filled[0].split()), filled[1].strip() + "\n")


def _read(folder: Path, name: str, language: str | None) -> tuple[str, str]:
    short = (language or "").split("-")[0].split("_")[0].lower()
    names = [f"{name}.{short}.txt"] if short.isalpha() else []
    shipped = resources.files("hub.finance.letters")
    for file in (*names, f"{name}.txt"):
        own = folder / file
        if own.is_file():
            return str(own), own.read_text(encoding="utf-8")
        found = shipped.joinpath(file)
        if found.is_file():
            return file, found.read_text(encoding="utf-8")
    raise ConfigError(f"hub.toml: finance: dunning: no template {name!r}; write {folder / name}.txt")
