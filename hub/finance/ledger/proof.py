"""Proof: what must be true of the books, asked of the rows themselves by ways other than the ones that wrote them."""

from __future__ import annotations

from typing import NamedTuple

from hub.store import Store, Tx

SHOWN = 20  # faults told by name


class Check(NamedTuple):
    """One thing that must be true; `faults` name what is not."""

    name: str
    checked: int
    faults: list[str]

    @property
    def fine(self) -> bool:
        """Whether it is."""
        return not self.faults


def prove(store: Store) -> list[Check]:
    """Check the books."""
    with store.read() as tx:
        return [_payments(tx), _items(tx), _control(tx), _reversals(tx), _statements(tx)]


def _payments(tx: Tx) -> Check:
    count = tx.rows("SELECT count(*) FROM settlement WHERE step = 'posted' AND status <> 'duplicate_ignored'")[0][0]
    rows = tx.rows(
        "SELECT s.payment_id, s.amount, s.unapplied, coalesce(sum(p.paid), 0) FROM settlement s "
        "LEFT JOIN posting p ON p.payment_id = s.payment_id WHERE s.status <> 'duplicate_ignored' "
        "GROUP BY s.payment_id, s.amount, s.unapplied HAVING s.amount <> s.unapplied + coalesce(sum(p.paid), 0)"
    )
    faults = [f"{id}: {amount} is not {paid} posted + {left} unapplied" for id, amount, left, paid in rows[:SHOWN]]
    return Check("payment = allocations + unapplied + fee", int(count), faults)


def _items(tx: Tx) -> Check:
    count = tx.rows("SELECT count(*) FROM item")[0][0]
    rows = tx.rows(
        "SELECT i.document_id, i.open, coalesce(sum(p.effect), 0) FROM item i "
        "LEFT JOIN posting p ON p.document_id = i.document_id AND p.currency = i.currency "
        "GROUP BY i.document_id, i.open HAVING i.open <> coalesce(sum(p.effect), 0)"
    )
    faults = [f"{id}: {open} open, its postings say {posted}" for id, open, posted in rows[:SHOWN]]
    return Check("each open item = its postings", int(count), faults)


def _control(tx: Tx) -> Check:
    """Open items and control account a currency: one sum over items, one over postings of documents.

    What a closing destroyed is no open item any more; its postings stay and count no longer.
    """
    items = {code: int(total) for code, total in tx.rows("SELECT currency, sum(open) FROM item GROUP BY currency")}
    control = {
        code: int(total)
        for code, total in tx.rows(
            "SELECT currency, sum(effect) FROM posting WHERE document_id IS NOT NULL AND kind NOT IN "
            "('fx_gain', 'fx_loss') AND document_id NOT IN (SELECT golden_id FROM grave) GROUP BY currency"
        )
    }
    faults = [
        f"{code}: open items {items.get(code, 0)}, control account {control.get(code, 0)}"
        for code in sorted(items.keys() | control.keys())
        if items.get(code, 0) != control.get(code, 0)
    ]
    return Check("open items = control account", len(items), faults)


def _reversals(tx: Tx) -> Check:
    count = tx.rows("SELECT count(*) FROM posting WHERE reverses_id IS NOT NULL")[0][0]
    rows = tx.rows(
        "SELECT r.id FROM posting r LEFT JOIN posting p ON p.id = r.reverses_id WHERE r.reverses_id IS NOT NULL "
        "AND (p.id IS NULL OR p.amount <> -r.amount OR p.effect <> -r.effect OR p.paid <> -r.paid "
        "OR p.currency <> r.currency)"
    )
    return Check("each reversal is the opposite of what it reverses", int(count), [row[0] for row in rows[:SHOWN]])


def _statements(tx: Tx) -> Check:
    """Each statement that was taken in must hold; one let through by a person's name is told at the statements."""
    count = tx.rows("SELECT count(*) FROM statement WHERE state = 'taken' AND balanced IS NOT NULL")
    rows = tx.rows(
        "SELECT account, number, to_on FROM statement WHERE state = 'taken' AND opening + movements <> closing ORDER BY id"
    )
    faults = [f"{account} {number or ''} up to {to_on}".replace("  ", " ") for account, number, to_on in rows[:SHOWN]]
    return Check("opening + movements = closing on each statement", int(count[0][0]), faults)
