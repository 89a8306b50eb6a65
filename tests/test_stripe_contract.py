"""The Stripe connector keeps what every connector promises."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from hub_stripe import Stripe

from hub.testing.contract import ConnectorContract, Make
from hub.testing.stripe import FakeStripe


class SmallPages(Stripe):
    page = 3


class World:
    """A Stripe account as the contract wants to see it."""

    page = SmallPages.page
    streams = ("customers", "invoices", "charges")
    token = "sk_test_planted_canary"

    def __init__(self) -> None:
        self.now = 1_790_000_000.0
        self.fake = FakeStripe(self.token, clock=lambda: self.now, search_late=60)
        self.payer = self.fake.add_customer(name="Payer")["id"]
        self._number = count(1)

    @property
    def requests(self) -> int:
        return len(self.fake.calls)

    def things(self, stream: str) -> dict[str, Any]:
        return self.fake.things[stream[:-1]]

    def add(self, stream: str) -> str:
        if stream == "customers":
            made = self.fake.add_customer(**self.sample(stream))
        elif stream == "charges":
            made = self.fake.charge(self.payer, 1000)
        else:
            made = self.fake.add_invoice(self.payer, [{"amount": 500}])
        return str(made["id"])

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        if late:
            self.fake.events_late = 60
        edit = self.fake.edit_customer if stream == "customers" else lambda k, **v: self.fake.edit(stream[:-1], k, **v)
        edit(key, description=f"edited {next(self._number)}")

    def remove(self, stream: str, key: str) -> None:
        if stream == "customers":
            self.fake.delete_customer(key)
        elif stream == "invoices":
            self.fake.delete_draft(key)
        else:  # Stripe never deletes a charge; a key of another account's charge looks like this
            del self.fake.things["charge"][key]

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        thing = self.things(stream).get(key)
        return None if thing is None or thing.get("deleted") else thing

    def keys(self, stream: str) -> list[str]:
        return [key for key, thing in self.things(stream).items() if not thing.get("deleted")]

    def sample(self, stream: str) -> dict[str, Any]:
        number = next(self._number)
        more = {"name": f"Name {number}"} if stream == "customers" else {}
        return more | {"description": f"text {number}"}

    def bad(self, stream: str) -> dict[str, Any] | None:
        return {"email": "nonsense"} if stream == "customers" else {"amount": 5}

    def tick(self, seconds: float = 1) -> None:
        self.now += seconds

    def fail(self) -> None:
        self.fake.fail("503", 1000)


class TestStripe(ConnectorContract):
    @pytest.fixture
    def system(self) -> World:
        return World()

    @pytest.fixture
    def connector(self, system: World) -> Make:
        def make(wrong: str | None = None) -> Stripe:
            key = "sk_test_wrong" if wrong == "credentials" else system.token
            if wrong == "address":
                return SmallPages(key, "http://127.0.0.1:9")
            made = SmallPages(key, "https://stripe.test", rate=1e6)
            made.transport = system.fake.transport()
            return made

        return make
