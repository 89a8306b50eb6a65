"""`hub duplicates`: records that may be one are found, shown, decided, and taken apart again."""

from __future__ import annotations

import typer

from hub.cli import decide
from hub.cli.find import find

app = typer.Typer(
    help="Find records that may be one, decide about them, and take them apart again.", no_args_is_help=True
)
app.command("find")(find)
decide.add(app)
app.callback()(lambda: None)
