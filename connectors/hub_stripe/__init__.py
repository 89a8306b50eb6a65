"""Stripe for the hub: customers both ways; invoices, payment intents, charges, refunds and payouts read."""

from __future__ import annotations

from collections.abc import Callable

from hub.connect import Connector
from hub.plugin import hookimpl
from hub_stripe.connector import Stripe

__all__ = ["Stripe"]


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Bring the connector `stripe`."""
    register(Stripe)
