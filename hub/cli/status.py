"""`hub status`: how each stream stands."""

from __future__ import annotations

import typer

from hub.cli.engine import row
from hub.cli.output import Json, rows
from hub.cli.session import session


def status(context: typer.Context, json: Json = False) -> None:
    """Show how each stream stands.

    What is read, what waits, what needs a person; the exit code is 1 if anything does.
    """
    with session(context).engine() as engine:
        found = [row(stream, "status") for stream in engine.status()]
    rows(found, "status", json=json, empty="no streams yet: add a connection to hub.toml, then: hub check")
    if any(stream["quarantined"] or stream["dead"] for stream in found):
        raise typer.Exit(1)
