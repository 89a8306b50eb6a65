"""One company's mail on loopback: an IMAP and an SMTP server that know each other."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any, Self

from hub.testing.mail.imap import ImapServer, Mailbox
from hub.testing.mail.issuer import Issuer
from hub.testing.mail.smtp import Sent, SmtpServer
from hub.testing.mail.tls import Tls

COMPANY = {"sales@hub.example": "correct-horse"}


class MailServers:
    """An IMAP and an SMTP server with the same accounts, for the length of a block.

    Mail sent over SMTP lands in the INBOX of each addressee who has an account here, else in `smtp.sent`. The first
    account is the company's; `settings()` are the arguments of the mail connector for it. Another IMAP server that
    already runs (Dovecot) may be handed in as `imap`. With a certificate both want TLS: see `SmtpServer`.
    """

    def __init__(
        self,
        accounts: Mapping[str, str] | None = None,
        *,
        imap: Mailbox | None = None,
        tls: Tls | None = None,
        implicit: bool = False,
        issuer: Issuer | None = None,
    ) -> None:
        self.accounts = dict(accounts or (imap.accounts if imap else COMPANY))
        self.user = next(iter(self.accounts))
        self.password = self.accounts[self.user]
        self.imap: Mailbox = imap or ImapServer(self.accounts, tls)
        self.smtp = SmtpServer(self.accounts, self._deliver, tls=tls, implicit=implicit, issuer=issuer)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        if isinstance(self.imap, ImapServer):
            self._stack.enter_context(self.imap)
        self._stack.enter_context(self.smtp)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def sent(self) -> list[Sent]:
        """What was accepted for people who have no account here."""
        return self.smtp.sent

    def settings(self, user: str | None = None) -> dict[str, Any]:
        """The mail connector's settings for one of the accounts."""
        name = user or self.user
        return {
            "imap_host": self.imap.host,
            "imap_port": self.imap.port,
            "imap_tls": "none",
            "smtp_host": self.smtp.host,
            "smtp_port": self.smtp.port,
            "smtp_tls": "none",
            "user": name,
            "password": self.accounts[name],
        }

    def deliver(self, message: EmailMessage | bytes, user: str | None = None) -> None:
        """Put a mail into an INBOX, as if a customer had written; by default each of our addressees gets it."""
        if user is not None or isinstance(message, bytes):
            self.imap.append(user or self.user, message)
            return
        named = [str(v) for header in ("To", "Cc") for v in message.get_all(header, [])]
        ours = [address for _, address in getaddresses(named) if address in self.accounts]
        for address in dict.fromkeys(ours or [self.user]):
            self.imap.append(address, message)

    def _deliver(self, recipient: str, raw: bytes) -> bool:
        if recipient not in self.accounts:
            return False
        self.imap.append(recipient, raw)
        return True
