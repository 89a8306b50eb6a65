"""Parties against a real Tryton: what moves a pull, what a version guards, what comes back."""

from __future__ import annotations

import pytest
from hub_tryton import Tryton
from hub_tryton.parties import Parties

from hub.connect import Conflict, Missing, Receipt, Rejected
from hub.connect.base import Answer, Record
from hub.errors import ConfigError
from hub.testing.tryton import People, TrytonServer
from tests.tryton.conftest import write


def cursor(tryton: Tryton, stream: str = "parties") -> str:
    return [page.cursor for page in tryton.pull(stream)][-1] or ""


def pulled(tryton: Tryton, since: str | None, stream: str = "parties") -> dict[str, Record]:
    return {record.key: record for page in tryton.pull(stream, since) for record in page.records}


def one(tryton: Tryton, key: str | int, stream: str = "parties") -> Record:
    (record,) = tryton.read(stream, [str(key)])
    return record


def landed(answer: Answer) -> Receipt:
    assert isinstance(answer, Receipt), answer
    return answer


WHOLE = {
    "name": "Élan & Söhne 上海 SARL",
    "phone": "+33 1 42 68 53 00",
    "mobile": "+33 6 12 34 56 78",
    "email": "hello@elan.example",
    "website": "https://elan.example",
    "tax_identifier": "FR83404833048",
    "street": "1 rue du Lac\nBât. B",
    "postal_code": "01234",
    "city": "Genève",
    "country": "CH",
    "delivery_street": "Quai 7",
    "delivery_city": "Lyon",
    "delivery_country": "FR",
}


def test_a_party_comes_back_whole(tryton: Tryton) -> None:
    receipt = landed(*tryton.push("parties", [write(WHOLE, our_id="whole")]))
    shown = dict(receipt.data)
    assert shown["phone"] == "+33142685300"  # E.164, while Tryton shows it formatted
    assert shown["mobile"] == "+33612345678"
    same = {name: value for name, value in WHOLE.items() if name not in ("phone", "mobile")}
    assert {name: shown[name] for name in same} == same
    assert (shown["tax_type"], shown["our_id"], shown["status"]) == ("eu_vat", "whole", "active")
    assert shown["code"]
    assert one(tryton, receipt.key).version == receipt.version
    assert [(ours, found.key) for ours, found in tryton.find("parties", ["whole", "unknown"])] == [
        ("whole", receipt.key)
    ]


def test_a_create_whose_answer_was_lost_is_not_repeated(tryton: Tryton, people: People) -> None:
    first, second = (landed(*tryton.push("parties", [write({"name": "Once"}, our_id="once")])) for _ in range(2))
    assert first.key == second.key
    assert len(people.find("party.party", ["name", "=", "Once"])) == 1


def test_write_date_is_null_until_the_first_write_and_the_pull_sees_it(
    tryton: Tryton, people: People, exact: None
) -> None:
    party = people.add_party("Nulls AG")
    since = cursor(tryton)
    place = people.call("model.party.address.create", [{"party": party, "city": "Bern"}])
    (row,) = people.find("party.address", ["id", "in", place], fields=["write_date", "create_date"])
    assert row["write_date"] is None
    assert set(pulled(tryton, since)) == {str(party)}


def test_a_changed_phone_moves_the_pull_though_not_the_party(tryton: Tryton, people: People, exact: None) -> None:
    party = people.add_party("Ruf GmbH", phone="+49 40 1234567")
    people.add_party("Still GmbH")
    since, before = cursor(tryton), people.find("party.party", ["id", "=", party], fields=["write_date"])
    assert pulled(tryton, since) == {}
    people.edit_phone(party, "+49 40 7654321")
    assert people.find("party.party", ["id", "=", party], fields=["write_date"]) == before
    got = pulled(tryton, since)
    assert set(got) == {str(party)}
    assert got[str(party)].data["phone"] == "+49407654321"


@pytest.mark.parametrize("part", ["address", "identifier", "archived phone"])
def test_every_part_moves_the_pull_and_the_version(tryton: Tryton, people: People, exact: None, part: str) -> None:
    party = people.add_party("Teil KG", phone="+49 40 1234567", vat="DE136695976", city="Hamburg")
    since, version = cursor(tryton), one(tryton, party).version
    if part == "address":
        people.edit_address(party, city="Bremen")
    elif part == "identifier":
        (found,) = people.find("party.identifier", ["party", "=", party])
        people.call("model.party.identifier.write", [found["id"]], {"code": "DE129274202"})
    else:
        (found,) = people.find("party.contact_mechanism", ["party", "=", party])
        people.call("model.party.contact_mechanism.write", [found["id"]], {"active": False})
        assert one(tryton, party).data["phone"] is None
    assert pulled(tryton, since)[str(party)].version != version


def test_a_deleted_phone_leaves_no_trace_but_a_full_read_shows_it(tryton: Tryton, people: People, exact: None) -> None:
    party = people.add_party("Spurlos", phone="+49 40 1234567")
    since = cursor(tryton)
    people.drop_phone(party)
    assert pulled(tryton, since) == {}
    assert pulled(tryton, None)[str(party)].data["phone"] is None


def test_archived_parties_are_read_as_inactive(tryton: Tryton, people: People) -> None:
    party = people.add_party("Archiv")
    people.edit_party(party, active=False)
    assert pulled(tryton, None)[str(party)].data["status"] == "inactive"
    assert one(tryton, party).data["active"] is False


