"""Decide: what a person says about a payment: which documents it settles, which decision to approve, what to write off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from hub.audit import append
from hub.config.finance import Finance
from hub.errors import ConfigError, Unauthorized
from hub.finance.ledger import alias
from hub.finance.ledger.items import of
from hub.finance.ledger.policy import in_base
from hub.finance.ledger.post import carry_out
from hub.finance.ledger.rows import DECISION, SETTLEMENT, Line, fresh_id, text
from hub.finance.ledger.wanted import Wanted, postings
from hub.finance.ledger.wanted import minor as to_minor
from hub.model import Money
from hub.store import Store, Tx
from hub.store.tables.finance import approval, decision, settlement


class Decided(NamedTuple):
    """What became of a decision: posted, or waiting for the approval of another person, and why."""

    posted: bool
    why: str
    lines: list[Line]
    learned: int = 0  # confirmations of the payer's account by now


def match(store: Store, finance: Finance, payment: str, wanted: Sequence[Wanted], by: str) -> Decided:
    """Settle documents with a payment as a person says; without amounts, as much as is open, credit notes first.

    Raises ConfigError for what cannot be: more than is open, more than is left of the payment, a rate that is missing.
    """
    with store.begin() as tx:
        row, values = _payment(tx, payment)
        items = of(tx, [one.document for one in wanted])
        papers = tx.rows("SELECT id, data FROM golden WHERE id IN ?", sorted(items))
        lines = postings(finance, row, values, items, {id: msgspec.json.decode(data) for id, data in papers}, wanted)
        whose = {line.customer for line in lines if line.kind == "allocation"}
        owner = next(iter(whose)) if len(whose) == 1 else None
        id = fresh_id("match", payment, tx.seq)
        paid = sum(line.paid for line in lines)
        told = {
            "lines": [list(line) for line in lines],
            "why": [{"document": line.document, "stage": "manual", "rule": "person", "version": 1,
                     "inputs": {"by": by}} for line in lines if line.kind == "allocation"],
            "booked_on": values["paid_on"],
        }  # fmt: skip
        status = "applied" if paid == row["unapplied"] else "partially_applied"
        tx.insert(decision, DECISION, [(
            id, payment, status, "manual", "person", "1", None, owner, text(told), by, store.now(), tx.seq,
        )])  # fmt: skip
        why = _above(finance, abs(paid) + _by_people(tx, payment, "paid"), row["currency"], values["paid_on"])
        step = "approval" if why else "proposed"
        tx.upsert(settlement, SETTLEMENT, [(
            payment, id, step, status, owner, row["amount"], row["currency"], row["unapplied"], tx.seq,
        )])  # fmt: skip
        append(tx, by, "finance match", {"payment": payment, "decision": id, "lines": told["lines"]}, at=store.now())
        if why:
            return Decided(False, why, lines)
        _post(tx, store, payment, None)
        learned = alias.confirm(tx, _account(values), owner, by) if owner and _foreign(tx, owner, values) else 0
        return Decided(True, "", lines, learned)


def approve(store: Store, finance: Finance, payment: str, by: str) -> Decided:
    """Post what matching proposed or another person decided.

    Raises Unauthorized for a person's own decision: two people look at it.
    """
    with store.begin() as tx:
        rows = tx.rows(
            "SELECT s.step, d.id, d.by, d.data, d.customer_id FROM settlement s "
            "JOIN decision d ON d.id = s.decision_id WHERE s.payment_id = ?",
            payment,
        )
        if not rows or rows[0][0] not in ("proposed", "approval"):
            raise ConfigError(f"approve {payment}: nothing waits for approval; see hub payments list --status proposed")
        _, id, author, data, owner = rows[0]
        if author == by:
            raise Unauthorized(f"approve {payment}: {by} decided it; another person has to approve it")
        tx.insert(approval, ("decision_id", "by", "at", "seq"), [(id, by, store.now(), tx.seq)])
        append(tx, by, "finance approve", {"payment": payment, "decision": id, "of": author}, at=store.now())
        _post(tx, store, payment, by)
        learned = 0
        if author != "hub" and owner:
            _, values = _payment(tx, payment)
            learned = alias.confirm(tx, _account(values), owner, author) if _foreign(tx, owner, values) else 0
        return Decided(True, "", [Line(*row) for row in msgspec.json.decode(data)["lines"]], learned)


def write_off(
    store: Store, finance: Finance, document: str, amount: Decimal | None, reason: str, by: str, today: date
) -> Decided:
    """Give up what is open on a document, or a part of it. Raises ConfigError where so much is not open."""
    with store.begin() as tx:
        one = of(tx, [document]).get(document)
        if one is None or one.open == 0:
            raise ConfigError(f"write-off {document}: nothing is open on it; see hub ageing --items")
        minor = one.open if amount is None else to_minor(amount, one.currency, f"write-off {document}")
        if not 0 < minor * (1 if one.open > 0 else -1) <= abs(one.open):
            shown = Money(one.open, one.currency)
            raise ConfigError(
                f"write-off {document}: {shown} is open, {Money(minor, one.currency)} cannot be written off"
            )
        line = Line("write_off", document, one.customer_id, minor, one.currency, -minor, 0, reason)
        id = fresh_id("write-off", document, tx.seq)
        told = {"lines": [list(line)], "reason": reason, "booked_on": today.isoformat()}
        tx.insert(decision, DECISION, [(
            id, document, "write_off", "manual", "person", "1", reason, one.customer_id, text(told), by, store.now(), tx.seq,
        )])  # fmt: skip
        why = _above(finance, abs(minor) + _by_people(tx, document, "effect"), one.currency, today.isoformat())
        tx.upsert(settlement, SETTLEMENT, [(
            document, id, "approval" if why else "proposed", "write_off", one.customer_id, 0, one.currency, 0, tx.seq,
        )])  # fmt: skip
        # the reason stands in the decision: the log is chained, and nothing a person wrote could ever leave it
        append(tx, by, "finance write-off", {"document": document, "amount": minor, "decision": id}, at=store.now())
        if not why:
            _post(tx, store, document, None)
        return Decided(not why, why, [line])


def _post(tx: Tx, store: Store, payment: str, approved_by: str | None) -> None:
    posted = carry_out(tx, store, [payment], approved_by)
    if posted.left:
        raise ConfigError(f"{payment}: cannot be posted: {posted.left[payment]}")


def _payment(tx: Tx, payment: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """How a payment stands, and its golden values. A payment nobody has looked at is whole."""
    golden = tx.rows("SELECT data FROM golden WHERE id = ? AND model = 'payment' AND into_id IS NULL", payment)
    if not golden:
        raise ConfigError(f"no payment {payment}; list them with: hub payments list")
    values = msgspec.json.decode(golden[0][0])
    rows = tx.rows(f"SELECT {', '.join(SETTLEMENT)} FROM settlement WHERE payment_id = ?", payment)
    if rows:
        row = dict(zip(SETTLEMENT, rows[0], strict=True))
        if row["step"] == "approval":
            raise ConfigError(
                f"match {payment}: a decision waits for approval; approve it, or: hub payments reject {payment}"
            )
        if row["status"] == "duplicate_ignored":
            raise ConfigError(f"match {payment}: it is a duplicate; see hub payments show {payment}")
        return row, values
    if not values.get("amount") or not values.get("paid_on"):
        raise ConfigError(f"match {payment}: it has no amount or no day")
    minor, code = values["amount"]
    return {"payment_id": payment, "amount": minor, "currency": code, "unapplied": minor}, values


def _by_people(tx: Tx, subject: str, figure: str) -> int:
    """What people have posted of it already without another one's approval: the limit counts all their steps together."""
    rows = tx.rows(
        f"SELECT sum({figure}) FROM posting WHERE payment_id = ? AND approved_by IS NULL AND kind IN ('allocation', 'write_off') "
        "AND decision_id IN (SELECT id FROM decision WHERE payment_id = ? AND rule = 'person')",
        subject, subject,
    )  # fmt: skip
    return abs(int(rows[0][0] or 0))


