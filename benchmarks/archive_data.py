"""A business line with customers and documents, written straight into a store: as a sync would leave it, only quicker."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from hub.store import Store
from hub.store.tables import golden, identifier, lineage, record, reference, stream
from hub.sync.feed import identities, referred

BATCH = 2_000
STREAMS = (
    (1, "crm", "companies", "customer"),
    (2, "crm", "people", "contact"),
    (3, "erp", "invoices", "invoice"),
    (4, "erp", "payments", "payment"),
    (5, "mail", "messages", "message"),
    (6, "erp", "items", "product"),
)
AT = 1_700_000_000_000_000
NAMES = ("Müller & Söhne", "Ångström AB", "東京商事", "Olé Café", "O'Neill Ltd", "Živa d.o.o.", "Nordwind GmbH")


def fill(store: Store, customers: int, documents: int = 10, line: str = "retail", attachment: int = 400) -> None:
    """Write customers, each with a contact and so many documents: invoices, payments, and a mail in every five."""
    with store.begin() as tx:
        tx.insert(
            stream, ("id", "connection", "name", "model", "read_to_end", "compared_seq", "created_seq"),
            [(*row, True, 0, 0) for row in STREAMS],
        )  # fmt: skip
    for start in range(0, customers, BATCH // 10):
        with store.begin() as tx:
            seq = tx.seq
            goldens: list[Any] = []
            records: list[Any] = []
            refs: list[Any] = []
            names: list[Any] = []
            for id, model, values, raw in made(
                range(start, min(start + BATCH // 10, customers)), documents, line, attachment
            ):
                number = next(row[0] for row in STREAMS if row[3] == model)
                first = json.dumps([0, AT, number, id[-26:]])
                text = json.dumps(values, ensure_ascii=False)
                goldens.append((id, model, text, first, None, None, None, seq))
                payload = json.dumps(raw, ensure_ascii=False).encode()
                digest = hashlib.blake2b(payload, digest_size=12).digest()
                records.append((id[-26:], number, id, digest, payload, 0, text, False, "1", AT, 0))
                refs += [(target, id, name) for name, target in referred(model, values)]
                names += [(name, id) for name in identities(model, values)]
            columns = ("id", "model", "data", "first", "stamps", "into_id", "archived_at", "seq")
            tx.insert(golden, columns, goldens)
            tx.insert(
                record,
                ("key", "stream_id", "golden_id", "digest", "payload", "waiting", "seen", "ours", "version", "changed_at", "receipt_seq"),
                records,
            )  # fmt: skip
            tx.insert(reference, ("target_id", "golden_id", "field"), refs)
            tx.insert(identifier, ("name", "golden_id"), names)
            tx.insert(
                lineage, ("golden_id", "field", "value", "stamp", "stream_id", "key", "seq", "class", "won", "over"),
                [
                    (g[0], "name", '"Old name"', f"[{g[3]},0,{g[3]}]", 1, g[0][-26:], seq, 1, False, "null")
                    for g in goldens if g[1] == "customer"
                ],
            )  # fmt: skip


def made(numbers: range, documents: int, line: str, attachment: int) -> Iterator[tuple[str, str, dict[str, Any], Any]]:
    """Golden id, model, values and raw record of all that belongs to these customers."""
    for n in numbers:
        owner = f"customer_{n:026x}"
        yield owner, "customer", {
            "kind": "company", "name": f"{NAMES[n % len(NAMES)]} {n}", "identifiers.vat": f"DE{n:09}",
            "emails.main": f"info@c{n}.example", "phones.main": f"+4930{n:07}", f"lines.{line}": True,
            "addresses.main.city": "Köln", "addresses.main.country": "DE",
        }, {"id": n, "name": f"{NAMES[n % len(NAMES)]} {n}", "mail": f"info@c{n}.example"}  # fmt: skip
        yield f"contact_{n:026x}", "contact", {
            "first_name": "Zoë", "last_name": f"Person {n}", "emails.main": f"zoe@c{n}.example", "customer": owner,
            f"lines.{line}": True,
        }, {"id": n, "who": f"Zoë Person {n}"}  # fmt: skip
        for d in range(documents):
            at = n * documents + d
            invoice = f"invoice_{at:026x}"
            if d % 5 == 4:
                content = hashlib.shake_256(str(at).encode()).digest(attachment)
                name, sha256 = f"offer-{at}.pdf", f"sha256:{hashlib.sha256(content).hexdigest()}"
                listed = {"name": name, "media_type": "application/pdf", "size": attachment, "digest": sha256}
                yield f"message_{at:026x}", "message", {
                    "subject": f"Your order {at}", "body": "Dear all,\n\nplease find it attached.\n" * 5,
                    "sender": f"zoe@c{n}.example", "customer": owner, "message_id": f"{at}@c{n}.example",
                    "attachments": [listed], "sent_at": "2024-05-06T07:08:09Z", "line": line,
                }, {"id": at, "attachments": [{**listed, "content": base64.b64encode(content).decode()}]}  # fmt: skip
            elif d % 5 == 3:
                yield f"payment_{at:026x}", "payment", {
                    "amount": [10_000 + at - 1, "EUR"], "paid_on": "2024-06-01", "customer": owner,
                    "invoice": f"invoice_{at - 1:026x}", "reference": f"INV-{at - 1:08}", "line": line,
                }, {"id": at, "amount": f"{100 + (at - 1) / 100:.2f}"}  # fmt: skip
            else:
                yield invoice, "invoice", {
                    "kind": "invoice", "number": f"INV-{at:08}", "customer": owner, "currency": "EUR",
                    "total": [10_000 + at, "EUR"], "open": [0, "EUR"], "issued_on": "2024-05-01", "state": "paid",
                    "lines": [{"sku": "A-1", "quantity": "2.50", "unit_price": "40.00"}], "line": line,
                }, {"id": at, "number": f"INV-{at:08}", "total": f"{100 + at / 100:.2f}"}  # fmt: skip


def scope(store: Store) -> dict[str, Iterator[str]]:
    """Every golden record of the store, by model, a page at a time."""
    return {model: _ids(store, model) for *_, model in STREAMS}


def _ids(store: Store, model: str) -> Iterator[str]:
    last = ""
    while True:
        with store.read() as tx:
            rows = tx.rows("SELECT id FROM golden WHERE model = ? AND id > ? ORDER BY id LIMIT 5000", model, last)
        yield from (row[0] for row in rows)
        if len(rows) < 5000:
            return
        last = rows[-1][0]
