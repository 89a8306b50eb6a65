"""What people look at: payments by how they stand, one payment with every reason, and what could still be meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from hub.store import Store, Tx
from hub.sync.clock import moment

Rows = list[dict[str, Any]]
NEEDS = ("review", "suspense", "on_account", "partially_applied")  # statuses in which money still looks for its place


def payments(
    store: Store, status: str | None = None, customer: str | None = None, account: str | None = None,
    limit: int | None = None,
) -> Rows:  # fmt: skip
    """Payments as they stand, newest first; `status` is a status, or a step: proposed, approval, held, new.

    Among those that wait for approval are documents that somebody wants to write off.
    """
    shown = "g.model IN ('payment', 'invoice')" if status == "approval" else "g.model = 'payment'"
    where: list[str] = [shown, "g.into_id IS NULL"]
    values: list[Any] = []
    if status == "new":
        where.append("s.payment_id IS NULL")
        where.append("(%account IS NOT NULL OR %bank IS NOT NULL)")
    elif status in ("proposed", "approval", "held"):
        where.append("s.step = ?")
        values.append(status)
    elif status == "open":
        where.append("s.status IN ?")
        where.append("s.step IN ('open', 'held')")
        values.append(list(NEEDS))
    elif status is not None:
        where.append("s.status = ?")
        values.append(status)
    else:
        where.append("(s.payment_id IS NOT NULL OR %account IS NOT NULL OR %bank IS NOT NULL)")
    if customer is not None:
        where.append("s.customer_id = ?")
        values.append(customer)
    with store.read() as tx:
        day, ours = _at(tx, "paid_on"), _at(tx, "account")
        if account is not None:
            where.append(f"replace({ours}, ' ', '') = ?")
            values.append("".join(account.split()).upper())
        tail = f" LIMIT {int(limit)}" if limit is not None else ""
        condition = " AND ".join(where).replace("%account", ours).replace("%bank", _at(tx, "identifiers.bank"))
        rows = tx.rows(
            "SELECT g.id, g.data, s.step, s.status, s.customer_id, s.unapplied, s.currency, d.stage, d.reason, d.data, "
            "d.by FROM golden g LEFT JOIN settlement s ON s.payment_id = g.id "
            f"LEFT JOIN decision d ON d.id = s.decision_id WHERE {condition} ORDER BY {day} DESC, g.id{tail}",
            *values,
        )
        found = [_row(row) for row in rows]
        _name(tx, found)
    return found


def _at(tx: Tx, path: str) -> str:
    return tx.value_at(path).replace("(data", "(g.data")


def _row(row: Sequence[Any]) -> dict[str, Any]:
    id, data, step, status, customer, unapplied, currency, stage, reason, decision, by = row
    values = msgspec.json.decode(data)
    told = msgspec.json.decode(decision) if decision else {}
    if status == "write_off":  # of a document, which has no amount and no payer of its own
        _, document, _, amount, code, *_ = told["lines"][0]
        values = {"amount": [amount, code], "paid_on": told["booked_on"], "reference": f"write-off: {reason}"}
        told = {"lines": [["allocation", document]]}
    return {
        "id": id, "status": status or "new", "step": step or "new", "stage": stage, "paid_on": values.get("paid_on"),
        "amount": values.get("amount"), "unapplied": [unapplied, currency] if currency else values.get("amount"),
        "payer": values.get("payer"), "reference": values.get("structured_reference") or values.get("reference"),
        "customer": customer or values.get("customer"), "account": values.get("account"), "reason": reason, "by": by,
        "documents": [line[1] for line in told.get("lines", ()) if line[0] == "allocation"],
        "candidates": told.get("candidates") or [],
    }  # fmt: skip


def _name(tx: Tx, rows: Rows) -> None:
    """Put the customers' names and the documents' numbers beside the ids."""
    people = names(tx, {row["customer"] for row in rows if row["customer"]})
    papers = numbers(tx, {id for row in rows for id in row["documents"]})
    for row in rows:
        row["customer_name"] = people.get(row["customer"])
        row["documents"] = [papers.get(id, id) for id in row["documents"]]


def names(tx: Tx, customers: set[str]) -> dict[str, str]:
    """The names of customers."""
    rows = tx.rows("SELECT id, data FROM golden WHERE id IN ?", sorted(customers))
    return {id: str(msgspec.json.decode(data).get("name") or id) for id, data in rows}


def numbers(tx: Tx, documents: set[str]) -> dict[str, str]:
    """The numbers of documents, or their ids where they have none."""
    rows = tx.rows("SELECT id, data FROM golden WHERE id IN ?", sorted(documents))
    return {id: str(msgspec.json.decode(data).get("number") or id) for id, data in rows}


def payment(store: Store, id: str) -> Rows | None:
    """A payment with all that was decided and posted about it, oldest first; None where there is none."""
    with store.read() as tx:
        golden = tx.rows("SELECT data FROM golden WHERE id = ? AND model = 'payment'", id)
        if not golden:
            return None
        values = msgspec.json.decode(golden[0][0])
        stands = tx.rows(
            "SELECT step, status, customer_id, unapplied, currency FROM settlement WHERE payment_id = ?", id
        )
        decisions = tx.rows(
            "SELECT id, status, stage, rule, version, reason, data, by, at FROM decision WHERE payment_id = ? ORDER BY seq, id",
            id,
        )
        posts = tx.rows(
            "SELECT id, kind, decision_id, document_id, amount, currency, paid, posted_on, reverses_id, note, by, "
            "approved_by, at FROM posting WHERE payment_id = ? ORDER BY seq, id",
            id,
        )
        told = {row[0]: msgspec.json.decode(row[6]) for row in decisions}
        papers = numbers(
            tx, {d for one in told.values() for d in _documents(one)} | {row[3] for row in posts if row[3]}
        )
        people = names(tx, {row[2] for row in stands if row[2]})
    step, status, customer, left, currency = stands[0] if stands else ("new", "new", None, None, None)
    rows: Rows = [{
        "kind": "payment", "id": id, "status": status, "step": step, "customer": customer,
        "customer_name": people.get(customer), "amount": values.get("amount"),
        "unapplied": [left, currency] if currency else values.get("amount"), "posted_on": values.get("paid_on"),
        "text": values.get("structured_reference") or values.get("reference"),
    }]  # fmt: skip
    for id_, status_, stage, rule, version, reason, _, by, at in decisions:
        rows.append({
            "kind": "decision", "id": id_, "status": status_, "stage": stage, "rule": rule, "version": version,
            "reason": reason, "by": by, "at": moment(at).isoformat(),
        })  # fmt: skip
        rows += _reasons(id_, told[id_], papers)
    for id_, kind, decision, document, amount, code, paid, on, reverses, note, by, approved, at in posts:
        rows.append({
            "kind": "posting", "id": id_, "status": kind, "decision": decision, "documents": [papers[document]] if document else [],
            "amount": [amount, code], "paid": paid, "posted_on": on, "reverses": reverses, "text": note, "by": by,
            "approved_by": approved, "at": moment(at).isoformat(),
        })  # fmt: skip
    return rows


def _reasons(decision: str, told: Mapping[str, Any], papers: Mapping[str, str]) -> Rows:
    rows: Rows = []
    for why in told.get("why", ()):
        rows.append({
            "kind": "because", "decision": decision, "stage": why["stage"], "rule": why["rule"],
            "version": str(why["version"]), "documents": [papers.get(why["document"], why["document"])],
            "inputs": why["inputs"],
        })  # fmt: skip
    for one in told.get("rejected", ()):
        named = [papers.get(id, id) for id in one["documents"]]
        rows.append({"kind": "rejected", "decision": decision, "documents": named, "text": one["why"]})
    for group in told.get("candidates", ()):
        rows.append({"kind": "candidate", "decision": decision, "documents": [papers.get(id, id) for id in group]})
    return rows


def _documents(told: Mapping[str, Any]) -> set[str]:
    found = {line[1] for line in told.get("lines", ()) if line[1]}
    found |= {why["document"] for why in told.get("why", ())}
    found |= {id for one in told.get("rejected", ()) for id in one["documents"]}
    return found | {id for group in told.get("candidates", ()) for id in group}


def find_documents(store: Store, wanted: Sequence[str]) -> dict[str, str]:
    """The ids of documents people name by number or by id; those nobody knows are missing."""
    names = [f"invoice:number:{text.strip().casefold()}" for text in wanted]
    with store.read() as tx:
        known: dict[str, str] = dict(tx.rows("SELECT name, golden_id FROM identifier WHERE name IN ?", names))
        ids = {row[0] for row in tx.rows("SELECT document_id FROM item WHERE document_id IN ?", list(wanted))}
    return {
        text: text if text in ids else known[name]
        for text, name in zip(wanted, names, strict=True)
        if text in ids or name in known
    }


def find_customer(store: Store, wanted: str) -> str | None:
    """The id of a customer people name by id, name or e-mail address; None where there is none, or more than one."""
    from hub.sync.derive import find

    with store.read() as tx:
        rows = tx.rows("SELECT id FROM golden WHERE id = ? AND model = 'customer'", wanted)
        for fields in ({"name": wanted}, {"legal_name": wanted}, {"emails": wanted}):
            rows = rows or [row[:1] for row in find(tx, "customer", fields, 2)]
    return rows[0][0] if len(rows) == 1 else None
