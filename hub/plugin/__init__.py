"""How strangers and ourselves add connectors, converters and rules; `hookimpl` marks a hook."""

from hub.plugin.derived import Candidate, Derived, Event, Golden, Look
from hub.plugin.hookspecs import RegisterCheck, RegisterConnector, RegisterConverter, RegisterMatchRule, hookimpl
from hub.plugin.matching import Compare

__all__ = [
    "Candidate",
    "Compare",
    "Derived",
    "Event",
    "Golden",
    "Look",
    "RegisterCheck",
    "RegisterConnector",
    "RegisterConverter",
    "RegisterMatchRule",
    "hookimpl",
]
