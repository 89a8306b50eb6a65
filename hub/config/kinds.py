"""What the settings of a connection are checked against, as plain data: the plugin room knows connectors, this one not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """One argument of a connector's constructor; `type` is a type as Python gives it, None where anything goes."""

    name: str
    type: object = None
    required: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of system: the settings its connector takes, and the streams it declares with the model of each."""

    name: str
    settings: Mapping[str, Setting]
    streams: Mapping[str, str]
    open_streams: bool = False  # the connector takes its streams from its settings, so any name may be one
