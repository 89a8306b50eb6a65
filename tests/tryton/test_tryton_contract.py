"""The contract suite against a real Tryton, by its parties."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import count
from typing import Any

import httpx
import hub_tryton.changes
import pytest
from hub_tryton import Tryton

from hub.testing.contract import ConnectorContract
from hub.testing.tryton import People, TrytonServer

REACH = ("phone", "email")


class Parties:
    """The world of parties: clerks do what the suite asks for, over a line that can be cut."""

    page = 2
    streams = ("parties",)

    def __init__(self, server: TrytonServer) -> None:
        self.people: People = server.people
        self.token = server.access.password
        self.requests = 0
        self.cut = False
        self.numbers = count(1)
        self.own = {row["party"] for row in self.people.find("company.company", fields=["party"])}
        for key in self.keys("parties"):
            try:
                self.people.delete_party(int(key))
            except Exception:  # noqa: BLE001 - those with invoices stay
                continue

    def line(self) -> httpx.BaseTransport:
        """A transport to the server that counts, and answers 503 once it is cut."""
        real = httpx.HTTPTransport()

        def carry(request: httpx.Request) -> httpx.Response:
            self.requests += 1
            return httpx.Response(503, text="cut") if self.cut else real.handle_request(request)

        return httpx.MockTransport(carry)

    def add(self, stream: str) -> str:
        return str(self.people.add_party(f"Firma {next(self.numbers)}", phone="+49 40 1234567"))

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        self.people.edit_phone(int(key), f"+49 40 {7000000 + next(self.numbers)}")

    def remove(self, stream: str, key: str) -> None:
        self.people.delete_party(int(key))

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        rows = self.people.find("party.party", ["id", "=", int(key)], fields=["name", "code"])
        if not rows:
            return None
        found = self.people.find("party.contact_mechanism", ["party", "=", int(key)], fields=["type", "value_compact"])
        return {"name": rows[0]["name"], **{row["type"]: row["value_compact"] for row in found}}

    def keys(self, stream: str) -> list[str]:
        return [
            str(row["id"]) for row in self.people.find("party.party", active_test=False) if row["id"] not in self.own
        ]

    def sample(self, stream: str) -> dict[str, Any]:
        number = next(self.numbers)
        return {"name": f"Muster {number}", "phone": f"+4940{8000000 + number}", "email": f"m{number}@muster.example"}

    def bad(self, stream: str) -> dict[str, Any]:
        return {"name": "Schlecht", "phone": "nonsense"}

    def tick(self, seconds: float = 1) -> None:
        """Tryton's clock goes by itself, to the microsecond."""

    def fail(self) -> None:
        self.cut = True


class TestTryton(ConnectorContract):
    @pytest.fixture
    def system(self, server: TrytonServer, monkeypatch: pytest.MonkeyPatch) -> Parties:
        monkeypatch.setattr(hub_tryton.changes, "OVERLAP", timedelta(0))  # else all is recent, and nothing proved
        return Parties(server)

    @pytest.fixture
    def connector(self, server: TrytonServer, system: Parties) -> Iterator[Callable[..., Tryton]]:
        made: list[Tryton] = []

        def make(wrong: str | None = None) -> Tryton:
            settings = dict(server.access.settings)
            if wrong == "credentials":
                settings["password"] = "not-the-password"
            if wrong == "address":
                settings["base_url"] = "http://127.0.0.1:9"
            tryton = Tryton(**settings, page_size=system.page)
            if wrong != "address":
                tryton.transport = system.line()
            made.append(tryton)
            return tryton

        yield make
        for tryton in made:
            tryton.close()
