"""`hub quarantine`: records kept out of golden until the mapping, the rule or the record itself is mended."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli import shelf
from hub.cli.output import Json

app = typer.Typer(no_args_is_help=True, help="Records that failed a mapping or a check.")


@app.command("list")
def list_(
    context: typer.Context, connection: shelf.Connection = None, stream: shelf.Stream = None, json: Json = False
) -> None:
    """List the records in quarantine, each with field, value and reason."""
    shelf.listed(context, "quarantine", connection, stream, json=json, empty="quarantine is empty")


@app.command()
def retry(context: typer.Context, ids: shelf.Ids = None) -> None:
    """Map and check records again, after a fix; without ids, all of them."""
    shelf.retried(context, "quarantine", ids)


@app.command()
def drop(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(help="As hub quarantine list shows them.")],
    yes: shelf.Yes = False,
) -> None:
    """Take records out of quarantine for good; a later change over there brings them back."""
    shelf.dropped(context, "quarantine", ids, yes=yes)
