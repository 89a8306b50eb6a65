"""A real IMAP server on loopback, and what a test does to a mailbox behind the hub's back."""

from __future__ import annotations

import imaplib
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from typing import Self

from hub.testing.mail.tls import Tls


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mailbox:
    """The accounts of a running IMAP server, seen as another mail program would."""

    host = "127.0.0.1"

    def __init__(self, port: int, accounts: Mapping[str, str], tls: Tls | None = None) -> None:
        self.port = port
        self.accounts = dict(accounts)
        self.tls = tls  # with it, nobody logs in without STARTTLS

    @contextmanager
    def session(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A logged-in connection for the length of a block."""
        client = imaplib.IMAP4(self.host, self.port, timeout=10)
        if self.tls is not None:
            client.starttls(ssl.create_default_context(cafile=self.tls.authority))
        try:
            client.login(f'"{user}"', self.accounts[user])  # imaplib quotes the password alone
            yield client
        finally:
            client.logout()

    def append(self, user: str, message: EmailMessage | bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Put a mail into a folder, which is made if it is not there."""
        raw = message if isinstance(message, bytes) else message.as_bytes(policy=SMTP)
        with self.session(user) as client:
            if folder != "INBOX":
                client.create(folder)  # answers NO when it is there
            state, words = client.append(folder, f"({flags})", imaplib.Time2Internaldate(time.time()), raw)
            if state != "OK":
                raise RuntimeError(f"{user}: {folder}: APPEND answered {words!r}")

    def raws(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder as bytes, oldest first; their flags stay as they are."""
        with self.session(user) as client:
            if client.select(folder, readonly=True)[0] != "OK":
                return []
            _, found = client.uid("FETCH", "1:*", "(BODY.PEEK[])")
            return [part[1] for part in found if isinstance(part, tuple)]

    def flag(self, user: str, uid: int, flag: str, folder: str = "INBOX", *, on: bool = True) -> None:
        r"""Set or clear one flag, for instance \Seen."""
        with self.session(user) as client:
            client.select(folder)
            client.uid("STORE", str(uid), f"{'+' if on else '-'}FLAGS", f"({flag})")

    def expunge(self, user: str, uid: int, folder: str = "INBOX") -> None:
        """Remove one mail for good."""
        with self.session(user) as client:
            client.select(folder)
            client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
            client.expunge()

    def remake(self, user: str, folder: str) -> None:
        """Delete a folder and make it again with the same mails: it gets another UIDVALIDITY."""
        kept = self.raws(user, folder)
        with self.session(user) as client:
            client.delete(folder)
        for raw in kept:
            self.append(user, raw, folder)


class ImapServer(Mailbox):
    """pymap in a process of its own, for the length of a block; its mails live as long as it does."""

    def __init__(self, accounts: Mapping[str, str], tls: Tls | None = None) -> None:
        super().__init__(0, accounts, tls)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.port = free_port()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hub.testing.mail.imapd"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        stdin = self._process.stdin
        if stdin is None:
            raise RuntimeError("the IMAP server got no standard input")
        asked = {"port": self.port, "accounts": self.accounts}
        if self.tls is not None:
            asked |= {"certificate": str(self.tls.certificate), "key": str(self.tls.key)}
        stdin.write(json.dumps(asked).encode() + b"\n")
        stdin.flush()
        try:
            wait_for(self.port, self._process)
        except RuntimeError:
            stop(self._process)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)


def wait_for(port: int, process: subprocess.Popen[bytes] | None = None, seconds: float = 20) -> None:
    """Return once somebody greets on the port. Raises RuntimeError when the process ends or the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process is not None and process.poll() is not None:
            raise RuntimeError(f"the server on port {port} ended with {process.returncode}; is its package installed?")
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as probe:
                if probe.recv(1):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"nobody greets on port {port} after {seconds} s")


def stop(process: subprocess.Popen[bytes] | None) -> None:
    """End one process of ours, kindly at first."""
    if process is None:
        return
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
