"""What one call of the command line works with: the project, the plugins and the engine, each opened when it is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from hub.errors import ConfigError
from hub.secret import Secret, held, masked

if TYPE_CHECKING:
    from hub.config import Kind, Project
    from hub.connect import Connector
    from hub.plugin.registry import Registry
    from hub.sync import Hub


def bare(url: str) -> str:
    """A database's address without the user and password that may stand in it."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


class Session:
    """The state of one command; `path` is what `--project` said."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.store = "the store"  # where it is, for messages
        self._registry: Registry | None = None
        self._secrets: set[Secret] = set()

    def project(self, strict: bool | Collection[str] = True) -> Project:
        """Load and check hub.toml; `strict` says for which connections an unset variable is an error."""
        from hub.config import load

        project = load(self.path, strict=strict, kinds=self._kinds)
        self.store = bare(project.store.reveal()).removeprefix("sqlite:///") or self.store
        self._secrets |= set(held([connection.settings for connection in project.connections.values()]))
        if "@" in project.store.reveal():  # the path of an SQLite file is no secret
            self._secrets.add(project.store)
        return project

    def registry(self, plugins: Path | None = None, connectors: Collection[str] | None = None) -> Registry:
        """Load the plugins: shipped ones, installed ones, then those of the project; of connectors the named ones."""
        if self._registry is None:
            from hub.plugin.registry import load

            if plugins is None:
                plugins = self.plugins()
            self._registry = load(plugins if plugins is not None and plugins.is_dir() else None, connectors=connectors)
        return self._registry

    def plugins(self) -> Path | None:
        """The project's plugins folder, None outside of a project or where hub.toml cannot be read."""
        from hub.config import load

        try:
            project = load(self.path, strict=False)
        except ConfigError:
            return None
        return project.root / project.plugins

    def _kinds(self, plugins: Path, connectors: Collection[str]) -> Mapping[str, Kind]:
        from hub.plugin.kinds import kinds

        return kinds(self.registry(plugins, connectors))

    def connector(self, project: Project, name: str) -> Connector:
        """Build the connector of one connection; it has not talked to anyone yet."""
        from hub.plugin.settings import connector
        from hub.store.vault import vault

        return connector(project, name, self.registry(project.root / project.plugins), vault(project))

    @contextmanager
    def engine(self, strict: bool | Collection[str] = ()) -> Iterator[Hub]:
        """Open the store and all that works on it."""
        from hub.cli.engine import opened

        project = self.project(strict)
        with opened(project, self.registry(project.root / project.plugins)) as engine:
            yield engine

    def masked(self, text: str) -> str:
        """Put `***` in place of every secret the project holds, for what is printed about a failure."""
        return masked(text, list(self._secrets))


def session(context: typer.Context) -> Session:
    """Return the session of a running command."""
    return cast(Session, context.find_root().obj)
