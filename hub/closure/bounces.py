"""What became of a mail after the server took it: delivery status notices (RFC 3464) in the mailbox that sent it."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from hub.store import Tx

ACTION = re.compile(r"^Action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
STATUS = re.compile(r"^Status:\s*([\d.]+)", re.IGNORECASE | re.MULTILINE)
DIAGNOSTIC = re.compile(r"^Diagnostic-Code:\s*(.+(?:\n[ \t].+)*)", re.IGNORECASE | re.MULTILINE)
ORIGINAL = re.compile(r"^(?:Message-ID|X-Original-Message-ID|References|In-Reply-To):\s*((?:\s*<[^>]+>)+)", re.I | re.M)
STATES = {"failed": "bounced", "delivered": "delivered", "relayed": "delivered", "expanded": "delivered"}


class Status(NamedTuple):
    """What a notice says of one mail: its Message-ID without brackets, bounced or delivered, and the server's words."""

    message_id: str
    state: str
    words: str


def statuses(tx: Tx, connection: str, since: int) -> Iterator[Status]:
    """The delivery status notices that came into a mailbox after a sequence number."""
    rows = tx.rows(
        "SELECT r.payload FROM record r JOIN stream t ON t.id = r.stream_id JOIN golden g ON g.id = r.golden_id "
        "WHERE t.connection = ? AND g.model = 'message' AND g.seq > ? AND r.payload IS NOT NULL ORDER BY g.id",
        connection,
        since,
    )
    for (payload,) in rows:
        yield from said(msgspec.json.decode(bytes(payload)))


def said(mail: dict[str, Any]) -> Iterator[Status]:
    """The statuses in one mail, as the mail connector gives it; an ordinary mail has none."""
    parts = {str(a.get("media_type")): _text(a.get("content")) for a in mail.get("attachments") or []}
    report = parts.get("message/delivery-status")
    if report is None:
        return
    action = ACTION.search(report)
    state = STATES.get(action[1].lower()) if action else None
    if state is None:
        return
    status, diagnostic = STATUS.search(report), DIAGNOSTIC.search(report)
    words = " ".join(
        x for x in (status[1] if status else "", " ".join(diagnostic[1].split()) if diagnostic else "") if x
    )
    headers = "\n".join(text for kind, text in parts.items() if kind in ("message/rfc822", "text/rfc822-headers"))
    ids = [one for group in ORIGINAL.findall(headers) for one in re.findall(r"<([^>]+)>", group)]
    ids += [mail["in_reply_to"]] if mail.get("in_reply_to") else []
    for message_id in dict.fromkeys(ids):
        yield Status(message_id, state, words)


def _text(content: Any) -> str:
    try:
        return base64.b64decode(content or "").decode("utf-8", "replace").replace("\r\n", "\n")
    except (ValueError, TypeError):
        return ""
