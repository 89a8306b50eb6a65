"""The one place where the command line meets the sync engine, and the shape of what it takes from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from hub.cli.keys import KEYS

if TYPE_CHECKING:
    from hub.config import Project
    from hub.connect import Connector
    from hub.plugin.registry import Registry


class Run(Protocol):
    """What one run did."""

    counts: Sequence[Any]
    findings: Sequence[str]
    differences: Sequence[Any]


class Shelf(Protocol):
    """Quarantine or outbox: what waits there for a person."""

    def list(self, connection: str | None = None, stream: str | None = None) -> Iterable[Any]: ...
    def retry(self, ids: Sequence[str] | None = None) -> int: ...
    def drop(self, ids: Sequence[str]) -> int: ...


class Engine(Protocol):
    """The hub at work on one project."""

    quarantine: Shelf
    outbox: Shelf

    def sync(
        self,
        connections: Sequence[str] | None,
        stream: str | None = None,
        full: bool = False,
        since: str | None = None,
        dry_run: bool = False,
        progress: Callable[[Any], None] | None = None,
    ) -> Run: ...
    def status(self) -> Iterable[Any]: ...
    def list(self, model: str, where: Mapping[str, str], limit: int) -> Iterable[Any]: ...
    def show(self, model: str, id: str) -> Any: ...


@contextmanager
def opened(project: Project, registry: Registry) -> Iterator[Engine]:
    """Open the engine on a project, and close it whatever happens."""
    with import_module("hub.sync").Hub.open(project) as engine:
        yield engine


def connector(project: Project, name: str, registry: Registry) -> Connector:
    """Build one connection's connector, with the place where its rotating tokens are kept."""
    from hub.connect.vault import FileVault
    from hub.plugin.settings import connect

    return connect(project.connections[name], registry, vault=FileVault(project.root / ".hub" / "tokens"))


def row(found: Any, verb: str, **more: Any) -> dict[str, Any]:
    """Turn what the engine gave, an object or a mapping, into a row with the documented keys of a verb."""
    if isinstance(found, Mapping):
        return {key: found.get(key) for key in KEYS[verb]} | more
    return {key: getattr(found, key, None) for key in KEYS[verb]} | more
