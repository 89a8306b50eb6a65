"""A processor's payout and the bank's credit that names it are one payment, with the lines it is made up of."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest
from bankfiles import camt, ntry, stmt, tx
from office import Office

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


SUMS = "SELECT kind, sum(effect), sum(paid) FROM posting WHERE kind <> 'opening' GROUP BY kind ORDER BY kind"
ERP_BESIDE = """
[connections.pay]
connector = "stripe"
base_url = "{url}"
api_key = "${{HUB_PAY_API_KEY}}"
rate = 1000.0
[connections.pay.streams.customers]
[connections.pay.streams.charges]
[connections.pay.streams.payouts]
mapping = "stripe_bank.payouts"
[connections.house]
connector = "bank"
folder = "${{HUB_PROJECT}}/house"
"""


def test_a_payout_settles_the_invoices_of_its_charges_net_of_fees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path / "project", "sqlite:///hub.db", capsys, monkeypatch)
    office.customer("C1", "Ann")
    for number, total in (("I-1", "100.00"), ("I-2", "50.00"), ("I-3", "80.00")):
        office.invoice(number, "C1", total)
    fake = FakeStripe("sk_test_canary", clock=lambda: 1_790_000_000.0)
    monkeypatch.setenv("HUB_PAY_API_KEY", fake.api_key)
    ann = fake.add_customer(name="Ann")["id"]
    first = fake.charge(ann, 10_000, metadata={"invoice_number": "I-1"})
    second = fake.charge(ann, 5_000, description="I-2")  # the line itself names it
    fake.charge(ann, 700, metadata={"invoice_number": "I-99"})  # of an invoice nobody has
    fake.refund(first["id"], 2_500)
    post = "[finance.post]\nS0_payout_detail = true\n"
    with fake.serve() as served:
        office.begin(post, ERP_BESIDE.format(url=served))
        shutil.copy(Path(__file__).parents[2] / "plugins" / "settlement.py", office.folder / "plugins")
        with (office.folder / "mappings" / "erp.invoices.toml").open("a") as mapping:
            mapping.write('state = { value = "open" }\n')  # so that a charge which names one belongs to it
        (office.folder / "house").mkdir()
        payout = arrived(fake, office)
        office.morning()
        assert office.morning()["posted", "payments"]["count"] == 0
        books = office.open(), office("payments", "list"), office.sql(SUMS)
        fake.charge(ann, 8_000, description="I-3")
        fake.refund(second["id"], 1_000)  # of what an earlier payout settled
        arrived(fake, office)
        assert office.morning()["posted", "payments"]["count"] == 1
    assert office.open() == {"I-1": 2500, "I-2": 1000}
    office.sound()
    open_then, rows, posted = books
    (paid,) = [row for row in rows if row["stage"] == "S0_payout_detail"]
    assert (paid["status"], paid["step"], paid["amount"]) == ("partially_applied", "posted", [payout, "EUR"])
    assert open_then == {"I-1": 2500, "I-3": 8000}  # the refund opens a part again
    sums = {kind: (int(effect), int(money)) for kind, effect, money in posted}
    fees = -sums["psp_fee"][0]
    assert sums["allocation"] == (-(12_500 - fees), 12_500 - fees)
    assert paid["unapplied"] == [700, "EUR"]  # the unknown charge, gross; its fee is an expense
    assert sums["fee"] == (0, payout - 700 - (12_500 - fees))


def arrived(fake: FakeStripe, office: Office) -> int:
    """Stripe pays out, and the bank's file says so."""
    payout = fake.pay_out()
    assert payout is not None
    fake.payout_arrives(payout["id"])
    amount, id = f"{payout['amount'] / 100:.2f}", payout["id"]
    entry = ntry(amount, ref=id, details=tx(amount, name="Stripe", text=f"STRIPE PAYOUT {id}"))
    (office.folder / "house" / f"{id}.xml").write_bytes(camt(stmt(entry)))
    return int(payout["amount"])
