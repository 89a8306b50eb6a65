"""The alerts plugin reaches a listener, and whatever goes wrong with it stops nothing."""

from __future__ import annotations

import importlib.util
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from hub.plugin import Event
from hub.testing.serve import serve

PLUGIN = Path(__file__).parents[1] / "plugins" / "apprise_alerts.py"
EVENT = Event("run failed", "crm: no answer", connection="crm", stream="companies")


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_ALERTS", raising=False)
    spec = importlib.util.spec_from_file_location("apprise_alerts", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Listener:
    """What a chat server would do with the alerts."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.status = 200

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(json.loads(request.content))
        return httpx.Response(self.status)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def url(listener: Listener) -> Iterator[str]:
    with serve(listener) as base:
        yield base.replace("http://", "json://user:canary@")


def test_an_event_arrives(plugin: ModuleType, listener: Listener, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_ALERTS", url)
    plugin.on_event(EVENT)
    (alert,) = listener.heard
    assert (alert["title"], alert["message"], alert["type"]) == (
        "hub: run failed (crm/companies)",
        "crm: no answer",
        "failure",
    )


def test_addresses_may_stand_in_the_env_file(plugin: ModuleType, listener: Listener, url: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f'HUB_ALERTS="{url} {url}/second"\n')
    plugin.on_event(Event("run with findings", "3 in quarantine"))
    assert [(alert["title"], alert["type"]) for alert in listener.heard] == [("hub: run with findings", "warning")] * 2


def test_without_addresses_nothing_happens(
    plugin: ModuleType, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    plugin.on_event(EVENT)
    assert (listener.heard, caplog.records) == ([], [])


def test_what_goes_wrong_is_logged_without_secrets(
    plugin: ModuleType, listener: Listener, url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listener.status = 500
    monkeypatch.setenv("HUB_ALERTS", f"nonsense:canary {url}")
    with caplog.at_level(logging.WARNING, logger="apprise_alerts"):
        plugin.on_event(EVENT)
    ours = [record.getMessage() for record in caplog.records if record.name == "apprise_alerts"]
    assert ours == [
        "HUB_ALERTS: Apprise cannot read address number 1",
        "HUB_ALERTS: an alert was not delivered to all addresses (run failed)",
    ]
    assert "canary" not in caplog.text


def test_a_missing_package_is_named(
    plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUB_ALERTS", "json://127.0.0.1")
    monkeypatch.setitem(sys.modules, "apprise", None)
    plugin.on_event(EVENT)
    assert "pip install 'hub[alerts]'" in caplog.text


def test_a_dead_address_stops_nothing(
    plugin: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HUB_ALERTS", "json://127.0.0.1:1")
    plugin.on_event(EVENT)
    assert "not delivered" in caplog.text
