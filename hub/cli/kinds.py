"""The connectors at hand, as the settings want to know them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from hub.config import Kind

if TYPE_CHECKING:
    from hub.plugin.registry import Registry


def kinds(registry: Registry) -> dict[str, Kind]:
    """Describe every connector of the registry."""
    from hub.plugin.settings import settings_faults, settings_schema

    found: dict[str, Kind] = {}
    for name, cls in registry.connectors.items():
        streams: Mapping[str, str] = {stream.name: stream.model for stream in getattr(cls, "streams", ())}
        own = any(setting.name == "streams" for setting in settings_schema(cls))
        found[name] = Kind(name, streams, partial(settings_faults, cls), own)
    return found
