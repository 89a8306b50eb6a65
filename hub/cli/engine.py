"""The one place where the command line meets the sync engine, and the shape of what it takes from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hub.cli.keys import KEYS

if TYPE_CHECKING:
    from hub.config import Project
    from hub.plugin.registry import Registry
    from hub.sync import Hub


@contextmanager
def opened(project: Project, registry: Registry) -> Iterator[Hub]:
    """Open the engine on a project, and close it whatever happens."""
    from hub.sync import Hub

    with Hub.open(project, registry) as engine:
        yield engine


def row(found: Any, verb: str, **more: Any) -> dict[str, Any]:
    """Turn what the engine gave, an object or a mapping, into a row with the documented keys of a verb."""
    if isinstance(found, Mapping):
        return {key: found.get(key) for key in KEYS[verb]} | more
    return {key: getattr(found, key, None) for key in KEYS[verb]} | more
