"""The connector for Tryton, an ERP: parties, products, opportunities, sales, invoices and payments."""

from hub.plugin import hookimpl
from hub_tryton.connector import Tryton

__all__ = ["Tryton", "register_connectors"]


@hookimpl
def register_connectors(register):  # type: ignore[no-untyped-def]
    """Bring the connector `tryton`."""
    register(Tryton)
