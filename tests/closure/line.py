"""A company with the lines `retail` and `other`: its project, its systems, its people, and the command line."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from people import staff

from hub.cli.app import run
from hub.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MAPPINGS = {
    "customers": """model = "customer"
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"addresses.main.street" = "street"
"addresses.main.city" = "city"
language = "language"
tier = "tier"
""",
    "contracts": """model = "contract"
[fields]
number = "number"
customer = { theirs = "customer", link = "customers" }
end_on = { theirs = "end", as = "date" }
renewal = "renewal"
notice_days = "days"
period = "period"
amount = { theirs = "amount", as = "money", currency = "EUR" }
state = "state"
""",
    "orders": """model = "order"
[fields]
number = "number"
customer = { theirs = "customer", link = "customers" }
total = { theirs = "total", as = "money", currency = "EUR" }
state = "state"
""",
    "invoices": """model = "invoice"
[fields]
number = "number"
customer = { theirs = "customer", link = "customers" }
total = { theirs = "total", as = "money", currency = "EUR" }
open = { theirs = "open", as = "money", currency = "EUR" }
state = "state"
issued_on = { theirs = "issued", as = "date" }
description = "note"
""",
    "payments": """model = "payment"
[fields]
reference = "reference"
customer = { theirs = "customer", link = "customers" }
invoice = { theirs = "invoice", link = "invoices" }
amount = { theirs = "amount", as = "money", currency = "EUR" }
paid_on = { theirs = "paid", as = "date" }
state = "state"
""",
}


def _depot() -> Any:
    spec = importlib.util.spec_from_file_location("depot_of_tests", HERE / "plugins/depot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Shop = _depot().Shop


def connection(name: str, line: str, *, push: bool = False, erases: bool = True, create: str = "never") -> str:
    """The part of hub.toml for one depot."""
    text = f'[connections.{name}]\nconnector = "depot"\nline = "{line}"\nfile = "${{HUB_TEST_FOLDER}}/{name}.db"\n'
    text += f"erases = {str(erases).lower()}\n"
    for stream in MAPPINGS:
        text += f'[connections.{name}.streams.{stream}]\npush = {str(push).lower()}\ncreate = "{create}"\n'
    return text


@dataclass
class Company:
    """One project folder."""

    folder: Path
    store_url: str
    capsys: pytest.CaptureFixture[str]
    out: str = ""
    err: str = ""

    def begin(self, *connections: str, more: str = "") -> None:
        """Write the project."""
        (self.folder / "mappings").mkdir(parents=True)
        (self.folder / "plugins").mkdir()
        shutil.copy(HERE / "plugins/depot.py", self.folder / "plugins/depot.py")
        for stream, text in MAPPINGS.items():
            (self.folder / f"mappings/depot.{stream}.toml").write_text(f'stream = "{stream}"\nignore = ["id"]\n{text}')
        (self.folder / ".env").write_text(f"HUB_TEST_FOLDER={self.folder}\n")
        self.settings(*connections, more=more)

    def settings(self, *connections: str, more: str = "") -> None:
        """Write hub.toml anew."""
        text = "\n".join(connections)
        (self.folder / "hub.toml").write_text(f'[hub]\nstore = "{self.store_url}"\n{more}\n{text}')

    def shop(self, name: str) -> Any:
        """One of the systems."""
        return Shop(self.folder / f"{name}.db")

    def people(self) -> None:
        """Ana leads, Ben approves, Lea is legal, Fin is finance, Aud audits."""
        store = self.store()
        staff(store, self.folder, ana="lead", ben="approver", lea="legal", fin="finance", aud="auditor")
        store.close()

    def store(self) -> Store:
        """The hub's database."""
        return Store.open(self.url)

    @property
    def url(self) -> str:
        return self.store_url.replace("sqlite:///", f"sqlite:///{self.folder}/")

    def __call__(self, *arguments: str, by: str | None = None, code: int | tuple[int, ...] = 0) -> list[dict[str, Any]]:
        """Run a verb with --json as somebody; hold its exit code; return the rows it printed."""
        self.plain(*arguments, "--json", by=by, code=code)
        return [json.loads(line) for line in self.out.splitlines()]

    def plain(self, *arguments: str, by: str | None = None, code: int | tuple[int, ...] = 0) -> str:
        """Run a verb as a person does."""
        self.capsys.readouterr()
        extra = ("--as", by) if by else ()
        found = run(["--project", str(self.folder), *arguments, *extra])
        out = self.capsys.readouterr()
        self.out, self.err = out.out, out.err
        assert found in ((code,) if isinstance(code, int) else code), (found, out.err, out.out)
        return self.out

    def process(self, *arguments: str, by: str) -> subprocess.CompletedProcess[str]:
        """Run a verb in a process of its own, which may die."""
        command = [sys.executable, "-m", "hub.cli", "--project", str(self.folder), *arguments, "--as", by]
        path = os.pathsep.join(str(ROOT / p) for p in (".", "connectors", "flows"))
        env = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=120, check=False)

    def go(self, *, until: str | None = None, code: int | tuple[int, ...] = (0, 1)) -> dict[str, Any]:
        """Run the closing of retail as far as it goes; return the last phase."""
        rows = self("close", "run", "retail", *(("--until", until) if until else ()), by="ana", code=code)
        return rows[-1] if rows else {}

    def status(self) -> dict[str, dict[str, Any]]:
        """Each phase."""
        return {row["phase"]: row for row in self("close", "status", "retail", code=(0, 1))}

    def plan(self, **changes: str) -> None:
        """Ana plans to close retail by the small template."""
        options = {
            "template": "small",
            "target": "2027-03-31",
            "reason": "it earns nothing",
            "entity": "Nordlicht GmbH",
        }
        arguments = [
            part for key, value in (options | changes).items() for part in (f"--{key.replace('_', '-')}", value)
        ]
        self("close", "plan", "retail", *arguments, by="ana")

    def tasks(self, *ids: str) -> None:
        """Ana does the tasks."""
        for id in ids:
            self.plain("close", "task", "retail", id, "--done", "file 4711", by="ana", code=(0, 1))

    def ready(self) -> None:
        """Plan, tasks and the first approval."""
        self.plan()
        self.tasks("legal-review", "backups")
        self.plain("close", "approve", "retail", "freeze", by="ben")
        self.go(until="notify")

    def proven(self) -> None:
        """From the open gate of the freeze up to that of destruction."""
        self.go()
        self("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))
        assert self.go()["phase"] == "destroy"

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the hub's database."""
        store = self.store()
        try:
            with store.read() as tx:
                return tx.rows(text, *values)
        finally:
            store.close()


def stock(shop: Any, customers: int = 6, prefix: str = "R") -> dict[str, list[str]]:
    """Fill a system: each customer with a contract that ended, an order that is done, a paid invoice and its payment."""
    people = shop.fill("customers", [
        {"name": f"{prefix} Kunde Ä{n}", "mail": f"{prefix.lower()}{n}@example.com", "street": f"Weg {n}", "city": "Kiel",
         "language": "de" if n % 2 else "en"} for n in range(customers)
    ])  # fmt: skip
    keys = {"customers": people}
    keys["contracts"] = shop.fill("contracts", [
        {"number": f"{prefix}C{n}", "customer": c, "end": "2025-12-31", "renewal": "none", "period": "year",
         "amount": "120.00", "state": "ended"} for n, c in enumerate(people)
    ])  # fmt: skip
    keys["orders"] = shop.fill("orders", [
        {"number": f"{prefix}O{n}", "customer": c, "total": f"{10 + n}.50", "state": "done"} for n, c in enumerate(people)
    ])  # fmt: skip
    keys["invoices"] = shop.fill("invoices", [
        {"number": f"{prefix}I{n}", "customer": c, "total": f"{10 + n}.50", "open": "0.00", "state": "paid",
         "issued": "2025-06-01"} for n, c in enumerate(people)
    ])  # fmt: skip
    keys["payments"] = shop.fill("payments", [
        {"reference": f"{prefix}P{n}", "customer": c, "invoice": i, "amount": f"{10 + n}.50", "paid": "2025-06-20",
         "state": "succeeded"} for n, (c, i) in enumerate(zip(people, keys["invoices"], strict=True))
    ])  # fmt: skip
    return keys
