"""Notices over a real SMTP server: once each, whatever dies; bounces, letters, notice periods."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage

import pytest
from conftest import Stage
from hypothesis import given, settings
from hypothesis import strategies as st
from line import ROOT, Company, connection

from hub.closure.letters import months_later, takes_effect
from hub.testing.mail import MailServers

USER = "close@hub.example"


@pytest.fixture(scope="module")
def servers() -> Iterator[MailServers]:
    with MailServers({USER: "canary-7f3a"}) as found:
        yield found


@pytest.fixture
def telling(at: Stage, servers: MailServers) -> Company:
    """Retail is planned with a notice to its customers, approved to be told."""
    servers.smtp.refuse.clear()
    servers.smtp.sent.clear()
    servers.smtp.accepted.clear()
    servers.smtp.lose_answers = 0
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
    shop.add("customers", name="Only a street", street="Kai 1", city="Kiel")
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
    assert (telling.folder / "closing/retail" / rows["Only a street"]["proof"]).read_bytes().startswith(b"%PDF")
    assert any("find an address of customer_" in r for r in telling.status()["freeze"]["reasons"])
    telling.go()
    assert sum(got(servers).values()) == 5  # nothing twice
    # reminders are planned, and go out on their day
    assert sum(row["id"].endswith(("/1", "/2")) for row in telling("close", "notices", "retail", code=1)) == 10


def test_killed_in_the_middle_nobody_is_written_to_twice(telling: Company, servers: MailServers) -> None:
    telling.shop("shop").fill("customers", [{"name": f"K{n}", "mail": f"k{n}@example.com"} for n in range(12)])
    telling("sync", code=(0, 1))
    telling.go(until="notify")  # the scope is another one: sign again
    telling.plain("close", "approve", "retail", "notify", by="ben")
    command = [
        sys.executable,
        "-m",
        "hub.cli",
        "--project",
        str(telling.folder),
        "close",
        "run",
        "retail",
        "--as",
        "ana",
    ]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / p) for p in (".", "connectors", "flows"))}
    first = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(servers.smtp.accepted) < 6 and time.monotonic() < deadline and first.poll() is None:
        time.sleep(0.002)
    second = subprocess.run([*command], env=env, capture_output=True, text=True, check=False)  # started twice
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert second.returncode == 1
    for _ in range(3):
        if telling.go(until="notify")["state"] == "done":
            break
        for row in telling("close", "notices", "retail", code=1):
            if row["state"] == "unknown":
                telling.plain("close", "notices", "retail", "--decide", row["id"], "sent", by="ana", code=(0, 1))
    assert telling.status()["notify"]["state"] == "done"
    mails = got(servers)
    assert max(mails.values()) == 1
    missed = {f"k{n}@example.com" for n in range(12)} - set(mails)
    assert len(missed) <= 1  # at most the one a person has decided about


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
