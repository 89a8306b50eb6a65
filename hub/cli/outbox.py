"""`hub outbox`: writes that wait, are under way, or were refused."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli import shelf
from hub.cli.output import Json

app = typer.Typer(no_args_is_help=True, help="Writes that wait, or were refused.")


@app.command("list")
def list_(
    context: typer.Context, connection: shelf.Connection = None, stream: shelf.Stream = None, json: Json = False
) -> None:
    """List the writes, each with its state and what the target said."""
    shelf.listed(context, "outbox", connection, stream, json=json, empty="nothing waits to be written")


@app.command()
def retry(context: typer.Context, ids: shelf.Ids = None) -> None:
    """Send dead letters again at the next sync; without ids, all of them."""
    shelf.retried(context, "outbox", ids)


@app.command()
def drop(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="As hub outbox list shows them.")],
    yes: shelf.Yes = False,
) -> None:
    """Give writes up for good; the target keeps what it has until the value changes again."""
    shelf.dropped(context, "outbox", ids, yes=yes)