def _above(finance: Finance, minor: int, currency: str, day: str) -> str:
    """Why another person has to approve, empty where nobody has to."""
    if finance.four_eyes_over is None:
        return ""
    value = in_base(finance, minor, currency, date.fromisoformat(day[:10]))
    if value is None:
        return f"there is no rate for {currency}, so another person approves it"
    if value > finance.four_eyes_over:
        return f"above {finance.four_eyes_over} {finance.base_currency} another person approves it"
    return ""


def _account(values: Mapping[str, Any]) -> str | None:
    account = values.get("payer_account")
    return "".join(str(account).split()).upper() if account else None


def _foreign(tx: Tx, customer: str, values: Mapping[str, Any]) -> bool:
    """Whether the payer's account is not one of the customer's own."""
    rows = tx.rows("SELECT data FROM golden WHERE id = ?", customer)
    own = {
        "".join(str(x).split()).upper()
        for path, x in (msgspec.json.decode(rows[0][0]) if rows else {}).items()
        if path.startswith("bank_accounts.") and x
    }
    return _account(values) not in own


def reject(store: Store, payment: str, by: str) -> None:
    """Take back a decision that waits, so that the payment is open to people again."""
    with store.begin() as tx:
        rows = tx.rows(f"SELECT {', '.join(SETTLEMENT)} FROM settlement WHERE payment_id = ?", payment)
        row = dict(zip(SETTLEMENT, rows[0], strict=True)) if rows else {}
        if row.get("step") not in ("proposed", "approval"):
            raise ConfigError(f"reject {payment}: nothing waits; see hub payments list --status proposed")
        id = fresh_id("reject", payment, tx.seq)
        told = {"lines": [], "was": row["decision_id"]}
        tx.insert(decision, DECISION, [(
            id, payment, "review", "manual", "person", "1", "rejected", row["customer_id"], text(told), by, store.now(), tx.seq,
        )])  # fmt: skip
        earlier = tx.rows("SELECT 1 FROM posting WHERE payment_id = ? LIMIT 1", payment)
        if row["status"] == "write_off" and not earlier:
            tx.run("DELETE FROM settlement WHERE payment_id = ?", payment)
        else:
            posted = bool(earlier) if row["status"] == "write_off" else row["unapplied"] != row["amount"]
            tx.upsert(settlement, SETTLEMENT, [(
                payment, id, "posted" if posted else "held", "partially_applied" if posted else "review",
                row["customer_id"], row["amount"], row["currency"], row["unapplied"], tx.seq,
            )])  # fmt: skip
        append(tx, by, "finance reject", {"payment": payment, "decision": row["decision_id"]}, at=store.now())
