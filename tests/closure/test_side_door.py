"""What happens beside the closing: changes by a side door, money after the final statement, open items, samples."""

from __future__ import annotations

import msgspec
from conftest import Stage
from line import Company


def frozen(at: Stage) -> Company:
    """Retail is frozen and synced to the end."""
    company = at("ready")
    assert company.go(until="sync")["state"] == "done"
    return company


def test_a_frozen_line_takes_nothing_in_and_writes_nothing(at: Stage) -> None:
    company = frozen(at)
    shop = company.shop("shop")
    key = next(iter(shop.rows("customers")))
    before = shop.log("update")
    shop.edit("customers", "cus00002", name="Changed by a side door")
    shop.add("customers", name="New by a side door", mail="new@example.com")
    company.shop("works").edit("customers", next(iter(company.shop("works").rows("customers"))), name="W goes on")
    company("sync", code=(0, 1))
    names = {row["values"]["name"] for row in company("list", "customer")}
    assert "W goes on" in names
    assert not {"Changed by a side door", "New by a side door"} & names
    assert shop.log("update") == before
    assert key


def test_nobody_merges_or_parts_records_of_a_frozen_line(at: Stage) -> None:
    company = at("fresh")
    proposed(company, "p1", "R Kunde Ä4", "R Kunde Ä5")
    company.plain("duplicates", "accept", "p1", "--yes", "--by", "mia")
    company.ready()
    assert company.go(until="sync")["state"] == "done"
    proposed(company, "p2", "R Kunde Ä2", "R Kunde Ä3")
    proposed(company, "p3", "W Kunde Ä1", "R Kunde Ä3")
    proposed(company, "p4", "W Kunde Ä1", "W Kunde Ä2")
    before = company.sql("SELECT id, into_id, data FROM golden WHERE model = 'customer' ORDER BY id")
    for verb in (("accept", "p2"), ("accept", "p3"), ("unmerge", "1")):
        company.plain("duplicates", *verb, "--yes", "--by", "mia", code=1)
        assert "is frozen: its business line is being closed; see hub close status" in company.err, verb
    assert company.sql("SELECT id, into_id, data FROM golden WHERE model = 'customer' ORDER BY id") == before
    assert company.sql("SELECT id FROM pair WHERE state = 'open' ORDER BY id") == [("p2",), ("p3",), ("p4",)]
    company.plain("duplicates", "accept", "p4", "--yes", "--by", "mia")  # another line goes on as ever


def proposed(company: Company, id: str, one: str, other: str) -> None:
    """Two customers are proposed as duplicates."""
    store = company.store()
    with store.begin() as tx:
        rows = [
            tx.rows("SELECT id FROM golden WHERE model = 'customer' AND data LIKE ?", f'%"{n}"%') for n in (one, other)
        ]
        ((left,),), ((right,),) = sorted(rows)
        tx.run(
            "INSERT INTO pair (id, model, left_id, right_id, probability, weight, zone, levels, state, found_seq, trained) "
            "VALUES (?, 'customer', ?, ?, 0.97, 5.0, 'ask', '[]', 'open', ?, 'x')",
            id, left, right, tx.seq,
        )  # fmt: skip
    store.close()


def test_a_source_changed_during_the_freeze_sends_the_closing_back_to_its_final_sync(at: Stage) -> None:
    company = at("proven")
    company.plain("close", "approve", "retail", "destroy", by="lea")
    company.shop("shop").edit("invoices", next(iter(company.shop("shop").rows("invoices"))), note="corrected by hand")
    went = company.go()
    assert (went["phase"], went["state"]) == ("destroy", "shut")
    assert "changed over there since the final sync" in went["text"]
    assert company.sql("SELECT 1 FROM grave") == []
    assert company.status()["sync"]["state"] != "done"
    went = company.go()  # taken in, settled, archived anew, verified anew; what is drawn now has to be signed anew
    assert went["phase"] in ("verify", "destroy")
    company("close", "sample", "retail", "--sign", "right", by="aud", code=(0, 1))
    went = company.go()
    assert went["phase"] in ("destroy", "closeout")
    kinds = {r[0] for r in company.sql("SELECT kind FROM closing_journal")}
    assert {"side door", "reopened"} <= kinds


def test_open_items_keep_the_gate_shut_until_somebody_decides_by_name(at: Stage) -> None:
    company = at("fresh")
    shop = company.shop("shop")
    customer = next(iter(shop.rows("customers")))
    shop.add(
        "invoices", number="RI9", customer=customer, total="50.00", open="50.00", state="open", issued="2026-01-01"
    )
    shop.add("orders", number="RO9", customer=customer, total="9.00", state="confirmed")
    shop.add("contracts", number="RC9", customer=customer, end="2099-12-31", renewal="automatic", state="active")
    shop.add("payments", reference="RP9", customer=customer, amount="5.00", paid="2026-02-01", state="succeeded")
    company("sync", code=(0, 1))
    company.ready()
    went = company.go()
    assert (went["phase"], went["state"], len(went["reasons"])) == ("settle", "shut", 4)
    items = {i["title"]: i for i in company("close", "settle", "retail", code=1)}
    assert items["invoice RI9"]["amount"] == [5000, "EUR"]
    assert items["payment"]["amount"] == [500, "EUR"]
    decide = {"invoice RI9": "written_off", "order RO9": "transferred", "contract RC9": "ended", "payment": "refunded"}
    company.plain("close", "settle", "retail", items["order RO9"]["id"], "--how", "written_off", by="fin", code=2)
    company.plain("close", "settle", "retail", items["order RO9"]["id"], "--how", "transferred", by="ben", code=1)
    for title, how in decide.items():
        company("close", "settle", "retail", items[title]["id"], "--how", how, "--note", "see 7", by="fin", code=(0, 1))
    assert company.go()["phase"] == "verify"
    statement = next((company.folder / "closing/retail/statements").glob("customer_*-1.csv")).read_text()
    assert "Invoice" in statement
    files = list((company.folder / "closing/retail/statements").glob("*.csv"))
    assert any("written off (fin)" in f.read_text() for f in files)
    # a document that changed since is open again
    key = next(k for k, r in shop.rows("invoices").items() if r["number"] == "RI9")
    shop.edit("invoices", key, open="60.00", total="60.00")
    company.go()
    went = company.go()
    assert (went["phase"], went["state"]) == ("settle", "shut")
    assert "RI9" in went["text"]


