"""Final statements of account, one a customer, as PDF and CSV; together they tie to the line's control account.

What the ledger keeps is on them as the ledger has it, and their sum is held to the ledger's postings as well.
What was decided about an open document (written off, transferred, ...) stands on the statement with its name. When a
balance changes later, an amended statement with the next number is written, and the journal gets an addendum.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from hub.audit import append
from hub.closure.account import write
from hub.closure.batches import split
from hub.closure.desk import Desk
from hub.closure.facts import DONE
from hub.closure.journal import note
from hub.closure.owed import MONEY, Figure, beside, booked, control, figure, figured, mark, summed
from hub.model import Money

PAGE = 200  # customers at once
Sums = dict[str, int]
Decided = Mapping[str, tuple[str, str, str]]


@dataclass(slots=True)
class Written:
    """What came of writing statements; balances are minor units by currency."""

    count: int = 0
    new: int = 0
    amended: int = 0
    balances: Sums = field(default_factory=lambda: defaultdict(int))
    ledger: Sums = field(default_factory=lambda: defaultdict(int))  # of what the ledger keeps, decided or not
    differences: list[str] = field(default_factory=list)


class Line(NamedTuple):
    """A document on a statement, with what the ledger has open on it."""

    id: str
    model: str
    values: dict[str, Any]
    ledger: Figure | None


def write_statements(desk: Desk) -> Written:
    """Write the statements that are new or whose content changed."""
    out = Written()
    decided = _decided(desk)
    for page in split(_customers(desk), PAGE):
        documents = _documents(desk, page)
        for id in page:
            rows, balances = _rows(documents.get(id, ()), decided)
            if not rows:
                continue
            out.count += 1
            for code, minor in balances.items():
                out.balances[code] += minor
            for code, minor in summed(one.ledger for one in documents[id]).items():
                out.ledger[code] += minor
            _keep(desk, out, id, rows, balances)
    out.balances = dict(out.balances)
    mine = control_account(desk, decided)
    out.differences += _compared(out.balances, mine, "the control account", "look for documents without a customer")
    books = control(desk.store, desk.id)
    out.differences += _compared(
        out.ledger, books, "the ledger's control account", "look for documents without a customer, and: hub books"
    )
    return out


def _compared(statements: Sums, account: Sums, name: str, advice: str) -> Iterator[str]:
    for code in sorted({*account, *statements}):
        here, there = Money(statements.get(code, 0), code), Money(account.get(code, 0), code)
        if here != there:
            yield f"the statements come to {here} and {name} to {there}: {advice}"


def control_account(desk: Desk, decided: Decided | None = None) -> Sums:
    """What is owed over all documents of the line, counted apart from the statements."""
    settled = _decided(desk) if decided is None else decided
    sums: Sums = defaultdict(int)
    for id, model, values, ledger in figured(desk.store, desk.id, *MONEY):
        left = figure(model, values, ledger)
        if left is not None and not _holds(settled, Line(id, model, values, ledger)):
            sums[left.currency] += left.minor
    with desk.store.read() as tx:
        for one in beside(tx, desk.id):
            sums[one.figure.currency] += one.figure.minor
    return {code: minor for code, minor in sums.items() if minor}


def _decided(desk: Desk) -> dict[str, tuple[str, str, str]]:
    with desk.store.read() as tx:
        rows = tx.rows("SELECT golden_id, how, person, digest FROM closing_settlement WHERE closing_id = ?", desk.id)
    return {r[0]: (r[1], r[2], r[3]) for r in rows}


def _holds(decided: Decided, line: Line) -> bool:
    """Whether a decision about a document is about what it says now."""
    return line.id in decided and decided[line.id][2] == mark(line.model, line.values, line.ledger)


def _customers(desk: Desk) -> Iterator[str]:
    """All customers a document of the line names, own and shared, and those the ledger holds money for, by id."""
    after = ""
    while True:
        with desk.store.read() as tx:
            rows = tx.rows(
                "SELECT DISTINCT r.target_id FROM reference r JOIN closing_scope s ON s.golden_id = r.golden_id "
                "WHERE s.closing_id = ? AND s.model IN ? AND r.field = 'customer' AND r.target_id > ? "
                "UNION SELECT t.customer_id FROM settlement t JOIN closing_scope s ON s.golden_id = t.customer_id "
                "WHERE s.closing_id = ? AND s.kind = 'own' AND t.unapplied <> 0 AND t.customer_id > ? "
                "ORDER BY 1 LIMIT 1000",
                desk.id, list(MONEY), after, desk.id, after,
            )  # fmt: skip
        yield from (row[0] for row in rows)
        if len(rows) < 1000:
            return
        after = rows[-1][0]


def _documents(desk: Desk, customers: Sequence[str]) -> dict[str, list[Line]]:
    with desk.store.read() as tx:
        rows = tx.rows(
            "SELECT r.target_id, g.id, g.model, g.data FROM reference r "
            "JOIN closing_scope s ON s.golden_id = r.golden_id JOIN golden g ON g.id = r.golden_id "
            "WHERE s.closing_id = ? AND s.model IN ? AND r.field = 'customer' AND r.target_id IN ? ORDER BY g.id",
            desk.id, list(MONEY), list(customers),
        )  # fmt: skip
        ledger = booked(tx, [row[1] for row in rows])
        aside = beside(tx, desk.id, customers)
        named: dict[str, str] = dict(
            tx.rows("SELECT id, data FROM golden WHERE id IN ?", [one.payment for one in aside])
        )
    found: dict[str, list[Line]] = defaultdict(list)
    for customer, id, model, data in rows:
        found[customer].append(Line(id, model, msgspec.json.decode(data), ledger.get(id)))
    for one in aside:
        values = msgspec.json.decode(named.get(one.payment, "{}"))
        found[one.customer].append(Line(one.payment, "payment", values, one.figure))
    return found


def _rows(documents: Iterable[Line], decided: Decided) -> tuple[list[list[Any]], Sums]:
    rows: list[list[Any]] = []
    balances: Sums = defaultdict(int)
    for line in documents:
        id, model, values, ledger = line
        if ledger is None and model == "invoice" and values.get("state") == "draft":
            continue
        if ledger is None and model == "payment" and values.get("state") in DONE["payment"] - {"succeeded", "refunded"}:
            continue
        settled = _holds(decided, line)
        left = figure(model, values, ledger)
        if left is not None:
            balances[left.currency] += 0 if settled else left.minor
        total = values.get("total") if model == "invoice" else values.get("amount")
        sign = -1 if model == "payment" or values.get("kind") == "credit_note" else 1
        how = f"{decided[id][0].replace('_', ' ')} ({decided[id][1]})" if settled else ""
        rows.append([
            _title(model, values), values.get("issued_on") or values.get("paid_on"), values.get("due_on"),
            Money(sign * int(total[0]), total[1]) if total else None,
            Money(left.minor, left.currency) if left is not None else None, how,
        ])  # fmt: skip
    return sorted(rows, key=lambda r: (str(r[1] or ""), r[0])), dict(balances)


def _title(model: str, values: Mapping[str, Any]) -> str:
    if model == "payment":
        return f"Payment {values.get('reference') or ''}".strip()
    kind = "Credit note" if values.get("kind") == "credit_note" else "Invoice"
    return f"{kind} {values.get('number') or ''}".strip()


def _keep(desk: Desk, out: Written, id: str, rows: list[list[Any]], balances: Sums) -> None:
    said = msgspec.json.encode([rows, balances], order="deterministic", enc_hook=str)
    import hashlib

    mark = hashlib.sha256(said).hexdigest()
    with desk.store.read() as tx:
        last = tx.rows(
            "SELECT version, digest, file FROM closing_statement WHERE closing_id = ? AND golden_id = ? "
            "ORDER BY version DESC LIMIT 1",
            desk.id,
            id,
        )
        data = tx.rows("SELECT data FROM golden WHERE id = ?", id)
    if last and last[0][1] == mark and (desk.folder / last[0][2]).is_file():
        return
    version = int(last[0][0]) + (last[0][1] != mark) if last else 1
    customer = msgspec.json.decode(data[0][0]) if data else {}
    name = f"statements/{id}-{version}"
    write(desk, desk.folder / name, id, customer, rows, balances, version)
    with desk.store.begin() as tx:
        tx.run(
            "INSERT INTO closing_statement (closing_id, golden_id, version, digest, balances, file, seq) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (closing_id, golden_id, version) DO NOTHING",
            desk.id, id, version, mark, msgspec.json.encode(balances).decode(), f"{name}.pdf", tx.seq,
        )  # fmt: skip
        if version > 1:
            told = {"customer": id, "version": version, "balances": balances, "digest": mark}
            append(tx, desk.who, "close statement amended", told, at=desk.store.now())
            note(tx, desk.store, desk.id, "settle", "addendum", f"statement {version} for {id}: the balance changed",
                 "hub", told)  # fmt: skip
    out.new += 1
    out.amended += version > 1
