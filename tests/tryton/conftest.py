"""One real Tryton for the run; its database is made at the first run and kept in pytest's cache."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import hub_tryton.changes
import pytest
from hub_tryton import Tryton

from hub.connect import Write
from hub.testing.tryton import People, TrytonServer

NUMBERS = count(1)


@pytest.fixture(scope="session")
def server(request: pytest.FixtureRequest) -> Iterator[TrytonServer]:
    pytest.importorskip("trytond")
    with TrytonServer(request.config.cache.mkdir("tryton")) as server:
        yield server


@pytest.fixture
def people(server: TrytonServer) -> People:
    return server.people


@pytest.fixture
def tryton(server: TrytonServer) -> Iterator[Tryton]:
    made = Tryton(**server.access.settings)
    yield made
    made.close()


@pytest.fixture
def exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without overlap a pull shows what moved its cursor, and nothing that was merely recent."""
    monkeypatch.setattr(hub_tryton.changes, "OVERLAP", timedelta(microseconds=-1))


def write(data: dict[str, Any], key: str | None = None, expect: str | None = None, our_id: str | None = None) -> Write:
    """A write with ids of its own."""
    ours = our_id or f"gold-{next(NUMBERS)}"
    return Write(data, key, expect, f"once-{ours}", ours)
