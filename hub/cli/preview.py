"""`hub preview`: pulls and maps without storing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Annotated

import typer

from hub.cli.output import line, say
from hub.cli.session import session
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.connect import Connector, Record


def preview(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="The connection to read.")],
    stream: Annotated[str, typer.Argument(help="The stream to read.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines, which preview always prints.")] = False,
) -> None:
    """Pull and map records without storing them.

    Canonical JSON Lines go to stdout, problems to stderr; the exit code is 1 if there were any.
    """
    from hub.config import StreamConfig, mapping_path
    from hub.mapping import loaded

    here = session(context)
    project = here.project(strict=[connection])
    connector = here.connector(project, connection)
    try:
        config = project.connections[connection]
        known = [found.name for found in connector.streams]
        if stream not in known:
            from hub.suggest import like

            raise ConfigError(f'{connection}: no stream "{stream}"{like(stream, known)}; known: {", ".join(known)}')
        setting = config.streams.get(stream) or StreamConfig(stream, f"{config.connector}.{stream}")
        mapping = loaded(mapping_path(project, setting.mapping), here.registry())
        problems = seen = 0
        for record in islice(_records(connector, stream), limit):
            seen += 1
            read = mapping.read(record.data) if not record.deleted else None
            for problem in read.problems if read else ():
                problems += 1
                say(here.masked(f"{connection} {stream} {record.key}: {problem.severity}: {problem}"))
            row = {
                "connection": connection,
                "stream": stream,
                "key": record.key,
                "version": record.version,
                "changed_at": record.changed_at,
                "deleted": record.deleted,
                "values": read.values if read else None,
            }
            line(row, "preview")
        why = None if seen else connector.unread(stream)
    finally:
        connector.close()
    if not seen:
        say(here.masked(f"{connection} {stream}: no records; {why or 'is that so over there?'}"))
    if problems:
        say(f"{problems} problem{'s' if problems > 1 else ''}; the mapping is {mapping.where}")
        raise typer.Exit(1)


def _records(connector: Connector, stream: str) -> Iterator[Record]:
    for page in connector.pull(stream):
        yield from page.records
