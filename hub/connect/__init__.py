"""What a connector author uses."""

from hub.connect.base import Answer, Connector, Page, Receipt, Record, Stream, Write
from hub.errors import (
    ConfigError,
    Conflict,
    HubError,
    Missing,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from hub.secret import Secret

__all__ = [
    "Answer",
    "ConfigError",
    "Conflict",
    "Connector",
    "HubError",
    "Missing",
    "Page",
    "RateLimited",
    "Receipt",
    "Record",
    "Rejected",
    "Secret",
    "Stream",
    "Unauthorized",
    "Unavailable",
    "Write",
]
