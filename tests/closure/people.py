"""People of a test: a password file each, and the command line as they use it."""

from __future__ import annotations

from pathlib import Path

from hub.people import add, grant
from hub.secret import Secret
from hub.store import Store

WORD = "correct horse battery"


def staff(store: Store, folder: Path, **roles: str) -> None:
    """Add an administrator `root` and people by name with one role each, and write everybody's password file."""
    for name in ("root", *roles):
        add(store, name, Secret(f"{WORD} {name}"), by="root")
        (folder / f"{name}.pw").write_text(f"{WORD} {name}\n")
    for name, role in roles.items():
        grant(store, name, role, "*", by="root")


def signed(folder: Path, name: str) -> tuple[str, ...]:
    """The options with which a person acts."""
    return ("--as", name, "--password-file", str(folder / f"{name}.pw"))
