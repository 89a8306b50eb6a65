"""The connectors at hand, as the settings want to know them: `load(path, kinds=lambda folder: kinds(registry))`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from hub.config import Kind
from hub.plugin.registry import Registry
from hub.plugin.settings import settings_faults, settings_schema


def kinds(registry: Registry) -> dict[str, Kind]:
    """Describe every connector of the registry."""
    found: dict[str, Kind] = {}
    for name, cls in registry.connectors.items():
        streams: Mapping[str, str] = {stream.name: stream.model for stream in getattr(cls, "streams", ())}
        own = any(setting.name == "streams" for setting in settings_schema(cls))
        found[name] = Kind(name, streams, partial(settings_faults, cls), own)
    return found
