"""Reminders: who gets one, who does not and why, and the mail that goes out with the statement attached."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_bytes
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from office import POST, Office
from pypdf import PdfReader

from hub.testing.mail.servers import MailServers

DAY = "2026-05-15"
MAIL = """[connections.box]
connector = "mail"
{settings}
password = "${{BOX_PASSWORD}}"
[connections.box.streams.messages]
push = true
create = "all"
"""


@pytest.fixture
def office(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Office:
    made = Office(tmp_path / "project", "sqlite:///hub.db", capsys, monkeypatch)
    made.customer("C1", "Łódź Bau GmbH", "DE89370400440532013000", "office@alpha.example")
    made.customer("C2", "Beta Handel AG", "CH9300762011623852957", "pay@beta.example")
    made.customer("C3", "Gamma Ltd")
    made.invoice("INV-1001", "C1", "119.00")
    made.invoice("INV-1002", "C1", "200.00", due="2026-05-12")
    made.invoice("INV-2001", "C2", "500.00", due="2026-04-20")
    made.invoice("INV-3001", "C3", "50.00", due="2026-06-30")
    made.begin()
    return made


def test_who_is_late_and_at_which_stage(office: Office) -> None:
    office.morning()
    found = {row["customer_name"]: row for row in office("dunning", "list", "--as-of", DAY)}
    assert set(found) == {"Łódź Bau GmbH", "Beta Handel AG"}
    late = found["Łódź Bau GmbH"]
    assert (late["stage"], late["template"], late["days"], late["documents"]) == (1, "reminder", 45, ["INV-1001"])
    assert late["total"] == [[11900, "EUR"]]
    assert late["paused"] is None


def test_a_reminder_waits_while_a_payment_is_looked_at_or_a_dispute_is_open(office: Office) -> None:
    (office.folder / "mappings/erp.tickets.toml").write_text(
        'stream = "tickets"\nmodel = "ticket"\n[fields]\nnumber = "number"\nsubject = "subject"\n'
        'customer = { theirs = "customer", link = "customers" }\nstate = "state"\n'
    )
    (office.folder / "erp/tickets.csv").write_text(
        "number,subject,customer,state\nT1,Invoice INV-2001 is wrong,C2,open\n"
    )
    office.settings(POST, '[connections.erp.streams.tickets]\npath = "tickets.csv"\nmodel = "ticket"\nkey = "number"\n'
                          'mapping = "erp.tickets"\n')  # fmt: skip
    office.entry("B1", "17.00", "part", iban="DE89370400440532013000")
    office.morning()
    found = {row["customer_name"]: row["paused"] for row in office("dunning", "list", "--as-of", DAY)}
    assert "payment" in found["Łódź Bau GmbH"]
    assert "ticket T1" in found["Beta Handel AG"]
    office.person("ann")
    assert office("dunning", "draft", "--as-of", DAY, "--as", "ann") == []
    office("dunning", "draft", "Beta Handel AG", "--as-of", DAY, "--as", "ann", code=2)
    assert "ticket" in office.err


def test_stages_are_climbed_one_at_a_time_and_never_twice(office: Office) -> None:
    office.morning()
    office.person("ann")
    first = office("dunning", "draft", "--as-of", DAY, "--as", "ann")
    assert [row["stage"] for row in first] == [1, 1]
    assert office("dunning", "draft", "--as-of", DAY, "--as", "ann") == []

    def stage(day: str) -> tuple[int, str | None]:
        found = {row["customer_name"]: row for row in office("dunning", "list", "--as-of", day)}["Łódź Bau GmbH"]
        return found["stage"], found["paused"]

    assert stage("2026-05-28") == (1, f"reminded on {DAY}")  # stages lie 14 days apart
    assert stage("2026-05-29") == (2, None)
    office("dunning", "draft", "Łódź Bau GmbH", "--as-of", "2026-05-29", "--as", "ann")
    office("dunning", "draft", "Łódź Bau GmbH", "--as-of", "2026-06-12", "--as", "ann")
    assert stage("2026-12-31") == (3, "reminded on 2026-06-12")


def test_a_template_of_ones_own_in_the_customers_language_and_its_mistakes(office: Office) -> None:
    office.morning()
    office.person("ann")
    (office.folder / "templates").mkdir()
    own = office.folder / "templates/reminder.txt"
    own.write_text("Subject: Please {customer}\nYou owe {total} for {monat}.\n")
    office("dunning", "draft", "--as-of", DAY, "--as", "ann", code=2)
    assert "{monat}" in office.err
    own.write_text("Subject: Please {customer}\nYou owe {total}.\n")
    office("write-off", "INV-1002", "--reason", "x", "--as", "ann")  # late on that day and settled by now
    (row, _) = office("dunning", "draft", "--as-of", DAY, "--as", "ann")
    golden = {r["id"]: r["values"] for r in office("list", "message")}[row["message"]]
    assert (golden["subject"], golden["body"]) == ("Please Łódź Bau GmbH", "You owe 119.00 EUR.\n")
    assert golden["state"] == "draft"


def test_a_statement_of_account_as_pdf_csv_and_xlsx(office: Office) -> None:
    office.entry("B1", "19.00", "INV-1001")
    office.morning()
    for kind in ("pdf", "csv", "xlsx"):
        place = office.folder / f"statement.{kind}"
        (row,) = office("statement-of-account", "Łódź Bau GmbH", "--out", str(place), "--as-of", "2026-12-31")
        assert row["open"] == [[30000, "EUR"]]
        first = place.read_bytes()
        office("statement-of-account", "Łódź Bau GmbH", "--out", str(place), "--as-of", "2026-12-31")
        assert place.read_bytes() == first
    text = "\n".join(page.extract_text() for page in PdfReader(office.folder / "statement.pdf").pages)
    for part in ("Łódź Bau GmbH", "INV-1001", "100.00 EUR", "300.00 EUR", "-19.00 EUR"):
        assert part in text, part
    assert text.index("119.00 EUR") < text.index("-19.00 EUR")  # billed before it was paid, whenever the ledger began
    assert "INV-1001,invoice,2026-03-01,2026-03-31,275,100.00,EUR" in (office.folder / "statement.csv").read_text(
        "utf-8-sig"
    )
    book = openpyxl.load_workbook(office.folder / "statement.xlsx")
    assert book.sheetnames == ["Open items", "Movements"]
    office.person("ann")
    office("write-off", "INV-1001", "--amount", "1.00", "--reason", "close to bankruptcy", "--as", "ann")
    place = office.folder / "shown.pdf"
    office("statement-of-account", "Łódź Bau GmbH", "--out", str(place), "--as-of", "2026-12-31")
    text = " ".join(page.extract_text() for page in PdfReader(place).pages)
    assert "-1.00 EUR" in text
    for ours in ("bankruptcy", "erp", "ann", "written off"):  # it goes to the customer
        assert ours not in text, ours
    office("statement-of-account", "Łódź Bau GmbH", "--out", "x.doc", code=2)
    office("statement-of-account", "Nobody", "--out", "x.pdf", code=1)


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with MailServers() as servers:
        yield servers


def test_a_draft_goes_out_only_when_released_with_the_statement_attached(office: Office, servers: MailServers) -> None:
    given = dict(servers.settings())
    office.monkeypatch.setenv("BOX_PASSWORD", given.pop("password"))
    settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
    office.settings(POST, MAIL.format(settings=settings))
    office.morning()
    office.person("ann")
    office("dunning", "draft", "Beta Handel AG", "--as-of", DAY, "--as", "ann")
    before = len(servers.sent)
    office("sync", code=(0, 1))
    assert len(servers.sent) == before
    (waits,) = office("outbox", "list", code=(0, 1))
    assert "draft" in waits["reason"]
    office("dunning", "send", "--as", "ann", code=1)
    office("dunning", "send", "--yes", "--as", "ann")
    office("sync", code=(0, 1))
    office("sync", code=(0, 1))
    office("reconcile")
    (mail,) = [m.message for m in servers.sent[before:]]
    assert mail["To"] == "pay@beta.example"
    assert mail["Subject"] == "Reminder: 500.00 EUR are due"
    (part,) = [p for p in mail.walk() if p.get_content_type() == "application/pdf"]
    text = PdfReader(BytesIO(part.get_payload(decode=True))).pages[0].extract_text()
    assert "INV-2001" in text
    assert "Beta Handel AG" in text
    (golden,) = [r["values"] for r in office("list", "message") if r["values"].get("direction") == "out"]
    assert golden["state"] == "sent"
    assert message_from_bytes(bytes(mail))["Message-ID"] == mail["Message-ID"]
    assert golden["attachments"][0]["digest"].startswith("sha256:")


def test_finance_hears_by_mail_what_needs_a_person(office: Office, servers: MailServers) -> None:
    given = dict(servers.settings())
    office.monkeypatch.setenv("BOX_PASSWORD", given.pop("password"))
    settings = "\n".join(f"{name} = {json.dumps(value)}" for name, value in given.items())
    office.settings(f'report_to = ["cfo@company.example"]\n{POST}', MAIL.format(settings=settings))
    office.entry("B1", "119.00", "INV-1001")
    office.entry("B2", "42.00", "=cmd()", payer="Nobody Known")
    before = len(servers.sent)
    office.morning("--report")
    assert len(servers.sent) == before
    office("sync", code=(0, 1))
    office("reconcile", "--report")  # the same again on the same day is not said again
    office("sync", code=(0, 1))
    (mail,) = [m.message for m in servers.sent[before:]]
    assert (mail["To"], "1 payments posted, 1 need a person" in mail["Subject"]) == ("cfo@company.example", True)
    body = mail.get_body(("plain",)).get_content()
    assert "42.00 EUR" in body
    assert "checks hold" in body
    (part,) = [p for p in mail.walk() if "spreadsheet" in p.get_content_type()]
    sheet = openpyxl.load_workbook(BytesIO(part.get_payload(decode=True))).active
    assert [c.value for c in sheet[2]][4:5] == ["=cmd()"]
    assert sheet.max_row == 2


def test_a_report_wants_somebody_to_get_it(office: Office) -> None:
    office.write()
    office("sync")
    office("reconcile", "--report", code=2)
    assert "report_to" in office.err
