"""The verbs over the real engine: two shops that hold the same customers, each a JSON file that a person may edit."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.cli.app import run

SHOP = '''"""A shop whose customers stand in one JSON file."""

import hashlib
import json
from pathlib import Path

from hub.connect import Conflict, Connector, Missing, Page, Receipt, Record, Rejected, Stream, Unavailable
from hub.plugin import hookimpl


class Shop(Connector):
    """A shop whose customers stand in one JSON file."""

    name = "shop"
    streams = (Stream("people", "customer", push=True, versioned=True, findable=True),)

    def __init__(self, file: str, token: str = "") -> None:
        self.file = Path(file)

    def rows(self):
        if not self.file.exists():
            raise Unavailable(f"{self.file}: closed today")
        return json.loads(self.file.read_text())

    def record(self, key, row):
        version = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
        return Record(key, row, version=version)

    def check(self):
        self.rows()

    def pull(self, stream, cursor=None):
        yield Page([self.record(key, row) for key, row in self.rows().items()], None)

    def read(self, stream, keys):
        rows = self.rows()
        for key in keys:
            yield self.record(key, rows[key]) if key in rows else Record(key, {}, deleted=True)

    def find(self, stream, our_ids):
        for key, row in self.rows().items():
            if row.get("ours") in our_ids:
                yield row["ours"], self.record(key, row)

    def push(self, stream, writes):
        for write in writes:
            rows = self.rows()
            if write.data.get("phone") == "+491710000000":
                yield Rejected("phone: is blocked here", ["phone"])
                continue
            if write.key is not None and write.key not in rows:
                yield Missing("gone")
                continue
            if write.key is not None and self.record(write.key, rows[write.key]).version != write.expect:
                yield Conflict("changed")
                continue
            key = write.key or f"n{len(rows) + 1}"
            empty = {"name": None, "mail": None, "phone": None, "ours": write.our_id}
            rows[key] = {**rows.get(key, empty), **write.data}
            self.file.write_text(json.dumps(rows))
            made = self.record(key, rows[key])
            yield Receipt(key, version=made.version, data=made.data)


@hookimpl
def register_connectors(register):
    register(Shop)
'''
PEOPLE = """stream = "people"
model = "customer"
[fields]
name = "name"
"emails.main" = { theirs = "mail", as = "email" }
"phones.main" = { theirs = "phone", as = "phone" }
"""
SETTINGS = """
[connections.{name}]
connector = "shop"
file = "${{HUB_PROJECT}}/{name}.json"
[connections.{name}.streams.people]
push = true
create = "all"
"""
NORTH = {
    "1": {"name": "Anné Ltd", "mail": "office@anne.example", "phone": "+493012345678"},
    "2": {"name": "Bo", "mail": "bo@bo.example", "phone": None},
}
SOUTH = {"7": {"name": "Anne", "mail": "office@anne.example", "phone": None}}

Verb = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """A project with the shops `north` and `south`, who share one customer by its e-mail address."""
    assert run(["init", str(tmp_path)]) == 0
    for shipped in (tmp_path / "plugins").glob("*.py"):
        shipped.unlink()
    (tmp_path / "plugins/shop.py").write_text(SHOP)
    (tmp_path / "mappings/shop.people.toml").write_text(PEOPLE)
    with (tmp_path / "hub.toml").open("a") as file:
        file.write(SETTINGS.format(name="north") + SETTINGS.format(name="south"))
    write(tmp_path, "north", NORTH)
    write(tmp_path, "south", SOUTH)
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    return tmp_path


def write(folder: Path, name: str, rows: Any) -> None:
    (folder / f"{name}.json").write_text(json.dumps(rows))


def rows(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{name}.json").read_text())
    return found


@pytest.fixture
def hub(capsys: pytest.CaptureFixture[str]) -> Verb:
    """Run a verb with --json, hold its exit code to `code`, and return the rows it printed."""

    def call(*arguments: str, code: int = 0) -> list[dict[str, Any]]:
        found = run([*arguments, "--json"])
        out = capsys.readouterr()
        assert found == code, out.err
        return [json.loads(line) for line in out.out.splitlines()]

    return call


def edit(folder: Path, name: str, key: str, **values: Any) -> None:
    """What a person does in a shop."""
    found = rows(folder, name)
    found[key] |= values
    write(folder, name, found)


def test_a_dry_run_shows_first_contact_and_writes_nothing(project: Path, hub: Verb) -> None:
    found = hub("sync", "--dry-run")
    contact = {
        row["connection"]: (row["matched"], row["alone"], row["absent"]) for row in found if row["kind"] == "contact"
    }
    assert contact == {"north": (1, 1, 0), "south": (1, 0, 1)}
    created = {row["field"]: row["here"] for row in found if row["kind"] == "create"}
    assert created == {"name": "Bo", "emails.main": "bo@bo.example"}
    assert any(row["kind"] == "update" and row["field"] == "phones.main" for row in found)
    assert (rows(project, "north"), rows(project, "south")) == (NORTH, SOUTH)
    assert hub("list", "customer") == []


def test_two_shops_agree_after_one_sync_and_stay_quiet(project: Path, hub: Verb) -> None:
    counts = {row["connection"]: row for row in hub("sync")}
    assert counts["north"]["read"] == 2
    assert counts["south"]["written"] == 2
    assert len(rows(project, "south")) == 2
    assert rows(project, "south")["7"]["phone"] == "+493012345678"
    before = (rows(project, "north"), rows(project, "south"))
    assert [row["written"] for row in hub("sync")] == [0, 0]
    assert (rows(project, "north"), rows(project, "south")) == before
    status = {row["connection"]: row for row in hub("status")}
    assert (status["south"]["records"], status["south"]["queued"], status["south"]["dead"]) == (2, 0, 0)


def test_golden_records_are_listed_and_say_why(project: Path, hub: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    hub("sync")
    (anne,) = hub("list", "customer", "--where", "emails.main=office@anne.example")
    assert anne["values"]["phones.main"] == "+493012345678"
    assert len(hub("list", "customer")) == 2
    assert len(hub("list", "customer", "--limit", "1")) == 1
    shown = hub("show", "customer", anne["id"])
    assert {(row["connection"], row["key"]) for row in shown if row["kind"] == "link"} == {
        ("north", "1"),
        ("south", "7"),
    }
    (phone,) = [row for row in shown if row["field"] == "phones.main" and row["kind"] == "field"]
    assert (phone["connection"], phone["key"]) == ("north", "1")
    assert phone["why"]
    assert run(["show", "customer", anne["id"]]) == 0
    assert "+493012345678" in capsys.readouterr().out
    assert run(["show", "customer", "customer_nobody"]) == 2
    assert "hub list customer" in capsys.readouterr().err


def test_quarantine_lists_and_retries_after_a_fix(project: Path, hub: Verb, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project, "north", "2", mail="no address")
    hub("sync", code=1)
    (held,) = hub("quarantine", "list", code=1)
    assert (held["connection"], held["key"], held["field"]) == ("north", "2", "emails.main")
    assert "no address" in str(held["value"])
    assert hub("quarantine", "list", "south") == []
    (project / "mappings/shop.people.toml").write_text(PEOPLE.replace('as = "email"', 'as = "text"'))
    assert run(["quarantine", "retry"]) == 0
    assert "1 taken up again" in capsys.readouterr().out
    hub("sync")
    assert hub("quarantine", "list") == []
    assert len(hub("list", "customer")) == 2


def test_a_refused_write_is_a_dead_letter_until_a_person_acts(
    project: Path, hub: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    hub("sync")
    edit(project, "north", "1", phone="+491710000000")
    hub("sync", code=1)
    (dead,) = hub("outbox", "list", code=1)
    assert (dead["connection"], dead["key"], dead["state"]) == ("south", "7", "dead")
    assert "blocked" in dead["reason"]
    assert run(["outbox", "drop", str(dead["id"])]) == 1
    assert "--yes" in capsys.readouterr().out
    assert len(hub("outbox", "list", code=1)) == 1
    assert run(["outbox", "drop", str(dead["id"]), "--yes"]) == 0
    assert capsys.readouterr().out == "1 dropped\n"
    assert hub("outbox", "list") == []


def test_one_system_that_is_down_is_a_finding_and_the_other_goes_on(
    project: Path, hub: Verb, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "south.json").unlink()
    assert run(["sync"]) == 1
    out = capsys.readouterr()
    assert "closed today" in out.err
    assert "Traceback" not in out.err
    assert len(hub("list", "customer")) == 2


def test_a_moment_the_connector_cannot_read_from_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "north", "--since", "2026-11-01"]) in (1, 2)
    assert "leave --since out" in capsys.readouterr().err


def test_unknown_connections_and_streams_leave_with_2(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "nroth"]) == 2
    assert "north" in capsys.readouterr().err
    assert run(["sync", "--stream", "peple"]) == 2
    assert "people" in capsys.readouterr().err


def test_a_full_sync_notices_what_vanished(project: Path, hub: Verb) -> None:
    with (project / "hub.toml").open("a") as file:
        file.write("vanish_limit = 1.0\n")
    hub("sync")
    kept = rows(project, "south")
    del kept["7"]
    write(project, "south", kept)
    counts = {row["connection"]: row for row in hub("sync", "south", "--full")}
    assert counts["south"]["gone"] == 1


def test_a_secret_stands_nowhere_in_the_store(project: Path, hub: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (project / "hub.toml").read_text().replace('connector = "shop"', 'connector = "shop"\ntoken = "${SHOP}"')
    (project / "hub.toml").write_text(text)
    monkeypatch.setenv("SHOP", "canary-token")
    hub("sync")
    dump = "\n".join(sqlite3.connect(project / "hub.db").iterdump())
    assert "Anné" in dump
    assert "canary" not in dump
