"""Where the ledger keeps documents of the line, the closing's statements are the ledger's: to the cent, also later."""

from __future__ import annotations

import csv
from pathlib import Path

from conftest import Stage
from line import Company, connection

FIELDS = ("key", "amount", "currency", "booked", "payer", "text", "return_of", "entry")
MAPPING = """stream = "entries"
model = "payment"
ignore = ["key"]
[fields]
amount = { theirs = "amount", as = "money", currency_from = "currency" }
paid_on = "booked"
payer = "payer"
reference = "text"
entry_reference = "entry"
return_of = "return_of"
"identifiers.bank" = "key"
state = { value = "succeeded" }
"""
PAYER = "Vergissmeinnicht, Wilhelmine"
BANK = """[connections.giro]
connector = "files"
folder = "${HUB_TEST_FOLDER}/bank"
line = "bank"
[connections.giro.streams.entries]
path = "entries.csv"
model = "payment"
key = "key"
mapping = "giro.entries"
[finance.post]
S0_return = true
S2_invoice_number = "5000.00"
"""


def entries(company: Company, *rows: dict[str, str]) -> None:
    """What the bank shows; then the morning's reconcile."""
    file = company.folder / "bank/entries.csv"
    file.parent.mkdir(exist_ok=True)
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, FIELDS)
        writer.writeheader()
        writer.writerows({"currency": "EUR", "payer": "Somebody", **row} for row in rows)
    company("sync", "giro", code=(0, 1))
    company("reconcile", code=(0, 1))


def booked(at: Stage) -> Company:
    """Retail has an open invoice of 50.00, which the ledger keeps; the company's bank account is of another line."""
    company = at("fresh")
    (company.folder / "mappings/giro.entries.toml").write_text(MAPPING)
    company.settings(connection("shop", "retail"), connection("works", "other", push=True), BANK)
    shop = company.shop("shop")
    customer = next(iter(shop.rows("customers")))
    shop.add(
        "invoices", number="RI-9001", customer=customer, total="50.00", open="50.00", state="open", issued="2026-01-01"
    )
    company("sync", "shop", code=(0, 1))
    entries(company)
    assert company.sql("SELECT open FROM item WHERE open <> 0") == [(5000,)]
    company.ready()
    return company


def decide(company: Company, how: str) -> None:
    """Fin decides about what is open."""
    for item in company("close", "settle", "retail", code=(0, 1)):
        company("close", "settle", "retail", item["id"], "--how", how, by="fin", code=(0, 1))


def statements(company: Company, number: int) -> list[Path]:
    """The statements of that number, as CSV."""
    return list((company.folder / "closing/retail/statements").glob(f"*-{number}.csv"))


