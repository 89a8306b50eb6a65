"""Moments as HubSpot writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def moment(text: str) -> datetime:
    """Return HubSpot's time as a moment."""
    return datetime.fromisoformat(text)


def stamp(at: datetime) -> str:
    """Return a moment as HubSpot writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def epoch(at: datetime) -> str:
    """Return a moment as search takes it: milliseconds since 1970."""
    return str((at - BEGINNING) // MILLISECOND)
