"""Erasing in the CRM: contacts for good, the rest into the bin, and the lines of a document with it."""

from __future__ import annotations

import pytest
from hub_hubspot import HubSpot
from hub_hubspot.erase import BIN, FOR_GOOD

from hub.connect import Missing, Receipt
from hub.errors import Unavailable
from hub.testing.hubspot import FakeHubSpot


@pytest.fixture
def fake() -> FakeHubSpot:
    return FakeHubSpot(token="pat", strict=True)


@pytest.fixture
def hubspot(fake: FakeHubSpot) -> HubSpot:
    made = HubSpot("pat", "http://crm.test", rate=0, search_rate=0)
    made.transport = fake.transport()
    return made


def test_a_contact_is_deleted_for_good_and_a_company_goes_to_the_bin(fake: FakeHubSpot, hubspot: HubSpot) -> None:
    company = fake.add("companies", {"name": "Kessel"})
    zoe, other = (fake.add("contacts", {"lastname": n}, {"companies": [company]}) for n in ("Zoë", "Ann"))
    (said,) = hubspot.erase("contacts", [zoe])
    assert isinstance(said, Receipt)
    assert said.how == FOR_GOOD
    assert [row["id"] for row in fake.rows("contacts")] == [other]
    assert fake.rows("contacts", archived=True) == []  # the bin could be turned over
    assert fake.row("companies", company)["associations"] == {"contacts": [other]}
    answers = list(hubspot.erase("companies", [company, zoe, "no number"]))
    assert [getattr(answer, "how", type(answer)) for answer in answers] == [BIN, Missing, Missing]
    assert [row["id"] for row in fake.rows("companies", archived=True)] == [company]
    assert [row["id"] for row in fake.rows("contacts")] == [other]


def test_the_lines_of_a_document_go_with_it_and_no_others(fake: FakeHubSpot, hubspot: HubSpot) -> None:
    deals = [fake.add("deals", {"dealname": name}) for name in ("one", "two")]
    lines = [fake.add("line_items", {"name": "Pump", "price": "5", "quantity": "1"}) for _ in range(3)]
    for deal, line in zip((deals[0], deals[0], deals[1]), lines, strict=True):
        fake.associate("deals", deal, "line_items", line)
    assert isinstance(*hubspot.erase("deals", [deals[0]]), Receipt)
    assert [row["id"] for row in fake.rows("line_items")] == [lines[2]]
    assert [row["id"] for row in fake.rows("deals")] == [deals[1]]


def test_an_answer_that_was_lost_is_made_up_for_by_asking_again(fake: FakeHubSpot, hubspot: HubSpot) -> None:
    people = [fake.add("contacts", {"lastname": f"Nr. {n}"}) for n in range(3)]
    fake.fail("lost", match="gdpr-delete")
    with pytest.raises(Unavailable):
        list(hubspot.erase("contacts", people))
    answers = list(hubspot.erase("contacts", people))  # what had arrived is gone, the rest goes now
    assert [type(answer) for answer in answers] == [Missing, Receipt, Receipt]
    assert fake.rows("contacts") == []
