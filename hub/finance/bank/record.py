"""An entry as the record that walks into the hub, and a statement as the line that tells of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from hub.finance.bank.judge import Judged, Override
from hub.finance.bank.keys import Keyed, kind
from hub.finance.bank.statement import Statement
from hub.model import Money

PAYOUT = re.compile(r"\bpo_[A-Za-z0-9]+\b")  # Stripe's number of a payout, which then is the same payment


def record(found: Keyed, statement: Statement, source: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON-safe record of an entry; every field is there, null where the bank says nothing.

    `source` tells where it was read first and is no part of it: the same entry comes in other files.
    """
    entry = found.entry
    payout = next(
        (hit[0] for told in (entry.text, entry.end_to_end, entry.structured) if (hit := PAYOUT.search(told or ""))),
        None,
    )
    return {
        "key": found.key,
        "kind": "payout" if payout else "payment",
        "payout": payout,
        "account": statement.account,
        "amount": entry.amount.minor,
        "currency": entry.amount.currency,
        "booked_on": entry.booked_on.isoformat(),
        "value_on": entry.value_on.isoformat() if entry.value_on else None,
        "party": entry.party,
        "party_account": entry.party_account,
        "party_bank": entry.party_bank,
        "text": entry.text or None,
        "structured": entry.structured,
        "end_to_end": entry.end_to_end,
        "reference": entry.reference,
        "charges": _money(entry.charges),
        "instructed": _money(entry.instructed),
        "method": entry.method,
        "return_of": entry.return_of,
        "return_reason": entry.return_reason,
        "batch": found.batch,
        "state": "succeeded",
        "from": {**source, "line": entry.line},
    }


def source(statement: Statement, file: str) -> dict[str, Any]:
    """Where the entries of a statement were read."""
    return {"file": file, "format": statement.format, "statement": identity(statement)}


def _money(amount: Money | None) -> dict[str, Any]:
    return {"amount": amount and amount.minor, "currency": amount and amount.currency}


def identity(statement: Statement) -> str:
    """What makes it this statement, wherever it is read again."""
    account = statement.account or ""
    told = (statement.format, account, statement.currency, statement.number, statement.from_on, statement.to_on,
            statement.opening, statement.closing, *sorted(kind(account, entry) for entry in statement.entries))  # fmt: skip
    text = "\x1f".join("" if part is None else str(part) for part in told)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def slot(statement: Statement, file: str, place: int) -> str:
    """The place of a statement: what a mended one has in common with the refused one it stands for."""
    if statement.account is None:
        return f"{file}, statement {place}"
    end = statement.number or statement.id or ""
    return f"{statement.account} {statement.format} {end} {statement.to_on or ''}".strip()


def summary(judged: Judged, file: str, place: int, at: int, override: Override | None) -> dict[str, Any]:
    """What the register keeps of a statement, the one at a place in a file."""
    statement = judged.statement
    by = override if judged.state == "overridden" else None
    return {
        "id": identity(statement),
        "slot": slot(statement, file, place),
        "file": file,
        "format": statement.format,
        "account": statement.account,
        "currency": statement.currency,
        "number": statement.number,
        "from": statement.from_on.isoformat() if statement.from_on else None,
        "to": statement.to_on.isoformat() if statement.to_on else None,
        "opening": statement.opening.minor if statement.opening else None,
        "closing": statement.closing.minor if statement.closing else None,
        "movements": statement.movements.minor if statement.movements else None,
        "entries": len(statement.entries),
        "pending": statement.pending,
        "balanced": statement.balanced,
        "state": judged.state,
        "problems": [str(problem) for problem in judged.problems],
        "fault": not judged.fine,
        "by": by.by if by else None,
        "reason": by.reason if by else None,
        "at": at,
    }
