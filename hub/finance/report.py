"""The summary of the morning: what was done, and what needs a person; by mail to those of [finance] report_to."""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.finance.dunning import cases
from hub.finance.ledger import Ledger, Reconciled
from hub.finance.ledger.views import payments
from hub.finance.told import KEY
from hub.model import Money
from hub.paper import Column, Table
from hub.paper.sheets import xlsx
from hub.store.content import keep
from hub.sync.say import Said

LISTED = 25  # rows in the mail; all of them are in the attached workbook
MOST = 10_000
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    Column("paid_on", "Day", "day"), Column("amount", "Amount", "money"), Column("payer", "Payer", width=1.5),
    Column("reference", "Reference", width=2.0), Column("status", "Status"), Column("reason", "Why", width=1.5),
    Column("customer_name", "Customer", width=1.5), Column("id", "Payment", width=2.0),
)  # fmt: skip


def waiting(ledger: Ledger) -> list[dict[str, Any]]:
    """The payments that need a person, the largest first."""
    store = ledger.store
    found = {
        row["id"]: row for status in ("open", "proposed", "approval") for row in payments(store, status, limit=MOST)
    }
    return sorted(found.values(), key=lambda row: (-abs(_waits(row)[0]), row["id"]))


def _waits(row: dict[str, Any]) -> list[Any]:
    """The money that waits: what has no place yet, or what is to be written off."""
    found: list[Any] = row["unapplied"] if row["unapplied"][0] else row["amount"]
    return found


def report(ledger: Ledger, done: Reconciled, today: date) -> str | None:
    """Write the summary as a mail to finance; the next sync sends it. None where nobody is to get it.

    Said once for what it says: the same summary on the same day is not sent again.
    """
    finance, store = ledger.finance, ledger.store
    if not finance.report_to:
        return None
    rows = waiting(ledger)
    late = [case for case in cases(store, finance, today) if not case.paused]
    body = text(done, rows, len(late))
    book = xlsx([table(rows)])
    with store.begin() as tx:
        digest = keep(tx, book)
    values = {
        "direction": "out", "channel": "email", "recipients": list(finance.report_to),
        "subject": f"Finance on {today}: {len(done.posted)} payments posted, {len(rows)} need a person",
        "body": body,
        "attachments": [{"name": f"open-{today}.xlsx", "media_type": SHEET, "size": len(book), "digest": digest}],
    }  # fmt: skip
    key = f"{KEY}{today}/{digest.removeprefix('sha256:')[:12]}"
    ledger.hub.say([Said(key, "message", values)])
    return key


def text(done: Reconciled, rows: list[dict[str, Any]], late: int) -> str:
    """The summary in words."""
    lines = [f"{len(done.posted)} payments were posted."]
    for status, count in sorted(done.statuses.items()):
        lines.append(f"  {count} {status.replace('_', ' ')}")
    if done.left:
        lines += [
            "",
            "Not posted although decided:",
            *(f"  {id}: {why}" for id, why in sorted(done.left.items())[:LISTED]),
        ]
    wrong = [check for check in done.checks if not check.fine]
    if wrong:
        lines += ["", "THE BOOKS DO NOT ADD UP:", *(f"  {c.name}: {'; '.join(c.faults)}" for c in wrong)]
    else:
        lines += ["", f"The books add up: {len(done.checks)} checks hold."]
    lines += ["", f"{len(rows)} payments need a person{':' if rows else '.'}"]
    for row in rows[:LISTED]:
        money = Money(*_waits(row))
        why = (row["reason"] or row["status"]).replace("_", " ")
        lines.append(f"  {row['paid_on']}  {money}  {row['payer'] or '-'}  {row['reference'] or '-'}  ({why})")
    if len(rows) > LISTED:
        lines.append(f"  ... and {len(rows) - LISTED} more, in the attached list")
    lines += [
        "",
        f"{late} customers are due for a reminder: hub dunning list",
        "To decide: hub payments list --status open; to approve: --status proposed, --status approval",
    ]
    return "\n".join(lines) + "\n"


def table(rows: list[dict[str, Any]]) -> Table:
    """What needs a person, for a spreadsheet."""
    kept = [
        (_day(row["paid_on"]), Money(*_waits(row)), row["payer"], row["reference"], row["status"], row["reason"],
         row["customer_name"], row["id"])
        for row in rows
    ]  # fmt: skip
    return Table(COLUMNS, kept, name="Needs a person")


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text[:10]) if text else None
