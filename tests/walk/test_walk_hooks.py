"""The hooks that take part in a run, and what must never come out of one."""

from __future__ import annotations

import json

import pytest
from yard import Yard, ledger

SURVIVE = '''"""The longer name wins."""

from hub.plugin import hookimpl


@hookimpl
def survive(model, field, candidates):
    if (model, field) == ("customer", "name"):
        return max(candidates, key=lambda c: len(c.value or ""))
    return None
'''
EVENTS = '''"""Writes events down."""

import json
import os

from hub.plugin import hookimpl


@hookimpl
def on_event(event):
    with open(os.environ["EVENTS"], "a") as file:
        file.write(json.dumps([event.kind, event.text, event.data]) + "\\n")
'''


def test_a_plugin_decides_which_value_survives(yard: Yard) -> None:
    yard.plugin("longest", SURVIVE)
    north, south = yard.book("north"), yard.book("south")
    one = north.add("clients", name="Anne of Green Gables", mail="anne@x.example")
    two = south.add("clients", name="Anne", mail="anne@x.example", at=1_900_000_000.0)
    yard.sync()
    assert south.rows("clients")[two]["name"] == "Anne of Green Gables"
    south.edit("clients", two, name="A.", at=1_900_000_001.0)
    yard.sync()
    assert [r["values"]["name"] for r in yard("list", "customer")] == ["Anne of Green Gables"]
    assert south.rows("clients")[two]["name"] == "Anne of Green Gables"
    north.edit("clients", one, name="Anne Shirley of Green Gables")
    yard.sync()
    assert south.rows("clients")[two]["name"] == "Anne Shirley of Green Gables"
    yard.quiet()


def test_events_tell_of_a_run_with_findings_and_of_one_that_failed(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    file = yard.folder / "events"
    monkeypatch.setenv("EVENTS", str(file))
    yard.plugin("events", EVENTS)
    yard.book("north").add("clients", name=None, mail="bo@x.example")
    yard.sync(code=1)
    yard.book("north").set(crash="pull")
    yard.plain("sync", code=70)
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [kind for kind, *_ in told] == ["quarantined records", "run findings", "run failed"]
    (kept,) = told[0][2]["records"]
    assert (kept["key"], kept["field"]) == ("k00001", "name")
    assert "1 in quarantine" in told[1][1]
    assert "a bug met" in told[2][1]


def test_an_event_tells_each_refused_write_with_the_words_of_the_target(
    light: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = light.folder / "events"
    monkeypatch.setenv("EVENTS", str(file))
    light.plugin("events", EVENTS)
    light.plugin("angry", EVENTS.split("@hookimpl")[0] + "@hookimpl\ndef on_event(event):\n    raise ValueError\n")
    light.book("north").add("clients", name="Anne", mail="anne@x.example")
    light.book("south").set(refuse={"name": "Anne"})
    light.sync(code=1)
    light.sync()  # the same refusal is no news
    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [kind for kind, *_ in told] == ["refused writes", "run findings"]
    (write,) = told[0][2]["writes"]
    (dead,) = light("outbox", "list", code=1)
    assert (write["id"], write["golden_id"], write["message"]) == (dead["id"], dead["golden"], dead["reason"])
    assert all(dead["reason"] in text for _, text, _ in told)


def test_a_secret_stands_nowhere(yard: Yard, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("NORTH", "canary-4711-token")
    caplog.set_level("DEBUG")
    yard.settings(ledger("north", settings='token = "${NORTH}"') + ledger("south"))
    north = yard.book("north")
    north.set(token="canary-4711-token")
    north.add("clients", name="Anne", mail="anne@x.example")
    said = [yard.plain("sync"), yard.plain("check"), yard.plain("status")]
    north.set(crash="pull")
    said += [yard.plain("sync", code=70), yard.err]
    assert "a bug met ***" in yard.err
    north.set(crash=None, token="another")
    said += [yard.plain("sync", code=1), yard.err]
    assert "token refused" in yard.err
    said += [yard.plain("check", code=1), yard.err, yard.dump(), caplog.text]
    for file in yard.folder.rglob("*"):
        if file.is_file() and file.name not in ("north.db", "north.db-wal"):
            said.append(file.read_bytes().decode("utf-8", "replace"))
    assert "canary" not in "\n".join(said)
    assert "Anne" in yard.dump()
