"""People of a test: a token each in the project's .env, and the command line as they use it."""

from __future__ import annotations

from pathlib import Path

from hub.people import add, grant, issue
from hub.secret import Secret
from hub.store import Store

WORD = "correct horse battery"


def staff(store: Store, folder: Path, **roles: str) -> None:
    """Add an administrator `root` and people by name with one role each; write password files, and tokens into .env."""
    lines = []
    for name in ("root", *roles):
        add(store, name, Secret(f"{WORD} {name}"), by="root")
        (folder / f"{name}.pw").write_text(f"{WORD} {name}\n")
        lines.append(f"HUB_TOKEN_{name.upper()}={issue(store, name, 30, by='root').reveal()}\n")
    for name, role in roles.items():
        grant(store, name, role, "*", by="root")
    with (folder / ".env").open("a") as env:
        env.writelines(lines)


def signed(folder: Path, name: str) -> tuple[str, ...]:
    """The options with which a person acts by password."""
    return ("--as", name, "--password-file", str(folder / f"{name}.pw"))
