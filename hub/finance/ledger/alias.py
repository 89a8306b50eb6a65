"""Aliases: whose account it is, learned after people have confirmed it often enough; anyone can see and remove them."""

from __future__ import annotations

from typing import NamedTuple

from hub.audit import append
from hub.errors import Missing
from hub.store import Store, Tx
from hub.store.tables.finance import alias

COLUMNS = ("account", "customer_id", "confirmations", "by", "seq")


class Alias(NamedTuple):
    """An account that is not among a customer's own, and how often people have said that it is this customer's."""

    account: str
    customer_id: str
    confirmations: int
    by: str


def known(tx: Tx, enough: int) -> dict[str, str]:
    """The accounts that count as known: account to customer."""
    return dict(tx.rows("SELECT account, customer_id FROM alias WHERE confirmations >= ?", enough))


def listed(store: Store) -> list[Alias]:
    """All aliases, also those that still lack confirmations."""
    with store.read() as tx:
        rows = tx.rows("SELECT account, customer_id, confirmations, by FROM alias ORDER BY account")
    return [Alias(*row) for row in rows]


def confirm(tx: Tx, account: str | None, customer: str, by: str) -> int:
    """Take note that a person matched a payment from this account to that customer; return how often by now.

    Another customer than before begins anew: an account that pays for two is nobody's.
    """
    if not account:
        return 0
    rows = tx.rows("SELECT customer_id, confirmations FROM alias WHERE account = ?", account)
    count = rows[0][1] + 1 if rows and rows[0][0] == customer else 1
    tx.upsert(alias, COLUMNS, [(account, customer, count, by, tx.seq)])
    return int(count)


def remove(store: Store, account: str, by: str) -> None:
    """Forget whose account it is. Raises Missing for one that was never learned."""
    account = "".join(account.split()).upper()
    with store.begin() as tx:
        rows = tx.rows("SELECT customer_id FROM alias WHERE account = ?", account)
        if not rows:
            raise Missing(f"aliases: {account} was not learned; see hub payments aliases list")
        tx.run("DELETE FROM alias WHERE account = ?", account)
        append(tx, by, "finance alias removed", {"account": f"…{account[-4:]}", "customer": rows[0][0]}, at=store.now())
