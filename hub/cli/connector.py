"""`hub connector new`: the beginning of a connector package."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Connectors of your own.")


@app.callback()
def begin() -> None:
    """Connectors of your own."""


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The system's name, in lower case: acme.")],
    into: Annotated[Path, typer.Option(help="The folder in which the package's folder is made.")] = Path("."),
) -> None:
    """Write a package with a connector, its fake and its tests, which pass as they are."""
    written = import_module("hub.testing.scaffold").scaffold(name, into)
    typer.echo(
        f"{written or into / f'hub-{name}'}: written; try it: pip install -e {written or into}, then pytest there"
    )
