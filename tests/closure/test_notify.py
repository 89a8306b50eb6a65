"""Notices over a real SMTP server: once each, whatever dies; bounces, letters, notice periods."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from email.message import EmailMessage

import pytest
from conftest import Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from line import ROOT, Company, connection
from pypdf import PdfReader

from hub.closure.letters import months_later, takes_effect
from hub.testing.mail import Dovecot, MailServers

USER = "close@hub.example"


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    """With the quickest IMAP server there is: hundreds of mails are looked for among those sent."""
    with ExitStack() as stack:
        imap = stack.enter_context(Dovecot({USER: "canary-7f3a"})) if Dovecot.installed() else None
        yield stack.enter_context(MailServers({USER: "canary-7f3a"}, imap=imap))


@pytest.fixture
def telling(at: Stage, servers: MailServers) -> Company:
    """Retail is planned with a notice to its customers, approved to be told."""
    servers.smtp.refuse.clear()
    servers.smtp.sent.clear()
    servers.smtp.accepted.clear()
    servers.smtp.lose_answers = 0
    servers.smtp.before_answer = None
    company = at("fresh")
    found = servers.settings()
    mail = "\n".join(
        f"{k} = {v if isinstance(v, int) else chr(34) + v + chr(34)}" for k, v in found.items() if k != "password"
    )
    company.settings(
        connection("shop", "retail", push=True),
        connection("works", "other", push=True),
        f'[connections.mail]\nconnector = "mail"\nline = "post"\npassword = "${{HUB_MAIL_PASSWORD}}"\n{mail}\n'
        '[connections.mail.streams.messages]\n',
    )  # fmt: skip
    with (company.folder / ".env").open("a") as env:
        env.write("HUB_MAIL_PASSWORD=canary-7f3a\n")
    shop = company.shop("shop")
    customers = list(shop.rows("customers"))
    shop.add("contracts", number="RC9", customer=customers[1], end="2099-06-30", renewal="automatic", days=90, period="year",
             state="active")  # fmt: skip
    shop.add("customers", name="No address at all")
    shop.add("customers", name="Only a street", street="Kai 1", city="Kiel", language="de")
    shop.edit("customers", customers[2], mail="r3@example.com")  # shares an address with another
    company("sync", code=(0, 1))
    company.plan(template="standard", mail="mail", zone="Europe/Berlin")
    company.tasks("assess", "risks", "legal-review", "data-protection", "staff", "key-customers", "alternatives")
    company.plain("close", "approve", "retail", "notify", by="ben")
    return company


def got(servers: MailServers) -> Counter[str]:
    """How many mails each person got."""
    return Counter(recipient for mail in servers.smtp.accepted for recipient in mail.recipients if recipient != USER)


def test_each_person_gets_each_notice_once_in_their_language(telling: Company, servers: MailServers) -> None:
    went = telling.go(until="notify")
    assert (went["phase"], went["state"]) == ("notify", "done"), went
    assert got(servers) == {f"r{n}@example.com": 1 for n in (0, 1, 3, 4, 5)}
    by = {mail.recipients[0]: mail.message for mail in servers.smtp.accepted}
    assert by["r1@example.com"]["Subject"] == "Wir schließen den Geschäftsbereich retail"
    assert "Vertrag RC9 endet am 2099-06-30" in by["r1@example.com"].get_content()
    assert by["r4@example.com"]["Subject"] == "We are closing retail"
    rows = {row["name"]: row for row in telling("close", "notices", "retail", code=1) if row["id"].endswith("/0")}
    assert rows["R Kunde Ä1"]["state"] == "sent"
    assert rows["R Kunde Ä1"]["takes_effect_on"] == "2099-06-30"
    assert rows["No address at all"]["state"] == "missing"
    assert rows["Only a street"]["state"] == "letter"
    letter = (
        PdfReader(telling.folder / "closing/retail" / rows["Only a street"]["proof"]).pages[0].extract_text().split()
    )
    assert {"Von", "Nordlicht", "An", "Kai", "Kiel", "Fragen", "ana"} <= set(letter)
    assert any("find an address of customer_" in r for r in telling.status()["freeze"]["reasons"])
    telling.go()
    assert sum(got(servers).values()) == 5  # nothing twice
    # reminders are planned, and go out on their day
    assert sum(row["id"].endswith(("/1", "/2")) for row in telling("close", "notices", "retail", code=1)) == 10


@pytest.mark.timeout(180)
def test_two_notifiers_of_which_one_dies_with_the_250th_mail_write_to_nobody_twice(
    telling: Company, servers: MailServers
) -> None:
    telling.shop("shop").fill("customers", [{"name": f"K{n}", "mail": f"k{n}@example.com"} for n in range(300)])
    telling("sync", code=(0, 1))
    telling.go(until="notify")  # the scope is another one: sign again
    telling.plain("close", "approve", "retail", "notify", by="ben")
    addresses = {f"k{n}@example.com" for n in range(300)} | {f"r{n}@example.com" for n in (0, 1, 3, 4, 5)}
    running: list[subprocess.Popen[str]] = []

    def kill(count: int) -> None:
        if count == 250:  # the server has taken it, and nobody hears of that
            for process in running:
                if process.poll() is None:
                    os.kill(process.pid, signal.SIGKILL)
                    process.wait()

    servers.smtp.before_answer = kill
    running[:] = [started(telling) for _ in range(2)]
    (_, said), (_, other) = (process.communicate(timeout=150) for process in running)
    assert sorted(process.returncode for process in running) == [-signal.SIGKILL, 1]
    assert "another run works on it" in said + other
    assert (len(servers.smtp.accepted), max(got(servers).values())) == (250, 1)

    running[:] = [started(telling) for _ in range(2)]
    (_, said), (_, other) = (process.communicate(timeout=150) for process in running)
    assert [process.returncode for process in running] == [1, 1]  # one is refused, the other waits for a word
    assert "another run works on it" in said + other
    assert got(servers) == dict.fromkeys(addresses, 1)
    rows = [
        r for r in telling("close", "notices", "retail", code=1) if r["id"].endswith("/0") and r["channel"] == "mail"
    ]
    states = Counter(row["state"] for row in rows)
    assert states == {"sent": len(addresses) - 1, "unknown": 1, "missing": 1}
    (unknown,) = [row for row in rows if row["state"] == "unknown"]
    assert unknown["address"] == servers.smtp.accepted[249].recipients[0]
    assert unknown["id"] in telling.go(until="notify")["text"]
    telling.plain("close", "notices", "retail", "--decide", unknown["id"], "sent", by="ana", code=(0, 1))
    went = telling.go(until="notify")
    assert (went["state"], went["done"]) == ("done", len(addresses))  # with the letter, without the one decided about
    assert got(servers) == dict.fromkeys(addresses, 1)


def started(company: Company) -> subprocess.Popen[str]:
    """A process that goes on with the closing."""
    command = [sys.executable, "-m", "hub.cli", "--project", str(company.folder), "close", "run", "retail"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / p) for p in (".", "connectors", "flows"))}
    return subprocess.Popen(
        [*command, "--as", "ana"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_lost_answer_is_unknown_until_a_person_decides(telling: Company, servers: MailServers) -> None:
    servers.smtp.lose_answers = 1
    went = telling.go(until="notify")
    assert (went["phase"], went["state"]) == ("notify", "shut")
    assert "unknown" in went["text"]
    sent = sum(got(servers).values())
    telling.go(until="notify")
    assert sum(got(servers).values()) == sent
    (row,) = [r for r in telling("close", "notices", "retail", code=1) if r["state"] == "unknown"]
    telling.plain("close", "notices", "retail", "--decide", row["id"], "maybe", by="ana", code=2)
    telling.plain("close", "notices", "retail", "--decide", row["id"], "sent", by="ana", code=(0, 1))
    assert telling.go(until="notify")["state"] == "done"
    assert max(got(servers).values()) == 1


def test_a_bounce_becomes_a_task_and_a_delivery_is_proof(telling: Company, servers: MailServers) -> None:
    telling.go(until="notify")
    by = {mail.recipients[0]: mail.message["Message-ID"] for mail in servers.smtp.accepted}
    for address, action, status in (("r4@example.com", "failed", "5.1.1"), ("r5@example.com", "delivered", "2.0.0")):
        servers.deliver(bounce(address, action, status, by[address]), user=USER)
    telling.go()
    rows = {row["address"]: row for row in telling("close", "notices", "retail", code=1) if row["id"].endswith("/0")}
    assert rows["r4@example.com"]["state"] == "bounced"
    assert "5.1.1" in rows["r4@example.com"]["proof"]
    assert rows["r5@example.com"]["state"] == "delivered"
    assert any("another way" in t["title"] for t in telling("close", "task", "retail", code=(0, 1)))


def test_a_refused_address_is_a_task_and_the_others_go_on(telling: Company, servers: MailServers) -> None:
    servers.smtp.refuse["r4@example.com"] = "550 5.1.1 no such user"
    assert telling.go(until="notify")["state"] == "done"
    rows = {
        row["address"]: row["state"]
        for row in telling("close", "notices", "retail", code=1)
        if row["id"].endswith("/0")
    }
    assert rows["r4@example.com"] == "refused"
    assert rows["r5@example.com"] == "sent"


def test_a_login_that_has_ended_costs_nobody_their_notice(telling: Company, servers: MailServers) -> None:
    env = telling.folder / ".env"
    good = env.read_text()
    env.write_text(good.replace("HUB_MAIL_PASSWORD=canary-7f3a", "HUB_MAIL_PASSWORD=ended"))
    went = telling.go(until="notify")
    assert (went["phase"], went["state"]) == ("notify", "shut"), went
    assert not got(servers)
    assert {r.split(": ")[1].rstrip(";") for r in went["reasons"]} == {"due; see"}  # known not to have gone out
    env.write_text(good)
    assert telling.go(until="notify")["state"] == "done"
    assert set(got(servers).values()) == {1}


def test_going_back_tells_everybody_who_was_told(telling: Company, servers: MailServers) -> None:
    telling.go(until="notify")
    servers.smtp.accepted.clear()
    rows = telling("close", "back", "retail", "--yes", by="ana")
    assert rows[0]["told"] == 6
    assert got(servers) == {f"r{n}@example.com": 1 for n in (0, 1, 3, 4, 5)}
    assert servers.smtp.accepted[0].message["Subject"].startswith(("retail goes on", "retail geht weiter"))


def bounce(address: str, action: str, status: str, original: str) -> bytes:
    """A delivery status notice as a mail server writes one (RFC 3464)."""
    report = f"Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\n"
    head = EmailMessage()
    head["From"], head["To"], head["Subject"] = "mailer-daemon@mx.example.com", USER, "Delivery status"
    head["Message-ID"] = f"<dsn-{address}>"
    head["Date"] = "Tue, 03 Nov 2026 10:11:12 +0100"
    return (
        head.as_string().rstrip("\n")
        + "\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; "
        f'boundary="b"\n\n--b\nContent-Type: text/plain\n\nAbout your mail.\n\n--b\nContent-Type: message/delivery-status\n\n{report}'
        f"\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {original}\nTo: {address}\n\n--b--\n"
    ).encode()


@settings(max_examples=200, deadline=None)
@given(
    st.dates(date(2024, 1, 1), date(2035, 1, 1)),
    st.dates(date(2024, 1, 1), date(2035, 1, 1)),
    st.integers(0, 400),
    st.sampled_from(["month", "quarter", "year"]),
)
def test_a_contract_never_ends_before_its_notice_and_at_the_first_term_after_it(
    told: date, end: date, days: int, period: str
) -> None:
    found = takes_effect(
        {"end_on": end.isoformat(), "renewal": "automatic", "notice_days": days, "period": period}, told, 30
    )
    assert (found - told).days >= days
    assert found >= end
    step = {"month": 1, "quarter": 3, "year": 12}[period]
    terms = [months_later(end, step * n) for n in range(500)]
    assert found in terms
    before = terms[terms.index(found) - 1] if found != end else None
    assert before is None or (before - told).days < days
