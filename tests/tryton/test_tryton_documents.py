"""Sales, invoices, payments, products and opportunities against a real Tryton, and their mappings."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hub_tryton import Tryton

from hub.connect import Conflict, Receipt, Rejected
from hub.connect.base import Answer, Record
from hub.errors import ConfigError
from hub.mapping import load
from hub.testing.tryton import People, TrytonServer
from tests.tryton.conftest import write

MAPPINGS = Path(__file__).parents[2] / "mappings"


def landed(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


def cursor(tryton: Tryton, stream: str) -> str:
    return [page.cursor for page in tryton.pull(stream)][-1] or ""


def pulled(tryton: Tryton, stream: str, since: str | None = None) -> dict[str, Record]:
    return {record.key: record for page in tryton.pull(stream, since) for record in page.records}


def shown(tryton: Tryton, stream: str, key: str | int) -> dict[str, Any]:
    (record,) = tryton.read(stream, [str(key)])
    return dict(record.data)


def posted(people: People, party: int, lines: dict[str, float] | None = None) -> int:
    """A posted invoice: two pumps, 2975.00 with tax."""
    number = people.post_invoice(people.add_sale(party, lines or {"PUMP-100": 2}))
    return people.one("account.invoice", ["number", "=", number])


def paying(invoice: int, amount: str, **more: Any) -> dict[str, Any]:
    return {"invoice": str(invoice), "amount": amount, "date": "2026-03-04", "method": "Card"} | more


@pytest.fixture(scope="module")
def owed(server: TrytonServer) -> int:
    """A posted invoice of 2975.00 that nobody pays."""
    return posted(server.people, server.people.add_party("Schuldner", city="Kiel"))


@pytest.fixture
def party(people: People) -> int:
    return people.add_party("Kunde GmbH", city="Kiel")


def order(party: int, *lines: tuple[str, str, str | None], **more: Any) -> dict[str, Any]:
    keys = ("product_code", "quantity", "unit_price")
    return {"party": str(party), "lines": [dict(zip(keys, each, strict=True)) for each in lines]} | more


def test_a_sale_is_written_confirmed_and_its_number_comes_back(tryton: Tryton, people: People, party: int) -> None:
    data = order(
        party, ("PUMP-100", "2", "1300.5"), ("VALVE-15", "5", "18.9051"), ("TRAIN-01", "1", "400"), currency="USD"
    )
    receipt = landed(*tryton.push("sales", [write(data | {"reference": "PO 77"}, our_id="deal-1")]))
    sale = dict(receipt.data)
    assert sale["number"]
    assert sale["state"] == "processing"  # Tryton carries on by itself once confirmed
    assert (sale["currency"], sale["reference"], sale["our_id"]) == ("USD", "PO 77", "deal-1")
    assert [(each["product_code"], each["quantity"], each["unit_price"]) for each in sale["lines"]] == [
        ("PUMP-100", "2", "1300.5"),
        ("VALVE-15", "5", "18.9051"),
        ("TRAIN-01", "1", "400"),
    ]
    assert [each["tax_rate"] for each in sale["lines"]] == ["0.19", "0.19", None]
    assert (sale["net"], sale["tax"], sale["total"]) == ("3095.53", "512.15", "3607.68")
    assert [(ours, found.key) for ours, found in tryton.find("sales", ["deal-1"])] == [("deal-1", receipt.key)]
    drafts = people.find("account.invoice", ["sales", "=", int(receipt.key)], fields=["state", "total_amount"])
    assert [(each["state"], each["total_amount"]) for each in drafts] == [("draft", Decimal("3607.68"))]


def test_a_sale_sent_twice_is_one(tryton: Tryton, party: int) -> None:
    sent = write(order(party, ("PUMP-100", "1", "1")), our_id="deal-twice")
    first, second = (landed(*tryton.push("sales", [sent])) for _ in range(2))
    assert (first.key, first.version) == (second.key, second.version)


def test_a_create_cut_short_before_it_was_confirmed_is_finished(tryton: Tryton, party: int) -> None:
    half = landed(*tryton.push("sales", [write(order(party, ("PUMP-100", "1", "1"), state="draft"), our_id="half")]))
    assert (half.data["state"], half.data["number"]) == ("draft", None)
    whole = landed(*tryton.push("sales", [write(order(party, ("PUMP-100", "1", "1")), our_id="half")]))
    assert (whole.key, whole.data["state"]) == (half.key, "processing")


def test_an_unknown_sku_is_refused_by_name_and_leaves_nothing(tryton: Tryton, people: People, party: int) -> None:
    before = len(people.find("sale.sale"))
    bad, good = tryton.push(
        "sales", [write(order(party, ("NOPE-1", "2", "1"))), write(order(party, ("HOSE-10M", "1", None)))]
    )
    assert isinstance(bad, Rejected)
    assert "NOPE-1" in str(bad)
    assert bad.fields == ("lines",)
    assert landed(good).data["lines"][0]["unit_price"] == "39"  # the list price
    assert len(people.find("sale.sale")) == before + 1


def test_a_sale_that_cannot_be_confirmed_is_taken_back(tryton: Tryton, people: People, party: int) -> None:
    before = len(people.find("sale.sale"))
    (answer,) = tryton.push("sales", [write(order(party, ("PUMP-100", "1", "1"), state="sent"))])
    assert isinstance(answer, Rejected)
    assert len(people.find("sale.sale")) == before


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"lines": []}, "lines"),
        ({"party": "999999"}, "party"),
        ({"party": None}, "party"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "USD", "lines": [{"product_code": "PUMP-100", "quantity": "1"}]}, "lines"),
        ({"lines": [{"product_code": "PUMP-100", "quantity": "0.5", "unit_price": "1"}]}, "Quantity"),
        ({"lines": [{"product_code": "PUMP-100", "quantity": "many", "unit_price": "1"}]}, "lines"),
    ],
)
def test_what_is_wrong_with_a_sale_is_named(tryton: Tryton, party: int, data: dict[str, Any], field: str) -> None:
    (answer,) = tryton.push("sales", [write(order(party, ("PUMP-100", "1", "1")) | data)])
    assert isinstance(answer, Rejected)
    assert answer.fields == (field,)


def test_a_sale_is_changed_as_far_as_tryton_lets(tryton: Tryton, party: int) -> None:
    made = landed(*tryton.push("sales", [write(order(party, ("PUMP-100", "1", "9"), state="draft"), our_id="edit")]))
    lines = {"lines": [{"product_code": "HOSE-10M", "quantity": "3", "unit_price": "40"}], "reference": "A"}
    edited = landed(*tryton.push("sales", [write(lines, made.key, made.version, "edit")]))
    assert [each["product_code"] for each in edited.data["lines"]] == ["HOSE-10M"]
    assert (edited.data["reference"], edited.data["our_id"]) == ("A", "edit")
    (stale,) = tryton.push("sales", [write({"reference": "B"}, made.key, made.version, "edit")])
    assert isinstance(stale, Conflict)
    done = landed(*tryton.push("sales", [write({"state": "confirmed"}, made.key, edited.version, "edit")]))
    assert done.data["state"] == "processing"
    same = landed(*tryton.push("sales", [write({"state": "confirmed", "reference": "A"}, made.key, None, "edit")]))
    assert same.version == done.version  # nothing differs, nothing is written
    (late,) = tryton.push("sales", [write({"lines": [{"product_code": "PUMP-100", "quantity": "1"}]}, made.key)])
    assert isinstance(late, Rejected)
    assert late.fields == ("lines",)


def test_an_edited_line_moves_the_sale(tryton: Tryton, people: People, party: int, exact: None) -> None:
    made = landed(*tryton.push("sales", [write(order(party, ("PUMP-100", "1", "9"), state="draft"))]))
    since = cursor(tryton, "sales")
    (row,) = people.find("sale.line", ["sale", "=", int(made.key)])
    people.call("model.sale.line.write", [row["id"]], {"unit_price": Decimal("8")})
    assert pulled(tryton, "sales", since)[made.key].data["lines"][0]["unit_price"] == "8"


def test_an_invoice_shows_what_is_owed(tryton: Tryton, people: People, party: int) -> None:
    sale = people.add_sale(party, {"PUMP-100": 2})
    (draft,) = [r.data for r in pulled(tryton, "invoices").values() if r.data["sale"] == str(sale)]
    assert (draft["number"], draft["state"], draft["open"]) == (None, "draft", "2975.00")
    number = people.post_invoice(sale, date(2026, 3, 1))
    invoice = shown(tryton, "invoices", draft["id"])
    assert (invoice["number"], invoice["state"], invoice["kind"]) == (number, "posted", "invoice")
    assert (invoice["net"], invoice["tax"], invoice["total"], invoice["open"]) == (
        "2500.00",
        "475.00",
        "2975.00",
        "2975.00",
    )
    assert (invoice["invoice_date"], invoice["due_date"]) == ("2026-03-01", "2026-03-15")
    assert (invoice["party"], invoice["currency"]) == (str(party), "EUR")


def test_a_payment_is_booked_by_the_wizard_in_part_and_in_full(
    tryton: Tryton, people: People, party: int, exact: None
) -> None:
    invoice = posted(people, party)
    since = cursor(tryton, "invoices")
    part = landed(*tryton.push("payments", [write(paying(invoice, "975.00", reference="ch_1"), our_id="pay-1")]))
    assert {name: part.data[name] for name in ("amount", "currency", "date", "method", "reference", "party")} == {
        "amount": "975", "currency": "EUR", "date": "2026-03-04", "method": "Card", "reference": "ch_1", "party": str(party),
    }  # fmt: skip
    seen = pulled(tryton, "invoices", since)[str(invoice)].data
    assert (seen["state"], seen["open"]) == ("partly_paid", "2000.00")
    since = cursor(tryton, "invoices")
    landed(*tryton.push("payments", [write(paying(invoice, "2000", method="Bank transfer"), our_id="pay-2")]))
    seen = pulled(tryton, "invoices", since)[str(invoice)].data
    assert (seen["state"], Decimal(seen["open"])) == ("paid", 0)
    assert {r.our_id for r in pulled(tryton, "payments").values() if r.data["invoice"] == str(invoice)} == {
        "pay-1",
        "pay-2",
    }


def test_a_payment_already_booked_is_found_and_not_booked_again(tryton: Tryton, people: People, party: int) -> None:
    invoice = posted(people, party)
    sent = write(paying(invoice, "100.00"), our_id="pay_%1")  # characters that mean something to LIKE
    first = landed(*tryton.push("payments", [sent]))
    other = Tryton(tryton.base_url, tryton.database, tryton.user, tryton._password)  # after a crash: nothing remembered
    assert [(ours, found.key) for ours, found in other.find("payments", ["pay_%1", "pay_x1"])] == [
        ("pay_%1", first.key)
    ]
    assert landed(*other.push("payments", [sent])).key == first.key
    assert shown(other, "invoices", invoice)["open"] == "2875.00"
    other.close()


def test_a_payment_in_another_currency_of_the_invoice_is_booked_in_it(
    tryton: Tryton, party: int, people: People
) -> None:
    sold = landed(*tryton.push("sales", [write(order(party, ("TRAIN-01", "1", "440"), currency="USD"))]))
    people.post_invoice(int(sold.key))
    (invoice,) = people.find("account.invoice", ["sales", "=", int(sold.key)])
    booked = landed(*tryton.push("payments", [write(paying(invoice["id"], "440", currency="USD"))]))
    assert (booked.data["amount"], booked.data["currency"]) == ("440", "USD")
    assert shown(tryton, "invoices", invoice["id"])["state"] == "paid"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"amount": "2975.01"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": None}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"method": "Shells"}, "method"),
        ({"invoice": "999999"}, "invoice"),
        ({"date": "soon"}, "date"),
    ],
)
def test_what_is_wrong_with_a_payment_is_named(tryton: Tryton, owed: int, data: dict[str, Any], field: str) -> None:
    (answer,) = tryton.push("payments", [write(paying(owed, "1.00") | data)])
    assert isinstance(answer, Rejected)
    assert answer.fields == (field,)
    assert shown(tryton, "invoices", owed)["open"] == "2975.00"


def test_a_booked_payment_is_not_changed(tryton: Tryton, people: People, party: int) -> None:
    invoice = posted(people, party)
    made = landed(*tryton.push("payments", [write(paying(invoice, "100.00"))]))
    (refused,) = tryton.push("payments", [write({"amount": "90"}, made.key, made.version)])
    assert isinstance(refused, Rejected)
    assert refused.fields == ("amount",)
    assert (
        landed(*tryton.push("payments", [write({"amount": "100.000"}, made.key, made.version)])).version == made.version
    )


def test_one_payment_settles_several_invoices_and_gives_them_back(tryton: Tryton, people: People, party: int) -> None:
    first, second = posted(people, party), posted(people, party, {"HOSE-10M": 2})
    owed = {id: Decimal(shown(tryton, "invoices", id)["open"]) for id in (first, second)}

    def open_now() -> list[Decimal]:
        return [owed[id] - Decimal(shown(tryton, "invoices", id)["open"]) for id in (first, second)]

    def settles(*parts: tuple[int, str]) -> dict[str, Any]:
        return {"allocations": [{"invoice": str(id), "amount": amount, "currency": "EUR"} for id, amount in parts]}

    whole = str(owed[first])
    about = {"received": "5000", "currency": "EUR", "date": "2026-03-04", "method": "Bank transfer", "reference": "B-1"}
    sent = write({**about, **settles((first, whole), (second, "10.00"))}, our_id="bank-1")
    made = landed(*tryton.push("payments", [sent]))
    assert open_now() == [owed[first], Decimal(10)]
    assert shown(tryton, "invoices", first)["state"] == "paid"
    assert [(p["invoice"], Decimal(p["amount"])) for p in made.data["allocations"]] == [
        (str(first), owed[first]),
        (str(second), Decimal(10)),
    ]
    assert (made.data["received"], made.data["invoice"]) == (None, None)
    assert landed(*tryton.push("payments", [sent])).key == made.key  # a crash before the answer: nothing twice
    assert open_now() == [owed[first], Decimal(10)]
    assert [(ours, found.key) for ours, found in tryton.find("payments", ["bank-1"])] == [("bank-1", made.key)]

    more = landed(*tryton.push("payments", [write(settles((first, whole), (second, "25.00")), made.key, made.version)]))
    assert open_now() == [owed[first], Decimal(25)]
    less = landed(*tryton.push("payments", [write(settles((second, "5.00")), made.key, more.version)]))
    assert open_now() == [Decimal(0), Decimal(5)]
    assert shown(tryton, "invoices", first)["state"] == "posted"
    assert less.data["invoice"] == str(second)
    (stale,) = tryton.push("payments", [write(settles(), made.key, more.version)])
    assert isinstance(stale, Conflict)
    none = landed(*tryton.push("payments", [write(settles(), made.key, less.version)]))
    assert open_now() == [Decimal(0), Decimal(0)]
    assert none.data["allocations"] == []
    assert none.key == made.key


def test_what_is_given_up_with_a_payment_is_booked_and_taken_back(server: TrytonServer, party: int) -> None:
    people = server.people
    tryton = Tryton(**server.access.settings, write_off_method="Write-off", discount_method="Discount")
    first, second = posted(people, party), posted(people, party)

    def parts(field: str, *some: tuple[Any, ...]) -> list[dict[str, Any]]:
        names = ("invoice", "amount", "kind") if field == "adjustments" else ("invoice", "amount")
        return [dict(zip(names, (str(one[0]), *one[1:]), strict=True)) for one in some]

    def open_now() -> list[str]:
        return [f"{Decimal(shown(tryton, 'invoices', id)['open']):.2f}" for id in (first, second)]

    given = parts("adjustments", (first, "59.50", "discount"), (second, "15.00", "charges"))
    settles = parts("allocations", (first, "2915.50"), (second, "100"))
    about = {"date": "2026-03-04", "method": "Bank transfer", "reference": "B-2"}
    sent = write({**about, "allocations": settles, "adjustments": given}, our_id="bank-2")
    made = landed(*tryton.push("payments", [sent]))
    assert open_now() == ["0.00", "2860.00"]
    assert shown(tryton, "invoices", first)["state"] == "paid"
    assert {(p["invoice"], p["kind"], p["amount"]) for p in made.data["adjustments"]} == {
        (str(first), "discount", "59.5"),
        (str(second), "charges", "15"),
    }
    assert (made.data["amount"], made.data["method"]) == ("3015.5", "Bank transfer")
    lines = people.find(
        "account.move.line", ["move.origin", "=", f"account.invoice,{first}"], ["debit", ">", 0], ["journal.code", "=", "GIVEN"],
        fields=["account.rec_name", "debit"],
    )  # fmt: skip
    assert [(Decimal(row["debit"]), "Discounts" in row["account."]["rec_name"]) for row in lines] == [
        (Decimal("59.50"), True)
    ]
    assert landed(*tryton.push("payments", [sent])).key == made.key  # nothing twice
    assert open_now() == ["0.00", "2860.00"]
    changed = {"adjustments": parts("adjustments", (second, "15.00", "charges"))}
    less = landed(*tryton.push("payments", [write(changed, made.key, made.version)]))
    assert open_now() == ["59.50", "2860.00"]
    none = landed(*tryton.push("payments", [write({"allocations": [], "adjustments": []}, made.key, less.version)]))
    assert open_now() == ["2975.00", "2975.00"]
    assert (none.data["allocations"], none.data["adjustments"]) == ([], [])

    nothing = parts("allocations", (first, "0"))  # no money at all: a rest is given up
    rest = {**about, "allocations": nothing, "adjustments": parts("adjustments", (first, "0.50", "write_off"))}
    alone = landed(*tryton.push("payments", [write(rest, our_id="rest-1")]))
    assert open_now() == ["2974.50", "2975.00"]
    assert [p["amount"] for p in alone.data["allocations"]] == ["0"]
    (refused,) = tryton.push(
        "payments", [write({**rest, "adjustments": parts("adjustments", (first, "9999", "charges"))})]
    )
    assert isinstance(refused, Rejected)
    assert refused.fields == ("adjustments",)
    tryton.close()


def test_without_a_method_nothing_is_given_up_and_the_words_say_what_to_set(
    tryton: Tryton, people: People, party: int
) -> None:
    invoice = posted(people, party)
    given = [{"invoice": str(invoice), "amount": "1", "kind": "charges"}]
    (answer,) = tryton.push("payments", [write({**paying(invoice, "5"), "adjustments": given})])
    assert isinstance(answer, Rejected)
    assert answer.fields == ("adjustments",)
    assert "charges_method" in str(answer)
    wrong = Tryton(tryton.base_url, tryton.database, tryton.user, tryton._password, write_off_method="Writeoff")
    with pytest.raises(ConfigError, match=r"no payment method 'Writeoff' \(it has: .*Write-off"):
        wrong.check()
    wrong.close()
    assert shown(tryton, "invoices", invoice)["open"] == "2975.00"


def test_a_credit_note_is_used_up_by_a_payment_of_the_rest(tryton: Tryton, people: People, party: int) -> None:
    invoice, note = posted(people, party), posted(people, party, {"HOSE-10M": -1})
    owed = Decimal(shown(tryton, "invoices", note)["open"])
    assert owed < 0
    parts = [{"invoice": str(invoice), "amount": "2975"}, {"invoice": str(note), "amount": str(owed)}]
    made = landed(*tryton.push("payments", [write({"allocations": parts, "date": "2026-03-04", "method": "Card"})]))
    assert Decimal(made.data["amount"]) == 2975 + owed
    assert [shown(tryton, "invoices", id)["state"] for id in (invoice, note)] == ["paid", "paid"]
    landed(*tryton.push("payments", [write({"allocations": []}, made.key, made.version)]))
    assert Decimal(shown(tryton, "invoices", note)["open"]) == owed


def test_nothing_of_a_payment_is_booked_where_a_part_cannot_be(tryton: Tryton, people: People, party: int) -> None:
    good = posted(people, party)
    parts = [{"invoice": str(good), "amount": "10.00"}, {"invoice": "999999", "amount": "1.00"}]
    (answer,) = tryton.push("payments", [write({"allocations": parts, "date": "2026-03-04", "method": "Card"})])
    assert isinstance(answer, Rejected)
    assert shown(tryton, "invoices", good)["open"] == "2975.00"


def test_an_undone_booking_is_seen_by_the_next_pull(tryton: Tryton, people: People, party: int, exact: None) -> None:
    invoice = posted(people, party)
    parts = {"allocations": [{"invoice": str(invoice), "amount": "75.00"}], "date": "2026-03-04", "method": "Card"}
    made = landed(*tryton.push("payments", [write(parts)]))
    since = {stream: cursor(tryton, stream) for stream in ("invoices", "payments")}
    landed(*tryton.push("payments", [write({"allocations": []}, made.key, made.version)]))
    assert pulled(tryton, "payments", since["payments"])[made.key].data["allocations"] == []
    assert pulled(tryton, "invoices", since["invoices"])[str(invoice)].data["open"] == "2975.00"


def test_what_a_clerk_books_is_seen(tryton: Tryton, people: People, party: int, exact: None) -> None:
    invoice = posted(people, party)
    since = {stream: cursor(tryton, stream) for stream in ("invoices", "payments")}
    people.pay_invoice(invoice, Decimal("75"))
    assert pulled(tryton, "invoices", since["invoices"])[str(invoice)].data["state"] == "partly_paid"
    (payment,) = pulled(tryton, "payments", since["payments"]).values()
    assert (payment.data["amount"], payment.data["method"], payment.our_id) == ("75", "Bank transfer", None)


def test_a_due_date_put_off_moves_the_invoice(tryton: Tryton, people: People, owed: int, exact: None) -> None:
    since = cursor(tryton, "invoices")
    (row,) = people.find("account.invoice", ["id", "=", owed], fields=["lines_to_pay", "write_date"])
    people.call("model.account.move.line.write", row["lines_to_pay"], {"maturity_date": date(2031, 1, 2)})
    assert people.find("account.invoice", ["id", "=", owed], fields=["lines_to_pay", "write_date"]) == [row]
    assert pulled(tryton, "invoices", since)[str(owed)].data["due_date"] == "2031-01-02"


def test_a_product_moves_with_its_template(tryton: Tryton, people: People, exact: None) -> None:
    since = cursor(tryton, "products")
    assert pulled(tryton, "products", since) == {}
    template = people.one("product.template", ["code", "=", "SENSOR-T"])
    people.call("model.product.template.write", [template], {"list_price": Decimal("51.2345")})
    (product,) = pulled(tryton, "products", since).values()
    assert (product.data["code"], product.data["price"], product.data["active"]) == ("SENSOR-T", "51.2345", True)


def test_starter_mappings_read_all_a_real_server_gives(tryton: Tryton, people: People, party: int) -> None:
    people.add_opportunity(party, "Neues Werk", lines={"PUMP-250": 3})
    people.pay_invoice(posted(people, party))
    for stream in tryton.streams:
        mapping = load(MAPPINGS / f"tryton.{stream.name}.toml")
        assert (mapping.stream, mapping.model) == (stream.name, stream.model)
        records = pulled(tryton, stream.name)
        assert records
        for record in records.values():
            values, problems = mapping.read(record.data)[:2]
            grave = [each for each in problems if each.severity != "warning"]  # prices have four decimals there
            assert not grave, (stream.name, record.data, grave)
            assert values


def test_a_sale_goes_through_its_mapping_both_ways(tryton: Tryton, party: int) -> None:
    mapping = load(MAPPINGS / "tryton.sales.toml")
    line = {"sku": "PUMP-250", "quantity": "2", "unit_price": "2380.5"}
    wanted = {
        "customer": str(party),
        "currency": "EUR",
        "state": "confirmed",
        "ordered_on": "2026-03-02",
        "lines": [line],
    }
    data, skipped = mapping.write(wanted, create=True)[:2]
    assert not skipped
    receipt = landed(*tryton.push("sales", [write(dict(data))]))
    values, problems = mapping.read(receipt.data)[:2]
    assert not problems
    assert (values["state"], values["ordered_on"], values["total"]) == ("processing", "2026-03-02", [566559, "EUR"])
    assert {name: values["lines"][0][name] for name in line} == line


def test_a_payment_goes_through_its_mapping(tryton: Tryton, people: People, party: int) -> None:
    mapping = load(MAPPINGS / "tryton.payments.toml")
    invoice = posted(people, party)
    wanted = {
        "paid_on": "2026-03-04",
        "method": "card",
        "reference": "pi_9",
        "allocations": [{"invoice": str(invoice), "amount": [12345, "EUR"]}],
    }
    data, skipped = mapping.write({**wanted, "amount": [99999, "EUR"]}, create=True)[:2]
    assert not skipped
    values, problems = mapping.read(landed(*tryton.push("payments", [write(dict(data))])).data)[:2]
    assert not problems
    assert {name: values[name] for name in wanted} == wanted
    assert (values["amount"], values["invoice"]) == (
        None,
        str(invoice),
    )  # Tryton knows what is settled, not what came in
