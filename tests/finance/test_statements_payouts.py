"""A processor's payout and the bank's credit that names it are one payment, with the lines it is made up of."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from bankfiles import camt, ntry, stmt, tx

from hub.config import load
from hub.sync import Hub
from hub.testing.stripe import FakeStripe

PROJECT = """
[hub]
store = "sqlite:///hub.db"

[connections.pay]
connector = "stripe"
base_url = "{url}"
api_key = "${{HUB_PAY_API_KEY}}"
rate = 1000.0

[connections.pay.streams.customers]
[connections.pay.streams.invoices]
[connections.pay.streams.charges]
[connections.pay.streams.payouts]
mapping = "stripe_bank.payouts"

[connections.house]
connector = "bank"
folder = "${{HUB_PROJECT}}"
pattern = "*.xml"
"""


@pytest.mark.parametrize("first", ["pay", "house"])
def test_a_payout_meets_its_credit_on_the_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str) -> None:
    fake = FakeStripe("sk_test_canary", clock=lambda: 1_790_000_000.0)
    monkeypatch.setenv("HUB_PAY_API_KEY", fake.api_key)
    ann = fake.add_customer(name="Ann")["id"]
    charge = fake.charge(ann, 10_000, metadata={"invoice_number": "I-1"})
    fake.refund(charge["id"], 2_500)
    payout = fake.pay_out()
    assert payout is not None
    fake.payout_arrives(payout["id"])
    amount = f"{payout['amount'] / 100:.2f}"
    text = f"STRIPE PAYOUT {payout['id']}"
    (tmp_path / "day.xml").write_bytes(camt(stmt(ntry(amount, ref="B1", details=tx(amount, name="Stripe", text=text)))))
    with fake.serve() as url:
        (tmp_path / "hub.toml").write_text(PROJECT.format(url=url))
        with Hub.open(load(tmp_path)) as hub:
            for name in (first, "house" if first == "pay" else "pay"):
                assert hub.sync([name]).findings == []
            payouts = [g["values"] for g in hub.list("payment", {"kind": "payout"})]
            with hub.store.read() as tx_:
                kept = [msgspec.json.decode(r[0]) for r in tx_.rows("SELECT data FROM golden WHERE model = 'payment'")]
    (paid,) = payouts
    assert len(kept) == 2, "the charge, and one payment for payout and credit"
    assert (paid["amount"], paid["account"], paid["identifiers.stripe"]) == (
        [payout["amount"], "EUR"],
        "DE02120300000000202051",
        payout["id"],
    )
    assert paid["identifiers.bank"]
    lines = {part["kind"]: part for part in paid["parts"]}
    assert lines.keys() == {"charge", "refund"}
    assert (lines["charge"]["source"], lines["charge"]["amount"]) == (charge["id"], [10_000, "EUR"])
    assert sum(part["amount"][0] - part.get("fee", [0])[0] for part in paid["parts"]) == payout["amount"]
