"""The transaction details below an entry of CAMT: who, what for, and the parts of a batch.

Details are used only where they add up to the entry; of those that do not nothing is taken, and a remark says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hub.finance.bank.statement import Entry
from hub.finance.bank.values import account, clean, currency, given, money
from hub.finance.bank.xml import child, children, text
from hub.model import Money

AMOUNTS = (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "InstdAmt", "Amt"))
METHODS = {
    "RCDT": "transfer", "ICDT": "transfer", "RRCT": "transfer", "IRCT": "transfer",
    "RDDT": "direct_debit", "IDDT": "direct_debit", "CCRD": "card", "MCRD": "card",
    "RCHQ": "cheque", "ICHQ": "cheque", "CNTR": "cash",
}  # fmt: skip


def detailed(element: Any, amount: Money, booked: date, value: date | None) -> tuple[Entry, str | None]:
    """The entry with what its details tell, and a remark where they cannot be used."""
    details = [tx for part in children(element, "NtryDtls") for tx in children(part, "TxDtls")]
    reversal = text(element, "RvslInd") in ("true", "1")
    reference = given(text(element, "AcctSvcrRef"))
    if len(details) == 1 and reference is None:
        reference = given(text(details[0], "Refs", "AcctSvcrRef"))
    extra = clean(text(element, "AddtlNtryInf"))
    plain = Entry(
        amount, booked, value, reference, extra, line=element.sourceline, method=_method(element),
        charges=_charges(element, amount.currency), instructed=_instructed(element, amount), lump=True,
    )  # fmt: skip
    if not details:
        return plain, None
    parts = _amounts(details, amount)
    if parts is None:
        return plain, f"its details do not add up to {amount}: they are left out"
    if len(details) == 1:
        return _told(details[0], plain, amount, extra, reversal), None
    told = tuple(
        _told(tx, Entry(part, booked, value, given(text(tx, "Refs", "AcctSvcrRef")), method=plain.method,
                        line=tx.sourceline), part, extra, reversal)
        for tx, part in zip(details, parts, strict=True)
    )  # fmt: skip
    return replace(plain, parts=told, lump=False), None


def _amounts(details: Sequence[Any], whole: Money) -> list[Money] | None:
    """The amount of each part, taken from where all of them together make the entry; None where nothing does."""
    if len(details) == 1:
        stated = [found for path in AMOUNTS if (found := _amount(details[0], path, whole)) is not None]
        kept = _charges(details[0], whole.currency)
        near = {whole.minor, *(whole.minor + sign * kept.minor for sign in (1, -1) if kept)}
        return [whole] if not stated or any(found.minor in near for found in stated) else None
    for net in (False, True):
        for path in (*AMOUNTS, None):
            parts = [_part(tx, path, whole, net) for tx in details]
            if all(part is not None for part in parts) and sum(p.minor for p in parts if p) == whole.minor:
                return [part for part in parts if part is not None]
    return None


def _part(tx: Any, path: tuple[str, ...] | None, whole: Money, net: bool) -> Money | None:
    """One part's amount from one place (None: the first that has one), `net` of the charges it states."""
    paths = AMOUNTS if path is None else (path,)
    found = next((amount for at in paths if (amount := _amount(tx, at, whole)) is not None), None)
    charges = _charges(tx, whole.currency) if net else None
    if found is None or charges is None:
        return found
    return Money(found.minor - charges.minor, found.currency)


def _amount(tx: Any, path: tuple[str, ...], whole: Money) -> Money | None:
    """A stated amount in the entry's currency, with the sign of the detail, else of the entry."""
    stated = child(tx, *path)
    if stated is None or (stated.get("Ccy") or "").upper() != whole.currency:
        return None
    try:
        found = money(stated.text or "", whole.currency)
    except ValueError:
        return None
    side = text(tx, "CdtDbtInd") or ("DBIT" if whole.minor < 0 else "CRDT")
    return Money(-found.minor if side == "DBIT" else found.minor, whole.currency)


