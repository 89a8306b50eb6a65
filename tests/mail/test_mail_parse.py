"""Mails as they come: whatever is wrong with the bytes, there is a record, and it is JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hub_mail.compose import compose, message_id, our_id, written
from hub_mail.cursor import Place, Uids, dump, load
from hub_mail.parse import parse
from hub_mail.plain import plain
from hypothesis import given, settings
from hypothesis import strategies as st

EMPTY = parse(b"")


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"From: ", b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"]),
)
def test_no_bytes_break_it(raw: bytes, before: bytes) -> None:
    data = parse(before + raw)
    assert data.keys() == EMPTY.keys()
    text = json.dumps(data, ensure_ascii=False)
    assert text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")  # a backslash that a mail really holds is written twice
    assert data == parse(before + raw)


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("gb2312", "你好，镕基".encode("gb18030"), "你好，镕基"),
        ("iso-8859-1", "“5 €”".encode("cp1252"), "“5 €”"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("klingon", "Grüße".encode(), "Grüße"),
        ("base64", b"plain", "plain"),
        ('"utf-8', "é".encode(), "é"),
        ("shift_jis", "①髙橋".encode("cp932"), "①髙橋"),
    ],
)
def test_a_charset_is_believed_as_far_as_it_fits(charset: str, raw: bytes, text: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n".encode()
    assert parse(head + raw)["text"] == text


@pytest.mark.parametrize(
    ("head", "field", "value"),
    [
        (b"Subject: =?utf-8?B?R3LDvMOf?=\r\n =?utf-8?Q?e_?=", "subject", "Grüße"),
        (b"Subject: caf\xc3\xa9", "subject", "café"),
        (b"Subject: caf\xe9", "subject", "café"),
        (b'From: "=?gb2312?B?xOO6ww==?=" <Li@QQ.com>', "from_name", "你好"),
        (b"From: Li <Li@QQ.com>", "from", "Li@qq.com"),
        (b"From: nobody at all", "from", None),
        (b"Sender: a@b.example", "from", "a@b.example"),
        (b"To: undisclosed-recipients:;", "to", []),
        (b"To: team: a@x.example, b@x.example;, c@x.example", "to", ["a@x.example", "b@x.example", "c@x.example"]),
        (b"To: a@x.example\r\nTo: b@x.example", "to", ["a@x.example", "b@x.example"]),
        (b"Date: Tue, 3 Nov 2026 10:00:00 -0800", "date", "2026-11-03T18:00:00Z"),
        (b"Date: 99 Foo 2026", "date", "2026-11-04T00:00:00Z"),
        (b"Date: Thu, 1 Jan 1970 00:00:00 +0000", "date", "2026-11-04T00:00:00Z"),
        (b"Message-ID: < a b@c >", "message_id", "ab@c"),
        (b"Message-ID: bare@c", "message_id", "bare@c"),
        (b"References: =?utf-8?q?=3Ca=40b=3E?=", "references", ["a@b"]),
        (b"References: <a@b>\r\n\t<c@d> <a@b>\r\nIn-Reply-To: <c@d>", "thread", "a@b"),
        (b"In-Reply-To: Your mail of Monday <c@d>", "thread", "c@d"),
        (b"Message-ID: <own@c>", "thread", "own@c"),
    ],
)
def test_headers_as_people_send_them(head: bytes, field: str, value: object) -> None:
    assert parse(head + b"\r\n\r\nx", arrived=datetime(2026, 11, 4, tzinfo=UTC))[field] == value


def test_a_mail_without_an_id_gets_the_same_one_every_time() -> None:
    one, same, other = parse(b"Subject: a\r\n\r\nx\r\n"), parse(b"Subject: a\n\nx\n"), parse(b"Subject: a\r\n\r\ny\r\n")
    assert one["message_id"] == same["message_id"] != other["message_id"]


def test_html_alone_becomes_text() -> None:
    html = b"Content-Type: text/html; charset=utf-8\r\n\r\n<style>p{}</style><p>Hi&nbsp;Zo&euml;<br>line</p><ul><li>one<li>two</ul>"
    data = parse(html + b'<a href="https://x.example/a">there</a>')
    assert data["text"] == "Hi Zoë\nline\n\n- one\n- two\n\nthere <https://x.example/a>"
    assert data["html"].startswith("<style>")


def test_parts_become_text_and_attachments_without_paths() -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
        b"--i\r\nContent-Type: text/plain\r\n\r\nplain\r\n--i\r\nContent-Type: text/html\r\n\r\n<b>rich</b>\r\n--i--\r\n"
        b'--o\r\nContent-Disposition: attachment; filename="..\\\\..\\\\evil/../pass\\"wd"\r\n\r\nx\r\n'
        b"--o\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n"
        b"--o\r\nContent-Type: application/pdf; name*=utf-8''%E4%BD%A0.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAA=A=!\r\n"
    )  # the closing boundary never comes
    data = parse(raw)
    assert (data["text"], data["html"]) == ("plain", "<b>rich</b>")
    assert [a["name"] for a in data["attachments"]] == ['pass"wd', None, "你.pdf"]
    assert data["attachments"][1]["media_type"] == "message/rfc822"


def test_a_thousand_parts_in_parts_are_survived() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(1500))
    assert parse(b"Subject: deep\r\n" + raw)["subject"] == "deep"


def test_long_ids_and_addresses_survive_being_written_and_read() -> None:
    ids = ["x" * 150 + f"{n}@mail.example" for n in range(30)]
    data = {"to": ["info@bücher.example"], "subject": "Grüße " * 40 + "end", "text": "é\n.\nend", "references": ids}
    message, recipients = compose(data, message_id("g1", "hub.example"), "me@hub.example")
    back = parse(written(message, recipients))
    assert back["references"] == ids
    assert (back["subject"], back["text"]) == (data["subject"], data["text"])
    assert recipients == ["info@xn--bcher-kva.example"]
    assert all(len(line) < 998 for line in written(message, recipients).split(b"\r\n"))


def test_our_id_is_read_from_a_message_id_of_ours_only() -> None:
    assert our_id(message_id("01J-ab_c", "hub.example")) == "01J-ab_c"
    assert our_id(message_id("strange id", "hub.example")) is None
    assert our_id("somebody@hub.example") is None
    assert (
        message_id("strange id", "hub.example")
        == message_id("strange id", "hub.example")
        != message_id("x", "hub.example")
    )


@given(st.sets(st.integers(1, 60)), st.sets(st.integers(1, 60)))
def test_ranges_of_uids_are_sets(left: set[int], right: set[int]) -> None:
    one, other = Uids.of(left), Uids.of(right)
    assert (set(one & other), set(one - other)) == (left & right, left - right)
    assert set(Uids.read(str(one))) == left
    assert len(one) == len(left)


def test_a_cursor_there_and_back() -> None:
    places = {"Entwürfe": Place(7, 12, 99, Uids.of([1, 2, 3, 9]), {9: "SA"}, [(3, Uids.of([1, 5]))])}
    back = load(dump(places))
    assert dump(back) == dump(places)
    assert list(back["Entwürfe"].known) == [1, 2, 3, 9]


def test_text_of_html_keeps_cells_apart_and_scripts_out() -> None:
    assert plain("<table><tr><td>a<td>b</tr></table><script>x</script>") == "a b"
    assert plain("<![if x]>a") == "a"
