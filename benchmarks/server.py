"""A CRM that answers as HubSpot's company lists and searches do, as fast as Python can, so that it is not measured.

    python server.py COMPANIES [--fly]

Prints the port it listens on. Pages of 100 are rendered beforehand; with --fly each one when it is asked for, so that
a million companies need no memory.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from urllib.parse import parse_qsl

PAGE = 100
FIRST_ID = 10_000_000
BEGINNING = datetime(2024, 1, 1, tzinfo=UTC)
SPACING = timedelta(seconds=7)  # between the changes of one company and the next
LIST = "/crm/v3/objects/companies"
TRADES = ("RETAIL", "BANKING", "AUTOMOTIVE", "CONSTRUCTION", "FOOD_BEVERAGES", "COMPUTER_SOFTWARE")
STAGES = ("lead", "subscriber", "opportunity", "customer")


def moment(number: int) -> str:
    """When the company of that number was last changed."""
    return (BEGINNING + number * SPACING).strftime("%Y-%m-%dT%H:%M:%S") + f".{number % 1000:03d}Z"


def company(n: int) -> dict[str, Any]:
    """One company as the CRM shows it, about 1,000 bytes of JSON."""
    word = hashlib.blake2b(b"%d" % n, digest_size=16).hexdigest()
    key, changed, created = str(FIRST_ID + n), moment(n), moment(n // 2)
    properties = {
        "name": f"Werkstatt {word[:10]} für Möbel",
        "domain": f"{word[:12]}.example.com",
        "phone": f"+49 30 {n:08d}",
        "address": f"Hauptstr. {n % 500}, Haus {word[0]}",
        "city": f"Ort {n % 997}",
        "state": f"L{n % 50}",
        "zip": f"{n % 100_000:05d}",
        "country": "Germany" if n % 3 else "France",
        "industry": TRADES[n % 6],
        "numberofemployees": str(n % 5000),
        "annualrevenue": str(n * 13 % 9_999_999),
        "lifecyclestage": STAGES[n % 4],
        "hubspot_owner_id": str(5000 + n % 40),
        "description": f'{word}, known as "the {word[:8]}", with commas, and more of them' * 2,
        "createdate": created,
        "hs_lastmodifieddate": changed,
        "hs_object_id": key,
    }
    return {"id": key, "properties": properties, "createdAt": created, "updatedAt": changed, "archived": False}


def answer(body: Any) -> bytes:
    """A whole HTTP answer."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode() + data


class Crm:
    """The companies 0 to `count`; the higher the number, the later changed."""

    def __init__(self, count: int, *, fly: bool = False) -> None:
        self.count = count
        self.pages = [] if fly else [self.page(at, PAGE) for at in range(0, count, PAGE)]

    def page(self, at: int, limit: int) -> bytes:
        """The companies from number `at` on."""
        end = min(self.count, at + limit)
        body: dict[str, Any] = {"results": [company(n) for n in range(at, end)]}
        if end < self.count:
            body["paging"] = {"next": {"after": str(end), "link": f"https://crm.example{LIST}?after={end}"}}
        return answer(body)

    def get(self, path: str, query: dict[str, str]) -> bytes:
        """Answer a list; there are no owners and no archived companies."""
        if path != LIST or query.get("archived") == "true":
            return answer({"results": []})
        at, limit = int(query.get("after") or 0), int(query.get("limit") or PAGE)
        if self.pages and at % PAGE == 0 and limit == PAGE and at < self.count:
            return self.pages[at // PAGE]
        return self.page(at, limit)

    def post(self, path: str, body: dict[str, Any]) -> bytes:
        """Answer a search for what changed since a time; whatever else is asked for is not there."""
        if path != f"{LIST}/search":
            return answer({"results": []})
        at, limit = 0, int(body.get("limit", PAGE))
        for group in body.get("filterGroups", ()):
            for rule in group["filters"]:
                if rule["propertyName"] == "hs_lastmodifieddate":
                    at = max(at, self.since(int(rule["value"])))
        numbers: range = range(at, min(self.count, at + limit))
        if any(s.get("direction") == "DESCENDING" for s in body.get("sorts", ())):
            numbers = range(self.count - 1, max(at, self.count - limit) - 1, -1)
        return answer({"total": self.count - at, "results": [company(n) for n in numbers]})

    def since(self, milliseconds: int) -> int:
        """The number of the first company changed at that time or later."""
        at = datetime.fromtimestamp(milliseconds / 1000, UTC)
        number = max(0, int((at - BEGINNING) / SPACING) - 1)
        while number < self.count and datetime.fromisoformat(moment(number)) < at:
            number += 1
        return number


class Http(asyncio.Protocol):
    """Just enough HTTP/1.1: requests on a connection that stays open, one after the other or several at once."""

    def __init__(self, crm: Crm) -> None:
        self.crm = crm
        self.left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers are written to."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is not derived from it

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self.left += data
        while (end := self.left.find(b"\r\n\r\n")) >= 0:
            line, _, rest = self.left[:end].decode("latin-1").partition("\r\n")
            headers = dict(h.lower().split(": ", 1) for h in rest.split("\r\n") if ": " in h)
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self.left) < whole:
                return
            body, self.left = self.left[end + 4 : whole], self.left[whole:]
            verb, target, _ = line.split(" ")
            path, _, query = target.partition("?")
            if verb == "GET":
                self.transport.write(self.crm.get(path, dict(parse_qsl(query))))
            else:
                self.transport.write(self.crm.post(path, json.loads(body)))


async def serve(crm: Crm) -> None:
    """Listen on a free port of this machine and say which."""
    server = await asyncio.get_running_loop().create_server(lambda: Http(crm), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop as loop
    except ImportError:
        loop = asyncio
    loop.run(serve(Crm(int(sys.argv[1]), fly="--fly" in sys.argv)))
