"""One mail's bytes to the record the hub keeps; whatever is wrong with the bytes, there is a record."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

from hub_mail import headers
from hub_mail.plain import plain
from hub_mail.text import clean, decode

DEEPEST = 40  # parts within parts; more is an attack, no mail


def parse(raw: bytes, *, arrived: datetime | None = None, head_only: bool = False) -> dict[str, Any]:
    """The mail as JSON-safe values, every field present. `head_only`: the bytes are the headers of a larger mail."""
    message = _message(raw)
    sender = headers.people(message, "From") or headers.people(message, "Sender")
    own_id = (headers.ids(message, "Message-ID") or [_made_id(raw)])[0]
    answers = headers.ids(message, "In-Reply-To")
    references = headers.ids(message, "References")
    sent = headers.moment(message, arrived)
    texts, htmls, attachments = ([], [], []) if head_only else _contents(message)
    html = "\n".join(htmls) or None
    text = "\n".join(texts).strip() or (_readable(html) if html else "")
    return {
        "message_id": own_id,
        "thread": (references or answers or [own_id])[0],
        "in_reply_to": answers[0] if answers else None,
        "references": references,
        "from": sender[0][1] if sender else None,
        "from_name": (sender[0][0] or None) if sender else None,
        "to": [found for _, found in headers.people(message, "To")],
        "cc": [found for _, found in headers.people(message, "Cc")],
        "subject": headers.header(message, "Subject") or None,
        "date": sent.strftime("%Y-%m-%dT%H:%M:%SZ") if sent else None,
        "text": text,
        "html": html,
        "attachments": attachments,
        "partial": head_only,
    }


def _message(raw: bytes) -> EmailMessage:
    try:
        message = message_from_bytes(raw, policy=default)
    except headers.PARSER_FAULTS:
        # The body is past understanding (a thousand parts in parts): the headers still are a mail.
        head = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)[0]
        message = message_from_bytes(head + b"\r\nContent-Type: text/plain\r\n\r\n", policy=default)
    if not isinstance(message, EmailMessage):
        raise TypeError("the default policy makes an EmailMessage")
    return message


def _made_id(raw: bytes) -> str:
    """A stable id for a mail without one: the same bytes give the same id, in whatever folder they lie."""
    same = raw.replace(b"\r\n", b"\n").rstrip()  # line ends change on the way through servers
    return f"{hashlib.sha256(same).hexdigest()[:40]}@no-message-id.invalid"


def _readable(html: str) -> str:
    try:
        return plain(html)
    except headers.PARSER_FAULTS:  # html.parser gives up on some marked sections
        return re.sub(r"<[^>]*>", " ", html).strip()


def _leaves(part: Message, depth: int = 0) -> Iterator[Message]:
    inner = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(inner, list) and depth < DEEPEST:
        for one in inner:
            if isinstance(one, Message):
                yield from _leaves(one, depth + 1)
    else:
        yield part


def _contents(message: EmailMessage) -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """The plain texts, the HTML texts, and the attachments, in the order of the mail."""
    texts: list[str] = []
    htmls: list[str] = []
    attachments: list[dict[str, Any]] = []
    for part in _leaves(message):
        kind, name, disposition = _declared(part)
        content = _bytes(part)
        if disposition != "attachment" and not name and kind in ("text/plain", "text/html"):
            text = decode(content, _charset(part)).strip("\n")
            (texts if kind == "text/plain" else htmls).append(text)
        elif content or name:
            attachments.append(_attachment(name, kind, content))
    return texts, htmls, attachments


def _declared(part: Message) -> tuple[str, str | None, str | None]:
    """Media type, file name and disposition of a part, as far as they can be read."""
    try:
        kind = part.get_content_type()
    except headers.PARSER_FAULTS:
        kind = "application/octet-stream"
    try:
        name = part.get_filename()
    except headers.PARSER_FAULTS:
        name = "unnamed"
    try:
        disposition = part.get_content_disposition()
    except headers.PARSER_FAULTS:
        disposition = "attachment"
    if kind.startswith("multipart/") and not part.is_multipart():  # its boundary never comes: what is there is text
        kind = "text/plain"
    return clean(kind), _file_name(name), disposition


def _file_name(name: str | None) -> str | None:
    """A bare file name: a path in it is dropped, since someone will save under that name one day."""
    if not name:
        return None
    text = " ".join(clean(headers.words(name) if "=?" in name else name).split())
    return re.split(r"[/\\]", text)[-1].strip(". ") or "unnamed"


def _charset(part: Message) -> str | None:
    try:
        value = part.get_param("charset")
    except headers.PARSER_FAULTS:
        return None
    return value[2] if isinstance(value, tuple) else value


def _bytes(part: Message) -> bytes:
    inner = part.get_payload()
    if isinstance(inner, list):  # an attached mail, or parts nested too deep
        try:
            return b"".join(one.as_bytes() for one in inner if isinstance(one, Message))
        except headers.PARSER_FAULTS:
            return b""
    try:
        content = part.get_payload(decode=True)
    except headers.PARSER_FAULTS:
        content = None
    if isinstance(content, bytes):
        return content
    return inner.encode("utf-8", "surrogateescape") if isinstance(inner, str) else b""


def _attachment(name: str | None, kind: str, content: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "media_type": kind,
        "size": len(content),
        "digest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "content": base64.b64encode(content).decode(),
    }
