"""Sending over a real SMTP server: one mail to all or none, a copy kept, and what is known when the answer is lost."""

from __future__ import annotations

import base64
import hashlib
import logging
import traceback
from dataclasses import replace

import pytest
from boxes import PASSWORD, Box, everything, letter, write
from hub_mail.sign_in import SignIn

from hub.connect import RateLimited, Receipt, Record, Rejected, Secret, Unauthorized, Unavailable
from hub.connect.retry import NotSent
from hub.testing.mail.imap import free_port

OUTSIDE = "anna@customer.example"


def test_a_mail_goes_out_and_its_copy_is_the_receipt(box: Box) -> None:
    mail = box.mail(from_name="Hub GmbH & Söhne")
    content = base64.b64encode(b"%PDF-1").decode()
    given = write(
        cc=["boss@customer.example"],
        subject="Angebot für Zoë",
        text="Guten Tag\n\nÄhnliches folgt.",
        in_reply_to="q@customer.example",
        references=["root@customer.example"],
        attachments=[{"name": "Angebot Ü.pdf", "media_type": "application/pdf", "content": content}],
    )
    before = len(box.servers.sent)
    (receipt,) = mail.push("messages", [given])
    assert isinstance(receipt, Receipt)
    assert receipt.key.startswith("Sent/")
    (sent,) = box.servers.sent[before:]
    assert (sent.sender, sent.recipients) == (box.user, (OUTSIDE, "boss@customer.example"))
    assert sent.message["Message-ID"] == "<hub.g1@hub.example>"
    assert sent.message["From"].addresses[0].display_name == "Hub GmbH & Söhne"
    assert sent.message["In-Reply-To"] == "<q@customer.example>"
    assert sent.message["References"].split() == ["<root@customer.example>", "<q@customer.example>"]
    data = receipt.data
    assert (data["direction"], data["state"], data["seen"]) == ("out", "sent", True)
    assert (data["thread"], data["message_id"]) == ("root@customer.example", "hub.g1@hub.example")
    assert {field: data[field] for field in ("to", "cc", "subject", "text", "in_reply_to")} == {
        field: given.data[field] for field in ("to", "cc", "subject", "text", "in_reply_to")
    }
    assert data["attachments"][0]["content"] == content


def test_the_next_pull_shows_the_sent_mail_exactly_as_the_receipt_did(box: Box) -> None:
    mail = box.mail()
    _, cursor = everything(mail)
    (receipt,) = mail.push("messages", [write()])
    ((record,), _) = everything(mail, cursor)
    assert isinstance(receipt, Receipt)
    assert record == Record(receipt.key, receipt.data, changed_at=receipt.changed_at, our_id="g1")


def test_the_same_write_again_sends_nothing(box: Box) -> None:
    (first,) = box.mail().push("messages", [write()])
    before = len(box.servers.smtp.accepted)
    (second,) = box.mail().push("messages", [write()])
    assert second == first
    assert len(box.servers.smtp.accepted) == before


def test_find_gives_what_was_sent_and_nothing_else(box: Box) -> None:
    mail = box.mail()
    assert list(mail.find("messages", ["g1"])) == []  # there is no sent folder yet
    (receipt,) = mail.push("messages", [write("g1")])
    list(mail.push("messages", [write("g11")]))
    ((our_id, record),) = mail.find("messages", ["g1", "g2"])
    assert isinstance(receipt, Receipt)
    assert (our_id, record.key, record.our_id) == ("g1", receipt.key, "g1")


def test_an_id_that_no_header_can_carry_is_found_all_the_same(box: Box) -> None:
    odd = 'ü "quoted"\r\nX: y' * 9
    (receipt,) = box.mail().push("messages", [write(odd)])
    ((our_id, record),) = box.mail().find("messages", [odd])
    assert (our_id, record.key, record.our_id) == (odd, receipt.key, None)


def test_a_strangers_mail_with_our_kind_of_id_is_not_taken_for_ours(box: Box) -> None:
    box.put(
        letter(id="x", sender=f"Forger <{box.user}>", text="pay here")
        .as_bytes()
        .replace(b"<x@customer", b"<hub.g1@hub")
    )
    mail = box.mail()
    assert [r.our_id for r in everything(mail)[0]] == [None]
    assert list(mail.find("messages", ["g1"])) == []


