"""The mail connector keeps what every connector promises, over real servers."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Mapping
from typing import Any

import pytest
from boxes import PASSWORD, Box, letter
from hub_mail import Mail, reading

from hub.connect import Receipt, Unavailable, Write
from hub.testing.contract import ConnectorContract, Make
from hub.testing.mail import Dovecot, MailServers
from hub.testing.mail.imap import free_port


class World:
    """One mailbox that customers write to and other mail programs change."""

    page = 3
    requests = 0
    token = PASSWORD

    def __init__(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        self.box, self.monkeypatch = box, monkeypatch
        self.numbers = itertools.count(1)
        self.made: list[Mail] = []

    def add(self, stream: str) -> str:
        before = set(self.keys(stream))
        self.box.put(letter(f"letter {next(self.numbers)}"))
        (key,) = set(self.keys(stream)) - before
        return key

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        self.box.servers.imap.flag(self.box.user, int(key.rsplit("/", 1)[1]), r"\Answered")

    def remove(self, stream: str, key: str) -> None:
        self.box.servers.imap.expunge(self.box.user, int(key.rsplit("/", 1)[1]))

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        (record,) = self.box.mail().read(stream, [key])
        return None if record.deleted else dict(record.data)

    def keys(self, stream: str) -> list[str]:
        """The keys as the server itself gives them, without the connector."""
        found = []
        with self.box.servers.imap.session(self.box.user) as client:
            for folder in ("INBOX", "Sent"):
                if client.select(folder, readonly=True)[0] == "OK":
                    validity = client.response("UIDVALIDITY")[1][0].decode()
                    uids = client.uid("SEARCH", "ALL")[1][0].split()
                    found += [f"{folder}/{validity}/{uid.decode()}" for uid in uids]
        return found

    def sample(self, stream: str) -> dict[str, Any]:
        return {"to": ["anna@customer.example"], "subject": f"answer {next(self.numbers)}", "text": "Grüße"}

    def bad(self, stream: str) -> dict[str, Any]:
        self.box.servers.smtp.refuse["nobody@customer.example"] = "550 5.1.1 no such user"
        return self.sample(stream) | {"to": ["nobody@customer.example"]}

    def tick(self, seconds: float = 1) -> None:
        """Time plays no part: order comes from UIDs and change numbers."""

    def fail(self) -> None:
        """Cut every line, and let no new one be made."""

        def refused(*_: object, **__: object) -> None:
            self.requests += 1
            raise ConnectionRefusedError("connection refused")

        self.monkeypatch.setattr(socket, "create_connection", refused)
        for mail in self.made:
            if mail._connected is not None:
                mail._connected.box.client.sock.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def servers(request: pytest.FixtureRequest) -> MailServers:
    """One server is enough here: the one that answers quicker, where it is installed."""
    return request.getfixturevalue("dovecot" if Dovecot.installed() else "pymap")


class TestMail(ConnectorContract):
    @pytest.fixture
    def system(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> World:
        monkeypatch.setattr(reading, "MAILS", World.page)
        return World(box, monkeypatch)

    @pytest.fixture
    def connector(self, system: World) -> Make:
        def make(wrong: str | None = None) -> Mail:
            wrongly = {"credentials": {"password": "other"}, "address": {"imap_port": free_port()}}
            system.made.append(system.box.mail(**wrongly.get(wrong or "", {})))
            return system.made[-1]

        return make

    def test_push_answers_each_write_in_order(self, connector: Make, system: World) -> None:
        """A mail cannot be changed, so all writes create; the n-th answer is the n-th write's."""
        writes = [Write(system.sample("messages"), None, None, f"order-{n}", f"our-{n}") for n in range(4)]
        answers = list(connector().push("messages", writes))
        assert len(answers) == 4
        for write, answer in zip(writes, answers, strict=True):
            assert isinstance(answer, Receipt)
            there = system.get("messages", answer.key) or {}
            assert {field: there[field] for field in write.data} == write.data

    def test_it_does_not_retry_by_itself(self, connector: Make, system: World) -> None:
        """A cut line is raised at once, and one attempt at a new one is made by the next call."""
        made = connector()
        made.check()
        system.fail()
        for attempts in (0, 1):
            with pytest.raises(Unavailable):
                list(made.pull("messages"))
            assert system.requests == attempts
        with pytest.raises(Unavailable):
            list(made.push("messages", [Write(system.sample("messages"), None, None, "once", "our-1")]))
        assert system.requests == 2
