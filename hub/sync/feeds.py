"""The feeds of a project: each stream in use with its connector, its mapping and its row in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hub.config import ConnectionConfig, Project, StreamConfig, mapping_path
from hub.connect import ConfigError, Connector, Stream
from hub.mapping import Problem, loaded
from hub.model import MODELS
from hub.plugin.registry import Registry
from hub.store import Store
from hub.sync.crosswalk import needed
from hub.sync.derive import hub_feeds
from hub.sync.feed import HUB, Feed


def feeds(project: Project, registry: Registry, store: Store, connector: Callable[[str], Connector]) -> list[Feed]:
    """All feeds of the project, and those of the hub's own connection."""
    checks = _checks(registry)
    feeds: list[Feed] = []
    for connection in project.connections.values():
        system = connector(connection.name)
        mine = []
        for config in connection.streams.values():
            mapping = loaded(mapping_path(project, config.mapping), registry)
            id = register(store, connection.name, config.name, mapping.model)
            mine.append(
                Feed(
                    id,
                    connection.name,
                    _declared(connection, config, system),
                    config,
                    mapping,
                    system,
                    connection.line or project.line,
                    checks.get(mapping.model, ()),
                )  # fmt: skip
            )
        lookup = {f.stream.name: f.id for f in mine}
        _check_references(mine, lookup)
        _check_merges(project, connection, mine)
        for feed in mine:
            feed.lookup = lookup
            theirs = (".".join(row.theirs.path) for row in feed.mapping.rows if row.theirs is not None)
            feed.connector.want(feed.stream.name, theirs)
        feeds += mine
    ids = [(model, register(store, HUB, model, model)) for model in MODELS]
    return feeds + hub_feeds(ids, lambda model: StreamConfig(model, f"{HUB}.{model}"))


def register(store: Store, connection: str, stream: str, model: str) -> int:
    """The id of a connection's stream; it gets one at its first use and keeps it."""
    with store.read() as tx:
        rows = tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)
    if rows:
        return int(rows[0][0])
    with store.begin() as tx:
        tx.run(
            "INSERT INTO stream (connection, name, model, read_to_end, compared_seq, created_seq) "
            "VALUES (?, ?, ?, ?, 0, 0) ON CONFLICT DO NOTHING",
            connection, stream, model, False,
        )  # fmt: skip
        return int(tx.rows("SELECT id FROM stream WHERE connection = ? AND name = ?", connection, stream)[0][0])


def _declared(connection: ConnectionConfig, config: StreamConfig, connector: Connector) -> Stream:
    try:
        return connector.stream(config.name)
    except KeyError:
        known = ", ".join(s.name for s in connector.streams)
        raise ConfigError(f"{connection.name}: no stream {config.name!r}; there are: {known}") from None


def _check_references(feeds: Sequence[Feed], lookup: Mapping[str, int]) -> None:
    """What a record cannot do without must be read as well; other references are left out."""
    lacks = [
        f"{feed.connection}: {feed.stream.name} needs the stream {stream!r} ({feed.mapping.name}.toml: {path}); "
        f"add [connections.{feed.connection}.streams.{stream}] to hub.toml"
        for feed in feeds
        for path, stream in feed.mapping.links.items()
        if stream not in lookup and needed(feed, path)
    ]
    if lacks:
        raise ConfigError("\n".join(lacks))


def _check_merges(project: Project, connection: ConnectionConfig, feeds: Sequence[Feed]) -> None:
    """A system that is to merge its records must be able to."""
    if project.duplicates.on_merge.get(connection.name) == "merge" and not any(f.stream.merges for f in feeds):
        raise ConfigError(
            f'hub.toml: duplicates.on_merge.{connection.name}: "merge": {connection.connector} has no such call '
            "for the streams in use; write link or update"
        )


def _checks(registry: Any) -> dict[str, tuple[Any, ...]]:
    out: dict[str, list[Any]] = {}
    for name, (model, check) in registry.checks.items():

        def run(of: str, values: Any, name: str = name, check: Any = check) -> list[Problem]:
            return [Problem("", "", None, f"{name}: {reason}") for reason in check(values)]

        out.setdefault(model, []).append(run)
    return {model: tuple(found) for model, found in out.items()}
