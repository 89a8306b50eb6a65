"""Headers of mails as they come: folded, encoded twice, not encoded at all, or missing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime

from hub_mail.text import clean, decode

# What Python's header parsers are known to raise on headers that nobody should have sent.
PARSER_FAULTS = (
    MessageError,
    ValueError,
    IndexError,
    AttributeError,
    TypeError,
    LookupError,
    AssertionError,
    RecursionError,
)
ID = re.compile(r"<([^<>]+)>")


def raw(message: EmailMessage, name: str) -> str | None:
    """The header's text as it stands in the mail, unfolded, not decoded; None where there is none."""
    for found, value in message.raw_items():
        if found.lower() == name.lower():
            return re.sub(r"\r?\n[ \t]*", " ", str(value)).strip()
    return None


def header(message: EmailMessage, name: str) -> str:
    """The header as a person reads it, on one line, "" where there is none."""
    text = raw(message, name)
    if text is None:
        return ""
    try:
        parsed = str(message[name])
        if "\ufffd" not in parsed:  # the parser puts that for raw bytes, which can be told better
            text = parsed
    except PARSER_FAULTS:
        pass
    if "=?" in text:  # encoded words where none are allowed, in quotes or in the middle of a word: all the same meant
        text = words(text)
    return " ".join(clean(text).split())


def words(text: str) -> str:
    """Text with its encoded words decoded, leniently."""
    try:
        parts = decode_header(text)
    except PARSER_FAULTS:
        return text
    return "".join(part if isinstance(part, str) else decode(part, charset) for part, charset in parts)


def people(message: EmailMessage, name: str) -> list[tuple[str, str]]:
    """The (name, address) pairs of an address header; what is no address is left out."""
    texts = [re.sub(r"\r?\n[ \t]*", " ", str(v)) for n, v in message.raw_items() if n.lower() == name.lower()]
    try:
        pairs = getaddresses(texts)
    except PARSER_FAULTS:
        pairs = [("", found) for text in texts for found in re.findall(r"[^\s<>,;:\"]+@[^\s<>,;:\"]+", text)]
    out = []
    for said, found in pairs:
        # An address in encoded words is against RFC 2047, and is sent all the same.
        written = address(words(found) if "=?" in found else found)
        if written:
            out.append((" ".join(clean(words(said)).split()), written))
    return list(dict.fromkeys(out))


def address(text: str) -> str:
    """An address with its domain in lower case, "" where the text is none."""
    local, at, domain = clean(text).strip().strip("<>").rpartition("@")
    if not (at and local and domain) or re.search(r"\s", domain):
        return ""
    return f"{local}@{domain.lower()}"


def ids(message: EmailMessage, name: str) -> list[str]:
    """The message ids of a header, without brackets, each once."""
    text = clean(raw(message, name) or "")
    text = words(text) if "=?" in text else text  # wrong, and frequent with long ids
    found = ID.findall(text) or [word.strip("<>") for word in text.split() if "@" in word]
    return [one for one in dict.fromkeys(re.sub(r"\s", "", one) for one in found) if one]


def moment(message: EmailMessage, arrived: datetime | None) -> datetime | None:
    """When the mail was sent, in UTC; where it does not say so sensibly, when it arrived."""
    try:
        when = parsedate_to_datetime(raw(message, "Date") or "")
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return arrived
    return when if when.year > 1970 else arrived
