"""The shipped mapping makes a canonical message of a mail, and a mail of a message."""

from __future__ import annotations

from pathlib import Path

from hub_mail.compose import compose
from hub_mail.parse import parse

from hub.mapping import check, load
from hub.model import Message, typed

MAPPING = Path(__file__).parents[2] / "mappings" / "mail.messages.toml"
RAW = (
    b"From: Anna <anna@customer.example>\r\nTo: sales@hub.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Date: Tue, 3 Nov 2026 10:00:00 -0800\r\nMessage-ID: <q@customer.example>\r\nReferences: <root@customer.example>\r\n"
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nbody\r\n--x\r\n"
    b"Content-Disposition: attachment; filename=a.txt\r\n\r\nfoo\r\n--x--\r\n"
)


def test_the_file_has_no_findings() -> None:
    assert check(load(MAPPING)) == []


def test_a_mail_becomes_a_message() -> None:
    reading = load(MAPPING).read(parse(RAW) | {"direction": "in", "state": "received"})
    assert list(reading.problems) == []
    message = typed(Message, reading.values)
    assert isinstance(message, Message)
    assert (message.message_id, message.thread) == ("q@customer.example", "root@customer.example")
    assert (message.subject, message.body, message.channel) == ("Grüße", "body", "email")
    assert (message.sender, message.recipients) == ("anna@customer.example", ["sales@hub.example"])
    assert (message.direction, message.state) == ("in", "received")
    assert message.sent_at is not None
    assert message.sent_at.isoformat() == "2026-11-03T18:00:00+00:00"
    assert [(a.name, a.size) for a in message.attachments] == [("a.txt", 3)]


def test_a_message_becomes_a_mail_that_can_be_sent() -> None:
    values = {
        "subject": "Re: Grüße",
        "body": "Thanks",
        "recipients": ["anna@customer.example"],
        "direction": "out",
        "in_reply_to": "q@customer.example",
        "state": "queued",
        "sent_at": None,
        "sender": None,
    }
    writing = load(MAPPING).write(values, create=True)
    assert "state" not in writing.data
    message, recipients = compose(writing.data, "hub.g1@hub.example", "sales@hub.example")
    assert recipients == ["anna@customer.example"]
    assert message["In-Reply-To"] == "<q@customer.example>"