def _told(tx: Any, entry: Entry, amount: Money, extra: str, reversal: bool) -> Entry:
    """The entry with what one transaction tells of it."""
    returned = child(tx, "RtrInf")
    back = reversal or returned is not None
    name, number, bank = _party(tx, (amount.minor >= 0) != back)
    end_to_end = given(text(tx, "Refs", "EndToEndId"))
    original = given(text(tx, "Refs", "InstrId")) or given(text(tx, "Refs", "TxId"))
    references, words = _remittance(tx)
    return Entry(
        amount, entry.booked_on, entry.value_on, entry.reference,
        words or clean(text(tx, "AddtlTxInf")) or extra,
        name, number, bank, references[0] if references else None, end_to_end,
        _charges(tx, amount.currency) or entry.charges, _instructed(tx, amount) or entry.instructed,
        _method(tx) or entry.method,
        (end_to_end or original) if back else None,
        (text(returned, "Rsn", "Cd") or text(returned, "Rsn", "Prtry")) if returned is not None else None,
        entry.line,
    )  # fmt: skip


def _remittance(tx: Any) -> tuple[list[str], str]:
    """The structured references, and all that is said besides: what stands in no other field is not lost."""
    references: list[str] = []
    words: list[str] = []
    for info in children(tx, "RmtInf"):
        words += [free.text or "" for free in children(info, "Ustrd")]
        for part in children(info, "Strd"):
            reference = given(text(part, "CdtrRefInf", "Ref"))
            if reference and reference not in references:
                references.append(reference)
                words += [reference] if len(references) > 1 else []
            words += [number for doc in children(part, "RfrdDocInf") if (number := text(doc, "Nb"))]
            words += [free.text or "" for free in children(part, "AddtlRmtInf")]
    return references, clean(" ".join(words))


def _party(tx: Any, debtor: bool) -> tuple[str | None, str | None, str | None]:
    """Name, account and bank of the other side."""
    role = "Dbtr" if debtor else "Cdtr"
    parties, agents = child(tx, "RltdPties"), child(tx, "RltdAgts")
    name = number = bank = None
    if parties is not None:
        for who in (role, f"Ultmt{role}"):
            found = child(parties, who)
            name = name or (
                text(found, "Nm") or text(found, "Pty", "Nm") or text(found, "Agt", "FinInstnId", "Nm")
                if found is not None
                else None
            )
        place = f"{role}Acct"
        number = account(text(parties, place, "Id", "IBAN") or text(parties, place, "Id", "Othr", "Id"))
    if agents is not None:
        agent = child(agents, f"{role}Agt", "FinInstnId")
        bank = (text(agent, "BICFI") or text(agent, "BIC")) if agent is not None else None
    return clean(name) or None, number, bank


def _charges(element: Any, code: str) -> Money | None:
    """What banks took, as stated; None where nothing is, or in another currency."""
    total = 0
    for charges in children(element, "Chrgs"):
        stated = [child(charges, "TtlChrgsAndTaxAmt")]
        if stated[0] is None:
            records = children(charges, "Rcrd") or [charges]
            stated = [child(record, "Amt") for record in records if text(record, "CdtDbtInd") != "CRDT"]
        for amount in stated:
            if amount is None or (amount.get("Ccy") or "").upper() != code:
                continue
            try:
                total += money(amount.text or "", code).minor
            except ValueError:
                continue
    return Money(total, code) if total else None


def _instructed(element: Any, amount: Money) -> Money | None:
    """What was ordered, where it is not what was booked."""
    stated = child(element, "AmtDtls", "InstdAmt", "Amt")
    if stated is None:
        return None
    try:
        found = money(stated.text or "", currency(stated.get("Ccy")))
    except ValueError:
        return None
    return None if (found.minor, found.currency) == (abs(amount.minor), amount.currency) else found


def _method(element: Any) -> str | None:
    return METHODS.get(text(element, "BkTxCd", "Domn", "Fmly", "Cd") or "")
