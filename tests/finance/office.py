"""A finance office of files: an ERP's customers and invoices, a bank's entries, and the command line as the door."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from hub.cli.app import run
from hub.secret import Secret

TOML = """[hub]
store = "{store}"
[connections.erp]
connector = "files"
folder = "${{HUB_PROJECT}}/erp"
[connections.erp.streams.customers]
path = "customers.csv"
model = "customer"
key = "number"
mapping = "erp.customers"
[connections.erp.streams.invoices]
path = "invoices.csv"
model = "invoice"
key = "number"
mapping = "erp.invoices"
[connections.giro]
connector = "files"
folder = "${{HUB_PROJECT}}/bank"
[connections.giro.streams.entries]
path = "entries.csv"
model = "payment"
key = "key"
mapping = "giro.entries"
{more}
[finance]
{finance}
"""
POST = """
[finance.post]
S0_return = true
S1_structured_reference = true
S2_invoice_number = "5000.00"
S3_customer_exact_amount = "1000"
"""
CUSTOMERS = """stream = "customers"
model = "customer"
ignore = ["number"]
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email", bad = "skip" }
"bank_accounts.main" = "iban"
"""
INVOICES = """stream = "invoices"
model = "invoice"
[fields]
kind = { theirs = "kind", values = { invoice = "invoice", credit_note = "credit_note" } }
number = "number"
customer = { theirs = "customer", link = "customers" }
reference = "reference"
currency = "currency"
total = { theirs = "total", as = "money", currency_from = "currency" }
open = { theirs = "open", as = "money", currency_from = "currency" }
issued_on = "issued"
due_on = "due"
discount = { theirs = "discount", as = "money", currency_from = "currency" }
discount_until = "discount_until"
booked_rate = { theirs = "rate", as = "decimal" }
legal_entity = "entity"
"""
ENTRIES = """stream = "entries"
model = "payment"
ignore = ["key"]
[fields]
amount = { theirs = "amount", as = "money", currency_from = "currency" }
charges = { theirs = "charges", as = "money", currency_from = "currency" }
paid_on = "booked"
value_on = "value"
payer = "payer"
payer_account = "iban"
account = "account"
reference = "text"
structured_reference = "structured"
entry_reference = "entry"
return_of = "return_of"
"identifiers.bank" = "key"
state = { value = "succeeded" }
"""
COLUMNS = {
    "customers": ("number", "name", "mail", "iban"),
    "invoices": (
        "number", "kind", "customer", "reference", "currency", "total", "open", "issued", "due", "discount",
        "discount_until", "rate", "entity",
    ),
    "entries": (
        "key", "amount", "currency", "charges", "booked", "value", "payer", "iban", "account", "text", "structured",
        "entry", "return_of",
    ),
}  # fmt: skip
PASSWORD = "correct horse battery"


@dataclass
class Office:
    """One project folder with its files."""

    folder: Path
    store: str
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    err: str = ""
    files: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {name: [] for name in COLUMNS})

    def begin(self, finance: str = POST, more: str = "") -> None:
        """Write the project."""
        for name in ("mappings", "erp", "bank", "plugins"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in (("erp.customers", CUSTOMERS), ("erp.invoices", INVOICES), ("giro.entries", ENTRIES)):
            (self.folder / f"mappings/{name}.toml").write_text(text)
        self.settings(finance, more)
        self.write()

    def settings(self, finance: str, more: str = "") -> None:
        """Write hub.toml anew."""
        (self.folder / "hub.toml").write_text(TOML.format(store=self.store, finance=finance, more=more))

    def customer(self, number: str, name: str, iban: str = "", mail: str = "") -> None:
        """Another customer in the ERP."""
        self.files["customers"].append({"number": number, "name": name, "iban": iban, "mail": mail})

    def invoice(self, number: str, customer: str, total: str, **more: str) -> None:
        """Another document in the ERP."""
        row = {"number": number, "kind": "invoice", "customer": customer, "currency": "EUR", "total": total,
               "open": total, "issued": "2026-03-01", "due": "2026-03-31"}  # fmt: skip
        self.files["invoices"].append(row | more)

    def change(self, number: str, **more: str) -> None:
        """A document changes in the ERP."""
        next(row for row in self.files["invoices"] if row["number"] == number).update(more)

    def entry(self, key: str, amount: str, text: str = "", booked: str = "2026-04-02", **more: str) -> None:
        """Another entry on the bank account."""
        row = {"key": key, "amount": amount, "currency": "EUR", "booked": booked, "text": text, "account": "DE02"}
        self.files["entries"].append(row | more)

    def write(self) -> None:
        """Write the files."""
        for name, columns in COLUMNS.items():
            place = self.folder / ("bank" if name == "entries" else "erp") / f"{name}.csv"
            with place.open("w", newline="", encoding="utf-8") as out:
                writer = csv.DictWriter(out, columns, restval="")
                writer.writeheader()
                writer.writerows(self.files[name])

    def person(self, *names: str) -> None:
        """People of finance."""
        from hub.people import add, grant
        from hub.store import Store

        store = Store.open(self.store.replace("sqlite:///", f"sqlite:///{self.folder}/"))
        for name in names:
            add(store, name, Secret(PASSWORD), by="test")
            grant(store, name, "finance", "*", by="test")
        store.close()
        self.monkeypatch.setenv("HUB_PASSWORD", PASSWORD)

    def __call__(self, *arguments: str, code: int | Sequence[int] = 0) -> list[dict[str, Any]]:
        """Run a verb with --json, hold its exit code to `code`, and return the rows it printed."""
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments, "--json"])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found in ((code,) if isinstance(code, int) else code), (found, out.err, out.out)
        return [json.loads(line) for line in out.out.splitlines()]

    def plain(self, *arguments: str, code: int = 0) -> str:
        """Run a verb as a person does and return what it printed."""
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found == code, (found, out.err, out.out)
        return str(out.out)

    def morning(self, *arguments: str, code: int = 0) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Sync and reconcile; the rows of the reconciling by kind and name."""
        self.write()
        self("sync")
        return {(row["kind"], row["name"]): row for row in self("reconcile", *arguments, code=code)}

    def payments(self) -> dict[str, dict[str, Any]]:
        """All payments by the key of their entry."""
        rows = self("list", "payment", "--limit", "1000")
        keys = {row["id"]: row["values"]["identifiers.bank"] for row in rows if "identifiers.bank" in row["values"]}
        return {keys[row["id"]]: row for row in self("payments", "list", "--limit", "1000")}

    def open(self, *arguments: str) -> dict[str, int]:
        """What is open, by document number."""
        return {row["number"]: row["open"][0] for row in self("ageing", "--items", *arguments)}

    def sound(self) -> None:
        """Hold the books to add up."""
        assert all(row["fine"] for row in self("books"))

    def sql(self, text: str) -> list[tuple[Any, ...]]:
        """Ask the hub's database."""
        from hub.store import Store

        store = Store(self.store.replace("sqlite:///", f"sqlite:///{self.folder}/"))
        try:
            with store.read() as tx:
                return tx.rows(text)
        finally:
            store.close()
