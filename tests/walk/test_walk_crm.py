"""A ledger and a CRM over HTTP: equal times at a page's edge, late searches, and two ways of keeping a value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from yard import Yard, ledger, names

from hub.testing.hubspot import Clock, FakeHubSpot

CRM = """
[connections.crm]
connector = "hubspot"
token = "${{HUB_CRM_TOKEN}}"
base_url = "{url}"
rate = 0
search_rate = 0
list_page = 3
search_page = 3
[connections.crm.streams.companies]
push = true
create = "all"
"""


@pytest.fixture
def crm() -> FakeHubSpot:
    """A CRM whose clock stands still until a test moves it, and whose search ends after 20 results."""
    return FakeHubSpot(token="pat-canary", clock=Clock(), cap=20)


@pytest.fixture
def both(
    url: str, crm: FakeHubSpot, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Yard]:
    """The ledger `north` and the CRM."""
    monkeypatch.setenv("HUB_CRM_TOKEN", "pat-canary")
    with crm.serve() as address:
        yard = Yard(tmp_path / "project", url, capsys)
        yard.begin(ledger("north") + CRM.format(url=address))
        yield yard
        yard.close()


def shown(crm: FakeHubSpot) -> list[str]:
    return sorted(row["properties"]["name"] for row in crm.rows("companies"))


def test_nothing_is_lost_where_all_times_are_equal(both: Yard, crm: FakeHubSpot) -> None:
    tick = crm.clock.tick  # type: ignore[attr-defined]
    for n in range(31):  # ten pages, all of one millisecond, and more than search gives
        crm.add("companies", {"name": f"C{n:02}", "email": f"c{n}@x.example"})
    both.sync()
    assert names(both("list", "customer")) == shown(crm)
    assert len(both.book("north").rows("clients")) == 31
    tick(60)
    ids = [row["id"] for row in crm.rows("companies")]
    for id in ids[:25]:
        crm.edit("companies", id, {"description": "changed in one go"})
    both.sync()
    assert [r["note"] for r in both.book("north").rows("clients").values()].count("changed in one go") == 25
    tick(60)
    writes = crm.writes()
    both.quiet()
    assert crm.writes() == writes


def test_what_search_shows_late_is_not_lost(both: Yard, crm: FakeHubSpot) -> None:
    tick = crm.clock.tick  # type: ignore[attr-defined]
    first = crm.add("companies", {"name": "First", "email": "first@x.example"})
    both.sync()
    tick(60)
    crm.lag = 10
    late = crm.add("companies", {"name": "Late", "email": "late@x.example"})
    tick(1)
    crm.lag = 0
    crm.edit("companies", first, {"name": "First again"})
    both.sync()
    assert names(both("list", "customer")) == ["First"]
    tick(12)
    both.sync()
    assert names(both("list", "customer")) == ["First again", "Late"]
    assert late in {row["id"] for row in crm.rows("companies")}
    tick(60)
    both.quiet()


def test_two_ways_of_keeping_a_value_settle_after_one_round(both: Yard, crm: FakeHubSpot) -> None:
    tick = crm.clock.tick  # type: ignore[attr-defined]
    crm.habit("companies", "name", "upper")
    crm.habit("companies", "description", "truncate:40")
    both.book("north").set(habits={"name": ["trim"], "note": ["cut"], "owner": ["upper"]})
    long = "a note that is a good deal longer than forty characters"
    key = both.book("north").add("clients", name="Anne Ltd", mail="anne@x.example", note=long)
    crm.add("companies", {"name": "Bo  Ltd ", "email": "bo@x.example", "description": long})
    both.sync()
    assert shown(crm) == ["ANNE LTD", "BO  LTD " if "BO  LTD " in shown(crm) else "BO LTD"]
    for _ in range(3):
        tick(60)
        writes = crm.writes()
        both.quiet()
        assert crm.writes() == writes
    assert both.book("north").rows("clients")[key]["name"] == "Anne Ltd"
    assert both.book("north").rows("clients")[key]["note"] == long
    both.book("north").edit("clients", key, name="Anne & Co")
    tick(60)
    both.sync()
    assert "ANNE & CO" in shown(crm)
    tick(60)
    both.quiet()
    assert both.book("north").rows("clients")[key]["name"] == "Anne & Co"


def test_a_malformed_page_stops_that_connection_and_loses_nothing(both: Yard, crm: FakeHubSpot) -> None:
    tick = crm.clock.tick  # type: ignore[attr-defined]
    for n in range(7):
        crm.add("companies", {"name": f"C{n}", "email": f"c{n}@x.example"})
    both.book("north").add("clients", name="N", mail="n@x.example")
    crm.fail("malformed", times=1, match="GET /crm/v3/objects/companies")
    both.sync(code=1)
    assert "crm" in both.err
    assert "Traceback" not in both.err
    assert "N" in names(both("list", "customer"))
    tick(60)
    both.sync()
    assert names(both("list", "customer")) == sorted([*(f"C{n}" for n in range(7)), "N"])
    tick(60)
    both.quiet()


def test_a_busy_crm_is_asked_again(both: Yard, crm: FakeHubSpot) -> None:
    both.book("north").add("clients", name="N", mail="n@x.example")
    crm.fail("429", times=2)
    crm.fail("502", times=1, match="GET /crm")
    both.sync()
    assert shown(crm) == ["N"]
    assert len(both.book("north").rows("clients")) == 1
