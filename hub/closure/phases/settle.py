"""Settle: every open order, invoice, credit, payment and contract is through, or somebody has decided, by name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hub.audit import append
from hub.closure.batches import begin
from hub.closure.closing import current, rescope
from hub.closure.desk import Desk, Outcome, title
from hub.closure.facts import DONE, running
from hub.closure.journal import note
from hub.closure.owed import MONEY, Figure, beside, booked, figure, figured, kept, mark
from hub.closure.statements import write_statements
from hub.closure.times import now
from hub.errors import ConfigError, Missing
from hub.finance.ledger.items import take_in
from hub.model import Money
from hub.store import Store
from hub.suggest import like

HOW = {
    "paid": ("invoice", "order"),
    "refunded": ("invoice", "payment", "order"),
    "written_off": ("invoice", "payment"),
    "transferred": ("order", "invoice", "payment", "contract", "deal", "ticket"),
    "ended": ("contract", "deal", "ticket", "order"),
    "cancelled": ("order", "contract", "deal"),
}
"""What can be decided, and about which documents."""


class Item(NamedTuple):
    """An open document; `how` and `person` say what was decided, None while nothing is."""

    id: str
    model: str
    title: str
    customer: str | None
    state: str | None
    amount: Money | None
    how: str | None
    person: str | None
    note: str | None


def settle(desk: Desk) -> Outcome:
    """Take in what was paid meanwhile, list what is open, and write each customer's statement of account."""
    begin(desk.store, desk.id, "settle", desk.who)
    run = desk.hub.sync(desk.connections(), permit=desk.line)
    if run.down:
        return Outcome(blocks=[f"{name}: {error}" for name, error in run.down.items()])
    rescope(desk.store, desk.id)
    with desk.store.read() as tx:
        ledger = kept(tx, desk.id)
    if ledger:
        take_in(desk.hub, desk.today)  # what was paid elsewhere stands in the ledger before statements are written
    items = list(open_items(desk))
    left = [f"{line(item)}: hub close settle {desk.line} {item.id} --how ..." for item in items if item.how is None]
    left += on_account(desk)
    if left:
        return Outcome(blocks=left)
    written = write_statements(desk)
    if written.differences:
        return Outcome(blocks=list(written.differences))
    decided: dict[str, int] = {}
    for item in items:
        decided[str(item.how)] = decided.get(str(item.how), 0) + 1
    text = f"nothing is open; {written.new} statements of account written, {written.amended} of them amended"
    return Outcome(text, {"decided": decided, "statements": written.count, "balances": written.balances})


def open_items(desk: Desk) -> Iterator[Item]:
    """The line's documents that still ask for something, with what was decided about them."""
    with desk.store.read() as tx:
        decided = {r[0]: r[1:] for r in tx.rows(
            "SELECT golden_id, how, person, note, digest FROM closing_settlement WHERE closing_id = ?", desk.id
        )}  # fmt: skip
    today = desk.today
    for id, model, values, ledger in figured(desk.store, desk.id, *DONE):
        if not (bool(ledger.minor) if ledger is not None else running(model, values, today)):
            continue
        how, person, said, bound = decided.get(id, (None, None, None, None))
        if bound is not None and bound != mark(model, values, ledger):
            how = person = said = None  # it is another document by now
        yield Item(
            id, model, title(model, values), values.get("customer"), values.get("state") or values.get("stage"),
            _amount(model, values, ledger), how, person, said,
        )  # fmt: skip


def on_account(desk: Desk) -> list[str]:
    """Money the ledger holds for the line's customers in payments that are not of the line: it has to find its place."""
    with desk.store.read() as tx:
        return [
            f"payment {one.payment} holds {Money(-one.figure.minor, one.figure.currency)} for {one.customer}, on account: "
            f"assign it or take it off the account: hub payments show {one.payment}"
            for one in beside(tx, desk.id)
        ]


def decide(store: Store, line: str, id: str, how: str, person: str, said: str = "") -> None:
    """Decide about an open document, by name. Raises ConfigError for what cannot be decided about such a document."""
    import msgspec

    if how not in HOW:
        raise ConfigError(f'--how "{how}"{like(how, HOW)}; known: {", ".join(HOW)}')
    with store.begin() as tx:
        closing = current(tx, line)
        rows = tx.rows(
            "SELECT g.model, g.data FROM closing_scope s JOIN golden g ON g.id = s.golden_id "
            "WHERE s.closing_id = ? AND s.golden_id = ? AND s.kind = 'own'",
            closing.id,
            id,
        )
        if not rows:
            raise Missing(f"{line}: {id} is not in the scope; open documents are listed by: hub close settle {line}")
        model, values = rows[0][0], msgspec.json.decode(rows[0][1])
        if model not in HOW[how]:
            can = ", ".join(name for name, models in HOW.items() if model in models)
            raise ConfigError(f"{id}: a {model} cannot be {how}; it can be: {can}")
        tx.run("DELETE FROM closing_settlement WHERE closing_id = ? AND golden_id = ?", closing.id, id)
        tx.run(
            "INSERT INTO closing_settlement (closing_id, golden_id, how, note, person, at, seq, digest) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            closing.id, id, how, said, person, now(tx, store, closing.id), tx.seq, mark(model, values, booked(tx, [id]).get(id)),
        )  # fmt: skip
        data = {"line": line, "id": id, "how": how, "note": said}
        append(tx, person, "close settle", data, at=store.now())
        note(
            tx,
            store,
            closing.id,
            "settle",
            "decided",
            f"{title(model, values)} is {how.replace('_', ' ')}: {said}",
            person,
            data,
        )


def line(item: Item) -> str:
    """An open item in a line."""
    amount = f", {item.amount}" if item.amount else ""
    return f"{item.title} is {item.state or 'open'}{amount}"


def _amount(model: str, values: dict[str, Any], ledger: Figure | None) -> Money | None:
    if model in MONEY:
        left = figure(model, values, ledger)
        return Money(-left.minor if model == "payment" else left.minor, left.currency) if left else None
    money = values.get("total") or values.get("amount")
    return Money(int(money[0]), money[1]) if money else None
