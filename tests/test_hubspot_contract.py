"""The HubSpot connector keeps every promise of the contract, against the fake CRM."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Any

import pytest
from hub_hubspot import HubSpot
from hub_hubspot.pull import LATE

from hub.testing.contract import ConnectorContract
from hub.testing.hubspot import Clock, FakeHubSpot

NAMED = {
    "companies": "name",
    "contacts": "lastname",
    "deals": "dealname",
    "tickets": "subject",
    "orders": "hs_order_name",
    "invoices": "hs_title",
    "products": "name",
}
BAD = {
    "companies": {"lifecyclestage": "grandmother"},
    "contacts": {"email": "nobody"},
    "deals": {"dealstage": "dreaming"},
    "tickets": {"hs_ticket_priority": "whenever"},
    "orders": {"hs_total_price": "much"},
    "invoices": {"hs_invoice_status": "lost"},
    "products": {"price": "cheap"},
}


class HubSpotSystem:
    page = 3
    token = "pat-eu1-very-secret"

    def __init__(self, *streams: str) -> None:
        self.streams = streams
        self.clock = Clock()
        self.fake = FakeHubSpot(token=self.token, clock=self.clock, strict=True, cap=50)
        self.company = self.fake.add("companies", {"name": "whom it hangs on"})
        self.number = count(1)
        self.clock.tick(60)

    @property
    def requests(self) -> int:
        return len(self.fake.calls)

    def add(self, stream: str) -> str:
        ties = {"companies": [self.company]} if stream not in ("companies", "products") else {}
        return self.fake.add(stream, self.sample(stream)["properties"], ties)

    def edit(self, stream: str, key: str, late: bool = False) -> None:
        self.fake.lag = LATE.total_seconds() if late else 0.0
        self.fake.edit(stream, key, self.sample(stream)["properties"])
        self.fake.lag = 0.0

    def remove(self, stream: str, key: str) -> None:
        self.fake.archive(stream, key)

    def get(self, stream: str, key: str) -> Mapping[str, Any] | None:
        found = next((r for r in self.fake.rows(stream) if r["id"] == key), None)
        return found and {**found, "company": next(iter(found["associations"].get("companies", [])), None)}

    def keys(self, stream: str) -> list[str]:
        return [r["id"] for r in self.fake.rows(stream)]

    def sample(self, stream: str) -> dict[str, Any]:
        data: dict[str, Any] = {"properties": {NAMED[stream]: f"number {next(self.number)}"}}
        return data if stream in ("companies", "products") else {**data, "company": self.company}

    def bad(self, stream: str) -> dict[str, Any]:
        return {"properties": BAD[stream]}

    def tick(self, seconds: float = 1) -> None:
        self.clock.tick(seconds)

    def fail(self) -> None:
        self.fake.fail("503", times=10**9)


class TestHubSpot(ConnectorContract):
    @pytest.fixture(params=["companies", "contacts", "deals", "tickets", "orders", "invoices", "products"])
    def system(self, request: pytest.FixtureRequest) -> HubSpotSystem:
        return HubSpotSystem(request.param)

    @pytest.fixture
    def connector(self, system: HubSpotSystem) -> Any:
        def make(wrong: str | None = None) -> HubSpot:
            token = "wrong" if wrong == "credentials" else system.token
            made = HubSpot(token, "http://127.0.0.1:9", rate=0, search_rate=0, search_page=3, list_page=3)
            if wrong != "address":
                made.transport = system.fake.transport()
            return made

        return make
