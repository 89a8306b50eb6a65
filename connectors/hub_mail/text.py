"""Bytes of any declared, undeclared or wrongly declared charset to clean text."""

from __future__ import annotations

import codecs
import re

# What mail programs declare, and the superset they really send (WHATWG Encoding Standard, labels table).
WIDER = {
    "ascii": "utf-8",
    "us-ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # no database and no screen takes these


def decode(raw: bytes, charset: str | None) -> str:
    """Text of the bytes: by the declared charset where it fits, else UTF-8, else Windows-1252; never raises."""
    if raw.startswith(codecs.BOM_UTF8):
        raw, charset = raw[3:], "utf-8"
    tries = ["utf-8", "cp1252"]
    if charset:
        try:
            name = codecs.lookup(charset.strip("'\" ")).name
            tries.insert(0, WIDER.get(name, name))
        except (LookupError, ValueError):  # ValueError: a NUL in the name
            pass
    for name in tries:
        try:
            return clean(raw.decode(name))
        except (UnicodeError, LookupError, ValueError, AttributeError, TypeError):  # the last two: "base64" as charset
            continue
    return clean(raw.decode("latin-1"))


def clean(text: str) -> str:
    """The text without control characters and lone surrogates, with bare newlines."""
    if not text.isascii():
        # The email package keeps bytes it could not decode as surrogates; they are bytes again, and tried again.
        try:
            text.encode()
        except UnicodeEncodeError:
            text = undecoded(text)
    return BAD.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def undecoded(text: str) -> str:
    """Text whose undecodable bytes stand in it as surrogates, decoded by guess."""
    try:
        return decode(text.encode("utf-8", "surrogateescape"), None)
    except UnicodeEncodeError:  # a real lone surrogate, for instance out of UTF-7
        return text.encode("utf-8", "replace").decode()
