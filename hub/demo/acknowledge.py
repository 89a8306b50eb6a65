"""The demo's own plugin: a first mail of a customer is answered, in its thread.

It answers nobody unknown, nothing that is itself an answer, and no machine, so that no two machines write to each
other for ever.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.plugin import Derived, Golden, Look, hookimpl

MACHINES = ("noreply", "no-reply", "mailer-daemon", "postmaster", "bounce")


@hookimpl
def derive(golden: Golden, look: Look) -> Iterator[Derived]:
    """Yield the answer to a customer's first mail."""
    mail = golden.values
    if golden.model != "message" or mail.get("direction") != "in" or mail.get("in_reply_to"):
        return
    sender, customer = mail.get("sender"), mail.get("customer")
    if not sender or not customer or sender.lower().startswith(MACHINES):
        return
    known = look.get(customer)
    name = known.values.get("name") if known else None
    yield Derived(
        "answer",
        "message",
        {
            "direction": "out",
            "channel": "email",
            "recipients": [sender],
            "subject": f"Re: {mail.get('subject') or 'your mail'}",
            "body": f"Dear {name or 'customer'},\n\nthank you. Your mail is filed, and we answer within a day.\n",
            "in_reply_to": mail.get("message_id"),
            "references": [*(mail.get("references") or ()), *([mail["message_id"]] if mail.get("message_id") else ())],
            "customer": customer,
        },
    )
