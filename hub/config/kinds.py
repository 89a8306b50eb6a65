"""What the settings of a connection are checked against; the plugin room knows connectors, this one only their shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def _none(settings: Mapping[str, Any]) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of system: how its connector judges settings, and the streams it declares with the model of each."""

    name: str
    streams: Mapping[str, str]
    faults: Callable[[Mapping[str, Any]], Mapping[str, str]] = _none  # what is wrong with settings, by name
    mappings: Path | None = None  # the folder of mapping files that its package brings
    open_streams: bool = False  # the connector takes its streams from its settings, so any name may be one
