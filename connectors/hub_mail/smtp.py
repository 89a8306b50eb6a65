"""The SMTP side: one mail to all its addressees or to none, and what is known when the answer is lost."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence

from hub.connect import RateLimited, Rejected, Secret, Unauthorized, Unavailable
from hub.connect.retry import NotSent
from hub_mail.sign_in import MECHANISM, SignIn


class Smtp:
    """How to reach the server; a connection lives as long as one batch of mails."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: str,
        sign: SignIn,
        timeout: float,
        context: ssl.SSLContext | None,
    ) -> None:
        self.where = f"smtp {host}:{port}"
        self.host, self.port, self.tls = host, port, tls
        self._sign = sign
        self.timeout, self.context = timeout, context
        self._client: smtplib.SMTP | None = None

    def connect(self) -> smtplib.SMTP:
        """The open connection, or a new one, logged in. Raises NotSent or Unauthorized."""
        if self._client is not None:
            try:
                if self._client.noop()[0] == 250:
                    return self._client
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        client: smtplib.SMTP | None = None
        try:
            if self.tls == "ssl":
                client = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=self.context)
            else:
                client = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
                if self.tls == "starttls":
                    client.starttls(context=self.context)
            client.ehlo_or_helo_if_needed()
            if client.has_extn("auth"):
                self._login(client)
        except smtplib.SMTPAuthenticationError as error:
            _drop(client)
            words = self._sign.starred(_text(error.smtp_error))
            if error.smtp_code == 454:  # RFC 4954: a failure of the server, not of the password
                raise NotSent(f"{self.where}: login is not possible now (454): {words}") from None
            raise Unauthorized(
                f"{self.where}: login of {self._sign.user} refused ({error.smtp_code}): {words}; {self._sign.hint}"
            ) from None
        except (smtplib.SMTPException, OSError) as error:
            _drop(client)
            raise NotSent(
                f"{self.where}: no connection ({self._sign.starred(str(error))}); is the address right?"
            ) from None
        self._client = client
        return client

    def _login(self, client: smtplib.SMTP) -> None:
        sign = self._sign
        if sign.bearer is None:
            client.login(sign.user, (sign.password or Secret("")).reveal())
            return
        if MECHANISM not in client.esmtp_features.get("auth", "").split():
            raise smtplib.SMTPAuthenticationError(504, f"the server offers no {MECHANISM}".encode())
        token = sign.bearer.token()
        try:
            self._bears(client, token)
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code == 454:
                raise
            self._bears(client, sign.bearer.token(refused=token))  # it may have been withdrawn before its time

    def _bears(self, client: smtplib.SMTP, token: Secret) -> None:
        bearing = self._sign.bears(token)
        try:
            client.auth(MECHANISM, bearing)
        except smtplib.SMTPAuthenticationError as error:
            words = f"{_text(error.smtp_error)} {' '.join(bearing.said)}".strip()
            raise smtplib.SMTPAuthenticationError(error.smtp_code, words.encode()) from None

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Hand one mail over.

        Raises Rejected (refused for good, nobody got it), RateLimited or NotSent (not now, nobody got it), and
        Unavailable when the connection died after the mail had gone out: it may have been taken.
        """
        client = self.connect()
        try:
            self._envelope(client, sender, recipients, len(raw))
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise NotSent(f"{self.where}: the connection was lost before the mail was sent ({error})") from None
        except (Rejected, RateLimited):
            self._reset()
            raise
        try:
            code, words = client.data(raw)
        except smtplib.SMTPDataError as error:  # refused before the data went out
            self._reset()
            raise self._refused("DATA", error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Unavailable(
                f"{self.where}: the connection was lost after the mail had gone out ({error}); it may have been taken"
            ) from None
        if code != 250:
            self._reset()
            raise self._refused("the mail", code, words)

    def _envelope(self, client: smtplib.SMTP, sender: str, recipients: Sequence[str], size: int) -> None:
        options = []
        client.ehlo_or_helo_if_needed()
        if client.has_extn("size"):
            options.append(f"size={size}")
        if not all(one.isascii() for one in (sender, *recipients)):
            if not client.has_extn("smtputf8"):
                raise Rejected(f"{self.where}: the server takes no addresses beyond ASCII", ["to"])
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        code, words = client.mail(sender, options)
        if code != 250:
            raise self._refused(f"sender {sender}", code, words)
        refused = {}
        for one in recipients:
            code, words = client.rcpt(one)
            if code not in (250, 251):
                refused[one] = (code, words)
        if refused:  # one refused address keeps all from getting it: half a sent mail cannot be put right
            one, (code, words) = max(refused.items(), key=lambda item: item[1][0])
            raise self._refused(", ".join(refused), code, words, ["to"])

    def _refused(self, what: str, code: int, words: bytes | str, fields: Sequence[str] = ()) -> Rejected | RateLimited:
        said = f"{self.where}: {what}: {code} {self._sign.starred(_text(words))}"
        if code < 500:
            return RateLimited(f"{said}; the server asks to try later")
        return Rejected(f"{said}; nothing was sent", fields)

    def _reset(self) -> None:
        try:
            if self._client is not None:
                self._client.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def close(self) -> None:
        """Say goodbye, without minding whether the server still listens."""
        client, self._client = self._client, None
        _drop(client)


def _drop(client: smtplib.SMTP | None) -> None:
    if client is None:
        return
    try:
        client.quit()
    except (smtplib.SMTPException, OSError):
        client.close()


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else words
