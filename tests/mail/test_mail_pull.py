"""Reading a mailbox, against pymap (no CONDSTORE) and, where it is installed, Dovecot (CONDSTORE and QRESYNC)."""

from __future__ import annotations

import hashlib
import imaplib
import json
import socket
import threading
import time
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from boxes import Box, everything, letter, subjects
from hub_mail import Mail, reading
from hub_mail.imap import Imap

from hub.connect import ConfigError, Unauthorized, Unavailable
from hub.testing.mail.imap import free_port


def test_a_mail_has_every_declared_field(box: Box) -> None:
    message = letter(cc="Büro <office@Customer.Example>", In_Reply_To="<b@x>", References="<a@x> <b@x>")
    message.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Angebot Ü.pdf")
    box.put(message)
    ((record,), _) = everything(box.mail())
    data = record.data
    assert data["message_id"] == "Offer@customer.example"
    assert (data["thread"], data["in_reply_to"], data["references"]) == ("a@x", "b@x", ["a@x", "b@x"])
    assert (data["from"], data["from_name"], data["to"]) == ("anna@customer.example", "Anna", ["sales@hub.example"])
    assert data["cc"] == ["office@customer.example"]
    assert (data["date"], data["text"], data["html"]) == ("2026-11-03T09:11:12Z", "hello", None)
    assert (data["direction"], data["state"], data["seen"], data["answered"]) == ("in", "received", False, False)
    assert data["attachments"] == [
        {
            "name": "Angebot Ü.pdf",
            "media_type": "application/pdf",
            "size": 6,
            "digest": "sha256:" + hashlib.sha256(b"%PDF-1").hexdigest(),
            "content": "JVBERi0x",
        }
    ]
    assert data["folder"] == "INBOX"
    assert data["size"] > 300
    assert record.changed_at is not None
    json.dumps(data)


def test_reading_marks_nothing_as_read(box: Box) -> None:
    box.put(letter())
    everything(box.mail())
    ((record,), _) = everything(box.mail())
    assert record.data["seen"] is False


def test_a_second_pull_brings_what_came_since(box: Box) -> None:
    mail = box.mail()
    box.put(letter("one"))
    first, cursor = everything(mail)
    assert subjects(first) == ["one"]
    assert everything(mail, cursor)[0] == []
    box.put(letter("two"))
    box.put(letter("three"))
    second, cursor = everything(mail, cursor)
    assert subjects(second) == ["two", "three"]
    assert everything(box.mail(), cursor)[0] == []


