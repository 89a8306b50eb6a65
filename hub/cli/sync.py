"""`hub sync`: reads what changed, merges it, and writes what others should know."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.cli.engine import row
from hub.cli.output import Json, rows, say
from hub.cli.progress import progress
from hub.cli.session import session


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
    with session(context).engine(strict=connections or True) as engine, progress() as step:
        run = engine.sync(connections or None, stream=stream, full=full, since=moment, dry_run=dry_run, progress=step)
    counts = [row(count, "sync") for count in run.counts]
    if dry_run:
        rows(
            (row(difference, "sync --dry-run") for difference in run.differences),
            "sync --dry-run",
            json=json,
            empty="no differences: nothing would be written",
        )
    if not (dry_run and json):
        rows(counts, "sync", json=json, empty="nothing to read: no connection has a stream")
    for finding in run.findings:
        say(finding)
    if not json and not dry_run and not run.findings:
        written = sum(count["written"] or 0 for count in counts)
        typer.echo(f"{written} written" if written else "0 written: all sides agree")
    if run.findings:
        raise typer.Exit(1)


def _moment(text: str) -> str:
    from datetime import UTC, datetime

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is no moment; write 2026-11-01 or 2026-11-01T08:00:00Z') from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
