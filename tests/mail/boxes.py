"""Real servers for the mail tests, started once; each test has an account that nobody used before."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from hub_mail import Mail

from hub.connect import Page, Record, Write
from hub.testing.mail import Dovecot, MailServers

PASSWORD = "canary-7f3a"
ACCOUNTS = {f"box{n}@hub.example": PASSWORD for n in range(300)}


@dataclass
class Box:
    """One account, the servers it lives on, and connectors to it."""

    servers: MailServers
    user: str
    opened: list[Mail] = field(default_factory=list)

    def mail(self, **settings: Any) -> Mail:
        """A new connector for the account."""
        self.opened.append(Mail(**{**self.servers.settings(self.user), "timeout": 10, **settings}))
        return self.opened[-1]

    def put(self, message: EmailMessage | bytes, folder: str = "INBOX", flags: str = "") -> None:
        self.servers.imap.append(self.user, message, folder, flags)


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return iter(itertools.count())


@pytest.fixture(scope="session")
def pymap() -> Iterator[MailServers]:
    with MailServers(ACCOUNTS) as servers:
        yield servers


@pytest.fixture(scope="session")
def dovecot() -> Iterator[MailServers]:
    if not Dovecot.installed():
        pytest.skip("dovecot is not installed; on Debian: apt-get install dovecot-imapd")
    with ExitStack() as stack:
        imap = stack.enter_context(Dovecot(ACCOUNTS))
        yield stack.enter_context(MailServers(imap=imap))


@pytest.fixture(params=["pymap", "dovecot"])
def servers(request: pytest.FixtureRequest) -> MailServers:
    """Both real servers, one after the other."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def box(servers: MailServers, numbers: Iterator[int]) -> Iterator[Box]:
    """A fresh account; SMTP has no faults at the start of a test."""
    servers.smtp.refuse.clear()
    servers.smtp.lose_answers, servers.smtp.answer = 0, None
    box = Box(servers, f"box{next(numbers) % len(ACCOUNTS)}@hub.example")
    yield box
    for mail in box.opened:
        mail.close()


def letter(
    subject: str = "Offer", text: str = "hello", sender: str = "Anna <anna@customer.example>", **more: str
) -> EmailMessage:
    """A mail as a customer writes one."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = more.pop("to", "sales@hub.example")
    message["Subject"] = subject
    message["Message-ID"] = f"<{more.pop('id', subject.replace(' ', '-'))}@customer.example>"
    message["Date"] = more.pop("date", "Tue, 03 Nov 2026 10:11:12 +0100")
    for name, value in more.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


def everything(mail: Mail, cursor: str | None = None) -> tuple[list[Record], str | None]:
    """All records of a pull, and its last cursor."""
    pages: list[Page] = list(mail.pull("messages", cursor))
    return [record for page in pages for record in page.records], pages[-1].cursor


def subjects(records: list[Record]) -> list[str]:
    return [record.data["subject"] for record in records if not record.deleted]


def write(our_id: str = "g1", **data: Any) -> Write:
    given = {"to": ["anna@customer.example"], "subject": "Re: Offer", "text": "Thanks"} | data
    return Write(data=given, key=None, expect=None, once=f"once-{our_id}", our_id=our_id)
