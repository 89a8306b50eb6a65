"""`hub connector new`: the beginning of a connector package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.session import session
from hub.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Connectors of your own.")


@app.callback()
def begin() -> None:
    """Connectors of your own."""


@app.command()
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The system's name, in lower case: acme.")],
    into: Annotated[Path, typer.Option(help="The folder in which the package's folder is made.")] = Path(),
) -> None:
    """Write a package with a connector, its fake and its tests, which pass as they are."""
    from hub.testing.scaffold import scaffold

    registry = session(context).registry()
    if name in registry.connectors:
        raise ConfigError(f'there is a connector "{name}" already, from {registry.who(name)}; take another name')
    root = scaffold(name, into)
    typer.echo(f"{root} is a package. Next:\n  1. cd {root}\n  2. pip install -e . pytest\n  3. python -m pytest")
