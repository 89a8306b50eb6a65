"""The clock of a test: it stands until somebody moves it, for everything in this process; and where people read it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from hub.store import Store

BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "EST5EDT,M3.2.0,M11.1.0", "CST-8"
"""A plan's zone, and where people sit: as POSIX writes zones, which asks for no files."""


class Clock:
    """What every store opened from now on takes for the time; set it to any moment, also to an earlier one."""

    def __init__(self, patch: pytest.MonkeyPatch, at: datetime) -> None:
        self.at = at
        made = Store.__init__

        def init(store: Store, url: str, **more: Any) -> None:
            made(store, url, **more | {"clock": lambda: self.at.timestamp()})

        patch.setattr(Store, "__init__", init)


def autumn() -> datetime:
    """Midnight in UTC of the next year's day on which summer time ends in Europe; the clocks change an hour later."""
    last = date(date.today().year + 1, 10, 31)
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    return datetime(sunday.year, sunday.month, sunday.day, tzinfo=UTC)


@contextmanager
def reading_in(zone: str) -> Iterator[None]:
    """Who sits at this machine is in another zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()
