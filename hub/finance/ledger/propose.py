"""Propose: what matching found about payments is stored; nothing is posted by it.

A decision's id is made of its content, so that the same finding in the next run is the same row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.config.finance import Finance
from hub.finance.ledger.items import of
from hub.finance.ledger.policy import may_post
from hub.finance.ledger.rows import DECISION, SETTLEMENT, Line, fresh_id, text
from hub.finance.matching import Allocation, Decision, Outcome, Payment
from hub.store import Store
from hub.store.tables.finance import decision, settlement

CHUNK = 2_000
POSTABLE = ("applied", "partially_applied", "reversed")


def propose(
    store: Store,
    finance: Finance,
    given: Sequence[Payment],
    outcome: Outcome,
    settings: Mapping[str, Mapping[str, Any]],
) -> list[str]:
    """Store the decisions about these payments; return the payments whose decision may post by itself."""
    by_id = {p.id: p for p in given}
    extra = _extra(outcome)
    returns: dict[str, list[str]] = {}
    for one in outcome.decisions:
        if one.reversed_by:
            returns.setdefault(one.reversed_by, []).append(one.payment)
    ready: list[str] = []
    mine = [d for d in outcome.decisions if d.payment in by_id and ours(d, by_id[d.payment])]
    for at in range(0, len(mine), CHUNK):
        with store.begin() as tx:
            some = mine[at : at + CHUNK]
            rounds = _rounds(tx, [d.payment for d in some])
            adjusted = _adjusted(tx, {d.payment: returns.get(d.payment, ()) for d in some})
            items = of(tx, (a.document for d in some for a in d.allocations))
            kept, stands = [], []
            for one in some:
                payment = by_id[one.payment]
                lines = lines_of(one, payment, [*extra.get(one.payment, ()), *adjusted.get(one.payment, ())])
                whose = {items[a.document].customer_id for a in one.allocations if a.document in items}
                owner = one.customer or (whose.pop() if len(whose) == 1 else None)
                data = text(
                    _told(one, payment, lines, settings.get(payment.bank_account or "", {}))
                    | {"returns": returns.get(one.payment, [])}
                )
                id = fresh_id("decision", one.payment, rounds.get(one.payment, 0), one.status, one.stage, data)
                rule = one.allocations[0].rule if one.allocations else None
                version = str(one.allocations[0].version) if one.allocations else None
                kept.append((
                    id, one.payment, one.status, one.stage, rule, version, one.reason, owner, data, "hub",
                    store.now(), tx.seq,
                ))  # fmt: skip
                step = "open"
                if one.status in POSTABLE and lines:
                    step = "proposed"
                    may, _ = may_post(finance, one.stage, payment.amount, payment.currency, payment.booking_date)
                    if may:
                        ready.append(one.payment)
                elif one.status == "duplicate_ignored":
                    step = "posted"
                left = 0 if one.status == "duplicate_ignored" else payment.amount
                stands.append((
                    one.payment, id, step, one.status, owner, payment.amount, payment.currency, left, tx.seq,
                ))  # fmt: skip
            tx.insert(decision, DECISION, kept, ignore=True)
            tx.upsert(settlement, SETTLEMENT, _changed(tx, stands))
    return ready


def ours(one: Decision, payment: Payment) -> bool:
    """Whether a decision is stored: what is posted stands, and what goes out to no customer is not ours to match."""
    if payment.standing:
        return False
    return payment.amount >= 0 or payment.return_of is not None or one.status != "suspense"


def lines_of(one: Decision, payment: Payment, extra: Iterable[Line]) -> list[Line]:
    """The postings a decision asks for."""
    lines = [
        Line("allocation", a.document, one.customer, a.amount, a.currency, -a.amount, a.payment_amount)
        for a in one.allocations
    ]
    if one.fee:
        lines.append(Line("fee", None, one.customer, one.fee, payment.currency, 0, one.fee))
    return [*lines, *extra]


def _extra(outcome: Outcome) -> dict[str, list[Line]]:
    """Adjustments and exchange differences by payment."""
    found: dict[str, list[Line]] = {}
    for a in outcome.adjustments:
        note = f"net {a.net}, tax {a.tax}" if a.net is not None else None
        line = Line(a.kind, a.document, None, a.amount, a.currency, -a.amount, 0, note)
        found.setdefault(a.payment, []).append(line)
    for x in outcome.exchanges:
        kind = "fx_gain" if x.amount >= 0 else "fx_loss"
        found.setdefault(x.payment, []).append(Line(kind, x.document, None, x.amount, x.currency, 0, 0))
    return found


def _adjusted(tx: Any, returns: Mapping[str, Sequence[str]]) -> dict[str, list[Line]]:
    """What was adjusted when the payments that came back were posted is taken back with them."""
    back = {original: payment for payment, originals in returns.items() for original in originals}
    if not back:
        return {}
    rows = tx.rows(
        "SELECT payment_id, kind, document_id, amount, currency, effect FROM posting p WHERE payment_id IN ? "
        "AND kind IN ('write_off', 'discount', 'bank_fee', 'psp_fee') AND reverses_id IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM posting r WHERE r.reverses_id = p.id) ORDER BY p.id",
        sorted(back),
    )
    found: dict[str, list[Line]] = {}
    for original, kind, document, amount, currency, effect in rows:
        line = Line(kind, document, None, -amount, currency, -effect, 0, f"taken back with {original}")
        found.setdefault(back[original], []).append(line)
    return found


def _told(one: Decision, payment: Payment, lines: Sequence[Line], settings: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lines": [list(line) for line in lines],
        "why": [_why(a) for a in one.allocations],
        "unapplied": one.unapplied,
        "candidates": one.candidates,
        "customers": one.customers,
        "rejected": [{"documents": r.documents, "why": r.why} for r in one.rejected],
        "duplicate_of": one.duplicate_of,
        "policy": {key: str(value) for key, value in sorted(settings.items())},
        "booked_on": payment.booking_date.isoformat(),
    }


def _why(a: Allocation) -> dict[str, Any]:
    return {
        "document": a.document, "stage": a.stage, "rule": a.rule, "version": a.version, "inputs": dict(a.inputs),
    }  # fmt: skip


def _rounds(tx: Any, payments: Sequence[str]) -> dict[str, int]:
    """How often a payment was undone: what is found again after that is a new decision."""
    rows = tx.rows(
        "SELECT payment_id, count(*) FROM decision WHERE payment_id IN ? AND reason = 'unmatched' GROUP BY payment_id",
        list(payments),
    )
    return {payment: int(count) for payment, count in rows}


def _changed(tx: Any, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Those rows of settlements that say something new; what a person decided meanwhile is left alone."""
    found = tx.rows(f"SELECT {', '.join(SETTLEMENT)} FROM settlement WHERE payment_id IN ?", [row[0] for row in rows])
    before = {row[0]: row for row in found}
    return [
        row
        for row in rows
        if row[0] not in before
        or (before[row[0]][2] in ("open", "proposed") and tuple(before[row[0]][:-1]) != tuple(row[:-1]))
    ]
