"""The page for integration engineers is true: its connector keeps every promise, its tables leave nothing out."""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hub.config.project import ConnectionConfig
from hub.connect import auth, paging
from hub.connect.base import Stream
from hub.plugin.registry import HOOKS, load
from hub.plugin.settings import connect
from hub.testing.contract import ConnectorContract

PAGE = (Path(__file__).parents[1] / "docs" / "connectors.md").read_text(encoding="utf-8")


class Shop:
    """The bookshop of the page: OAuth2 in our own name, pages by token, in no order, late."""

    page = 2
    token = "canary-7f3a"

    def __init__(self):
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.orders = {}
        self.requests = 0
        self.failing = False
        self.numbers = itertools.count(1)

    def add(self, stream):
        key = f"B{next(self.numbers):04}"
        self._put(key, late=False)
        return key

    def edit(self, stream, key, late=False):
        self._put(key, late)

    def remove(self, stream, key):
        self._put(key, late=False, cancelled=True)

    def keys(self, stream):
        return [key for key, states in self.orders.items() if not states[-1][1]["cancelled"]]

    def tick(self, seconds=1):
        self.now += timedelta(seconds=seconds)

    def fail(self):
        self.failing = True

    def _put(self, key, late, cancelled=False):
        shown = self.now + timedelta(seconds=30 if late else 0)
        data = {"number": key, "updated": self.now.isoformat(), "cancelled": cancelled, "edit": next(self.numbers)}
        self.orders.setdefault(key, []).append((shown, data))

    def handle(self, request):
        self.requests += 1
        if request.url.path == "/oauth/token":
            form = dict(httpx.QueryParams(request.content.decode()))
            good = form["client_secret"] == self.token
            return httpx.Response(200 if good else 401, json={"access_token": "now", "error": "invalid_client"})
        if self.failing:
            return httpx.Response(503)
        if request.headers["Authorization"] != "Bearer now":
            return httpx.Response(401)
        start = request.url.params.get("updated_from")
        rows = [next((d for at, d in reversed(states) if at <= self.now), None) for states in self.orders.values()]
        rows = [row for row in rows if row and (not start or row["updated"] >= start)]
        at = int(request.url.params.get("page", "0"))
        more = str(at + self.page) if at + self.page < len(rows) else None
        return httpx.Response(200, json={"orders": rows[at : at + self.page], "next_page": more})


class TestBookshop(ConnectorContract):
    @pytest.fixture
    def system(self):
        return Shop()

    @pytest.fixture
    def connector(self, system, tmp_path):
        (name, text) = re.search(r"<!-- file: plugins/(\S+) -->\n```python\n(.*?)```", PAGE, re.S).groups()
        (tmp_path / name).write_text(text)
        registry = load(tmp_path, entry_points=False)

        def make(wrong=None):
            secret = "wrong" if wrong == "credentials" else system.token
            url = "http://127.0.0.1:9" if wrong == "address" else "https://shop.example"
            settings = {"base_url": url, "client_id": "us", "client_secret": secret}
            made = connect(ConnectionConfig("shop", "bookshop", settings), registry)
            made.budget.rate = None  # the clock of the test does not wait
            if wrong != "address":
                made.transport = httpx.MockTransport(system.handle)
            return made

        return make


def test_the_tables_name_everything_there_is():
    for hook in HOOKS:
        assert f"`{hook}(" in PAGE, hook
    for name in (*auth.__all__, *paging.__all__):
        if name not in ("GrantAuth", "Rows", "upto"):
            assert f"{name}(" in PAGE or f"`{name}`" in PAGE, name
    for field in fields(Stream):
        if field.name not in ("name", "model", "pull"):
            assert f"`{field.name}=" in PAGE, field.name


def test_every_block_of_python_is_python():
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    assert len(blocks) == 4
    for block in blocks:
        ast.parse(textwrap.dedent(block))
