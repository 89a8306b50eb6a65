"""First contact: shown before it is done, pushed only where it is switched on, and created as the policy says."""

from __future__ import annotations

import hashlib

import pytest
from yard import Yard, ledger


def fill(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    both = north.add("clients", name="Anné", mail="anne@x.example", phone="+493012345678")
    north.add("clients", name="Bo", mail="bo@x.example")
    north.add("bills", number="N-1", client=both, amount="10.00")
    south.add("clients", name="Anne", mail="anne@x.example", owner="olga", at=1.0)
    south.add("clients", name="Cyd", mail="cyd@x.example")


def mails(yard: Yard, name: str) -> list[str]:
    return sorted(row["mail"].split("@")[0] for row in yard.book(name).rows("clients").values())


def test_two_ledgers_agree_after_one_sync_and_stay_quiet(yard: Yard) -> None:
    fill(yard)
    yard.sync()
    for name in ("north", "south"):
        rows = yard.book(name).rows("clients").values()
        assert sorted((r["mail"], r["owner"]) for r in rows) == [
            ("anne@x.example", "olga"),
            ("bo@x.example", None),
            ("cyd@x.example", None),
        ]
        assert [r["number"] for r in yard.book(name).rows("bills").values()] == ["N-1"]
    (bill,) = yard.book("south").rows("bills").values()
    assert yard.book("south").rows("clients")[bill["client"]]["mail"] == "anne@x.example"
    for where in ("name=Anné", "emails.main=ANNE@x.example", "emails=anne@x.example", "emails.*=anne@x.example",
                  "phones=+493012345678", "phones.main=+493012345678", "owner=olga"):  # fmt: skip
        assert [row["values"]["name"] for row in yard("list", "customer", "--where", where)] == ["Anné"], where
    for where in ("phones=+4930", "emails=olga", "owner=Olga"):
        assert yard("list", "customer", "--where", where) == []
    yard("list", "customer", "--where", "phone=1", code=2)
    assert 'no field "phone" (did you mean "phones"?)' in yard.err
    yard.quiet()


def test_a_dry_run_shows_what_would_happen_and_writes_nothing(yard: Yard) -> None:
    fill(yard)
    yard("status")  # the database is there, with its tables
    before = (
        yard.dump(),
        digest(yard),
        [yard.book(n).rows(s) for n in ("north", "south") for s in ("clients", "bills")],
    )
    found = yard("sync", "--dry-run")
    contact = {
        (r["connection"], r["stream"]): (r["matched"], r["alone"], r["absent"]) for r in found if r["kind"] == "contact"
    }
    assert contact["north", "clients"] == (1, 1, 1)
    assert contact["south", "clients"] == (1, 1, 1)
    assert contact["north", "bills"] == (0, 1, 0)
    assert contact["south", "bills"] == (0, 0, 1)
    updates = {
        (r["connection"], r["field"]): (r["here"], r["there"], r["winner"]) for r in found if r["kind"] == "update"
    }
    assert updates["south", "name"] == ("Anné", "Anne", "north")
    assert updates["south", "phones.main"] == ("+493012345678", None, "north")
    assert updates["north", "owner"] == ("olga", None, "south")
    created = {(r["connection"], r["stream"], str(r["here"])) for r in found if r["kind"] == "create"}
    assert {("south", "clients", "Bo"), ("north", "clients", "Cyd"), ("south", "bills", "N-1")} <= created
    after = (
        yard.dump(),
        digest(yard),
        [yard.book(n).rows(s) for n in ("north", "south") for s in ("clients", "bills")],
    )
    assert before == after
    assert "nothing was" in yard.plain("sync", "--dry-run")


def digest(yard: Yard) -> str:
    """Of the hub's database file; empty where it is no file."""
    file = yard.folder / "hub.db"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""


def test_nothing_is_pushed_until_it_is_switched_on_and_then_everything_is_compared(yard: Yard) -> None:
    yard.settings(ledger("north", push=False) + ledger("south", push=False))
    fill(yard)
    yard.sync()
    yard.sync()
    assert yard.book("north").log() == yard.book("south").log() == []
    assert len(yard("list", "customer")) == 3
    yard.settings(ledger("north", push=False) + ledger("south"))
    yard.sync()
    assert yard.book("north").log() == []
    assert mails(yard, "south") == ["anne", "bo", "cyd"]
    (anne,) = [r for r in yard.book("south").rows("clients").values() if r["mail"] == "anne@x.example"]
    assert anne["name"] == "Anné"
    assert len(yard.book("south").rows("bills")) == 1
    yard.quiet()


@pytest.mark.parametrize(("create", "there"), [("all", ["anne", "bo"]), ("referenced", ["anne"]), ("never", [])])
def test_who_is_created_is_policy(yard: Yard, create: str, there: list[str]) -> None:
    policies = ledger("south", create="all").replace('create = "all"', f'create = "{create}"', 1)
    if create == "never":
        policies = ledger("south", create="never")
    yard.settings(ledger("north") + policies)
    north = yard.book("north")
    anne = north.add("clients", name="Anne", mail="anne@x.example")
    bo = north.add("clients", name="Bo", mail="bo@x.example")
    north.add("bills", number="N-1", client=anne, amount="10.00")
    yard.sync()
    assert mails(yard, "south") == there
    assert len(yard.book("south").rows("bills")) == (0 if create == "never" else 1)
    yard.sync()
    north.add("bills", number="N-2", client=bo, amount="20.00")
    yard.sync()
    assert mails(yard, "south") == ([] if create == "never" else ["anne", "bo"])
    yard.quiet()
