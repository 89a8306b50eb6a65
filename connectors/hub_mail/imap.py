"""The IMAP side: folders, flags, bytes of mails; and IMAP's errors as those of the hub."""

from __future__ import annotations

import imaplib
import re
import select
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from imap_tools import BaseMailBox, ImapToolsError, MailBox, MailboxLoginError, MailBoxStartTls, MailBoxUnencrypted

from hub.connect import ConfigError, Secret, Unauthorized, Unavailable
from hub_mail.cursor import Uids
from hub_mail.fetched import Fetched, fetched
from hub_mail.sign_in import MECHANISM, SignIn

RANGE = 20_000  # UIDs asked about as one range
LIST = 500  # UIDs asked about one by one: RFC 7162 advises command lines under 8 kB
STALE = 60.0  # seconds after which a connection is tried before it is used


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as it was when it was opened."""

    name: str
    validity: int
    next: int
    modseq: int  # 0 where the server has no CONDSTORE for it
    exists: int


class Imap:
    """One logged-in connection. Every method may raise Unavailable, after which the connection is not used again."""

    def __init__(self, open_box: Callable[[], BaseMailBox], sign: SignIn, where: str) -> None:
        self.where = where
        self._sign = sign
        self._used = time.monotonic()
        self._open: str | None = None
        self.dead = False
        with self._errors("connect"):
            self.box = open_box()
        with self._errors("login"):
            self._login()
            words = b" ".join(part for part in self.box.client.capability()[1] if part)
            self.abilities = frozenset(words.decode("ascii", "replace").upper().split())
            self.box.client.capabilities = tuple(
                self.abilities
            )  # those before login are fewer, and `enable` looks here
            if self.qresync:
                self.box.client.enable("QRESYNC")

    def _login(self) -> None:
        sign = self._sign
        try:
            if sign.bearer is None:
                self.box.login(sign.user, (sign.password or Secret("")).reveal(), initial_folder=None)
                return
            token = sign.bearer.token()
            if not self._bears(token):
                token = sign.bearer.token(refused=token)  # it may have been withdrawn before its time
                self._bears(token, last=True)
        except (MailboxLoginError, imaplib.IMAP4.error) as error:
            if isinstance(error, imaplib.IMAP4.abort) or "UNAVAILABLE" in str(error):
                raise
            words = sign.starred(str(error))
            raise Unauthorized(f"{self.where}: login of {sign.user} refused: {words}; {sign.hint}") from None

    def _bears(self, token: Secret, *, last: bool = False) -> bool:
        """Sign in with a token; whether it was taken. Raises what the server said where it is the last try."""
        client = self.box.client
        if f"AUTH={MECHANISM}" not in client.capabilities:
            raise MailboxLoginError(("NO", [f"the server offers no {MECHANISM}"]), "OK")
        bearing = self._sign.bears(token)
        try:
            client.authenticate(MECHANISM, bearing)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            if last:
                raise imaplib.IMAP4.error(" ".join(bearing.said) or str(error)) from None
            return False
        return True

    @property
    def qresync(self) -> bool:
        """Whether the server tells which mails vanished."""
        return "QRESYNC" in self.abilities and "ENABLE" in self.abilities

    @property
    def uidplus(self) -> bool:
        """Whether the server can delete one mail for good."""
        return "UIDPLUS" in self.abilities

    @property
    def condstore(self) -> bool:
        """Whether the server numbers changes."""
        return "CONDSTORE" in self.abilities or self.qresync

    def alive(self) -> bool:
        """Whether the connection can be used; one that lay idle is tried first."""
        if self.dead or time.monotonic() - self._used < STALE:
            return not self.dead
        try:
            with self._errors("NOOP"):
                self.box.client.noop()
        except Unavailable:
            return False
        return True

    def folders(self) -> list[str]:
        """The names of all folders that can be opened."""
        with self._errors("LIST"):
            return [f.name for f in self.box.folder.list() if "\\Noselect" not in f.flags]

    def make(self, folder: str) -> None:
        """Make a folder."""
        with self._errors(f"CREATE {folder}"):
            self.box.folder.create(folder)

    def examine(self, folder: str) -> Folder:
        """Open a folder for reading only, and say what it is now."""
        with self._errors(f"EXAMINE {folder}"):
            self._open = None
            self.box.folder.set(folder, readonly=True)
            self._open = folder
            client = self.box.client
            validity, following, modseq = (
                _number(client.response(name)[1]) for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")
            )
            exists = _number(client.response("EXISTS")[1])
            if not (following and validity):  # both are optional in the answer to EXAMINE
                status = self.box.folder.status(folder, ("UIDNEXT", "UIDVALIDITY"))
                following, validity = following or status["UIDNEXT"], validity or status["UIDVALIDITY"]
            return Folder(folder, validity, following, modseq if self.condstore else 0, exists)

    def sizes(self, folder: str, low: int, high: int) -> Iterator[Fetched]:
        """What there is between two UIDs, both included, ascending, without the bytes."""
        for start in range(low, high + 1, RANGE):
            asked = f"{start}:{min(high, start + RANGE - 1)}"
            yield from sorted(self._fetch(folder, asked, "(UID FLAGS RFC822.SIZE)"), key=lambda one: one.uid)

    def some(self, folder: str, uids: Iterable[int], *, raw: bool = False, head: bool = False) -> list[Fetched]:
        """What there is of these UIDs, ascending; nothing is marked as read."""
        asked = list(uids)
        what = "(UID FLAGS RFC822.SIZE)"
        if raw or head:
            what = f"(UID FLAGS RFC822.SIZE INTERNALDATE BODY.PEEK[{'HEADER' if head else ''}])"
        found: list[Fetched] = []
        for start in range(0, len(asked), LIST):
            found += self._fetch(folder, str(Uids.of(asked[start : start + LIST])), what)
        return sorted(found, key=lambda one: one.uid)

    def changes(self, folder: str, next_uid: int, since: int) -> tuple[list[int], Uids | None]:
        """The UIDs below `next_uid` whose flags changed, and those that vanished (None: the server does not say)."""
        if next_uid <= 1:
            return [], Uids()
        vanishing = " VANISHED" if self.qresync else ""
        with self._errors("FETCH"):
            self._reopen(folder)
            self.box.client.response("VANISHED")  # forget what came before
            found = self._asked("FETCH", f"1:{next_uid - 1}", "(UID FLAGS)", f"(CHANGEDSINCE {since}{vanishing})")
            gone = self.box.client.response("VANISHED")[1] if self.qresync else None
        changed = sorted({one.uid for one in fetched(found) if one.uid < next_uid})
        if gone is None:
            return changed, None
        text = ",".join(re.sub(rb"\(EARLIER\)\s*", b"", part).decode("ascii") for part in gone if part)
        return changed, Uids.read(text)

    def search(self, folder: str, header: str, value: str) -> list[int]:
        """The UIDs of the mails whose header holds the value, ascending."""
        with self._errors("SEARCH"):
            self._reopen(folder)
            quoted = value.replace("\\", "\\\\").replace('"', '\\"')
            found = self._asked("SEARCH", "HEADER", header, f'"{quoted}"')
            return sorted(int(uid) for part in found if part for uid in part.split())

    def append(self, folder: str, raw: bytes) -> None:
        """Put a mail into a folder, as read."""
        with self._errors(f"APPEND {folder}"):
            self.box.append(raw, folder, dt=datetime.now(UTC), flag_set=[r"\Seen"])
            if self._open == folder:
                self._open = None  # a snapshot opened before does not have to show the new mail

    def expunge(self, folder: str, uid: int) -> None:
        """Delete one mail for good, and no other that is marked as deleted (RFC 4315)."""
        with self._errors(f"EXPUNGE {folder}"):
            self._open = None
            self.box.folder.set(folder)
            self._asked("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)")
            self._asked("EXPUNGE", str(uid))

    def wait(self, seconds: float) -> bool:
        """Wait with IDLE until the open folder changes, at most so long; False when the time is up."""
        end = time.monotonic() + seconds
        if "IDLE" not in self.abilities:
            return self._poll(end)
        with self._errors("IDLE"):
            while (left := end - time.monotonic()) > 0:
                # RFC 2177: an IDLE is to be ended within 29 minutes; many routers forget a connection sooner.
                said = self._idle(min(left, 540))
                if said and re.search(rb"\b(EXISTS|RECENT|EXPUNGE|VANISHED|FETCH)\b", said):
                    return True
            return False

    def _idle(self, seconds: float) -> bytes:
        """One line the server says meanwhile, empty where it is silent.

        The library's own wait reads without blocking, and loses the beginning of a line that arrives in two parts.
        """
        client = self.box.client
        with self.box.idle:
            end = time.monotonic() + seconds
            while not self._heard():
                left = end - time.monotonic()
                if left <= 0:
                    return b""
                if select.select([client.sock], [], [], left)[0] and not self._heard():
                    if not isinstance(client.sock, ssl.SSLSocket):
                        break  # the line was cut: reading it says so
                    time.sleep(min(left, 0.05))  # so far only a part of a TLS record, or its end
            return bytes(client._get_line())  # waits for its end, within the connection's own timeout

    def _heard(self) -> bool:
        """Whether a line has begun; nothing of it is taken out of the buffer."""
        client = self.box.client
        patience = client.sock.gettimeout()
        client.sock.settimeout(0)
        try:
            return bool(client.file.peek(1))
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            client.sock.settimeout(patience)

    def _poll(self, end: float) -> bool:
        before = self.examine(self._open or "INBOX")
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 15))
            if self.examine(before.name) != before:
                return True
        return False

    def close(self) -> None:
        """Log out, without minding whether the server still listens."""
        self.dead = True
        try:
            self.box.logout()
        except (imaplib.IMAP4.error, OSError, ImapToolsError, ValueError):
            return

    def _reopen(self, folder: str) -> None:
        if self._open != folder:
            self.examine(folder)

    def _asked(self, command: str, *args: str) -> list[Any]:
        state, found = self.box.client.uid(command, *args)
        if state != "OK":
            raise imaplib.IMAP4.error(f"{command} answered {state}: {found!r}")
        return found

    def _fetch(self, folder: str, uids: str, what: str) -> list[Fetched]:
        with self._errors("FETCH"):
            self._reopen(folder)
            return list(fetched(self._asked("FETCH", uids, what)))

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (imaplib.IMAP4.abort, OSError, EOFError, imaplib.IMAP4.error, ImapToolsError) as error:
            # After an error nobody knows which answer belongs to which command: the connection is given up.
            self.dead = True
            kind = "the certificate is not trusted" if isinstance(error, ssl.SSLCertVerificationError) else "no answer"
            words = self._sign.starred(str(error))[:300]
            raise Unavailable(
                f"{self.where}: {doing}: {kind} ({words}); is the address right, is the server up?"
            ) from None
        self._used = time.monotonic()


def opener(host: str, port: int, tls: str, timeout: float, ca_file: str | None) -> Callable[[], BaseMailBox]:
    """What opens a connection in one of the three ways: `ssl`, `starttls`, `none`."""
    if tls == "none":
        return lambda: MailBoxUnencrypted(host, port, timeout=timeout)
    context = trust(ca_file)
    if tls == "starttls":
        return lambda: MailBoxStartTls(host, port, timeout=timeout, ssl_context=context)
    return lambda: MailBox(host, port, timeout=timeout, ssl_context=context)


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Whom to trust: the authorities of the system, or those of a file. Raises ConfigError."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"ca_file: {ca_file} cannot be read as certificates ({error})") from None


def _number(found: Sequence[Any]) -> int:
    words = [part for part in found if part]
    return int(words[-1]) if words else 0
