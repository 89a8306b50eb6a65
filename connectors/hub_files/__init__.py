"""Files for the hub: CSV, JSON Lines, Parquet and XLSX, read and written."""

from __future__ import annotations

from collections.abc import Callable

from hub.connect import Connector
from hub.plugin import hookimpl
from hub_files.connector import Files

__all__ = ["Files"]


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Bring the connector `files`."""
    register(Files)