def test_money_after_the_final_statement_opens_the_balance_and_amends_it(at: Stage) -> None:
    company = at("proven")
    shop = company.shop("shop")
    customer = next(iter(shop.rows("customers")))
    paid = shop.add(
        "payments", reference="late", customer=customer, amount="25.00", paid="2026-03-01", state="succeeded"
    )
    assert "changed over there" in company.go()["text"]
    went = company.go()
    assert (went["phase"], went["state"]) == ("settle", "shut")
    assert "25.00 EUR" in went["text"]
    (item,) = company("close", "settle", "retail", code=1)
    company("close", "settle", "retail", item["id"], "--how", "refunded", "--note", "sent back", by="fin")
    company.go()
    assert len(list((company.folder / "closing/retail/statements").glob("*-2.pdf"))) == 1
    addenda = company.sql("SELECT text FROM closing_journal WHERE kind = 'addendum'")
    assert len(addenda) == 1
    # and its return
    shop.edit("payments", paid, state="cancelled")
    company.go()
    company.go()
    assert len(list((company.folder / "closing/retail/statements").glob("*-3.pdf"))) == 1
    assert len(company.sql("SELECT text FROM closing_journal WHERE kind = 'addendum'")) == 2


def test_statements_tie_to_the_control_account(at: Stage) -> None:
    company = at("fresh")
    shop = company.shop("shop")
    customers = list(shop.rows("customers"))
    shop.fill("invoices", [
        {"number": f"X{n}", "customer": customers[n % 6], "total": f"{n}.10", "open": f"{n}.10", "state": "open",
         "issued": "2026-01-01"} for n in range(1, 9)
    ])  # fmt: skip
    company("sync", code=(0, 1))
    company.ready()
    company.go()
    from hub.cli.session import Session
    from hub.closure.run import open_desk
    from hub.closure.statements import control_account, write_statements

    with Session(company.folder).engine() as hub:
        desk = open_desk(hub, "retail", "ana")
        written = write_statements(desk)
        assert written.balances == control_account(desk) == {"EUR": 3680}
        assert not written.differences
        with hub.store.begin() as tx:  # a document nobody's statement shows
            tx.run("DELETE FROM reference WHERE field = 'customer' AND golden_id = "
                   "(SELECT id FROM golden WHERE data LIKE '%\"X3\"%')")  # fmt: skip
        assert "look for documents without a customer" in write_statements(desk).differences[0]


def test_a_sample_found_wrong_keeps_the_gate_shut(at: Stage) -> None:
    company = at("ready")
    company.go()
    first, *others = company("close", "sample", "retail", code=1)
    assert {s["why"] for s in (first, *others)} == {"random", "risk"}
    company("close", "sample", "retail", first["id"], "--sign", "wrong", "--note", "name is cut", by="aud", code=1)
    company("close", "sample", "retail", "--sign", "right", by="aud", code=1)
    went = company.go()
    assert (went["phase"], went["state"]) == ("verify", "shut")
    assert "name is cut" in went["text"]


def test_zero_records_verified_is_a_failure(at: Stage) -> None:
    company = at("fresh")
    company("close", "plan", "main", "--template", "small", "--target", "2027-01-01", "--reason", "x", by="ana")
    for task in ("legal-review", "backups"):
        company.plain("close", "task", "main", task, "--done", "x", by="ana", code=(0, 1))
    company.plain("close", "approve", "main", "freeze", by="ben")
    assert company("close", "assess", "main", code=1)[-1]["kind"] == "blocks"
    rows = company("close", "run", "main", by="ana", code=1)
    assert rows[-1]["state"] == "shut"
    assert rows[-1]["phase"] in ("archive", "verify")


def test_one_flipped_bit_in_the_archive_keeps_the_gate_shut(at: Stage) -> None:
    company = at("ready")
    company.go(until="archive")
    (file, *_) = sorted((company.folder / "archive/retail").rglob("*.sealed"))
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(bytes(raw))
    went = company.go()
    assert (went["phase"], went["state"]) == ("verify", "shut")
    assert "archive:" in went["text"]


def test_a_changed_row_in_the_hub_after_the_archive_is_found(at: Stage) -> None:
    company = at("ready")
    company.go(until="archive")
    store = company.store()
    with store.begin() as tx:
        ((id, data),) = tx.rows("SELECT id, data FROM golden WHERE model = 'invoice' AND data LIKE '%RI2%'")
        values = msgspec.json.decode(data) | {"total": [1251, "EUR"]}
        tx.run("UPDATE golden SET data = ? WHERE id = ?", msgspec.json.encode(values).decode(), id)
    store.close()
    went = company.go()
    assert (went["phase"], went["state"]) == ("verify", "shut")
    assert any("total" in r for r in went["reasons"])
