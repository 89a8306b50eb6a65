"""What `hub quarantine` and `hub outbox` share: listing, retrying and dropping what waits for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hub.cli.engine import row
from hub.cli.output import rows
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.sync import Hub
    from hub.sync.shelves import Outbox, Quarantine

Connection = Annotated[str | None, typer.Argument(help="Only of this connection.")]
Stream = Annotated[str | None, typer.Option(help="Only of this stream.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Which ones; none named: all.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it; without this, only say what would be done.")]
Name = Literal["quarantine", "outbox"]


def listed(
    context: typer.Context, name: Name, connection: str | None, stream: str | None, *, json: bool, empty: str
) -> None:
    """List a shelf; anything that needs a person is a finding."""
    verb = f"{name} list"
    with session(context).engine() as engine:
        if connection is not None:
            engine.project.connection(connection)
        if stream is not None and stream not in {f.stream.name for f in engine.feeds()}:
            raise ConfigError(f"no stream {stream!r}; see: hub status")
        found = [row(one, verb) for one in of(engine, name).list(connection, stream)]
    rows(found, verb, json=json, empty=empty)
    if any(name == "quarantine" or one["state"] == "dead" for one in found):
        raise typer.Exit(1)


def retried(context: typer.Context, name: Name, ids: Sequence[str] | None) -> None:
    """Put things back on their way."""
    with session(context).engine() as engine:
        _there(engine, name, ids or ())
        count = of(engine, name).retry(ids or None)
    then = "send them" if name == "outbox" else "map and check them"
    typer.echo(f"{count} taken up again" + (f"; {then} with: hub sync" if count else ""))


def dropped(context: typer.Context, name: Name, ids: Sequence[str], *, yes: bool) -> None:
    """Drop things, once the person has said that it is meant."""
    with session(context).engine() as engine:
        place = of(engine, name)
        _there(engine, name, ids)
        if not yes:
            found = [row(one, f"{name} list") for one in place.list()]
            rows([one for one in found if str(one["id"]) in ids], f"{name} list", json=False)
            typer.echo("these would be dropped for good; to do it, add --yes")
            raise typer.Exit(1)
        count = place.drop(ids)
    typer.echo(f"{count} dropped")


def _there(engine: Hub, name: Name, ids: Sequence[str]) -> None:
    """Refuse ids that the shelf does not have."""
    there = {str(one["id"]) for one in of(engine, name).list()} if ids else set()
    missing = [id for id in ids if id not in there]
    if missing:
        raise ConfigError(f"{', '.join(missing)}: not in {name}, so nothing was done; what is there: hub {name} list")


def of(engine: Hub, name: Name) -> Quarantine | Outbox:
    """Return the shelf of that name."""
    return engine.quarantine if name == "quarantine" else engine.outbox
