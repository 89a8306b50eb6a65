"""HubSpot for the hub: `connector = "hubspot"` in hub.toml."""

from __future__ import annotations

from hub.plugin import hookimpl
from hub.plugin.hookspecs import RegisterConnector
from hub_hubspot.connector import HubSpot

__all__ = ["HubSpot"]


@hookimpl
def register_connectors(register: RegisterConnector) -> None:
    """Bring the HubSpot connector."""
    register(HubSpot)
