"""The bank for the hub: files of statements from a folder or over SFTP, read as payments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.connect import Connector
from hub.plugin import hookimpl
from hub_bank.connector import Bank

__all__ = ["Bank"]


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Bring the connector `bank`."""
    register(Bank)


@hookimpl
def register_converters(register: Callable[..., None]) -> None:
    """Bring the converter `booked`: the state of an entry; of what was refused it is the reason."""
    register("booked", _booked, _booked)


def _booked(value: Any) -> str:
    if value != "succeeded":
        raise ValueError(str(value))
    return "succeeded"
