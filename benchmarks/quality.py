"""Measures the scorecard: how long it takes to judge all golden records, and in how much memory.

    python benchmarks/quality.py                 200,000 golden records of two systems, SQLite
    python benchmarks/quality.py --records 20000

The store is filled directly, since the walk has a benchmark of its own. Records are messy companies (see companies.py)
and an invoice with three lines for every fourth; half of them are in a second system that shows something else.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent))

from companies import companies
from company_mess import messy

from hub.quality.checks import Book
from hub.quality.scorecard import count, scores
from hub.quality.scorecard_read import Reader
from hub.store import Store
from hub.store.tables import golden, record, stream

DAY = 86_400_000_000


def values(rng: Random, company, source: str) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """A company's record in flat form."""
    found, _ = messy(rng, source, company)
    phone = "+" + "".join(c for c in found["phone"].removeprefix("00") if c.isdigit()) if found["phone"] else ""
    fields = {
        "kind": "company", "name": found["name"], "legal_name": found["legal_name"], "website": found["website"],
        "emails.main": found["email"], "phones.main": phone, "addresses.main.street": found["street"],
        "addresses.main.postal_code": found["postal_code"], "addresses.main.city": found["city"],
        "addresses.main.country": found["country"], "identifiers.vat": found["vat"], "bank_accounts.main": found["iban"],
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value} | {"lines.main": True}


def invoice(rng: Random, number: int, customer: str) -> dict[str, object]:
    """An invoice of three lines; one in fifty does not add up."""
    lines, net = [], 0
    for _ in range(3):
        quantity, price = rng.randrange(1, 40), rng.randrange(100, 90_000)
        lines.append(
            {
                "quantity": str(quantity),
                "unit_price": f"{price / 100:.2f}",
                "tax_rate": "0.19",
                "amount": [quantity * price, "EUR"],
            }
        )
        net += quantity * price
    tax = round(net * 0.19)
    return {
        "number": f"R{number}", "customer": customer, "lines": lines, "net": [net, "EUR"], "tax": [tax, "EUR"],
        "total": [net + tax + (100 if rng.random() < 0.02 else 0), "EUR"], "issued_on": "2026-03-01", "due_on": "2026-03-31",
        "state": "open", "line": "main",
    }  # fmt: skip


def fill(store: Store, count: int) -> int:
    """Fill an empty store; return how many records of systems it holds."""
    rng, now, linked = Random(5), store.now(), 0
    with store.begin() as tx:
        columns = ("id", "connection", "name", "model", "read_to_end", "compared_seq", "created_seq")
        streams = [
            (1, "crm", "customers", "customer"),
            (2, "erp", "customers", "customer"),
            (3, "erp", "invoices", "invoice"),
        ]
        tx.insert(stream, columns, [(*one, True, 0, 0) for one in streams])
    goldens: list[tuple[object, ...]] = []
    links: list[tuple[object, ...]] = []

    def write() -> None:
        with store.begin() as tx:
            tx.insert(golden, ("id", "model", "data", "seq"), [(*one, tx.seq) for one in goldens])
            tx.insert(
                record, ("key", "stream_id", "golden_id", "seen", "changed_at", "waiting", "ours", "receipt_seq"), links
            )
        goldens.clear()
        links.clear()

    for company in companies(count * 4 // 5, 11):
        id = f"customer_{company.id:09d}"
        text = json.dumps(values(rng, company, "erp"))
        goldens.append((id, "customer", text))
        links.append((f"E{company.id}", 2, id, text, now - rng.randrange(900) * DAY, 0, False, 0))
        if company.id % 2:
            links.append((f"C{company.id}", 1, id, json.dumps(values(rng, company, "crm")), now, 0, False, 0))
        if company.id % 4 == 0:
            bill = json.dumps(invoice(rng, company.id, id))
            goldens.append((f"invoice_{company.id:09d}", "invoice", bill))
            links.append((f"I{company.id}", 3, f"invoice_{company.id:09d}", bill, now, 0, False, 0))
        linked += len(links) if len(goldens) >= 5_000 else 0
        if len(goldens) >= 5_000:
            write()
    linked += len(links)
    write()
    store.analyze()
    return linked


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--store", help="a database URL; without it an SQLite file that is removed")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(given.store or f"sqlite:///{folder}/hub.db")
        linked = fill(store, given.records)
        resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        book = Book()
        started, used = time.perf_counter(), time.process_time()
        cells = count(Reader(store, book), book)
        took, used = time.perf_counter() - started, time.process_time() - used
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        judged = sum(cell.records for (_, connection, line), cell in cells.items() if not connection and not line)
        print(f"{judged} golden records with {linked} records of systems judged in {took:.1f} s ({used:.1f} s of CPU)")
        print(f"memory {peak:.0f} MB, of which {resting:.0f} MB before the first page")
        for score in scores(cells):
            if not score.connection and not score.line:
                print(f"  {score.model} {score.measure}: {score.good} of {score.total}")


if __name__ == "__main__":
    main()
