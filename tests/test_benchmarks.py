"""The benchmark runs and prints its table; that says nothing of speed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
RECORDS = 2_300


def run(script: str, *arguments: str) -> str:
    """Run a script of the benchmark to its end and return what it printed."""
    command = [sys.executable, str(BENCHMARKS / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def crm() -> Iterator[str]:
    """The mock CRM with a few thousand companies, made when they are asked for."""
    command = [sys.executable, str(BENCHMARKS / "server.py"), str(RECORDS), "--fly"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def test_the_table_is_printed() -> None:
    out = run("run.py", "--records", str(RECORDS), "--repeats", "1", "--only", "sqlite", "profile")
    assert out.startswith(f"{RECORDS:,} companies, medians of 1")
    for row in ("first sync, against the limit", "full re-read without changes"):
        assert re.search(rf"SQLite, {row} +[\d,]+/s +[\d,]+/s +\d\.\d\d", out), out
    assert re.search(r"re-sync from the cursor, CPU +[\d.]+ s", out)
    assert re.search(r"SQLite, first sync: .*(map|fetch|write) \d+%", out)


def test_the_list_and_the_search_of_the_mock_agree(crm: str) -> None:
    listed, after = [], None
    while True:
        page = httpx.get(f"{crm}/crm/v3/objects/companies", params={"limit": 100} | ({"after": after} if after else {}))
        listed += page.json()["results"]
        after = page.json().get("paging", {}).get("next", {}).get("after")
        if after is None:
            break
    assert len({row["id"] for row in listed}) == RECORDS
    since = listed[-150]
    at = str(round(datetime.fromisoformat(since["updatedAt"]).timestamp() * 1000))
    rule = {"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": at}
    found = httpx.post(
        f"{crm}/crm/v3/objects/companies/search", json={"filterGroups": [{"filters": [rule]}], "limit": 200}
    )
    assert found.json()["results"] == listed[-150:]


def test_the_hub_walks_the_whole_way(crm: str, tmp_path: Path) -> None:
    """All are read, merged and queued for the listening target; a full re-read then finds nothing new."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from hub_walk import project, sync
    finally:
        sys.path.remove(str(BENCHMARKS))
    home = project(tmp_path / "p", crm, f"sqlite:///{tmp_path}/hub.db")
    first = [json.loads(line) for line in sync(home).out.splitlines()]
    again = [json.loads(line) for line in sync(home, "--full").out.splitlines()]
    assert [(c["connection"], c["read"], c["created"], c["queued"]) for c in first] == [
        ("crm", RECORDS, RECORDS, 0),
        ("target", 0, 0, RECORDS),
    ]
    assert [(c["read"], c["merged"], c["queued"], c["gone"]) for c in again] == [(RECORDS, 0, 0, 0), (0, 0, 0, 0)]


def test_the_limit_writes_once_and_then_nothing(crm: str, tmp_path: Path) -> None:
    file = str(tmp_path / "limit.db")
    assert run("limit.py", crm, "sqlite", file, "first").endswith(f"{RECORDS} read, {RECORDS} written\n")
    assert run("limit.py", crm, "sqlite", file, "again").endswith(f"{RECORDS} read, 0 written\n")
