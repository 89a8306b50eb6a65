"""A real SMTP server on loopback that delivers into our mailboxes and fails on demand."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import TYPE_CHECKING, Any, Self

from hub.testing.mail.imap import free_port
from hub.testing.mail.issuer import Issuer
from hub.testing.mail.tls import Tls

if TYPE_CHECKING:
    from aiosmtpd.controller import Controller


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail the server took: envelope and content."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        message = BytesParser(policy=default).parsebytes(self.raw)
        if not isinstance(message, EmailMessage):
            raise TypeError("the default policy makes an EmailMessage")
        return message


class SmtpServer:
    """aiosmtpd in a thread, for the length of a block. It wants AUTH with one of the accounts.

    With a certificate it wants STARTTLS before AUTH; with `implicit`, TLS begins with the first byte. With an issuer it
    takes that one's tokens by XOAUTH2 beside passwords.
    `deliver(recipient, raw)` says whether the recipient's mailbox is ours; mail to others goes to `sent`, and every
    mail that was accepted to `accepted`. Faults, each in force until it is taken back:

    - `refuse`: recipient to the answer RCPT gets (`550 5.1.1 no such user`, `450 4.2.0 greylisted`)
    - `lose_answers`: so many of the next mails are accepted and delivered, but the connection dies before the answer
    - `before_answer`: called with how many mails were accepted so far, after each one and before its answer
    - `answer`: what the next mail gets after its data instead of being accepted (`451 4.3.0 try later`), once
    """

    host = "127.0.0.1"

    def __init__(
        self,
        accounts: Mapping[str, str],
        deliver: Callable[[str, bytes], bool],
        *,
        tls: Tls | None = None,
        implicit: bool = False,
        issuer: Issuer | None = None,
    ) -> None:
        self.port = 0
        self.tls, self.implicit, self.issuer = tls, implicit, issuer
        self.accounts = dict(accounts)
        self.sent: list[Sent] = []
        self.accepted: list[Sent] = []
        self.refuse: dict[str, str] = {}
        self.lose_answers = 0
        self.answer: str | None = None
        self.before_answer: Callable[[int], None] | None = None
        self._deliver = deliver
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import SMTP

        class Quiet(Controller):
            def factory(self) -> SMTP:
                with warnings.catch_warnings():  # passwords without TLS: on loopback that is meant
                    warnings.simplefilter("ignore")
                    return SMTP(self.handler, **self.SMTP_kwargs)

        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self.port = free_port()
        self._controller = Quiet(
            _Handler(self) if self.issuer is None else _Bearing(self),
            hostname=self.host,
            port=self.port,
            authenticator=self._authenticate,
            auth_required=True,
            auth_require_tls=self.tls is not None and not self.implicit,
            data_size_limit=100_000_000,
            **self._secured(),
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._controller is not None:
            self._controller.stop()

    def _secured(self) -> dict[str, Any]:
        if self.tls is None:
            return {}
        context = self.tls.context()
        return {"ssl_context": context} if self.implicit else {"tls_context": context, "require_starttls": True}

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> Any:
        from aiosmtpd.smtp import AuthResult

        known = self.accounts.get(data.login.decode())
        return AuthResult(success=known is not None and known == data.password.decode(), handled=False)

    def take(self, mail: Sent) -> None:
        """Keep a mail and deliver it to those of its recipients who are ours."""
        self.accepted.append(mail)
        strangers = tuple(r for r in mail.recipients if not self._deliver(r, mail.raw))
        if strangers:
            self.sent.append(Sent(mail.sender, strangers, mail.raw))
        if self.before_answer is not None:
            self.before_answer(len(self.accepted))


class _Handler:
    """What aiosmtpd calls, in its event loop."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.lock = threading.Lock()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        refusal = self.server.refuse.get(address)
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        import asyncio

        if self.server.answer is not None:
            answer, self.server.answer = self.server.answer, None
            return answer
        mail = Sent(envelope.mail_from, tuple(envelope.rcpt_tos), bytes(envelope.content))
        await asyncio.to_thread(self._take, mail)
        if self.server.lose_answers > 0:
            self.server.lose_answers -= 1
            server.transport.abort()
        return "250 2.0.0 taken"

    def _take(self, mail: Sent) -> None:
        with self.lock:
            self.server.take(mail)


class _Bearing(_Handler):
    """The same, with the mechanism XOAUTH2."""

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> Any:  # noqa: N802
        from base64 import b64decode, b64encode

        from aiosmtpd.smtp import AuthResult

        said = b64decode(args[1]).decode().split("\1")
        user, token = said[0].removeprefix("user="), said[1].removeprefix("auth=Bearer ")
        issuer = self.server.issuer
        if issuer is not None and user == issuer.owner and issuer.good(token):
            return AuthResult(success=True, auth_data=user)
        why = b64encode(b'{"status":"400","schemes":"Bearer","scope":"mail"}').decode()
        await server.push(f"334 {why}")
        await server._reader.readline()
        return AuthResult(success=False, handled=False)
