"""Measures `hub reconcile` on a database: the payments of `reconcile_data.py` through files, sync, matching and posting.

    python benchmarks/reconcile_store.py                        50,000 payments on SQLite
    python benchmarks/reconcile_store.py --payments 5000 --postgresql

Each command runs in a process of its own. What is printed is the first run, which takes in every document, matches,
posts and proves the books, and a second one, for which only what nobody could place is left.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_walk import Took, took
from reconcile_data import Data, make

TOML = """[hub]
store = "{store}"
[connections.erp]
connector = "files"
folder = "{folder}"
[connections.erp.streams]
customers = {{ path = "customers.csv", model = "customer", key = "number", mapping = "customers" }}
invoices = {{ path = "invoices.csv", model = "invoice", key = "key", mapping = "invoices" }}
[connections.giro]
connector = "files"
folder = "{folder}"
[connections.giro.streams]
entries = {{ path = "entries.csv", model = "payment", key = "key", mapping = "entries" }}
[finance.post]
S1_structured_reference = true
S2_invoice_number = true
S3_customer_exact_amount = true
S4_customer_group_sum = true
"""
MONEY = "{{ theirs = {0!r}, as = 'money', currency_from = 'currency' }}".format
MAPPINGS = {
    "customers": """stream = "customers"
model = "customer"
ignore = ["number"]
[fields]
name = "name"
"bank_accounts.main" = "iban"
""",
    "invoices": f"""stream = "invoices"
model = "invoice"
ignore = ["key"]
[fields]
number = "number"
customer = {{ theirs = "customer", link = "customers" }}
reference = "reference"
currency = "currency"
total = {MONEY("total")}
open = {MONEY("open")}
issued_on = "issued"
due_on = "due"
""",
    "entries": f"""stream = "entries"
model = "payment"
ignore = ["key"]
[fields]
amount = {MONEY("amount")}
paid_on = "booked"
payer = "payer"
payer_account = "iban"
account = "account"
reference = "text"
structured_reference = "structured"
"identifiers.bank" = "key"
state = {{ value = "succeeded" }}
""",
}


def money(minor: int) -> str:
    """An amount as files have it."""
    return f"{minor / 100:.2f}"


def files(data: Data) -> Iterator[tuple[str, str, Iterator[tuple[object, ...]]]]:
    """The files of the project: name, columns, rows."""
    yield "customers", "number,name,iban", ((one.id, one.name, one.ibans[0]) for one in data.customers)
    documents = (
        (d.id, d.number, d.customer, d.reference, "EUR", money(d.open), money(d.open), d.issued, d.due)
        for d in data.documents
    )
    yield "invoices", "key,number,customer,reference,currency,total,open,issued,due", documents
    payments = (
        (p.id, money(p.amount), "EUR", p.booking_date, p.debtor_name, p.debtor_iban, p.bank_account, p.text,
         p.structured_reference)
        for p in data.payments
    )  # fmt: skip
    yield "entries", "key,amount,currency,booked,payer,iban,account,text,structured", payments


def project(folder: Path, store: str, payments: int) -> Data:
    """Write the project and its files; return what is true of them."""
    data = make(payments)
    (folder / "mappings").mkdir(parents=True)
    (folder / "hub.toml").write_text(TOML.format(store=store, folder=folder))
    for name, text in MAPPINGS.items():
        (folder / f"mappings/{name}.toml").write_text(text)
    for name, columns, rows in files(data):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(columns.split(","))
            writer.writerows(rows)
    return data


def hub(folder: Path, *words: str) -> Took:
    """Run a command of the hub."""
    return took([sys.executable, "-m", "hub.cli", "--project", str(folder), *words, "--json"])


def table(folder: Path, store: str, payments: int) -> Iterator[str]:
    """Measure, and yield the lines of the table."""
    project(folder, store, payments)
    yield f"{payments:,} payments through the store, {store.split(':')[0]}"
    for name, words in (("sync", ("sync",)), ("reconcile", ("reconcile",)), ("reconcile again", ("reconcile",))):
        run = hub(folder, *words)
        line = f"{name:18}{run.wall:9.1f} s{run.cpu:9.1f} s of CPU{run.peak:9.0f} MB"
        if words[0] == "reconcile":
            rows = [json.loads(row) for row in run.out.splitlines()]
            posted = next(row["count"] for row in rows if row["kind"] == "posted")
            sound = all(row["fine"] for row in rows if row["kind"] == "check")
            line += f"   {posted:,} posted, the books {'hold' if sound else 'DO NOT HOLD'}"
        yield line


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure hub reconcile on a database.")
    parser.add_argument("--payments", type=int, default=50_000)
    parser.add_argument("--postgresql", action="store_true", help="a server of our own instead of SQLite")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        home = Path(name) / "project"
        if not wanted.postgresql:
            print("\n".join(table(home, f"sqlite:///{home}/hub.db", wanted.payments)))
            return
        from run import Postgres

        server = Postgres(Path(name) / "pg")
        try:
            print("\n".join(table(home, server.url(server.database()), wanted.payments)))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
