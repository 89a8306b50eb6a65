"""First contact: shown before it is done, pushed only where it is switched on, and created as the policy says."""

from __future__ import annotations

from yard import Yard, files, ledger


def fill(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    both = north.add("clients", name="Anné", mail="anne@x.example", phone="+493012345678")
    north.add("clients", name="Bo", mail="bo@x.example")
    north.add("bills", number="N-1", client=both, amount="10.00")
    south.add("clients", name="Anne", mail="anne@x.example", owner="olga")
    south.add("clients", name="Cyd", mail="cyd@x.example")


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
    yard.quiet()
