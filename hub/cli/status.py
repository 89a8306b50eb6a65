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
        then = "they are read by: hub sync" if engine.project.connections else "add a connection to hub.toml"
    rows(found, "status", json=json, empty=f"no streams yet: {then}; first: hub check")
    if any(stream["quarantined"] or stream["dead"] for stream in found):
        raise typer.Exit(1)
