"""Who acts: the person named by --as, proven by a token or a password that never stands on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hub.errors import ConfigError, Unauthorized
from hub.secret import Secret

if TYPE_CHECKING:
    from hub.people import Person
    from hub.sync import Hub

As = Annotated[
    str | None, typer.Option("--as", help="Who you are; your password is asked for, or HUB_PASSWORD is set.")
]
PasswordFile = Annotated[Path | None, typer.Option(help="A file with your password instead of typing it.")]


def actor(engine: Hub, name: str | None, file: Path | None = None) -> Person:
    """The person who acts. Raises Unauthorized where name and proof do not go together, ConfigError where they lack."""
    from hub.config import acting
    from hub.people import authenticate, by_token

    token, password = acting(engine.project.root, name)
    if file is not None:
        token, password = None, read(file)
    if token is not None:
        found = by_token(engine.store, token)
        if name is not None and found.name != name:
            raise Unauthorized(f"people: the token is of {found.name}, not of {name}")
        return found
    if name is None:
        raise ConfigError("say who you are: --as NAME; people are listed by: hub people list")
    return authenticate(engine.store, name, password or asked(f"password of {name}"))


def asked(what: str, instead: str = "set HUB_PASSWORD or give --password-file FILE") -> Secret:
    """A password typed in, unseen. Raises ConfigError that names what to do `instead` where nobody can type."""
    if not sys.stdin.isatty():
        raise ConfigError(f"{what}: nobody is there to type it; {instead}")
    return Secret(str(typer.prompt(what, hide_input=True)))


def read(file: Path) -> Secret:
    """A password from a file, without the blanks around it."""
    try:
        return Secret(file.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is no UTF-8 text") from None


def must(engine: Hub, person: Person, role: str, line: str = "*") -> None:
    """Raise Unauthorized unless the person holds the role."""
    from hub.people import ROLES, holds

    with engine.store.read() as tx:
        held = holds(tx, engine.store, person.name, role, line)
    if not held:
        where = "" if line == "*" else f" for {line}"
        raise Unauthorized(
            f"people: {person.name} is no {role}{where}, who {ROLES[role]}; "
            f"an administrator grants it: hub people grant {person.name} {role}{where and ' --line ' + line}"
        )
