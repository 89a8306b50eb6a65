"""What matching is given: customers, documents and payments from the golden records, a query a kind.

Bank entries alone are matched here. Payments that other systems already tie to an invoice are theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from hub.config.finance import Finance
from hub.finance.ledger.policy import rate_of
from hub.finance.matching import Customer, Discount, Document, Payment, PayoutLine, Standing
from hub.store import Tx

Values = Mapping[str, Any]
NAMES = ("entry_reference", "end_to_end", "identifiers.bank")  # by which a return names what it gives back
LINE = ("source", "charge", "reference")  # by which a payout's line leads to a document, the surest first
DEAD = ("failed", "cancelled", "pending")


def customers(tx: Tx) -> list[Customer]:
    """All customers: one who owes nothing may still be the one who paid."""
    rows = tx.rows("SELECT id, data FROM golden WHERE model = 'customer' AND into_id IS NULL ORDER BY id")
    found = []
    for id, data in rows:
        values = msgspec.json.decode(data)
        ibans = tuple(sorted({str(v) for path, v in values.items() if path.startswith("bank_accounts.") and v}))
        found.append(Customer(id, str(values.get("legal_name") or values.get("name") or ""), ibans))
    return found


def documents(
    tx: Tx, finance: Finance, held: Mapping[str, int], stand: Mapping[str, tuple[Standing, ...]]
) -> list[Document]:
    """All documents of the ledger, less what is held for decisions that wait for an approval.

    Paid ones too: a reference to a paid invoice says who paid, and that it was paid twice. Matching wants what was
    open before payments it is given had settled anything, so what stands of those is added.
    """
    before: Counter[str] = Counter()
    for ones in stand.values():
        for one in ones:
            before[one.document] += one.amount
    rows = tx.rows(
        "SELECT i.document_id, i.customer_id, i.currency, i.open, g.data FROM item i "
        "JOIN golden g ON g.id = i.document_id ORDER BY i.document_id"
    )
    return [
        document(finance, id, customer, currency, open - held.get(id, 0), before[id], msgspec.json.decode(data))
        for id, customer, currency, open, data in rows
    ]


def document(
    finance: Finance, id: str, customer: str, currency: str, open: int, before: int, values: Values
) -> Document:
    """A document as matching knows it; `before` is what is settled of it by what matching is given as well.

    One that was corrected to less than is settled of it has nothing open for matching; people see what is too much.
    """
    note = values.get("kind") == "credit_note"
    open = (min(open, 0) if note else max(open, 0)) + before
    issued = _day(values.get("issued_on"))
    booked = Decimal(str(values["booked_rate"])) if values.get("booked_rate") is not None else None
    if booked is None and issued is not None and currency != finance.base_currency:
        booked = rate_of(finance, currency, issued)
    entity = values.get("legal_entity") or finance.lines.get(values.get("line") or "", {}).get("legal_entity")
    return Document(
        id=id, customer=customer, currency=currency, open=open,
        type="credit_note" if note else "invoice",
        number=values.get("number"), reference=values.get("reference"), issued=issued,
        due=_day(values.get("due_on")), legal_entity=entity, booked_rate=booked, discount=_discount(values, currency),
    )  # fmt: skip


def _discount(values: Values, currency: str) -> Discount | None:
    money, until = values.get("discount"), _day(values.get("discount_until"))
    if not money or until is None or money[1] != currency:
        return None
    net, tax = values.get("net"), values.get("tax")
    rate = Decimal(tax[0]) / Decimal(net[0]) if net and tax and net[0] else Decimal(0)
    return Discount(money[0], until, rate.quantize(Decimal("0.0001")))


def waiting(tx: Tx, account: str | None = None) -> list[tuple[str, Values]]:
    """Bank entries nobody has decided yet, or that may be decided better now: id and golden values."""
    rows = tx.rows(
        "SELECT g.id, g.data FROM golden g LEFT JOIN settlement s ON s.payment_id = g.id "
        "WHERE g.model = 'payment' AND g.into_id IS NULL AND g.archived_at IS NULL "
        f"AND ({tx.value_at('account')} IS NOT NULL OR {tx.value_at('identifiers.bank')} IS NOT NULL) "
        "AND (s.payment_id IS NULL OR s.step IN ('open', 'proposed')) ORDER BY g.id"
    )
    found = []
    for id, data in rows:
        values = msgspec.json.decode(data)
        if values.get("amount") and values.get("paid_on") and values.get("state") not in DEAD and (
            account is None or _plain(values.get("account")) == _plain(account)
        ):  # fmt: skip
            found.append((id, values))
    return found


def returned(tx: Tx, payments: Sequence[tuple[str, Values]]) -> list[tuple[str, Values]]:
    """Payments posted before, and not returned yet, that one of these gives back: id and golden values."""
    wanted = sorted({str(values["return_of"]) for _, values in payments if values.get("return_of")})
    if not wanted:
        return []
    where = " OR ".join(f"{tx.value_at(name)} IN ?" for name in NAMES)
    rows = tx.rows(
        "SELECT g.id, g.data FROM golden g JOIN settlement s ON s.payment_id = g.id AND s.step = 'posted' AND s.status <> 'reversed' "
        f"WHERE g.model = 'payment' AND g.into_id IS NULL AND ({where}) ORDER BY g.id",
        wanted, wanted, wanted,
    )  # fmt: skip
    return [(id, msgspec.json.decode(data)) for id, data in rows]


def returned_already(tx: Tx, payments: Sequence[tuple[str, Values]]) -> set[str]:
    """Those of the payments that give back one that was given back before."""
    wanted = {str(values["return_of"]): id for id, values in payments if values.get("return_of")}
    if not wanted:
        return set()
    rows = tx.rows(
        "SELECT d.payment_id, d.data FROM decision d JOIN settlement s ON s.decision_id = d.id WHERE s.status <> 'review' "
        "AND d.stage = 'S0_return'"
    )
    gone = {original for _, data in rows for original in msgspec.json.decode(data).get("returns", ())}
    named = tx.rows("SELECT id, data FROM golden WHERE id IN ?", sorted(gone))
    found = set()
    for _, data in named:
        values = msgspec.json.decode(data)
        found |= {wanted[n] for path in NAMES if (n := values.get(path)) in wanted}
    return found


def standing(tx: Tx, ids: Iterable[str]) -> dict[str, tuple[Standing, ...]]:
    """What payments settle, document by document: all their postings together, so that what was undone is left out."""
    rows = tx.rows(
        "SELECT p.payment_id, p.document_id, sum(p.amount), sum(p.paid), min(p.posted_on), min(d.stage) FROM posting p "
        "LEFT JOIN decision d ON d.id = p.decision_id WHERE p.payment_id IN ? AND p.kind = 'allocation' "
        "GROUP BY p.payment_id, p.document_id HAVING sum(p.amount) <> 0 ORDER BY p.payment_id, p.document_id",
        sorted(set(ids)),
    )
    found: dict[str, list[Standing]] = {}
    for payment, document, amount, paid, on, stage in rows:
        one = Standing(document, int(amount), date.fromisoformat(on), int(paid), stage or "manual")
        found.setdefault(payment, []).append(one)
    return {payment: tuple(ones) for payment, ones in found.items()}


def payments(
    tx: Tx, kept: Sequence[tuple[str, Values]], stand: Mapping[str, tuple[Standing, ...]] | None = None
) -> list[Payment]:
    """Payments as matching knows them."""
    asked = {str(values["return_of"]) for _, values in kept if values.get("return_of")}
    lines = _lines(tx, [values for _, values in kept])
    return [_payment(id, values, asked, lines, (stand or {}).get(id, ())) for id, values in kept]


def _payment(
    id: str, values: Values, asked: set[str], lines: Mapping[str, str], stand: tuple[Standing, ...]
) -> Payment:
    money, charges = values["amount"], values.get("charges")
    names = [values.get(n) for n in NAMES]
    # what a return names; else the key of the entry, since the same reference may stand on two real entries
    entry = next((n for n in names if n in asked), None) or values.get("identifiers.bank") or id
    booked = date.fromisoformat(values["paid_on"])
    return Payment(
        id=id, amount=money[0], currency=money[1], booking_date=booked,
        value_date=_day(values.get("value_on")) or booked, bank_entry_ref=entry, bank_account=_plain(values.get("account")),
        debtor_name=values.get("payer"), debtor_iban=_plain(values.get("payer_account")),
        text=values.get("reference") or "", structured_reference=values.get("structured_reference"),
        charges=charges[0] if charges and charges[1] == money[1] else 0,
        return_of=values.get("return_of"), return_reason=values.get("return_reason"),
        payout=values.get("kind") == "payout",
        payout_lines=tuple(_payout(part, lines) for part in values.get("parts") or ()), standing=stand,
    )  # fmt: skip


def _payout(part: Values, lines: Mapping[str, str]) -> PayoutLine:
    named = next((lines[key] for path in LINE if (key := str(part.get(path))) in lines), None)
    gross, fee = part.get("amount"), part.get("fee")
    return PayoutLine(str(part.get("kind") or "other"), named, gross[0] if gross else 0, fee[0] if fee else 0)


def _lines(tx: Tx, kept: Sequence[Values]) -> dict[str, str]:
    """The documents that lines of payouts stand for, by the processor's id of the charge and by number."""
    parts = [part for values in kept for part in values.get("parts") or ()]
    if not parts:
        return {}
    ids = sorted({str(p[path]) for p in parts for path in LINE[:2] if p.get(path)})
    sources = [_stripe(id) for id in ids]
    numbers = [f"invoice:number:{str(p['reference']).strip().casefold()}" for p in parts if p.get("reference")]
    names: dict[str, str] = dict(
        tx.rows("SELECT name, golden_id FROM identifier WHERE name IN ?", [*sources, *numbers])
    )
    charges: dict[str, str] = dict(tx.rows("SELECT id, data FROM golden WHERE id IN ?", sorted(set(names.values()))))
    found = {}
    for id in ids:
        charge = names.get(_stripe(id))
        if charge in charges and (invoice := msgspec.json.decode(charges[charge]).get("invoice")):
            found[id] = invoice
    for part in parts:
        number = names.get(f"invoice:number:{str(part.get('reference')).strip().casefold()}")
        if number:
            found[str(part["reference"])] = number
    return found


def _stripe(id: str) -> str:
    return f"payment:identifiers.stripe:{id.casefold()}"


def accounts(kept: Sequence[tuple[str, Values]]) -> list[tuple[str, str | None]]:
    """Our own accounts that payments came in on, each with the business line of its first payment."""
    found: dict[str, str | None] = {}
    for _, values in kept:
        ours = _plain(values.get("account"))
        if ours:
            found.setdefault(ours, values.get("line"))
    return sorted(found.items())


def _day(text: Any) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _plain(account: Any) -> str | None:
    return "".join(str(account).split()).upper() if account else None
