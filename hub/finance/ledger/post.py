"""Post: decisions become postings, once. Each is looked at again inside the transaction that posts it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec

from hub.finance.ledger.items import move, of
from hub.finance.ledger.periods import first_open
from hub.finance.ledger.rows import POSTING, SETTLEMENT, Line, fresh_id, lines
from hub.store import Store, Tx
from hub.store.tables.finance import posting, settlement

CHUNK = 2_000
PAYOUT = "S0_payout_detail"  # money in and money back in one sum: a refund may open an invoice again


class Posted(NamedTuple):
    """What posting did: payments posted, and those that could not be, with why."""

    payments: list[str]
    left: dict[str, str]


def post(store: Store, payments: Sequence[str], approved_by: str | None = None) -> Posted:
    """Post what is decided about these payments. What is posted already is left as it is."""
    done: list[str] = []
    left: dict[str, str] = {}
    for at in range(0, len(payments), CHUNK):
        with store.begin() as tx:
            posted = carry_out(tx, store, sorted(set(payments[at : at + CHUNK])), approved_by)
        done += posted.payments
        left |= posted.left
    return Posted(done, left)


def carry_out(tx: Tx, store: Store, payments: Sequence[str], approved_by: str | None = None) -> Posted:
    """Post inside a transaction; the payments are taken in order of booking."""
    rows = tx.rows(
        f"SELECT {', '.join('s.' + c for c in SETTLEMENT)}, d.data, d.by, d.status, d.customer_id, d.id, d.stage FROM settlement s "
        "JOIN decision d ON d.id = s.decision_id WHERE s.payment_id IN ? AND s.step IN ('proposed', 'approval')",
        list(payments),
    )
    width = len(SETTLEMENT)
    waiting = sorted(((dict(zip(SETTLEMENT, row, strict=False)), *row[width:]) for row in rows), key=_order)
    items = of(tx, [line.document for row in waiting for line in lines(row[1]) if line.document])
    left_open = {id: one.open for id, one in items.items()}
    begin = first_open(tx)
    posts: list[tuple[Any, ...]] = []
    stands: list[tuple[Any, ...]] = []
    done: list[str] = []
    left: dict[str, str] = {}
    effects: dict[str, int] = {}
    returned: list[str] = []
    queue, stuck = deque(waiting), 0
    while queue and stuck < len(queue):  # what one opens again another may settle, whatever their order
        row, data, by, status, customer, id, stage = queue.popleft()
        wanted = lines(data)
        why = _hindrance(wanted, left_open, row, stage == PAYOUT) or _before_it(tx, data, done)
        if why:
            left[row["payment_id"]] = why
            queue.append((row, data, by, status, customer, id, stage))
            stuck += 1
            continue
        stuck = 0
        left.pop(row["payment_id"], None)
        on = max(date.fromisoformat(msgspec.json.decode(data)["booked_on"]), begin).isoformat()
        for number, line in enumerate(wanted):
            if line.document:
                effects[line.document] = effects.get(line.document, 0) + line.effect
                left_open[line.document] += line.effect
            whose = items[line.document].customer_id if line.document else line.customer
            posts.append((
                fresh_id("posting", id, number), line.kind, id, row["payment_id"], line.document, whose, line.amount,
                line.currency, line.effect, line.paid, on, None, line.note, by, approved_by, store.now(), tx.seq,
            ))  # fmt: skip
        rest = row["unapplied"] - sum(line.paid for line in wanted)
        stands.append((
            row["payment_id"], id, "posted", _status(status, rest), customer, row["amount"], row["currency"], rest, tx.seq,
        ))  # fmt: skip
        done.append(row["payment_id"])
        returned += msgspec.json.decode(data).get("returns", ())
    tx.insert(posting, POSTING, posts)
    move(tx, {id: effect for id, effect in effects.items() if effect})
    tx.upsert(settlement, SETTLEMENT, stands)
    if returned:
        tx.run("UPDATE settlement SET status = 'reversed', seq = ? WHERE payment_id IN ?", tx.seq, returned)
    return Posted(done, left)


def _order(row: tuple[Any, ...]) -> tuple[str, str]:
    return msgspec.json.decode(row[1])["booked_on"], row[0]["payment_id"]


def _status(decided: str, rest: int) -> str:
    """What a payment is once it is posted: applied to the last cent, or partly; `reversed` only its return makes it."""
    if decided not in ("applied", "partially_applied", "reversed"):
        return decided
    return "applied" if rest == 0 else "partially_applied"


def _hindrance(wanted: Sequence[Line], open: Mapping[str, int], row: Mapping[str, Any], payout: bool) -> str:
    """Why a decision cannot be posted any more, empty where it can: something else was settled meanwhile."""
    inward = row["unapplied"] > 0 or (row["unapplied"] == 0 and row["amount"] >= 0)
    effects: dict[str, int] = {}
    for line in wanted:
        if line.document:
            effects[line.document] = effects.get(line.document, 0) + line.effect
    for document, effect in sorted(effects.items()):
        if document not in open:
            return f"{document} is not in the ledger"
        before = open[document]
        # money in brings a document nearer to zero and never past it; money that goes back may open it again
        again = payout and effect > 0
        if inward and effect and not again and not (before * effect < 0 and abs(effect) <= abs(before)):
            return f"{document}: {before} open in minor units, the decision settles {-effect}"
    rest = row["unapplied"] - sum(line.paid for line in wanted)
    if rest * row["unapplied"] < 0 and not payout:
        return f"only {row['unapplied']} of the payment is left in minor units"
    return ""


def _before_it(tx: Tx, data: str, done: Sequence[str]) -> str:
    """A return is posted after the payment it returns, or not at all."""
    for payment in msgspec.json.decode(data).get("returns", ()):
        rows = tx.rows("SELECT step FROM settlement WHERE payment_id = ?", payment)
        if payment not in done and (not rows or rows[0][0] != "posted"):
            return f"it returns {payment}, which is not posted"
    return ""
