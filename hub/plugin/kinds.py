"""The connectors at hand, as the settings want to know them: `load(path, kinds=lambda folder: kinds(registry))`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from hub.config import Kind
from hub.connect.base import Connector
from hub.plugin.registry import Registry
from hub.plugin.settings import settings_faults, settings_schema


def kinds(registry: Registry) -> dict[str, Kind]:
    """Describe every connector of the registry."""
    found: dict[str, Kind] = {}
    for name, cls in registry.connectors.items():
        streams: Mapping[str, str] = {stream.name: stream.model for stream in getattr(cls, "streams", ())}
        own = any(setting.name == "streams" for setting in settings_schema(cls))
        found[name] = Kind(name, streams, partial(settings_faults, cls), _mappings(cls), own)
    return found


def _mappings(cls: type[Connector]) -> Path | None:
    """The folder `mappings` beside the module of the connector's package; a file in plugins/ brings none."""
    module = sys.modules.get(cls.__module__.partition(".")[0])
    file = getattr(module, "__file__", None)
    folder = Path(file).parent / "mappings" if file and hasattr(module, "__path__") else None
    return folder if folder is not None and folder.is_dir() else None
