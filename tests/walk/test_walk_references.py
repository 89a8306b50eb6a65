"""References: what arrives before its target waits and resolves, in whatever order, and is written once it can be."""

from __future__ import annotations

from yard import Yard


def parent_in(yard: Yard, name: str, child: str) -> str | None:
    """The name of the parent that a client shows in a ledger."""
    rows = yard.book(name).rows("clients")
    (parent,) = [row["parent"] for row in rows.values() if row["name"] == child]
    return str(rows[parent]["name"]) if parent else None


def test_a_bill_waits_for_its_client(yard: Yard) -> None:
    north = yard.book("north")
    client = north.add("clients", name="Anne", mail="anne@x.example")
    north.add("bills", number="N-1", client=client, amount="10.00")
    counts = yard.sync("--stream", "bills")
    assert counts["north/bills"]["waiting"] == 1
    assert yard.book("south").rows("bills") == {}
    status = {(r["connection"], r["stream"]): r for r in yard("status")}
    assert status["north", "bills"]["waiting"] == 1
    yard.sync()
    (bill,) = yard("list", "invoice")
    (anne,) = yard("list", "customer")
    assert bill["values"]["customer"] == anne["id"]
    (there,) = yard.book("south").rows("bills").values()
    assert yard.book("south").rows("clients")[there["client"]]["name"] == "Anne"
    yard.quiet()


def test_a_client_does_not_wait_for_its_parent(yard: Yard) -> None:
    north = yard.book("north")
    north.add("clients", name="Daughter", mail="d@x.example", parent="k00002")
    yard.sync()
    assert [row["values"]["name"] for row in yard("list", "customer")] == ["Daughter"]
    assert parent_in(yard, "south", "Daughter") is None
    assert north.add("clients", name="Mother", mail="m@x.example") == "k00002"
    yard.sync()
    assert parent_in(yard, "south", "Daughter") == "Mother"
    yard.quiet()


def test_a_cycle_is_written_in_two_steps(yard: Yard) -> None:
    north = yard.book("north")
    north.add("clients", name="Egg", mail="egg@x.example", parent="k00002")
    north.add("clients", name="Hen", mail="hen@x.example", parent="k00001")
    yard.sync()
    assert parent_in(yard, "south", "Egg") == "Hen"
    assert parent_in(yard, "south", "Hen") == "Egg"
    yard.quiet()


def test_a_reference_is_written_as_soon_as_its_target_is_there(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    mother = north.add("clients", name="Mother", mail="m@x.example")
    north.add("clients", name="Daughter", mail="d@x.example", parent=mother)
    south.set(refuse={"name": "Mother"})
    yard.sync(code=1)
    yard.sync(code=(0, 1))
    assert parent_in(yard, "south", "Daughter") is None
    south.set(refuse={})
    assert yard.plain("outbox", "retry").startswith("1 taken up again")
    yard.sync()
    assert parent_in(yard, "south", "Daughter") == "Mother"
    yard.quiet()


def test_a_reference_to_a_record_in_quarantine_waits(yard: Yard) -> None:
    north = yard.book("north")
    client = north.add("clients", name=None, mail="anne@x.example")
    north.add("clients", name="Daughter", mail="d@x.example", parent=client)
    north.add("bills", number="N-1", client=client, amount="10.00")
    yard.sync(code=1)
    assert [row["values"]["name"] for row in yard("list", "customer")] == ["Daughter"]
    assert yard.book("south").rows("bills") == {}
    north.edit("clients", client, name="Anne")
    yard.sync()
    assert parent_in(yard, "south", "Daughter") == "Anne"
    assert [row["number"] for row in yard.book("south").rows("bills").values()] == ["N-1"]
    assert yard("quarantine", "list") == []
    yard.quiet()
