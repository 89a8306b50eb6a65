"""A store on both databases, and a company that is about to close a line."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
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


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Company:
    """Two lines in two systems, synced, with their people, on both databases."""
    url = "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))
    return made(tmp_path / "project", url, capsys)


def made(folder: Path, url: str, capsys: pytest.CaptureFixture[str] | None) -> Company:
    """A company with the lines retail and other; one customer buys from both."""
    company = Company(folder, url, capsys)
    company.begin(connection("shop", "retail", push=True), connection("works", "other", push=True))
    stock(company.shop("shop"))
    stock(company.shop("works"), 3, "W")
    company.shop("works").add("customers", name="R Kunde Ä0", mail="r0@example.com")
    company("sync", code=(0, 1))
    company.people()
    return company


Stage = Callable[[str], Company]


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where projects that have come so far already are kept; each is built once and copied."""
    return {"": tmp_path_factory.mktemp("stages")}


@pytest.fixture
def at(stages: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Stage:
    """A company at a stage of its own: `fresh`, `ready` for the freeze, or `proven` and at the gate of destruction."""

    def stage(name: str) -> Company:
        if name not in stages:
            folder = stages[""] / name
            if name == "fresh":
                made(folder, "sqlite:///hub.db", capsys)
            else:
                before = copied(stage("fresh" if name == "ready" else "ready"), folder, capsys)
                getattr(before, name)()
            stages[name] = folder
        return copied(Company(stages[name], "sqlite:///hub.db", capsys), tmp_path / name, capsys)

    return stage


def copied(company: Company, folder: Path, capsys: pytest.CaptureFixture[str]) -> Company:
    """The same company in another folder."""
    for attempt in range(3):
        if folder.exists():
            shutil.rmtree(folder)
        try:
            shutil.copytree(company.folder, folder)
            break
        except (shutil.Error, FileNotFoundError):  # SQLite has just taken its log away
            if attempt == 2:
                raise
    env = (folder / ".env").read_text()
    (folder / ".env").write_text(re.sub(r"(?m)^HUB_TEST_FOLDER=.*$", f"HUB_TEST_FOLDER={folder}", env))
    return Company(folder, company.store_url, capsys)


@pytest.fixture
def company(at: Stage) -> Company:
    """Two lines in two systems, synced, with their people."""
    return at("fresh")
