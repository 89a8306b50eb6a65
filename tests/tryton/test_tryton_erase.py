"""Erasing in a real Tryton: deleted where nothing refers to it, anonymised where books do, refused where it is pending."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hub_tryton import Tryton, lock
from hub_tryton.erase import ANONYMISED, BOOKS, PENDING

from hub.connect import Missing, Receipt, Rejected
from hub.testing.tryton import MissedError, People

SECRET = ("Vergissmeinnicht", "vergiss@mein.example", "Nirgendweg", "DE811569869", "3034567")


def texts(people: People, party: int) -> str:
    """All that Tryton still says of a party, archived parts too."""
    found = [people.find("party.party", ["id", "=", party], fields=["name", "code", "active"], active_test=False)]
    for model, fields in (
        ("party.address", ["party_name", "street", "postal_code", "city", "full_address"]),
        ("party.contact_mechanism", ["type", "value", "comment"]),
        ("party.identifier", ["type", "code"]),
    ):
        found.append(people.find(model, ["party", "=", party], fields=fields, active_test=False))
    return repr(found)


def test_a_party_with_documents_is_anonymised_and_its_books_stay(tryton: Tryton, people: People) -> None:
    party = people.add_party(
        SECRET[0], email=SECRET[1], street=SECRET[2], vat=SECRET[3], city="Kiel", phone=f"+49 30 {SECRET[4]}"
    )
    sale = people.add_sale(party, {"SERV-DAY": 1})
    assert all(secret in texts(people, party).replace(" ", "") for secret in SECRET)
    (pending,) = tryton.erase("parties", [str(party)])
    assert isinstance(pending, Rejected)
    assert str(pending) == PENDING  # words that name nobody: they come to stand in a certificate
    (row,) = people.find("party.party", ["id", "=", party], fields=["active", "name"])
    assert (row["active"], row["name"]) == (True, SECRET[0])  # what is refused is left as it was
    number = people.post_invoice(sale)
    invoice = people.one("account.invoice", ["number", "=", number])
    people.pay_invoice(invoice)
    people.call("model.sale.sale.process", [sale])
    (payment,) = people.find(
        "account.move", ["origin", "=", f"account.invoice,{invoice}"], ["journal.type", "=", "cash"]
    )
    for stream, key in (("invoices", invoice), ("payments", payment["id"]), ("sales", sale)):
        (said,) = tryton.erase(stream, [str(key)])
        assert isinstance(said, Rejected), (stream, said)
        assert stream == "sales" or str(said) == BOOKS
    answers = list(tryton.erase("parties", [str(party), "999999", "no number"]))
    assert isinstance(answers[0], Receipt)
    assert answers[0].how == ANONYMISED
    assert [type(each) for each in answers[1:]] == [Missing, Missing]
    left = texts(people, party)
    assert not [secret for secret in (*SECRET, "Kiel") if secret in left.replace(" ", "")], left
    (kept,) = people.find("account.invoice", ["id", "=", invoice], fields=["state", "total_amount", "party"])
    assert (kept["state"], kept["total_amount"], kept["party"]) == ("paid", Decimal("1047.20"), party)
    (again,) = tryton.erase("parties", [str(party)])
    assert isinstance(again, Receipt)  # asked again, it is the same
    (shown,) = tryton.read("parties", [str(party)])
    assert shown.data["name"] is None
    assert shown.data["status"] == "inactive"


def test_more_parties_than_a_rule_can_hold_are_not_frozen_and_what_was_stays_so(
    tryton: Tryton, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, three = (people.add_party(f"Frost {n}", phone=f"+49 30 303456{n}") for n in range(3))
    monkeypatch.setattr(lock, "MOST", 2)
    tryton.freeze("parties", "frost", [str(one), str(two)])
    try:
        with pytest.raises(Rejected, match="3 records are too many for one"):
            tryton.freeze("parties", "frost", [str(one), str(two), str(three)])
        with pytest.raises(MissedError, match="hub: frost"):
            people.edit_phone(one, "+49 30 9999999")
        people.edit_phone(three, "+49 30 9999999")
    finally:
        tryton.freeze("parties", "frost", [])
    people.edit_phone(one, "+49 30 9999999")


def test_what_nothing_was_made_of_is_deleted(tryton: Tryton, people: People) -> None:
    party = people.add_party("Nur kurz da", city="Kiel")
    chance = people.add_opportunity(party, "a pump", lines={"PUMP-100": 1})
    (draft,) = people.call("model.sale.sale.create", [{"party": party}])
    for stream, id in (("opportunities", chance), ("sales", draft), ("parties", party)):
        (said,) = tryton.erase(stream, [str(id)])
        assert isinstance(said, Receipt), (stream, said)
        assert said.how == "deleted"
        (again,) = tryton.erase(stream, [str(id)])
        assert isinstance(again, Missing)
