"""A write to a mail: addresses, headers and parts, with nothing in them that was not meant."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any

from hub.connect import Rejected


class Wire(EmailPolicy):
    """How a mail is written. The library would turn message ids longer than a line into encoded words, which no
    mail program takes for ids (RFC 2047, 5): they are folded between ids only.
    """

    def fold(self, name: str, value: Any) -> str:
        """Return a header as it is sent."""
        if name.lower() in ("message-id", "in-reply-to", "references"):
            return f"{name}: {(self.linesep + ' ').join(str(value).split())}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Return a header as it is sent, in bytes."""
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


# Base64 and quoted-printable instead of raw 8-bit text: every server takes it, and nothing rewrites it on the way.
POLICY = Wire(linesep="\r\n", cte_type="7bit")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
ADDRESS = re.compile(r"""(?P<local>[^\s@<>()\[\],;:"\\]+)@(?P<domain>[^\s@<>()\[\],;:"\\]+)""")
SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
OWN = re.compile(r"hub\.([A-Za-z0-9_-]{1,64})@")


def message_id(our_id: str, domain: str) -> str:
    """The Message-ID, without brackets, of the mail that carries a golden record: always the same one."""
    name = our_id if SAFE_ID.fullmatch(our_id) else f"x{hashlib.sha256(our_id.encode()).hexdigest()[:40]}"
    return f"hub.{name}@{domain}"


def our_id(found: str) -> str | None:
    """The golden record's id in a Message-ID of ours, where it can be read from it."""
    match = OWN.match(found)
    return match.group(1) if match and not re.fullmatch(r"x[0-9a-f]{40}", match.group(1)) else None


def compose(
    data: Mapping[str, Any], own_id: str, sender: str, name: str | None = None
) -> tuple[EmailMessage, list[str]]:
    """The mail and the addresses it goes to. Raises Rejected, which names the field at fault."""
    if data.get("direction") == "in":
        raise Rejected("direction: a mail that came in is not sent; only direction = out is", ["direction"])
    to, cc = (_addresses(data, field) for field in ("to", "cc"))
    if not to and not cc:
        raise Rejected("to: there is nobody to send to; give at least one address", ["to"])
    message = EmailMessage(policy=POLICY)
    message["From"] = Address(display_name=_line(name or "", "from_name"), addr_spec=sender)
    for header, people in (("To", to), ("Cc", cc)):
        if people:
            message[header] = tuple(people)
    message["Subject"] = _line(data.get("subject") or "", "subject")
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{own_id}>"
    answers = _ids([data["in_reply_to"]] if data.get("in_reply_to") else [], "in_reply_to")
    chain = list(dict.fromkeys([*_ids(data.get("references") or [], "references"), *answers]))
    if answers:
        message["In-Reply-To"] = f"<{answers[0]}>"
    if chain:
        message["References"] = " ".join(f"<{one}>" for one in chain)
    message.set_content(str(data.get("text") or ""))
    if data.get("html"):
        message.add_alternative(str(data["html"]), subtype="html")
    for attachment in data.get("attachments") or []:
        _attach(message, attachment)
    return message, list(dict.fromkeys(person.addr_spec for person in [*to, *cc]))


def filled(data: Mapping[str, Any], find: Callable[[str], bytes | None]) -> Mapping[str, Any]:
    """The same mail, with the content of attachments that are named by digest alone, where it is to be found."""
    attachments = []
    for one in data.get("attachments") or []:
        found = find(one["digest"]) if one.get("content") is None and one.get("digest") else None
        attachments.append({**one, "content": base64.b64encode(found).decode()} if found is not None else one)
    return {**data, "attachments": attachments} if attachments else data


def written(message: EmailMessage, recipients: Iterable[str]) -> bytes:
    """The mail as it goes over the wire; in UTF-8 only where an address needs it (RFC 6531)."""
    ascii_only = all(one.isascii() for one in recipients)
    return message.as_bytes(policy=POLICY if ascii_only else POLICY.clone(utf8=True))


def _line(text: Any, field: str) -> str:
    """A text that fits on one line. A line break in a header would begin another header."""
    if not isinstance(text, str) or CONTROL.search(text):
        raise Rejected(f"{field}: has a line break or another control character in it; take it out", [field])
    return text


def _addresses(data: Mapping[str, Any], field: str) -> list[Address]:
    given = data.get(field) or []
    people = []
    for text in [given] if isinstance(given, str) else given:
        found = ADDRESS.fullmatch(_line(text, field).strip())
        if not found:
            raise Rejected(f"{field}: {text!r} is no address; write name@domain", [field])
        people.append(Address(username=found["local"], domain=_domain(found["domain"].lower(), field)))
    return people


def _domain(text: str, field: str) -> str:
    """A domain in ASCII (RFC 5891), since every server understands that."""
    try:
        return text if text.isascii() else text.encode("idna").decode()
    except UnicodeError:
        raise Rejected(f"{field}: {text!r} is no domain", [field]) from None


def _ids(given: Iterable[Any], field: str) -> list[str]:
    found = [_line(one, field).strip().strip("<>") for one in given]
    if any(not one or re.search(r"[\s<>]", one) for one in found):
        raise Rejected(f"{field}: holds something that is no message id", [field])
    return found


def _attach(message: EmailMessage, attachment: Mapping[str, Any]) -> None:
    name = _line(attachment.get("name") or "unnamed", "attachments")
    kind = _line(attachment.get("media_type") or "application/octet-stream", "attachments")
    content = attachment.get("content")
    if content is None:
        raise Rejected(
            f"attachments: {name} comes without its content (base64), and the hub keeps no file of that digest",
            ["attachments"],
        )
    try:
        raw = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise Rejected(f"attachments: the content of {name} is no base64", ["attachments"]) from None
    digest = attachment.get("digest")
    if digest and digest != f"sha256:{hashlib.sha256(raw).hexdigest()}":
        raise Rejected(f"attachments: the content of {name} is not what its digest says", ["attachments"])
    main, _, sub = kind.partition("/")
    if not re.fullmatch(r"[\w.+-]+", main) or not re.fullmatch(r"[\w.+-]+", sub) or main in ("multipart", "message"):
        main, sub = "application", "octet-stream"  # a message inside a message has rules of its own
    message.add_attachment(raw, maintype=main, subtype=sub, filename=name)