def test_deleted_parties_are_tombstones_by_key_and_missing_from_the_full_read(tryton: Tryton, people: People) -> None:
    party = people.add_party("Weg")
    people.delete_party(party)
    assert one(tryton, party).deleted
    assert str(party) not in pulled(tryton, None)
    (answer,) = tryton.push("parties", [write({"name": "Wieder"}, key=str(party))])
    assert isinstance(answer, Missing)


def test_the_company_itself_is_no_customer(tryton: Tryton, people: People) -> None:
    (company,) = people.find("company.company", fields=["party"])
    assert str(company["party"]) not in pulled(tryton, None)


def test_an_edited_phone_conflicts_with_the_version_read_before(tryton: Tryton, people: People) -> None:
    party = people.add_party("Zwei", phone="+49 40 1234567")
    stale = one(tryton, party).version
    people.edit_phone(party, "+49 40 7654321")
    (answer,) = tryton.push("parties", [write({"name": "Drei"}, key=str(party), expect=stale)])
    assert isinstance(answer, Conflict)
    assert one(tryton, party).data["name"] == "Zwei"
    (answer,) = tryton.push("parties", [write({"name": "Drei"}, key=str(party), expect=one(tryton, party).version)])
    assert landed(answer).data["name"] == "Drei"


@pytest.mark.parametrize("field", ["phone", "city", "tax_identifier"])
def test_an_edit_between_check_and_write_is_refused_by_the_server(
    tryton: Tryton, people: People, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    party = people.add_party("Eng", phone="+49 40 1234567", city="Kiel", vat="DE136695976")
    version = one(tryton, party).version
    prepared = Parties._values

    def late(self: Parties, data, whole):  # type: ignore[no-untyped-def]
        people.edit_phone(party, "+49 40 7654321")
        people.edit_address(party, city="Husum")
        (found,) = people.find("party.identifier", ["party", "=", party])
        people.call("model.party.identifier.write", [found["id"]], {"code": "DE129274202"})
        return prepared(self, data, whole)

    monkeypatch.setattr(Parties, "_values", late)
    theirs = {"phone": "+49 40 9999999", "city": "Lübeck", "tax_identifier": "DE811569869"}
    (answer,) = tryton.push("parties", [write({field: theirs[field]}, key=str(party), expect=version)])
    assert isinstance(answer, Conflict)
    monkeypatch.undo()
    assert one(tryton, party).data["phone"] == "+49407654321"
    assert one(tryton, party).data["city"] == "Husum"


def test_only_the_fields_given_are_written_and_null_empties(tryton: Tryton, people: People) -> None:
    party = people.add_party("Leer", phone="+49 40 1234567", email="a@leer.example", city="Kiel", vat="DE136695976")
    (answer,) = tryton.push("parties", [write({"phone": None, "tax_identifier": None}, key=str(party))])
    shown = landed(answer).data
    assert (shown["phone"], shown["tax_identifier"]) == (None, None)
    assert (shown["email"], shown["city"], shown["name"]) == ("a@leer.example", "Kiel", "Leer")


def test_a_tax_number_of_no_known_kind_is_kept_as_it_is(tryton: Tryton) -> None:
    data = {"name": "上海浦东贸易有限公司", "tax_identifier": "91310000MA1K35T23X", "country": "CN"}
    shown = landed(*tryton.push("parties", [write(data)])).data
    assert (shown["tax_identifier"], shown["tax_type"], shown["name"]) == (data["tax_identifier"], None, data["name"])


def test_a_refusal_names_the_fault_and_the_others_land(tryton: Tryton) -> None:
    bad = [
        {"name": "Schlecht", "phone": "nonsense"},
        {"name": "Fern", "country": "ZZ"},
        {"name": "Steuer", "tax_identifier": "DE1"},
    ]
    answers = list(tryton.push("parties", [write({"name": "Gut"}), *map(write, bad), write({"name": "Besser"})]))
    assert [type(answer) for answer in answers] == [Receipt, Rejected, Rejected, Rejected, Receipt]
    assert "nonsense" in str(answers[1])
    assert answers[2].fields == ("country",)
    assert "DE1" in str(answers[3])


def test_pages_go_on_after_a_stop(server: TrytonServer, tryton: Tryton, people: People) -> None:
    for number in range(5):
        people.add_party(f"Seite {number}")
    whole = set(pulled(tryton, None))
    small = Tryton(**server.access.settings, page_size=len(whole) // 4)
    for stop in (1, 2, 3):
        pages = [page for page, _ in zip(small.pull("parties"), range(stop), strict=False)]
        seen = {record.key for page in pages for record in page.records}
        assert seen < whole
        assert seen | set(pulled(small, pages[-1].cursor)) == whole
    small.close()


def test_reading_takes_few_requests_however_many_records(tryton: Tryton, people: People) -> None:
    for number in range(8):
        people.add_party(f"Viele {number}", phone="+49 40 1234567")
    sent: list[object] = []
    tryton.check()
    tryton.client.event_hooks = {"request": [sent.append]}
    assert len(pulled(tryton, None)) > 8
    assert len(sent) <= 4 + 1 + 1 + 1 + 4  # newest dates, own party, count, ids, four models


def test_a_cursor_of_another_system_is_refused(tryton: Tryton) -> None:
    with pytest.raises(ConfigError, match="no cursor of this connector"):
        list(tryton.pull("parties", "MTc2"))
