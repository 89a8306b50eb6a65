"""Whatever happens in whatever order, the books add up, nothing is settled twice, and history stays."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.config import Project
from hub.config.finance import Finance
from hub.errors import HubError
from hub.finance.ledger import Ledger
from hub.finance.ledger.wanted import Wanted
from hub.plugin.registry import load
from hub.secret import Secret
from hub.store import Store
from hub.sync import Hub
from hub.sync.say import Said

FINANCE = Finance(
    policy={"short_tolerance": Decimal("0.05")},
    post=dict.fromkeys(("S0_return", "S1_structured_reference", "S2_invoice_number", "S3_customer_exact_amount")),
    four_eyes_over=Decimal(200),
    learn_after=2,
)  # fmt: skip
AMOUNTS = st.sampled_from([1, 5, 4000, 9995, 9999, 10000, 10001, 20000, 30000])
WHICH = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("invoice"), AMOUNTS, st.integers(0, 2)),
    st.tuples(st.just("credit"), AMOUNTS, st.integers(0, 2)),
    st.tuples(st.just("pay"), AMOUNTS, WHICH),
    st.tuples(st.just("return"), WHICH, st.integers(0, 1)),
    st.tuples(st.just("reconcile"), st.just(0), st.just(0)),
    st.tuples(st.just("match"), WHICH, WHICH),
    st.tuples(st.just("approve"), WHICH, st.just(0)),
    st.tuples(st.just("unmatch"), WHICH, st.just(0)),
    st.tuples(st.just("write off"), WHICH, AMOUNTS),
    st.tuples(st.just("correct"), WHICH, AMOUNTS),
    st.tuples(st.just("close"), st.integers(1, 60), st.just(0)),
)


class World:
    """A ledger without any system around it."""

    def __init__(self) -> None:
        store = Store.open("sqlite:///:memory:", clock=lambda: 1_780_000_000.0)
        self.hub = Hub(Project(Path("."), Secret(""), finance=FINANCE), load(None), store)
        self.ledger = Ledger(self.hub)
        self.today = self.ledger.today()
        self.totals: dict[str, int] = {}
        self.paid: dict[str, int] = {}
        self.say(*(("customer", f"c{n}", {"name": f"Customer {n}"}) for n in range(3)))

    def say(self, *rows: tuple[str, str, dict[str, Any]]) -> None:
        self.hub.say([Said(key, model, values) for model, key, values in rows])

    def id(self, model: str, key: str) -> str:
        with self.hub.store.read() as tx:
            rows = tx.rows(
                "SELECT r.golden_id FROM record r JOIN stream s ON s.id = r.stream_id WHERE s.name = ? AND r.key = ?",
                model,
                key,
            )
        return str(rows[0][0])

    def invoice(self, key: str, total: int, customer: int) -> None:
        self.totals[key] = total
        self.say(("invoice", key, {
            "number": f"INV-{key}", "kind": "credit_note" if total < 0 else "invoice", "currency": "EUR",
            "customer": self.id("customer", f"c{customer}"), "total": [total, "EUR"], "state": "open",
            "issued_on": "2026-03-01", "due_on": "2026-04-01",
        }))  # fmt: skip

    def payment(self, key: str, amount: int, text: str, **more: Any) -> None:
        self.paid[key] = amount
        self.say(("payment", key, {
            "amount": [amount, "EUR"], "paid_on": str(self.today - timedelta(days=len(self.paid))), "account": "A",
            "identifiers.bank": key, "entry_reference": key, "reference": text, "state": "succeeded", "payer_account": "X1",
            **more,
        }))  # fmt: skip

    def do(self, what: str, a: int, b: int) -> None:
        documents, payments = sorted(self.totals), sorted(self.paid)
        if what == "invoice" and len(documents) < 6:
            self.invoice(f"{len(documents)}", a, b)
        elif what == "credit" and len(documents) < 6:
            self.invoice(f"{len(documents)}", -a, b)
        elif what == "pay" and len(payments) < 6:
            self.payment(f"p{len(payments)}", a, f"INV-{b}" if b < 5 else "hello")
        elif what == "return" and payments and len(payments) < 6:
            of = payments[a % len(payments)]
            if self.paid[of] > 0:
                self.payment(f"p{len(payments)}", -self.paid[of], "back", return_of=of)
        elif what == "reconcile":
            self.ledger.reconcile()
        elif what == "match" and documents and payments:
            wanted = [Wanted(self.id("invoice", documents[b % len(documents)]))]
            self.ledger.match(self.id("payment", payments[a % len(payments)]), wanted, "ann")
        elif what == "approve" and payments:
            self.ledger.approve(self.id("payment", payments[a % len(payments)]), "ben")
        elif what == "unmatch" and payments:
            self.ledger.unmatch(self.id("payment", payments[a % len(payments)]), [], "ann")
        elif what == "write off" and documents:
            self.ledger.write_off(self.id("invoice", documents[a % len(documents)]), Decimal(b) / 100, "why", "ann")
        elif what == "correct" and documents:
            key = documents[a % len(documents)]
            self.invoice(key, b if self.totals[key] > 0 else -b, int(key) % 3)
        elif what == "close":
            self.ledger.close_period(self.today - timedelta(days=61 - a), "ann")


def rows(store: Store, table: str) -> list[Any]:
    with store.read() as tx:
        return tx.rows(f"SELECT * FROM {table} ORDER BY seq, id")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEP, min_size=4, max_size=25))
def test_the_books_add_up_after_anything(steps: list[tuple[str, int, int]]) -> None:
    world = World()
    store = world.hub.store
    before: list[Any] = []
    refused = 0
    for what, a, b in [("invoice", 10000, 0), ("invoice", 20000, 1), ("pay", 10000, 0), *steps, ("reconcile", 0, 0)]:
        try:
            world.do(what, a, b)
        except HubError:
            refused += 1
        for check in world.ledger.prove():
            assert check.fine, (what, check)
        now = rows(store, "posting")
        assert now[: len(before)] == before, "history was changed"
        before = now
        with store.read() as tx:
            closed = tx.rows(
                "SELECT count(*) FROM posting p JOIN period q ON p.posted_on <= q.through WHERE p.seq > q.seq"
            )
            twice = tx.rows(
                "SELECT reverses_id FROM posting WHERE reverses_id IS NOT NULL GROUP BY reverses_id HAVING count(*) > 1"
            )
            told = tx.rows(
                "SELECT d.data FROM settlement s JOIN decision d ON d.id = s.decision_id "
                "WHERE s.step = 'posted' AND d.stage = 'S0_return'"
            )
        back = [original for (data,) in told for original in msgspec.json.decode(data)["returns"]]
        assert len(back) == len(set(back)), "a payment was given back twice"
        assert closed == [(0,)]
        assert twice == []
    # a decision that met a corrected document was not posted, and is found anew once
    world.ledger.reconcile()
    assert world.ledger.prove() == [check for check in world.ledger.prove() if check.fine]
    kept = [rows(store, name) for name in ("posting", "decision")]
    world.ledger.reconcile()
    assert kept == [rows(store, name) for name in ("posting", "decision")], "a second run changed something"
    world.hub.close()
