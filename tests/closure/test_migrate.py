"""Migration through the normal push: refusals, lost answers, kills, going back half way."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Stage
from line import Company, connection


def moving(at: Stage, **settings: object) -> Company:
    """Retail moves to a new shop; everything is approved up to the migration."""
    company = at("fresh")
    company.settings(
        connection("shop", "retail", push=True),
        connection("works", "other", push=True),
        connection("new", "fresh", push=True),
    )
    company.shop("new").add("customers", name="Was here before", mail="before@example.com")
    company.shop("new").set(**settings)
    company("sync", code=(0, 1))
    company.plan(template="migration", migrate_to="new")
    company.tasks("mapping", "trial", "users", "backups")
    for gate in ("freeze", "migrate"):
        company.plain("close", "approve", "retail", gate, by="ben")
    return company


def moved(company: Company) -> dict[str, list[tuple[object, ...]]]:
    """What stands in the new shop, without its keys."""
    new = company.shop("new")
    people = {key: row["name"] for key, row in new.rows("customers").items()}
    bills = {key: row["number"] for key, row in new.rows("invoices").items()}
    found = {"customers": sorted((r["name"], r["mail"], r["city"]) for r in new.rows("customers").values())}
    for stream in ("contracts", "orders", "invoices", "payments"):
        found[stream] = sorted(
            tuple(str(people.get(v) or bills.get(v) or v) for k, v in sorted(row.items()))
            for row in new.rows(stream).values()
        )
    return found  # type: ignore[return-value]


def approve_again(company: Company, *gates: str) -> None:
    for gate in gates:
        company.plain("close", "approve", "retail", gate, by="ben" if gate != "verify" else "aud")


def test_everything_arrives_and_is_proven_in_the_target(at: Stage) -> None:
    company = moving(at)
    went = company.go()
    assert (went["phase"], went["state"]) == ("verify", "shut"), went
    assert len(company.shop("new").rows("customers")) == 7  # five of the line's own, a shared one, the one from before
    assert len(company.shop("new").rows("payments")) == 6
    approve_again(company, "verify")
    went = company.go()
    assert "sample" in went["text"], went
    company("close", "sample", "retail", "--sign", "right", by="aud")
    assert company.go()["phase"] == "destroy"
    company.plain("close", "approve", "retail", "destroy", by="lea")
    company("close", "run", "retail", by="ana")
    # the records live on in their new home, and nothing of the old one is left
    assert len(company("list", "invoice", "--where", "line=fresh")) == 6
    assert company("list", "customer", "--where", "lines.retail=true") == []
    assert company.shop("shop").rows("invoices") == {}
    company.shop("new").edit("customers", "cus00002", name="Lives on")
    company("sync", code=(0, 1))
    assert "Lives on" in {r["values"]["name"] for r in company("list", "customer")}
    assert len(company.shop("new").rows("invoices")) == 6


def test_a_value_changed_in_the_target_is_found(at: Stage) -> None:
    company = moving(at)
    company.go()
    approve_again(company, "verify")
    new = company.shop("new")
    first, second = list(new.rows("invoices"))[:2]
    totals = {k: new.rows("invoices")[k]["total"] for k in (first, second)}
    new.edit("invoices", first, total=totals[second])
    new.edit("invoices", second, total=totals[first])  # counts and sums still agree
    went = company.go()
    assert (went["phase"], went["state"]) == ("verify", "shut")
    assert any("total is swapped" in r for r in went["reasons"]), went


def test_what_the_target_refuses_keeps_the_gate_shut(at: Stage) -> None:
    company = moving(at, refuse={"number": ["RI2", "RI4", "RO1"]})
    went = company.go()
    assert (went["phase"], went["state"]) == ("migrate", "shut")
    refused = [r for r in went["reasons"] if "is not allowed here" in r]
    assert len(refused) == 3
    assert any("payment" in r for r in went["reasons"]) or len(went["reasons"]) >= 3
    company.shop("new").set(refuse={})
    company.plain("outbox", "retry")
    went = company.go()
    assert went["phase"] == "verify"
    assert len(company.shop("new").rows("invoices")) == 6


def test_a_target_that_times_out_after_it_wrote_gets_nothing_twice(at: Stage) -> None:
    company = moving(at, lost=3)
    for _ in range(6):
        if company.go()["phase"] == "verify":
            break
    assert company.status()["migrate"]["state"] == "done"
    new = company.shop("new")
    assert {s: len(new.rows(s)) for s in ("customers", "orders", "invoices", "payments")} == {
        "customers": 7, "orders": 6, "invoices": 6, "payments": 6,
    }  # fmt: skip


@pytest.mark.parametrize("after", [12])
def test_a_kill_in_the_middle_makes_nothing_twice(at: Stage, after: int) -> None:
    calm = moving(at)
    calm.go()
    expected = moved(calm)
    company = moving(at)
    company.shop("new").set(die_after=after)
    assert company.process("close", "run", "retail", by="ana").returncode == 9
    for _ in range(4):
        if company.go()["phase"] == "verify":
            break
    assert moved(company) == expected


def test_going_back_half_way_leaves_everything_as_it_was(at: Stage) -> None:
    company = moving(at)
    before = {
        name: {s: company.shop(name).rows(s) for s in ("customers", "invoices")} for name in ("shop", "works", "new")
    }
    golden = company.sql("SELECT id, data FROM golden ORDER BY id")
    company.shop("new").set(die_after=15)
    assert company.process("close", "run", "retail", by="ana").returncode == 9
    assert len(company.shop("new").log("create")) == 15
    company.plain("close", "back", "retail", by="ana", code=1)  # says what it would do
    assert company.sql("SELECT 1 FROM frozen_line") == [(1,)]
    assert len(company.shop("shop").settings()["frozen"]) == 5  # those of the line alone, over there too
    for _ in range(3):
        rows = company("close", "back", "retail", "--yes", by="ana", code=(0, 1, 2))
        if rows:
            break
    assert rows[0]["left"] == []
    after = {
        name: {s: company.shop(name).rows(s) for s in ("customers", "invoices")} for name in ("shop", "works", "new")
    }
    assert after == before
    assert company.sql("SELECT id, data FROM golden ORDER BY id") == golden
    assert company.sql("SELECT 1 FROM frozen_line") == []
    assert company.shop("shop").settings()["frozen"] == []
    company.shop("shop").edit("customers", "cus00002", name="Thawed")
    company("sync", code=(0, 1))
    assert "Thawed" in {r["values"]["name"] for r in company("list", "customer")}
    company.plain("close", "status", "retail", code=1)  # there is none any more
    company("close", "plan", "retail", "--adopt", by="ana")  # and it can begin anew


def test_an_expired_token_stops_it_and_a_new_one_goes_on(at: Stage) -> None:
    company = moving(at, token="other")
    went = company.go()
    assert (went["phase"], went["state"]) == ("migrate", "shut")
    assert "expired" in went["text"]
    assert company.shop("new").log("create") == []
    company.shop("new").set(token="")
    assert company.go()["phase"] == "verify"
    assert Path(company.folder).exists()
