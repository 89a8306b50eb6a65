"""Every error the hub raises on purpose, named by what the caller does next.

    HubError
        ConfigError      a person mends hub.toml, a mapping file or the environment, then runs `hub check`
            MappingError     ... in a mapping file
        Unavailable      try again later; the hub does so by itself
            RateLimited      ... not before `retry_after` seconds; the request was certainly not carried out
        Unauthorized     a person renews the credentials
        Conflict         read the record again, merge again
        Missing          the record is gone over there
        Rejected         the target refused the data: a dead letter until a person acts
        Busy             another process holds the lease

A message says where, what, and what to do: `crm-eu: token refused (401); set HUB_CRM_EU_TOKEN and run: hub check crm-eu`.
"""

from __future__ import annotations

from collections.abc import Sequence


class HubError(Exception):
    """Something the hub names and explains; the CLI prints its message without a traceback."""


class ConfigError(HubError):
    """A setting is missing or wrong; nothing was read or written."""


class MappingError(ConfigError):
    """A mapping file says something that cannot be carried out."""


class Unavailable(HubError):
    """The other side did not answer, or answered that it cannot now; a write in flight may have arrived."""


class RateLimited(Unavailable):
    """The other side asks to slow down; `retry_after` is in seconds, None where it did not say."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unauthorized(HubError):
    """The credentials were refused."""


class Conflict(HubError):
    """The record has another version than the write expected."""


class Missing(HubError):
    """The record does not exist over there, or not any more."""


class Rejected(HubError):
    """The target refused the data; `fields` are the target's names of those at fault, where it said so."""

    def __init__(self, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class Busy(HubError):
    """Another process works on this connection."""
