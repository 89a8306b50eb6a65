"""The mail connector: reads a mailbox over IMAP and answers over SMTP."""

from collections.abc import Callable

from hub.connect import Connector
from hub.plugin import hookimpl
from hub_mail.connector import Mail

__all__ = ["Mail"]


@hookimpl
def register_connectors(register: Callable[[type[Connector]], None]) -> None:
    """Make `connector = "mail"` known."""
    register(Mail)
