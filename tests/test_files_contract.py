"""The files connector keeps what every connector promises."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hub_files import Files

from hub.connect import Unavailable
from hub.testing.contract import ConnectorContract, Make, System


class World:
    """A folder with one CSV file that people edit by hand."""

    page = 3
    requests = 0
    token = "files have no secret"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "people.csv"
        self._number = count(1)

    def rows(self) -> dict[str, dict[str, str]]:
        if not self.file.exists():
            return {}
        with self.file.open(newline="", encoding="utf-8") as stream:
            return {row["hub_id"]: row for row in csv.DictReader(stream)}

    def save(self, rows: dict[str, dict[str, str]]) -> None:
        with self.file.open("w", newline="", encoding="utf-8") as stream:
            out = csv.DictWriter(stream, ["hub_id", "name", "note"], restval="")
            out.writeheader()
            out.writerows(rows.values())

    def add(self, stream: str) -> str:
        key = f"typed-{next(self._number)}"
        self.save(self.rows() | {key: {"hub_id": key, **self.sample(stream)}})
        return key

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        rows = self.rows()
        rows[key]["note"] = f"edited {next(self._number)}"
        self.save(rows)

    def remove(self, stream: str, key: str) -> None:
        self.save({k: row for k, row in self.rows().items() if k != key})

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        return self.rows().get(key)

    def keys(self, stream: str) -> list[str]:
        return list(self.rows())

    def sample(self, stream: str) -> dict[str, Any]:
        return {"name": f"Name {next(self._number)}", "note": "a;b,c"}

    def bad(self, stream: str) -> dict[str, Any] | None:
        return {"name": "zero \0 byte"}

    def tick(self, seconds: float = 1) -> None:
        return

    def fail(self) -> None:
        self.folder.rename(self.folder.with_name("unmounted"))


class TestFiles(ConnectorContract):
    @pytest.fixture
    def system(self, tmp_path: Path) -> World:
        folder = tmp_path / "share"
        folder.mkdir()
        return World(folder)

    @pytest.fixture
    def connector(self, system: World) -> Make:
        def make(wrong: str | None = None) -> Files:
            folder = system.folder / "nowhere" if wrong else system.folder
            return Files({"people": {"path": "people.csv", "model": "customer", "key": "hub_id"}}, str(folder))

        return make

    def test_it_does_not_retry_by_itself(self, connector: Make, system: System) -> None:
        """A folder that is gone is told at once; there is no request to count."""
        system.add("people")
        system.fail()
        for verb in (lambda: connector().pull("people"), lambda: connector().push("people", [])):
            with pytest.raises(Unavailable):
                list(verb())

    def test_check_tells_credentials_from_address(self, connector: Make, system: System) -> None:
        """A folder has an address and no credentials."""
        connector().check()
        with pytest.raises(Unavailable):
            connector(wrong="address").check()
