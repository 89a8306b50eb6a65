"""The credentials of the person who acts, where they are not typed in: a token or a password in the environment."""

from __future__ import annotations

from pathlib import Path

from hub.config.env import environment
from hub.secret import Secret

TOKEN = "HUB_TOKEN"  # noqa: S105 - the name of a variable
PASSWORD = "HUB_PASSWORD"  # noqa: S105


def acting(root: Path, name: str | None) -> tuple[Secret | None, Secret | None]:
    """The token and the password set for a person, each None where there is none.

    `HUB_PASSWORD_JO_BERG` goes before `HUB_PASSWORD`, and likewise for the token; `.env` beside hub.toml counts too.
    """
    env = environment(root)
    ending = "_" + "".join(c if c.isalnum() else "_" for c in (name or "")).upper()
    found = []
    for variable in (TOKEN, PASSWORD):
        text = (env.get(variable + ending) if name else None) or env.get(variable)
        found.append(Secret(text) if text else None)
    return found[0], found[1]
