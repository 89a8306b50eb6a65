"""`hub sync`: reads what changed, merges it, and writes what others lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.engine import row
from hub.cli.keys import KEYS
from hub.cli.output import Json, rows, say
from hub.cli.progress import progress
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.config import Project
    from hub.sync import Run


def sync(
    context: typer.Context,
    connections: Annotated[list[str] | None, typer.Argument(help="Which connections; none named: all.")] = None,
    stream: Annotated[str | None, typer.Option(help="Only this stream.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, and find what has vanished.")] = False,
    since: Annotated[
        str | None, typer.Option(help="Read what changed since this moment, such as 2026-11-01 or 2026-11-01T08:00Z.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and compute, show every difference, write nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Read what changed, merge it, write what others lack.

    Several processes may run it at once: each connection is worked on by one at a time.
    """
    if full and since:
        raise typer.BadParameter("--full reads everything, so --since has no meaning beside it")
    moment = _moment(since) if since else None
    # every connection's settings are needed: what changed in one is compared with what all others show
    with session(context).engine(strict=True) as engine:
        _known(engine.project, connections or list(engine.project.connections), stream)
        with progress() as step:
            run = engine.sync(connections or None, stream, full, moment, dry_run, step)
    if dry_run:
        _rehearsed(run, json=json)
    else:
        _done(run, json=json)
    for text in (*run.notes, *run.findings):
        say(text)
    if run.findings:
        raise typer.Exit(1)


def _known(project: Project, names: Sequence[str], stream: str | None) -> None:
    """Refuse connections and streams that are none, before anything is read."""
    from hub.suggest import like

    streams = sorted({found for name in names for found in project.connection(name).streams})
    if stream is not None and stream not in streams:
        raise ConfigError(f'no stream "{stream}"{like(stream, streams)}; known: {", ".join(streams) or "none"}')


def _done(run: Run, *, json: bool) -> None:
    counts = [row(count, "sync") for count in run.counts]
    told = ("connection", "stream", "read", "written")  # people see the other counts where there is something to count
    columns = [key for key in KEYS["sync"] if key in told or any(count[key] for count in counts)]
    rows(counts, "sync", json=json, columns=columns, empty="no streams yet: add a connection to hub.toml")
    if not json and run.counts:
        typer.echo(f"{run.written} written" if run.written else "0 written")


def _rehearsed(run: Run, *, json: bool) -> None:
    verb = "sync --dry-run"
    contact = [row(one, verb, kind="contact") for one in run.contact]
    changes = [row(one, verb) for one in run.differences]
    if json:
        rows([*contact, *changes], verb, json=True)
        return
    rows(
        contact,
        verb,
        json=False,
        columns=("connection", "stream", "matched", "alone", "absent"),
        empty="no streams yet",
    )
    typer.echo("")
    columns = ("connection", "stream", "kind", "key", "id", "field", "there", "here", "winner")
    rows(changes, verb, json=False, columns=columns, empty="no differences")
    typer.echo(
        f"{len({(c['connection'], c['stream'], c['key'], c['id']) for c in changes})} records would be written; nothing was"
    )


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no moment; write 2026-11-01 or 2026-11-01T08:00:00Z') from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
