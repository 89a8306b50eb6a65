"""A store on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from line import Company, connection, stock

from hub.store import Store


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the hub keeps its own."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/hub.db"
    return str(request.getfixturevalue("pg_url"))


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """An empty store."""
    store = Store.open(url)
    yield store
    store.close()


@pytest.fixture
def company(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Company]:
    """Two lines in two systems, on SQLite; `both` runs the same on both databases."""
    yield from made(tmp_path, "sqlite:///hub.db", capsys)


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Company]:
    """The same on both databases."""
    url = "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))
    yield from made(tmp_path, url, capsys)


def made(folder: Path, url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Company]:
    """A company with two lines, synced, with its people."""
    company = Company(folder / "project", url, capsys)
    company.begin(connection("shop", "retail", push=True), connection("works", "other", push=True))
    stock(company.shop("shop"))
    stock(company.shop("works"), 3, "W")
    company.shop("works").add("customers", name="R Kunde Ä0", mail="r0@example.com")  # buys from both lines
    company("sync", code=(0, 1))
    company.people()
    yield company
