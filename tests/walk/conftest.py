"""A project of two ledgers, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from yard import Yard, ledger


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the hub keeps its own."""
    return "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))


@pytest.fixture
def yard(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Yard]:
    """Two empty ledgers, `north` and `south`, that are to agree on everything."""
    yard = Yard(tmp_path / "project", url, capsys)
    yard.begin(ledger("north") + ledger("south"))
    yield yard
    yard.close()


@pytest.fixture
def light(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Yard]:
    """The same on SQLite alone, for what the store has no part in."""
    yard = Yard(tmp_path / "project", "sqlite:///hub.db", capsys)
    yard.begin(ledger("north") + ledger("south"))
    yield yard
    yard.close()