def test_money_that_only_the_ledger_sees_opens_the_balance_again(at: Stage) -> None:
    company = booked(at)
    assert company.go()["phase"] == "settle"
    decide(company, "written_off")
    company.go()
    company("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))
    assert company.go()["phase"] == "destroy"
    assert not statements(company, 2)
    paid = {"key": "B1", "amount": "50.00", "booked": "2026-11-01", "text": "invoice RI-9001", "entry": "E1"}
    entries(company, paid)
    assert company.sql("SELECT count(*) FROM posting WHERE kind = 'allocation'") == [(1,)]
    company.go()
    assert company.sql("SELECT count(*) FROM closing_journal WHERE kind = 'late money'") == [(1,)]
    (amended,) = statements(company, 2)
    assert "written off" not in amended.read_text()  # it was paid: the decision was about another document
    back = {
        "key": "B2",
        "amount": "-50.00",
        "booked": "2026-11-05",
        "text": "return of E1",
        "return_of": "E1",
        "entry": "E2",
    }
    entries(company, paid, back)
    assert company.sql("SELECT open FROM item WHERE open <> 0") == [(5000,)]
    company.go()
    # it stands again as it stood when it was decided about, and the decision with it; the customer gets a new statement
    assert "written off (fin)" in statements(company, 3)[0].read_text()
    assert len(company.sql("SELECT 1 FROM closing_journal WHERE kind = 'addendum'")) == 2


def test_statements_that_do_not_tie_to_the_ledger_keep_the_gate_shut(at: Stage) -> None:
    company = booked(at)
    company.go()
    decide(company, "written_off")
    store = company.store()
    with store.begin() as tx:  # a posting that nothing on a statement shows
        tx.run(
            'INSERT INTO posting (id, kind, document_id, amount, currency, effect, paid, posted_on, "by", at, seq) '
            "SELECT 'x', 'write_off', document_id, -700, 'EUR', -700, 0, '2026-11-01', 'eve', 0, ? FROM item WHERE open <> 0",
            tx.seq,
        )
    store.close()
    went = company.go()
    assert (went["phase"], went["state"]) == ("settle", "shut")
    assert "the statements come to 50.00 EUR and the ledger's control account to 43.00 EUR" in went["text"]


def test_money_on_account_of_the_lines_customers_has_to_find_its_place(at: Stage) -> None:
    company = booked(at)
    entries(company, {"key": "B7", "amount": "12.00", "booked": "2026-11-01", "text": "thanks", "entry": "E7"})
    ((payment,),) = company.sql("SELECT payment_id FROM settlement")
    ((customer,),) = company.sql("SELECT id FROM golden WHERE data LIKE '%Kunde Ä3%'")
    store = company.store()
    with store.begin() as tx:  # as `hub reconcile` leaves it where it knows the payer and no document
        tx.run("UPDATE settlement SET status = 'on_account', customer_id = ? WHERE payment_id = ?", customer, payment)
    store.close()
    company.go()
    decide(company, "written_off")
    went = company.go()
    assert (went["phase"], went["state"]) == ("settle", "shut")
    assert any(f"{payment} holds 12.00 EUR for {customer}" in r for r in went["reasons"]), went


def test_what_finance_was_told_of_a_payer_goes_with_the_line(at: Stage) -> None:
    company = booked(at)
    lines = (company.folder / "hub.toml").read_text().replace('line = "bank"', 'line = "retail"')
    (company.folder / "hub.toml").write_text(
        lines.replace("[finance.post]", '[finance]\nreport_to = ["cfo@x.example"]\n[finance.post]')
    )
    entries(
        company,
        {"key": "B8", "amount": "50.00", "booked": "2026-11-01", "payer": PAYER, "text": "thanks", "entry": "E8"},
    )
    company("reconcile", "--report", code=(0, 1))
    told = "SELECT count(*) FROM golden WHERE model = 'message' AND data LIKE ?"
    assert company.sql(told, f"%{PAYER}%") == [(1,)]
    ((payment,),) = company.sql("SELECT payment_id FROM settlement")
    company("payments", "match", payment, "RI-9001", by="fin")
    company.go()
    company.plain("close", "approve", "retail", "freeze", by="ben")  # the payment is of the line as well
    company.go()
    company("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))
    company.go()
    company.plain("close", "approve", "retail", "destroy", by="lea")
    went = company.go(until="destroy")
    assert went["state"] == "done", went["reasons"]
    assert company.sql(told, "%need a person%") == company.sql("SELECT count(*) FROM content") == [(0,)]
    assert company.sql("SELECT count(*) FROM closing_journal WHERE kind = 'summaries'") == [(1,)]
    files = [file for file in company.folder.glob("hub.db*") if PAYER.encode() in file.read_bytes()]
    assert files == []
    assert (
        "in the mailboxes they went to"
        in next((company.folder / "closing/retail").glob("certificate-*.json")).read_text()
    )


def test_without_the_ledger_nothing_is_taken_into_it(at: Stage) -> None:
    company = at("ready")
    company.go()
    assert company.sql("SELECT count(*) FROM item") == [(0,)]