def test_a_mail_among_ourselves_arrives(box: Box) -> None:
    list(box.mail().push("messages", [write(to=[box.user])]))
    assert {r.data["folder"] for r in everything(box.mail())[0]} == {"INBOX", "Sent"}


def test_a_refused_addressee_keeps_all_from_getting_it(box: Box) -> None:
    box.servers.smtp.refuse["nobody@customer.example"] = "550 5.1.1 no such user here"
    before = len(box.servers.smtp.accepted)
    bad, good = box.mail().push("messages", [write("g1", cc=["nobody@customer.example"]), write("g2")])
    assert isinstance(bad, Rejected)
    assert "no such user here" in str(bad)
    assert "nobody@customer.example" in str(bad)
    assert bad.fields == ("to",)
    assert isinstance(good, Receipt)
    (only,) = box.servers.smtp.accepted[before:]
    assert only.recipients == (OUTSIDE,)


@pytest.mark.parametrize("when", ["addressee", "data"])
def test_a_server_that_asks_to_wait_got_nothing(box: Box, when: str) -> None:
    if when == "addressee":
        box.servers.smtp.refuse[OUTSIDE] = "450 4.2.0 greylisted, come back"
    else:
        box.servers.smtp.answer = "451 4.3.0 come back later"
    before = len(box.servers.smtp.accepted)
    mail = box.mail()
    (answer,) = mail.push("messages", [write()])
    assert isinstance(answer, RateLimited)
    assert "come back" in str(answer)
    assert len(box.servers.smtp.accepted) == before
    box.servers.smtp.refuse.clear()
    assert isinstance(next(iter(mail.push("messages", [write()]))), Receipt)


def test_a_mail_refused_for_good_after_its_data_is_rejected(box: Box) -> None:
    box.servers.smtp.answer = "554 5.7.1 looks like spam"
    (answer,) = box.mail().push("messages", [write()])
    assert isinstance(answer, Rejected)
    assert "looks like spam" in str(answer)


def test_a_lost_answer_is_unknown_and_the_second_try_is_the_same_mail(box: Box) -> None:
    """SMTP cannot take a mail once; what is promised is that both carry one Message-ID, and the copy is one."""
    mail = box.mail()
    box.servers.smtp.lose_answers = 1
    before = len(box.servers.smtp.accepted)
    lost, other = mail.push("messages", [write("g1"), write("g2")])
    assert type(lost) is Unavailable
    assert "may have been taken" in str(lost)
    assert isinstance(other, Receipt)
    assert list(mail.find("messages", ["g1"])) == []
    (receipt,) = mail.push("messages", [write("g1")])
    assert isinstance(receipt, Receipt)
    ids = [taken.message["Message-ID"] for taken in box.servers.smtp.accepted[before:]]
    assert ids == ["<hub.g1@hub.example>", "<hub.g2@hub.example>", "<hub.g1@hub.example>"]
    assert [r.our_id for r in everything(mail)[0]] == ["g2", "g1"]


def test_with_a_copy_to_ourselves_a_lost_answer_sends_nothing_twice(box: Box) -> None:
    mail = box.mail(copy_to_self=True)
    box.servers.smtp.lose_answers = 1
    before = len(box.servers.smtp.accepted)
    (lost,) = mail.push("messages", [write()])
    assert type(lost) is Unavailable
    ((our_id, found),) = mail.find("messages", ["g1"])
    assert (our_id, found.data["folder"]) == ("g1", "INBOX")
    (receipt,) = mail.push("messages", [write()])
    assert isinstance(receipt, Receipt)
    assert len(box.servers.smtp.accepted) == before + 1
    assert OUTSIDE in box.servers.smtp.accepted[-1].recipients


