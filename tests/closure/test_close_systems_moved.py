"""A migration into a CRM that says no, loses answers, forgets tokens and swaps amounts; and the way back from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from systems import PASSWORD, USER, Works, crm, post, served

from hub.testing.hubspot import FakeHubSpot
from hub.testing.mail import MailServers

MANY = 21
NOTICE = '\n[[notices]]\nid = "closing"\nto = "customers"\ntemplate = "closing"\n'
OBJECTS = ("companies", "contacts", "invoices")


@dataclass
class Move:
    """A line in one CRM that is to move into another one."""

    works: Works
    old: FakeHubSpot
    new: FakeHubSpot
    mail: MailServers

    def there(self) -> dict[str, list[dict[str, str | None]]]:
        """What stands in the target, without ids and times."""
        skip = ("hs_object_id", "hs_lastmodifieddate", "lastmodifieddate", "createdate", "hs_createdate", "hub_id")
        return {
            name: sorted(
                ({k: v for k, v in row["properties"].items() if v and k not in skip} for row in self.new.rows(name)),
                key=repr,
            )
            for name in OBJECTS
        }

    def counts(self) -> dict[str, int]:
        return {name: len(self.new.rows(name)) for name in OBJECTS}

    def look_now(self) -> None:
        """Let the time pass after which a write without an answer is looked into."""
        store = self.works.store()
        with store.begin() as tx:
            tx.run("UPDATE outbox SET due_at = 0, sent_at = sent_at - 120000000 WHERE state = 'sent'")
        store.close()


@pytest.fixture
def move(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Move]:
    """Everything is approved up to the migration; one of the customers is in the target already."""
    with ExitStack() as stack:
        (old, url), (new, url2) = (stack.enter_context(served()) for _ in range(2))
        mail = stack.enter_context(MailServers({USER: PASSWORD}))
        fill(old)
        new.add("companies", {"name": "Firma Nr. 1", "domain": "firma1.example"})
        new.add("companies", {"name": "Was here before", "domain": "before.example"})
        works = Works(tmp_path / "works", "sqlite:///hub.db", capsys)
        only = ("companies", "contacts", "invoices")
        works.start(
            crm("crm", "retail", url, only=only), crm("crm2", "service", url2, only=only), post(mail),
            crm=PASSWORD, crm2=PASSWORD, mail=PASSWORD,
        )  # fmt: skip
        works.people()
        works("sync", code=(0, 1))
        works.move(target="crm2", more=NOTICE, mail="mail")
        yield Move(works, old, new, mail)


def fill(fake: FakeHubSpot, many: int = MANY) -> None:
    """Customers with a contact and a paid invoice each."""
    for n in range(many):
        one = {"name": f"Firma Nr. {n}", "domain": f"firma{n}.example", "email": f"post@firma{n}.example"}
        company = fake.add("companies", one)
        person = {"firstname": "Zoë", "lastname": f"Nr. {n}", "email": f"zoe@firma{n}.example"}
        fake.add("contacts", person, {"companies": [company]})
        fake.add("invoices", {
            "hs_title": f"Rechnung {n}", "invoice_number": f"R-{n:05}", "hs_currency": "EUR", "invoice_state": "paid",
            "total_amount": f"{100 + n}.50", "open_amount": "0.00", "hs_invoice_date": "2026-03-02",
        }, {"companies": [company]})  # fmt: skip


def test_a_target_that_times_out_forgets_refuses_and_swaps_gets_all_of_it_once(move: Move) -> None:
    works, new = move.works, move.new
    new.fail("lost", match="/contacts/batch/create")  # carried out, and nobody hears of it
    new.fail("401", match="/invoices/batch/create")  # the token expires in the middle
    went = works.go()
    assert (went["phase"], went["state"]) == ("migrate", "shut"), went
    assert "credentials refused (401)" in went["text"]
    assert move.counts() == {"companies": MANY + 1, "contacts": MANY, "invoices": 0}
    went = works.go()  # with a new token it does not go on before it is known what became of the contacts
    assert (went["phase"], went["state"], len(went["reasons"])) == ("migrate", "shut", 1), went
    assert went["text"].startswith("crm2/contacts: writes have no answer yet"), went
    assert move.counts()["invoices"] == 0
    move.look_now()
    refused = [f"R-{n:05}" for n in (3, 11, 19)]
    new.rule("invoices", "invoice_number", refused)
    went = works.go()
    assert (went["phase"], went["state"], len(went["reasons"])) == ("migrate", "shut", 3), went
    for number in refused:
        (why,) = [why for why in went["reasons"] if f"{number} does not meet the validation rules" in why]
        assert why.startswith("crm2/invoices: invoice_")
    assert works.go()["state"] == "shut"  # asked again it is as shut, and nothing else is written
    assert move.counts() == {"companies": MANY + 1, "contacts": MANY, "invoices": MANY - 3}
    new.rule("invoices", "invoice_number")
    works.plain("outbox", "retry")
    assert works.go()["phase"] == "verify"
    assert move.counts() == {"companies": MANY + 1, "contacts": MANY, "invoices": MANY}
    works.plain("close", "approve", "retail", "verify", by="aud")
    one, other = new.rows("invoices")[4]["id"], new.rows("invoices")[7]["id"]
    _swap(new, one, other)
    went = works.go()
    assert (went["phase"], went["state"]) == ("verify", "shut")
    assert any("total is swapped" in why for why in went["reasons"]), went["reasons"]
    assert not any("sum of" in why for why in went["reasons"])  # which is why sums do not do
    _swap(new, one, other)
    assert works.go()["text"].endswith("hub close sample retail")


def _swap(fake: FakeHubSpot, one: str, other: str) -> None:
    totals = [fake.row("invoices", id)["properties"]["total_amount"] for id in (other, one)]
    for id, total in zip((one, other), totals, strict=True):
        fake.edit("invoices", id, {"total_amount": total})


def test_going_back_two_thirds_of_the_way_leaves_both_as_they_were_and_tells_everybody(move: Move) -> None:
    works, new, mail = move.works, move.new, move.mail
    before, golden = move.there(), works.sql("SELECT id, data FROM golden WHERE model <> 'message' ORDER BY id")
    new.fail("503", times=1_000, match="/invoices/batch/create")
    went = works.go()
    assert (went["phase"], went["state"]) == ("migrate", "shut")
    assert move.counts() == {"companies": MANY + 1, "contacts": MANY, "invoices": 0}
    told = sorted(str(m.message["To"]) for m in mail.smtp.accepted)
    assert len(told) == MANY
    new.faults.clear()
    move.look_now()
    (back,) = works("close", "back", "retail", "--yes", by="ana")
    assert (back["removed"], back["left"], back["told"]) == (2 * MANY - 1, [], MANY)
    assert move.there() == before
    assert len(move.old.rows("invoices")) == MANY
    assert works.sql("SELECT id, data FROM golden WHERE model <> 'message' ORDER BY id") == golden
    assert sorted(str(m.message["To"]) for m in mail.smtp.accepted[MANY:]) == told
    assert all("will not" in str(m.message["Subject"]) + m.message.get_content() for m in mail.smtp.accepted[MANY:])
    works.plain("close", "back", "retail", "--yes", by="ana", code=(1, 2))  # there is nothing to undo any more
    move.old.edit("companies", move.old.rows("companies")[5]["id"], {"name": "Thawed"})
    works("sync", code=(0, 1))
    assert "Thawed" in {row["values"]["name"] for row in works("list", "customer")}
    works("close", "plan", "retail", "--adopt", by="ana")  # and it can begin anew, to the end this time
    works.tasks("mapping", "trial", "users", "backups")
    for gate in ("freeze", "migrate"):
        works.plain("close", "approve", "retail", gate, by="ben")
    assert works.go()["phase"] == "verify"
    assert move.counts() == {"companies": MANY + 1, "contacts": MANY, "invoices": MANY}
