"""`hub check`: whether settings, mappings, addresses and credentials work, and what cannot be guaranteed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hub.cli.output import Json, rows, table
from hub.cli.session import Session, session
from hub.errors import ConfigError, HubError, Missing

if TYPE_CHECKING:
    from hub.config import ConnectionConfig, Project, StreamConfig
    from hub.connect import Connector
    from hub.mapping import Mapping

Row = dict[str, Any]
STYLE = {"ok": "green", "note": "", "finding": "yellow", "configuration": "red"}


def check(
    context: typer.Context,
    connection: Annotated[str | None, typer.Argument(help="Only this connection.")] = None,
    json: Json = False,
) -> None:
    """Prove that settings, addresses and mappings work.

    Also says in plain words what cannot be guaranteed for each stream, from what its system promises.
    """
    here = session(context)
    project = here.project(strict=False)
    chosen = project.connections.values() if connection is None else [project.connection(connection)]
    found: list[Row] = []
    if connection is None:
        found += _rest(here, project)
    for config in chosen:
        found += _connection(here, project, config)
    if json:
        rows(found, "check", json=True)
    else:
        table(found, ("connection", "stream", "level", "text"), lambda row: STYLE[row["level"]])
    if not json and not project.connections:
        typer.echo("no connections yet: add one to hub.toml, then: hub check NAME")
    levels = {row["level"] for row in found}
    if levels & {"configuration", "finding"}:
        raise typer.Exit(2 if "configuration" in levels else 1)


def _rest(here: Session, project: Project) -> Iterator[Row]:
    """What belongs to no connection: the file itself, and the mapping files no stream uses."""
    yield _row(None, None, "ok", f"{project.root / 'hub.toml'} and the plugins load")
    if not project.store:
        text = "store: its variable is not set (environment, or .env beside hub.toml)"
        yield _row(None, None, "configuration", text)
    used = {stream.mapping for config in project.connections.values() for stream in config.streams.values()}
    folder = project.root / project.mappings
    for file in sorted(folder.glob("*.*.toml")) if folder.is_dir() else ():
        if file.stem not in used:
            yield _row(None, None, "note", f"{project.mappings / file.name}: no stream uses this mapping")


def _connection(here: Session, project: Project, config: ConnectionConfig) -> Iterator[Row]:
    name = config.name
    if config.unset:
        yield _row(
            name, None, "configuration", f"not set: {', '.join(config.unset)} (environment, or .env beside hub.toml)"
        )
        return
    try:
        connector = here.connector(project, name)
    except ConfigError as error:
        yield _row(name, None, "configuration", here.masked(str(error)))
        return
    try:
        yield from _answer(here, connector, name)
        if not config.streams:
            yield _row(
                name, None, "finding", f"no streams: no mapping file {config.connector}.*.toml, and none in hub.toml"
            )
        for stream in config.streams:
            yield from _stream(here, project, config, connector, stream)
    finally:
        connector.close()


def _answer(here: Session, connector: Connector, name: str) -> Iterator[Row]:
    try:
        connector.check()
    except ConfigError as error:
        yield _row(name, None, "configuration", here.masked(str(error)))
    except Missing as error:
        yield _row(name, None, "finding", here.masked(f"{error}; is base_url right?"))
    except HubError as error:
        yield _row(name, None, "finding", here.masked(str(error)))
    else:
        yield _row(name, None, "ok", "answers, and takes the credentials")


def _stream(
    here: Session, project: Project, config: ConnectionConfig, connector: Connector, name: str
) -> Iterator[Row]:
    from hub.cli.promises import conflicts, limits
    from hub.config import mapping_path
    from hub.mapping import loaded

    setting = config.streams[name]
    try:
        stream = connector.stream(name)
    except KeyError:
        known = ", ".join(stream.name for stream in connector.streams)
        yield _row(config.name, name, "configuration", f"no such stream; known: {known}")
        return
    try:
        mapping = loaded(mapping_path(project, setting.mapping), here.registry())
    except ConfigError as error:
        yield _row(config.name, name, "configuration", str(error))
    else:
        if mapping.model != stream.model:
            text = f"the mapping makes {mapping.model}, the stream holds {stream.model}"
            yield _row(config.name, name, "note", text)
        ways = [way for way, on in (("read", setting.pull), ("written", setting.push)) if on]
        yield _row(config.name, name, "ok", f"{' and '.join(ways) or 'left alone'} by mapping {setting.mapping}")
        yield from _links(config, name, mapping)
    yield from _unread(here, config.name, name, setting, connector)
    for text in conflicts(stream, setting):
        yield _row(config.name, name, "configuration", text)
    for text in limits(stream, setting):
        yield _row(config.name, name, "note", text)


def _links(config: ConnectionConfig, name: str, mapping: Mapping) -> Iterator[Row]:
    """Say which streams the records refer to that are not in use; without a required one nothing is synced."""
    from hub.model import MODELS, field

    for path, stream in mapping.links.items():
        if stream in config.streams:
            continue
        spec = field(MODELS[mapping.model], path)
        level, then = ("configuration", "needs") if spec and spec.required else ("note", "is left out without")
        text = f"{path} {then} the stream {stream!r}; add [connections.{config.name}.streams.{stream}] to hub.toml"
        yield _row(config.name, name, level, text)


def _unread(here: Session, connection: str, name: str, setting: StreamConfig, connector: Connector) -> Iterator[Row]:
    """Say why nothing is there to be read: a finding, where the hub is not told to fill the stream itself."""
    if not setting.pull:
        return
    try:
        text = connector.unread(name)
    except HubError:  # that the system does not answer has been told
        return
    if text:
        begun = "; or leave it: the hub writes this stream" if setting.push else ""
        yield _row(connection, name, "note" if setting.push else "finding", here.masked(text + begun))


def _row(connection: str | None, stream: str | None, level: str, text: str) -> Row:
    return {"connection": connection, "stream": stream, "level": level, "text": text}
