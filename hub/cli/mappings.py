"""Mapping files, loaded with the converters of the project's plugins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.mapping import Mapping
    from hub.plugin.registry import Registry


def loaded(file: Path, registry: Registry) -> Mapping:
    """Load and check one mapping file. Raises MappingError that lists every mistake."""
    from hub.mapping import load
    from hub.mapping.converters import BUILTIN, Converters

    converters = Converters(BUILTIN)
    for name, pair in registry.converters.items():
        converters.register(name, pair.read, pair.write)
    return load(file, converters)