def test_a_pull_that_broke_off_goes_on_where_its_last_page_ended(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAILS", 2)
    for n in range(5):
        box.put(letter(f"m{n}"))
    pull = box.mail().pull("messages")
    page = next(pull)
    assert subjects(list(page.records)) == ["m0", "m1"]
    pull.close()
    assert subjects(everything(box.mail(), page.cursor)[0]) == ["m2", "m3", "m4"]


def test_a_changed_flag_brings_the_mail_again(box: Box) -> None:
    mail = box.mail()
    box.put(letter("one"))
    box.put(letter("two"))
    first, cursor = everything(mail)
    uid = int(first[0].key.rsplit("/", 1)[1])
    box.servers.imap.flag(box.user, uid, r"\Answered")
    again, cursor = everything(mail, cursor)
    assert [(r.key, r.data["answered"]) for r in again] == [(first[0].key, True)]
    assert everything(mail, cursor)[0] == []
    box.servers.imap.flag(box.user, uid, r"\Answered", on=False)
    assert [r.data["answered"] for r in everything(mail, cursor)[0]] == [False]


def test_an_expunged_mail_is_a_tombstone_once(box: Box) -> None:
    mail = box.mail()
    for name in ("one", "two", "three"):
        box.put(letter(name))
    first, cursor = everything(mail)
    box.servers.imap.expunge(box.user, int(first[1].key.rsplit("/", 1)[1]))
    box.put(letter("four"))
    second, cursor = everything(mail, cursor)
    assert [(r.key, r.deleted) for r in second if r.deleted] == [(first[1].key, True)]
    assert subjects(second) == ["four"]
    assert everything(mail, cursor)[0] == []
    assert subjects(everything(box.mail())[0]) == ["one", "three", "four"]


def test_a_folder_made_anew_is_read_again_and_its_old_keys_end_last(box: Box) -> None:
    mail = box.mail(folders=["INBOX", "Sent", "Work"])
    for name in ("one", "two"):
        box.put(letter(name), "Work")
    first, cursor = everything(mail)
    time.sleep(1.1)  # Dovecot makes UIDVALIDITY of the second
    box.servers.imap.remake(box.user, "Work")
    second, cursor = everything(mail, cursor)
    alive = [r for r in second if not r.deleted]
    assert [r.data["message_id"] for r in alive] == [r.data["message_id"] for r in first]
    assert not {r.key for r in alive} & {r.key for r in first}
    assert [r.key for r in second[len(alive) :]] == [r.key for r in first]
    assert everything(mail, cursor)[0] == []


def test_old_keys_end_even_when_the_reading_anew_broke_off(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = box.mail(folders=["INBOX", "Sent", "Work"])
    for name in ("one", "two", "three"):
        box.put(letter(name), "Work")
    first, cursor = everything(mail)
    time.sleep(1.1)
    box.servers.imap.remake(box.user, "Work")
    monkeypatch.setattr(reading, "MAILS", 1)
    pull = mail.pull("messages", cursor)
    pages = [page for page, _ in zip(pull, range(3), strict=False) if page.records]  # only the first mail got through
    rest, _ = everything(box.mail(folders=["INBOX", "Sent", "Work"]), pages[0].cursor)
    assert subjects(rest) == ["two", "three"]
    assert [r.key for r in rest if r.deleted] == [r.key for r in first]


def test_read_gives_mails_by_key_and_tombstones_for_the_rest(box: Box) -> None:
    box.put(letter("one"))
    mail = box.mail()
    ((record,), _) = everything(mail)
    gone = [record.key[:-1] + "99", "INBOX/1/1", "Nowhere/1/1", "nonsense"]
    found = {r.key: r for r in mail.read("messages", [record.key, *gone])}
    assert found[record.key] == record
    assert all(found[key].deleted for key in gone)
    assert len(found) == 5


def test_a_mail_over_the_limit_gives_its_headers(box: Box) -> None:
    message = letter("huge")
    message.add_attachment(bytes(300_000), maintype="application", subtype="zip", filename="x.zip")
    box.put(message)
    box.put(letter("small"))
    huge, small = everything(box.mail(largest_mail=100_000))[0]
    assert (huge.data["subject"], huge.data["partial"], huge.data["text"], huge.data["attachments"]) == (
        "huge",
        True,
        "",
        [],
    )
    assert huge.data["size"] > 400_000
    assert (small.data["partial"], small.data["text"]) == (False, "hello")


@pytest.mark.parametrize("servers", ["pymap"], indirect=True)
def test_twenty_megabytes_come_whole(box: Box) -> None:
    content = hashlib.sha256(b"seed").digest() * (20_000_000 // 32)
    message = letter("big")
    message.add_attachment(content, maintype="application", subtype="zip", filename="x.zip")
    box.put(message)
    ((record,), _) = everything(box.mail())
    assert record.data["attachments"][0]["digest"] == "sha256:" + hashlib.sha256(content).hexdigest()


def test_bad_mails_do_not_stop_the_others(box: Box) -> None:
    box.put(b"\r\n")
    box.put(b"Subject: caf\xe9\r\nContent-Type: text/plain; charset=klingon\r\n\r\ncaf\xe9\r\n")
    box.put(b"Subject: dup\r\nMessage-ID: <same@x>\r\n\r\none\r\n")
    box.put(b"Subject: dup\r\nMessage-ID: <same@x>\r\n\r\ntwo\r\n")
    box.put(letter("fine"))
    records = everything(box.mail())[0]
    assert len({r.key for r in records}) == 5
    assert [r.data["subject"] for r in records] == [None, "café", "dup", "dup", "fine"]
    assert records[1].data["text"] == "café"
    assert records[0].data["message_id"].endswith("@no-message-id.invalid")
    again = everything(box.mail())[0]
    assert [r.data for r in again] == [r.data for r in records]


def test_a_folder_name_beyond_ascii_is_read(box: Box) -> None:
    mail = box.mail(folders=["INBOX", "Entwürfe & mehr"], sent="Entwürfe & mehr")
    mail.imap.make("Entwürfe & mehr")
    mail.imap.append("Entwürfe & mehr", letter("one").as_bytes())
    ((record,), _) = everything(mail)
    assert record.key.startswith("Entwürfe & mehr/")
    assert record.data["direction"] == "out"


def test_a_missing_folder_is_named(box: Box) -> None:
    with pytest.raises(ConfigError, match=r"'Projects' is not there; there are: .*INBOX"):
        everything(box.mail(folders=["INBOX", "Sent", "Projects"]))


def test_idle_says_when_something_came(box: Box) -> None:
    mail = box.mail()
    everything(mail)
    assert mail.idle("INBOX", 0.3) is False
    later = threading.Timer(0.3, box.put, [letter()])
    later.start()
    begun = time.monotonic()
    assert mail.idle("INBOX", 15) is True
    assert time.monotonic() - begun < 10
    later.join()
    assert subjects(everything(mail)[0]) == ["Offer"]


def test_idle_waits_for_the_rest_of_a_line() -> None:
    """A server may send a line in two parts, whatever the network does with them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        imap = parted(ours)
        later = threading.Timer(0.2, theirs.sendall, [b"XISTS\r\n"])
        theirs.sendall(b"* 3 E")
        later.start()
        assert imap._idle(5) == b"* 3 EXISTS"
        later.join()
        assert imap._idle(0.05) == b""
        theirs.close()
        with pytest.raises(imaplib.IMAP4.abort):
            imap._idle(5)


def parted(sock: socket.socket) -> Imap:
    """A connection over a socket of ours, which takes IDLE for begun and ended."""

    wire = imaplib.IMAP4.__new__(imaplib.IMAP4)  # without its greeting and login
    wire.sock, wire.file, wire.debug = sock, sock.makefile("rb"), 0
    wire._cmd_log, wire._cmd_log_idx, wire._cmd_log_len = {}, 0, 10
    imap = Imap.__new__(Imap)
    imap.box = SimpleNamespace(client=wire, idle=nullcontext())
    return imap


def test_idle_does_not_miss_what_came_after_the_pull(box: Box) -> None:
    mail = box.mail()
    everything(mail)
    box.put(letter())
    begun = time.monotonic()
    assert mail.idle("INBOX", 15) is True
    assert time.monotonic() - begun < 5


def test_check_wants_right_credentials_and_never_tells_them(box: Box) -> None:
    box.mail().check()
    with pytest.raises(Unauthorized) as refused:
        box.mail(password="wrong-canary").check()
    assert box.user in str(refused.value)
    assert "wrong-canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert "canary" not in repr(box.mail())


def test_a_server_that_is_not_there_is_unavailable(box: Box) -> None:
    with pytest.raises(Unavailable, match=r"imap 127\.0\.0\.1"):
        box.mail(imap_port=free_port()).check()


def test_a_broken_connection_is_made_anew(box: Box) -> None:
    mail = box.mail()
    box.put(letter())
    _, cursor = everything(mail)
    mail.imap.box.client.sock.shutdown(socket.SHUT_RDWR)
    with pytest.raises(Unavailable):
        everything(mail, cursor)
    box.put(letter("two"))
    assert subjects(everything(mail, cursor)[0]) == ["two"]


def test_a_cursor_nobody_can_read_means_from_the_beginning(box: Box) -> None:
    box.put(letter())
    assert subjects(everything(box.mail(), "{broken")[0]) == ["Offer"]


@pytest.mark.parametrize("servers", ["dovecot"], indirect=True)
def test_changes_are_asked_for_by_number_where_that_works(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = box.mail()
    assert mail.imap.qresync
    for n in range(5):
        box.put(letter(f"m{n}"))
    first, cursor = everything(mail)
    box.servers.imap.flag(box.user, int(first[0].key.rsplit("/", 1)[1]), r"\Seen")
    box.servers.imap.expunge(box.user, int(first[3].key.rsplit("/", 1)[1]))
    asked: list[str] = []
    real = mail.imap.sizes
    monkeypatch.setattr(mail.imap, "sizes", lambda f, low, high: asked.append(f"{low}:{high}") or real(f, low, high))
    second, _ = everything(mail, cursor)
    assert [(r.key, r.deleted) for r in second] == [(first[0].key, False), (first[3].key, True)]
    assert all(not low.startswith("1:") or low == "1:0" for low in asked), (
        asked
    )  # nothing was listed from the beginning


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="from_address"):
        Mail("h", "h", "user", "secret")
    with pytest.raises(ConfigError, match="folders"):
        Mail("h", "h", "user@x.example", "secret", folders=["INBOX"])