def test_a_copy_that_could_not_be_filed_is_filed_by_find(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = box.mail()
    box.put(letter())
    real = mail.imap.append

    def broken(folder: str, raw: bytes) -> None:
        raise Unavailable("the line is cut")

    monkeypatch.setattr(mail.imap, "append", broken)
    before = len(box.servers.smtp.accepted)
    (answer,) = mail.push("messages", [write()])
    assert isinstance(answer, Unavailable)
    monkeypatch.setattr(mail.imap, "append", real)
    ((our_id, _),) = mail.find("messages", ["g1"])
    assert our_id == "g1"
    (receipt,) = mail.push("messages", [write()])
    assert isinstance(receipt, Receipt)
    assert len(box.servers.smtp.accepted) == before + 1


def test_an_unreachable_server_stops_the_batch_with_nothing_sent(box: Box) -> None:
    with pytest.raises(NotSent, match="no connection"):
        list(box.mail(smtp_port=free_port()).push("messages", [write("g1"), write("g2")]))


def test_a_sent_mail_cannot_be_changed(box: Box) -> None:
    mail = box.mail()
    (receipt,) = mail.push("messages", [write()])
    assert isinstance(receipt, Receipt)
    before = len(box.servers.smtp.accepted)
    (changed,) = mail.push("messages", [replace(write(), key=receipt.key)])
    assert isinstance(changed, Rejected)
    assert "cannot be changed" in str(changed)
    assert len(box.servers.smtp.accepted) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "Hello\r\nBcc: victim@customer.example"),
        ("subject", "Hello\nBcc: victim@customer.example"),
        ("to", ["anna@customer.example\r\nBcc: victim@customer.example"]),
        ("to", ["anna@customer.example, victim@customer.example"]),
        ("to", ["Anna <anna@customer.example>"]),
        ("to", ["anna"]),
        ("to", []),
        ("cc", ["a@b\x00.example"]),
        ("in_reply_to", "a@b>\r\nBcc: victim@customer.example"),
        ("references", ["a@b> <c@d"]),
        ("attachments", [{"name": 'x.pdf"\r\nX: y', "media_type": "application/pdf", "content": "AAAA"}]),
        ("attachments", [{"name": "x.pdf", "media_type": "application/pdf\r\nX: y", "content": "AAAA"}]),
        ("attachments", [{"name": "x.pdf", "media_type": "application/pdf"}]),
        ("attachments", [{"name": "x.pdf", "content": "%%%"}]),
        ("attachments", [{"name": "x.pdf", "content": "AAAA", "digest": f"sha256:{hashlib.sha256(b'').hexdigest()}"}]),
        ("from", "someone.else@customer.example"),
        ("direction", "in"),
    ],
)
@pytest.mark.parametrize("servers", ["pymap"], indirect=True)
def test_what_was_not_meant_is_refused_with_its_field(box: Box, field: str, value: object) -> None:
    before = len(box.servers.smtp.accepted)
    (answer,) = box.mail().push("messages", [write(**{field: value})])
    assert isinstance(answer, Rejected)
    assert answer.fields == (field,)
    assert len(box.servers.smtp.accepted) == before


@pytest.mark.parametrize("servers", ["pymap"], indirect=True)
def test_the_password_is_in_no_error_and_no_log(box: Box, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    box.servers.smtp.lose_answers = 1
    told = []
    mail = box.mail()
    (answer,) = mail.push("messages", [write()])
    told.append(str(answer))
    for settings in ({"user": "box0@hub.example", "password": PASSWORD + "x"}, {"smtp_port": free_port()}):
        try:
            list(box.mail(**settings).push("messages", [write("g9")]))
        except (Unauthorized, Unavailable):
            told.append(traceback.format_exc())
    assert len(told) == 3
    assert all(
        PASSWORD not in text for text in [*told, caplog.text, repr(mail), repr(mail._smtp), repr(mail._connected)]
    )


@pytest.mark.parametrize("servers", ["pymap"], indirect=True)
def test_a_wrong_smtp_password_is_unauthorized(box: Box) -> None:
    mail = box.mail()
    mail._smtp._sign = SignIn(box.user, Secret("other"))
    with pytest.raises(Unauthorized, match=r"smtp .*login of .* refused \(535\)"):
        list(mail.push("messages", [write()]))
