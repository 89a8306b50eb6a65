"""What a line consists of, in figures: counts, sums by currency, what still runs, what is open, who is shared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from hub.closure.business import Business, risks
from hub.closure.scope import OWN, SHARED, found
from hub.model import Money
from hub.store import Store, Tx

PAGE = 2_000
DONE = {
    "order": {"done", "cancelled"},
    "invoice": {"paid", "void", "uncollectible"},
    "contract": {"ended", "cancelled"},
    "deal": {"won", "lost"},
    "ticket": {"solved", "closed"},
    "payment": {"succeeded", "failed", "cancelled", "refunded"},
}
"""The states in which a document asks for nothing any more."""

Sums = dict[str, int]


@dataclass(slots=True)
class Facts:
    """The figures of a line; amounts are minor units by currency."""

    line: str
    counts: Counter[str] = field(default_factory=Counter)
    shared: list[str] = field(default_factory=list)
    open: Counter[str] = field(default_factory=Counter)
    invoiced: Sums = field(default_factory=lambda: defaultdict(int))
    receivable: Sums = field(default_factory=lambda: defaultdict(int))
    paid: Sums = field(default_factory=lambda: defaultdict(int))
    unapplied: Sums = field(default_factory=lambda: defaultdict(int))
    contracts: Sums = field(default_factory=lambda: defaultdict(int))
    running_until: str = ""
    blocks: list[str] = field(default_factory=list)
    business: Business = field(default_factory=Business)
    today: date = field(default_factory=date.today)


def facts(store: Store, line: str, today: date) -> Facts:
    """Look at everything of a line; nothing is written."""
    with store.read() as tx:
        entries = found(tx, line)
        out = Facts(line, today=today)
        out.shared = [id for id, _, kind in entries if kind == SHARED]
        # products first: an invoice's margin asks what they cost
        own = sorted(((id, model) for id, model, kind in entries if kind == OWN), key=lambda one: one[1] != "product")
        for at in range(0, len(own), PAGE):
            ids = [id for id, _ in own[at : at + PAGE]]
            for model, data in tx.rows("SELECT model, data FROM golden WHERE id IN ?", ids):
                count(out, model, msgspec.json.decode(data), today)
        out.blocks = blocks(tx, line, [id for id, _ in own])
    return out


def register(found: Facts, target_on: date) -> list[dict[str, str]]:
    """The risks that the figures show."""
    return risks(
        found.business, target_on, found.today, len(found.shared), shown(found.receivable), shown(found.unapplied)
    )


def count(out: Facts, model: str, values: Mapping[str, Any], today: date) -> None:
    """Take one record into the figures."""
    out.counts[model] += 1
    if running(model, values, today):
        out.open[model] += 1
    if model == "product":
        out.business.product(values)
    elif model == "invoice":
        out.business.invoice(values, today)
        sign = -1 if values.get("kind") == "credit_note" else 1
        _add(out.invoiced, values.get("total"), sign)
        _add(out.receivable, owed(values), sign)
    elif model == "payment" and values.get("state") in (None, "succeeded", "refunded", "disputed"):
        _add(out.paid, values.get("amount"))
        _add(out.unapplied, unapplied(values))
    elif model == "contract" and running(model, values, today):
        out.business.contract(values)
        _add(out.contracts, values.get("amount"))
        out.running_until = max(out.running_until, str(values.get("end_on") or ""))


def running(model: str, values: Mapping[str, Any], today: date) -> bool:
    """Whether a document still asks for something: an open order, an unpaid invoice, a contract that runs."""
    state = values.get("state") or values.get("stage")
    if model not in DONE or state in DONE[model]:
        return model == "payment" and bool((unapplied(values) or [0])[0])
    if model == "invoice":
        return state == "draft" or bool((owed(values) or [0])[0])
    if model == "contract":
        end = values.get("end_on")
        return not (end and str(end) < today.isoformat() and values.get("renewal") != "automatic")
    if model == "payment":
        return state == "pending" or bool((unapplied(values) or [0])[0])
    return True


def owed(values: Mapping[str, Any]) -> Any:
    """What is unpaid of an invoice: as its system says, else all of it unless its state says that it is settled."""
    if values.get("open") is not None:
        return values["open"]
    return None if values.get("state") in DONE["invoice"] or values.get("state") == "draft" else values.get("total")


def unapplied(values: Mapping[str, Any]) -> Any:
    """What of a payment settles no invoice yet."""
    amount = values.get("amount")
    if amount is None or values.get("invoice") or values.get("state") in ("failed", "cancelled", "refunded"):
        return None
    used = sum(part["amount"][0] for part in values.get("allocations") or [] if part.get("amount"))
    given_back = (values.get("refunded") or [0])[0]
    rest = amount[0] - used - given_back
    return [rest, amount[1]] if rest else None


def blocks(tx: Tx, line: str, ids: list[str]) -> list[str]:
    """What a person has to look at before the line can be closed."""
    found = []
    waiting = int(tx.rows("SELECT count(*) FROM record WHERE waiting = 2 AND waiting > 0")[0][0])
    if waiting:
        found.append(f"{waiting} records in quarantine, of this line or another: hub quarantine list")
    dead = under_way = 0
    for at in range(0, len(ids), PAGE):
        part = ids[at : at + PAGE]
        dead += int(tx.rows("SELECT count(*) FROM dead_letter WHERE golden_id IN ?", part)[0][0])
        under_way += int(tx.rows("SELECT count(*) FROM outbox WHERE golden_id IN ?", part)[0][0])
    if dead:
        found.append(f"{dead} refused writes: hub outbox list")
    if under_way:
        found.append(f"{under_way} writes on their way: hub sync")
    holds = tx.rows(
        "SELECT count(*) FROM legal_hold WHERE released_seq IS NULL AND (line = ? OR golden_id IS NOT NULL)", line
    )
    if int(holds[0][0]):
        found.append(f"{holds[0][0]} legal holds, which keep what they cover from being destroyed: hub hold list")
    return found


def shown(sums: Mapping[str, int]) -> str:
    """Sums for people."""
    return ", ".join(str(Money(minor, code)) for code, minor in sorted(sums.items()) if minor) or "none"


def _add(sums: Sums, money: Any, sign: int = 1) -> None:
    if money:
        sums[money[1]] += sign * int(money[0])


def totals(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, int]:
    """Every sum of money in records, by model, field and currency: what two sides are compared by."""
    out: dict[str, int] = defaultdict(int)
    for model, values in rows:
        for path, value in values.items():
            if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str):
                out[f"{model}.{path} {value[1]}"] += value[0]
    return dict(out)
