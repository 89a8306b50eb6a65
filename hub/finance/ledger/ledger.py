"""The ledger at work: one run of reconciling, and the doors through which people decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from msgspec.structs import replace

from hub.finance.ledger import alias, decide, given, periods, undo
from hub.finance.ledger.forget import catch_up
from hub.finance.ledger.items import take_in
from hub.finance.ledger.policy import chosen, policy
from hub.finance.ledger.post import post
from hub.finance.ledger.proof import Check, prove
from hub.finance.ledger.propose import ours, propose
from hub.finance.ledger.rows import lines
from hub.finance.ledger.tell import tell
from hub.finance.ledger.wanted import Wanted
from hub.finance.statements import banks, register
from hub.store import Tx
from hub.store.lease import Lease
from hub.sync import Hub

LEASE = "finance"
PATIENCE = 10.0  # seconds to wait for another run


@dataclass(slots=True)
class Reconciled:
    """What a run did: documents that changed, payments by status, payments posted, and the checks of the books."""

    documents: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    posted: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)
    told: int = 0
    checks: list[Check] = field(default_factory=list)


class Ledger:
    """The ledger of one project."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.store = hub.store
        self.finance = hub.project.finance

    def today(self) -> date:
        """The day by the hub's clock, in UTC."""
        return datetime.fromtimestamp(self.store.clock(), UTC).date()

    @contextmanager
    def held(self) -> Iterator[None]:
        """One at a time works on the ledger. Raises Busy where another one is at it."""
        with Lease(self.store, [LEASE]).held(PATIENCE):
            yield

    def reconcile(self, account: str | None = None, *, dry_run: bool = False) -> Reconciled:
        """Take in what is open, match what came in, post what may be posted, tell the systems, check the books.

        A dry run does all of it in one transaction and undoes it. Raises Busy, and Unavailable where a system whose
        figures are stale does not answer.
        """
        done = Reconciled()
        with self.store.rehearse() if dry_run else self.held():
            register(self.store, banks(self.hub.project))  # so that the books are checked against every statement
            catch_up(self.store)
            done.documents = take_in(self.hub, self.today())
            ready = self._match(account, done)
            posted = post(self.store, ready)
            done.posted, done.left = posted.payments, posted.left
            done.checks = prove(self.store)
            if not dry_run:
                done.told = tell(self.hub)
        return done

    def _match(self, account: str | None, done: Reconciled) -> list[str]:
        """Match what came in; store what was found; return the payments that may be posted."""
        from hub.finance.matching.match import match

        with self.store.read() as tx:
            kept = given.waiting(tx, account)
            if not kept:
                return []
            back = given.returned(tx, kept)
            again = given.returned_already(tx, kept)
            stand = given.standing(tx, [id for id, _ in back])
            people = given.customers(tx)
            papers = given.documents(tx, self.finance, self._held(tx), stand)
            payments = given.payments(tx, [*kept, *back], stand)
            aliases = alias.known(tx, self.finance.learn_after)
            locked = periods.locked_through(tx)
        keys = {name: chosen(self.finance, name, line) for name, line in given.accounts(kept)}
        policies = {name: policy(self.finance, some, aliases, locked) for name, some in keys.items()}
        common = policy(self.finance, chosen(self.finance, None, None), aliases, locked)
        outcome = match(people, papers, payments, common, policies)
        outcome = replace(outcome, decisions=tuple(
            replace(d, reason="already_returned") if d.payment in again and d.reason == "return_of_unknown" else d
            for d in outcome.decisions
        ))  # fmt: skip
        by_id = {payment.id: payment for payment in payments}
        done.statuses.update(d.status for d in outcome.decisions if ours(d, by_id[d.payment]))
        return propose(self.store, self.finance, payments, outcome, keys)

    def _held(self, tx: Tx) -> dict[str, int]:
        """What decisions that wait for an approval will settle, by document."""
        held: dict[str, int] = {}
        rows = tx.rows(
            "SELECT d.data FROM settlement s JOIN decision d ON d.id = s.decision_id WHERE s.step = 'approval'"
        )
        for (data,) in rows:
            for line in lines(data):
                if line.document:
                    held[line.document] = held.get(line.document, 0) - line.effect
        return held

    # -- what people decide

    def match(self, payment: str, wanted: Sequence[Wanted], by: str) -> decide.Decided:
        """Settle documents with a payment as a person says."""
        with self.held():
            take_in(self.hub, self.today())
            decided = decide.match(self.store, self.finance, payment, wanted, by)
            tell(self.hub)
        return decided

    def approve(self, payment: str, by: str) -> decide.Decided:
        """Post a decision that waits for a second person."""
        with self.held():
            take_in(self.hub, self.today())
            decided = decide.approve(self.store, self.finance, payment, by)
            tell(self.hub)
        return decided

    def reject(self, payment: str, by: str) -> None:
        """Take back a decision that waits."""
        with self.held():
            decide.reject(self.store, payment, by)

    def unmatch(self, payment: str, documents: Sequence[str], by: str) -> undo.Undone:
        """Reverse what is posted of a payment."""
        with self.held():
            undone = undo.unmatch(self.store, payment, documents, by, self.today())
            tell(self.hub)
        return undone

    def write_off(self, document: str, amount: Decimal | None, reason: str, by: str) -> decide.Decided:
        """Give up what is open on a document."""
        with self.held():
            take_in(self.hub, self.today())
            decided = decide.write_off(self.store, self.finance, document, amount, reason, by, self.today())
            tell(self.hub)
        return decided

    def close_period(self, through: date, by: str) -> date | None:
        """Lock all days up to and with this one."""
        with self.held():
            return periods.close(self.store, through, by, self.today())

    def prove(self) -> list[Check]:
        """Check the books."""
        register(self.store, banks(self.hub.project))
        return prove(self.store)
