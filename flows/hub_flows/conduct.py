"""The verbs `hub conduct` and `hub wake`: a closing that runs by itself and sleeps at its gates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.actor import As, PasswordFile, actor
from hub.cli.session import Session, session
from hub.errors import ConfigError, Unauthorized

Line = Annotated[str, typer.Argument(help="The business line.")]
MAY = ("lead", "approver", "legal", "finance", "auditor")


def conduct(context: typer.Context, name: Line, as_: As = None, password_file: PasswordFile = None) -> None:
    """Start the flow that closes a line by itself; it sleeps at each shut gate."""
    here = session(context)
    _known(here, name, as_, password_file, ("lead",))
    from hub_flows.closing import begin
    from hub_flows.commands import needs_server

    needs_server()
    typer.echo(f"{begin(here.project(strict=False), name)} runs; how far it is: hub close status {name}")


def wake(context: typer.Context, name: Line, as_: As = None, password_file: PasswordFile = None) -> None:
    """Wake the flow that sleeps for a line, after you have opened its gate."""
    here = session(context)
    _known(here, name, as_, password_file, MAY)
    from hub_flows.closing import wake as woken
    from hub_flows.commands import needs_server

    needs_server()
    count = woken(here.project(strict=False), name)
    if not count:
        raise ConfigError(f"{name}: no flow of it sleeps; start one with: hub conduct {name} --as NAME")
    typer.echo(f"{name} goes on")


def _known(here: Session, name: str, as_: str | None, file: Path | None, roles: Sequence[str]) -> None:
    """Hold the person to one of the roles for the line, and note who has asked."""
    from hub.audit import append
    from hub.closure.closing import current
    from hub.people import holds

    with here.engine() as engine:
        person = actor(engine, as_, file)
        with engine.store.begin() as tx:
            current(tx, name)
            if not any(holds(tx, engine.store, person.name, role, name) for role in roles):
                raise Unauthorized(
                    f"{name}: {person.name} has no part in its closing; roles are granted by: hub people grant"
                )
            append(tx, person.name, "close wake", {"line": name}, at=engine.store.now())
