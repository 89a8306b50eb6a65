"""A project of two ledgers, or of a ledger and a CRM, and the command line as its only door."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.cli.app import run

HERE = Path(__file__).parent
CLIENTS = """stream = "clients"
model = "customer"
ignore = ["id"]
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"phones.main" = { theirs = "phone", as = "phone" }
owner = "owner"
note = "note"
parent = { theirs = "parent", link = "clients" }
"""
BILLS = """stream = "bills"
model = "invoice"
ignore = ["id"]
[fields]
number = "number"
customer = { theirs = "client", link = "clients" }
total = { theirs = "amount", as = "money", currency = "EUR" }
description = "text"
"""
LEDGER = """
[connections.{name}]
connector = "ledger"
file = "${{HUB_PROJECT}}/{name}.db"
{settings}
[connections.{name}.streams.clients]
push = {push}
create = "{create}"
{clients}
[connections.{name}.streams.bills]
push = {push}
create = "{create}"
{bills}
"""


def _ledger() -> Any:
    spec = importlib.util.spec_from_file_location("ledger_of_tests", HERE / "plugins/ledger.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Book = _ledger().Book


@dataclass
class Yard:
    """One project folder and its two systems."""

    folder: Path
    store: str
    capsys: pytest.CaptureFixture[str] | None = None
    books: dict[str, Any] = field(default_factory=dict)
    err: str = ""  # what the last verb said beside its answer

    def begin(self, text: str) -> None:
        """Write the project: hub.toml, mappings, the ledger's plugin."""
        (self.folder / "mappings").mkdir(parents=True)
        (self.folder / "plugins").mkdir()
        shutil.copy(HERE / "plugins/ledger.py", self.folder / "plugins/ledger.py")
        self.mapping("clients", CLIENTS)
        self.mapping("bills", BILLS)
        self.settings(text)

    def settings(self, text: str) -> None:
        """Write hub.toml anew."""
        (self.folder / "hub.toml").write_text(f'[hub]\nstore = "{self.store}"\n{text}')

    def mapping(self, stream: str, text: str) -> None:
        """Write the mapping of a ledger's stream."""
        (self.folder / f"mappings/ledger.{stream}.toml").write_text(text)

    def plugin(self, name: str, text: str) -> None:
        """Write a plugin of the company's own."""
        (self.folder / f"plugins/{name}.py").write_text(text)

    def book(self, name: str) -> Any:
        """One of the ledgers."""
        if name not in self.books:
            self.books[name] = Book(self.folder / f"{name}.db")
        return self.books[name]

    def __call__(self, *arguments: str, code: int | Sequence[int] = 0) -> list[dict[str, Any]]:
        """Run a verb with --json, hold its exit code to `code`, and return the rows it printed."""
        assert self.capsys is not None
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments, "--json"])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found in ((code,) if isinstance(code, int) else code), (found, out.err, out.out)
        return [json.loads(line) for line in out.out.splitlines()]

    def plain(self, *arguments: str, code: int = 0) -> str:
        """Run a verb as a person does and return what it printed."""
        assert self.capsys is not None
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found == code, out.err
        return str(out.out)

    def sync(self, *arguments: str, code: int | Sequence[int] = 0) -> dict[str, dict[str, Any]]:
        """Run hub sync; the counts by connection/stream."""
        return {f"{row['connection']}/{row['stream']}": row for row in self("sync", *arguments, code=code)}

    def quiet(self) -> None:
        """Hold the hub to writing nothing any more."""
        before = {name: book.rows(stream) for name, book in self.books.items() for stream in ("clients", "bills")}
        for row in self.sync(code=(0, 1)).values():
            assert (row["written"], row["queued"], row["refused"]) == (0, 0, 0), row
        assert before == {
            name: book.rows(stream) for name, book in self.books.items() for stream in ("clients", "bills")
        }

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Ask the hub's database."""
        from hub.store import Store

        store = Store(self.store.replace("sqlite:///", f"sqlite:///{self.folder}/"))
        try:
            with store.read() as tx:
                return tx.rows(text)
        finally:
            store.close()

    def change(self, text: str) -> None:
        """Change the hub's database."""
        from hub.store import Store

        store = Store(self.store.replace("sqlite:///", f"sqlite:///{self.folder}/"))
        try:
            with store.begin(count=False) as tx:
                tx.run(text)
        finally:
            store.close()

    def dump(self) -> str:
        """Every row of the hub's database as text."""
        from hub.store.tables import metadata

        return "\n".join(
            str(row) for table in metadata.sorted_tables for row in self.sql(f"SELECT * FROM {table.name}")
        )

    def close(self) -> None:
        """Close the ledgers."""
        for book in self.books.values():
            book.close()


def ledger(
    name: str, push: bool = True, create: str = "all", settings: str = "", clients: str = "", bills: str = ""
) -> str:
    """The part of hub.toml for one ledger."""
    return LEDGER.format(
        name=name, push=str(push).lower(), create=create, settings=settings, clients=clients, bills=bills
    )


def names(found: Sequence[dict[str, Any]]) -> list[str]:
    """The names of listed golden records, in order."""
    return sorted(row["values"]["name"] for row in found)


def files(folder: Path) -> dict[str, Any]:
    """What stands in each database file of a folder, row by row."""
    return {path.name: list(sqlite3.connect(path).iterdump()) for path in sorted(folder.glob("*.db")) if path.is_file()}
