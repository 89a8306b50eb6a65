"""The environment, and the three ways in which hub.toml may speak of them.

token = "${HUB_CRM_TOKEN}"               a variable of the environment, or of the file .env beside hub.toml
base_url = "https://${HUB_CRM_HOST}/"    variables inside a text that is no secret
token = { file = "secrets/crm" }         the content of a file, relative to hub.toml
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_PASSWORD_IN_URL = re.compile(r"^[a-z][a-z0-9+.-]*://[^/@\s:]*:([^/@\s]+)@", re.IGNORECASE)


def environment(root: Path | None = None) -> dict[str, str]:
    """Return the variables in force: those of the process, and under them those of `.env` in the project folder."""
    found: dict[str, str] = {}
    if root is not None and (root / ".env").is_file():
        found = dotenv((root / ".env").read_text(encoding="utf-8"))
    return {**found, **os.environ}


def dotenv(text: str) -> dict[str, str]:
    """Read `NAME=value` lines; `#` begins a comment line, quotes around the value are taken off."""
    found: dict[str, str] = {}
    for raw in text.splitlines():
        line = raw.strip().removeprefix("export ")
        name, equals, value = line.partition("=")
        if not equals or line.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def unset(text: str, env: Mapping[str, str]) -> list[str]:
    """Return the variables a text names that are not set, or set to nothing."""
    return [name for name in VARIABLE.findall(text) if not env.get(name)]


def filled(text: str, env: Mapping[str, str]) -> str:
    """Put the values of its variables into a text. Raises KeyError for one that is not set."""
    return VARIABLE.sub(lambda match: env[match[1]], text)


def literal_password(text: str) -> bool:
    """Whether a URL carries a password that is written out instead of named as `${VARIABLE}`."""
    match = _PASSWORD_IN_URL.match(text)
    return match is not None and VARIABLE.fullmatch(match[1]) is None
