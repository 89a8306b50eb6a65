"""What the verbs make of the engine's answers: rows, remarks and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace as Row
from typing import Any

import pytest

from hub.cli.app import run
from hub.errors import Busy


class Shelf:
    """Two things that wait, and what was asked of them."""

    def __init__(self, state: str | None) -> None:
        self.rows = [
            Row(id=n, connection="crm", stream="companies", key=str(n), state=state, reason="no") for n in (1, 2)
        ]
        self.asked: list[Any] = []

    def list(self, connection: str | None = None, stream: str | None = None) -> Sequence[Row]:
        return [row for row in self.rows if connection in (None, row.connection)]

    def retry(self, ids: Sequence[str] | None = None) -> int:
        self.asked.append(("retry", ids))
        return len(ids or self.rows)

    def drop(self, ids: Sequence[str]) -> int:
        self.asked.append(("drop", ids))
        return len(ids)


class Engine:
    """An engine that answers what a test set."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self.differences: list[Any] = []
        self.calls: list[Any] = []
        self.quarantine, self.outbox = Shelf(None), Shelf("queued")

    def sync(
        self,
        connections: Sequence[str] | None,
        stream: str | None = None,
        full: bool = False,
        since: str | None = None,
        dry_run: bool = False,
        progress: Callable[[Any], None] | None = None,
    ) -> Any:
        if connections == ["busy"]:
            raise Busy("busy: another run works on it")
        self.calls.append((connections, stream, full, since, dry_run))
        assert progress is not None
        progress(Row(connection="crm", stream="companies", name="pull", done=10, total=20))
        counts = [Row(connection="crm", stream="companies", read=10, changed=2, written=0)]
        return Row(counts=counts, findings=self.findings, differences=self.differences)

    def status(self) -> Sequence[Any]:
        return [{"connection": "crm", "stream": "companies", "records": 7, "quarantined": 0, "dead": 0}]

    def list(self, model: str, where: Mapping[str, str], limit: int) -> Sequence[Any]:
        self.calls.append((model, where, limit))
        return [Row(id="customer_1", values={"name": "Anné", "balance.eur": [101000, "EUR"]})]

    def show(self, model: str, id: str) -> Any:
        if id != "customer_1":
            return None
        field = {"field": "name", "value": "Anné", "connection": "crm", "why": "newest"}
        return Row(fields=[field], links=[{"connection": "crm", "key": "7"}], lost=[])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Engine:
    """An engine behind the command line's seam, in a project of its own."""
    made = Engine()

    @contextmanager
    def opened(*arguments: Any) -> Iterator[Engine]:
        yield made

    monkeypatch.setattr("hub.cli.engine.opened", opened)
    run(["init", str(tmp_path)])
    for shipped in (tmp_path / "plugins").glob("*.py"):
        shipped.unlink()
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    return made


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_sync_says_what_it_did(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync"]) == 0
    assert "0 written: all sides agree" in capsys.readouterr().out
    assert run(["sync", "crm", "--stream", "companies", "--since", "2026-11-01T01:00+02:00", "--json"]) == 0
    (row,) = printed(capsys)
    assert (row["read"], row["changed"], row["written"], row["refused"]) == (10, 2, 0, None)
    assert engine.calls == [
        (None, None, False, None, False),
        (["crm"], "companies", False, "2026-10-31T23:00:00+00:00", False),
    ]


def test_findings_of_a_run_leave_with_1(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.findings = ["crm companies: 2 records in quarantine; see: hub quarantine list crm"]
    assert run(["sync"]) == 1
    out = capsys.readouterr()
    assert "2 records in quarantine" in out.err
    assert "all sides agree" not in out.out


def test_a_busy_connection_leaves_with_1_and_no_traceback(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "busy"]) == 1
    assert capsys.readouterr().err == "busy: another run works on it\n"


def test_a_dry_run_prints_differences_alone(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    engine.differences = [Row(connection="crm", stream="companies", kind="differs", field="name", here="A", there="B")]
    assert run(["sync", "--dry-run", "--json"]) == 0
    (row,) = printed(capsys)
    assert (row["field"], row["here"], row["there"], row["winner"]) == ("name", "A", "B", None)
    assert engine.calls[0][-1] is True


def test_status_leaves_with_1_when_something_needs_a_person(
    engine: Engine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["status", "--json"]) == 0
    assert printed(capsys)[0]["records"] == 7
    monkeypatch.setattr(engine, "status", lambda: [{"connection": "crm", "stream": "companies", "dead": 1}])
    assert run(["status"]) == 1


def test_golden_records_are_listed_and_shown(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "customer", "--where", "name=Anné", "--where", "emails.main=a@b.example", "--limit", "3"]) == 0
    assert "Anné" in capsys.readouterr().out
    assert engine.calls == [("customer", {"name": "Anné", "emails.main": "a@b.example"}, 3)]
    assert run(["show", "customer", "customer_1", "--json"]) == 0
    assert [row["kind"] for row in printed(capsys)] == ["field", "link"]
    assert run(["show", "customer", "customer_1"]) == 0
    assert "newest" in capsys.readouterr().out
    assert run(["show", "customer", "customer_2"]) == 2
    assert "hub list customer" in capsys.readouterr().err


def test_quarantine_is_a_finding_and_an_outbox_only_when_dead(
    engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["quarantine", "list", "--json"]) == 1
    assert len(printed(capsys)) == 2
    assert run(["quarantine", "list", "erp"]) == 0
    assert run(["outbox", "list"]) == 0
    engine.outbox = Shelf("dead")
    assert run(["outbox", "list"]) == 1


def test_nothing_is_dropped_without_yes(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["quarantine", "drop", "1"]) == 1
    out = capsys.readouterr().out
    assert "--yes" in out
    assert engine.quarantine.asked == []
    assert run(["quarantine", "drop", "1", "--yes"]) == 0
    assert run(["outbox", "retry"]) == 0
    assert engine.quarantine.asked == [("drop", ["1"])]
    assert engine.outbox.asked == [("retry", None)]
