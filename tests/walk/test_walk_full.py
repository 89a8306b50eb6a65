"""Full reads: what is unchanged costs a look, what vanished becomes a tombstone, and too much of it asks first."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from yard import Yard, ledger, names

from hub.store.tx import dialects


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each statement is sent to the hub's database, by its first words and its table."""
    seen: Counter[str] = Counter()

    def counted(kind: Any, name: str) -> None:
        real = getattr(kind, name)

        def call(self: Any, what: Any, *more: Any, **options: Any) -> Any:
            if name in ("rows", "run"):
                seen[" ".join(str(what).split())[:120]] += 1
            elif more[1]:
                seen[f"{name} {what.name}"] += 1
            return real(self, what, *more, **options)

        monkeypatch.setattr(kind, name, call)

    for kind in dialects.values():
        for name in ("rows", "run", "insert", "upsert"):
            counted(kind, name)
    return seen


def test_an_unchanged_record_costs_one_look_in_a_batch_and_no_write(yard: Yard, statements: Counter[str]) -> None:
    costs = []
    for count in (20, 400):
        north = yard.book("north")
        with north.begin() as db:
            for n in range(len(north_keys(db)), count):
                data = {"name": f"C{n}", "mail": f"c{n}@x.example", "phone": None, "owner": None, "note": None}
                north.put(db, "clients", None, data | {"parent": None}, None, None)
        yard.sync()
        yard.sync()
        statements.clear()
        counts = yard.sync("--full")
        assert counts["north/clients"]["read"] == counts["south/clients"]["read"] == count
        assert counts["north/clients"]["changed"] == 0
        written = [s for s in statements if s.startswith(("insert", "upsert")) or s.split()[0] in ("UPDATE", "INSERT")]
        tables = {s.split()[1 if s.startswith("UPDATE") else 2 if s.startswith("INSERT") else 1] for s in written}
        assert not tables & {"record", "golden", "lineage", "identifier", "reference", "finding"}, written
        looks = [n for s, n in statements.items() if "FROM record WHERE stream_id = ? AND key IN" in s]
        assert looks == [4]  # one a stream: each is one batch
        costs.append(sum(statements.values()))
    assert costs[0] == costs[1]


def north_keys(db: Any) -> list[Any]:
    return list(db.execute("SELECT key FROM row"))


def fill(yard: Yard, count: int = 10) -> list[str]:
    north = yard.book("north")
    keys = [north.add("clients", name=f"C{n}", mail=f"c{n}@x.example") for n in range(count)]
    yard.sync()
    return keys


def test_what_vanished_is_a_tombstone_and_deletes_nothing_elsewhere(yard: Yard) -> None:
    keys = fill(yard, 20)
    yard.book("north").vanish("clients", keys[3])
    yard.sync()
    assert yard.sync("--full")["north/clients"]["gone"] == 1
    assert len(yard("list", "customer")) == len(yard.book("south").rows("clients")) == 20
    (golden,) = yard("list", "customer", "--where", "emails.main=c3@x.example")
    links = {r["connection"]: r["why"] for r in yard("show", "customer", golden["id"]) if r["kind"] == "link"}
    assert links == {"north": "gone over there", "south": "there"}
    (there,) = [key for key, row in yard.book("south").rows("clients").items() if row["mail"] == "c3@x.example"]
    yard.book("south").edit("clients", there, note="still here")
    yard.sync()
    assert len(yard.book("north").rows("clients")) == 19  # its grave keeps it from being created again
    assert yard.sync("--full")["north/clients"]["gone"] == 0
    yard.quiet()


def test_when_much_vanishes_nothing_is_marked_until_a_person_says_so(yard: Yard) -> None:
    keys = fill(yard)
    yard.book("north").vanish("clients", *keys[:4])
    assert yard.sync("--full", code=1)["north/clients"]["gone"] == 0
    assert "4 of 10 records vanished (40%), more than vanish_limit = 10%: none was marked as gone" in yard.err
    status = {(r["connection"], r["stream"]): r for r in yard("status")}
    assert status["north", "clients"]["records"] == 10
    yard.settings(ledger("north", clients="vanish_limit = 0.5") + ledger("south"))
    assert yard.sync("--full")["north/clients"]["gone"] == 4
    assert len(yard("list", "customer")) == 10


def test_archive_takes_a_customer_that_stands_nowhere_any_more_off_the_list(yard: Yard) -> None:
    yard.settings(ledger("north", clients='on_tombstone = "archive"') + ledger("south"))
    keys = fill(yard, 3)
    north, south = yard.book("north"), yard.book("south")
    north.remove("clients", keys[0])
    yard.sync()
    assert names(yard("list", "customer")) == ["C0", "C1", "C2"]  # it stands in the south
    (there,) = [key for key, row in south.rows("clients").items() if row["name"] == "C0"]
    south.remove("clients", there)
    yard.sync()
    assert names(yard("list", "customer")) == ["C1", "C2"]
    assert (len(north.rows("clients")), len(south.rows("clients"))) == (2, 2)
    yard.quiet()
    north.edit("clients", keys[0], name="C0 again")
    with north.begin() as db:
        db.execute("UPDATE row SET gone = 0 WHERE key = ?", (keys[0],))
    yard.sync()
    assert names(yard("list", "customer")) == ["C0 again", "C1", "C2"]


def test_unlink_frees_a_record_to_be_created_again(yard: Yard) -> None:
    yard.settings(ledger("north", clients='on_tombstone = "unlink"') + ledger("south"))
    keys = fill(yard, 3)
    north = yard.book("north")
    north.remove("clients", keys[0])
    yard.sync()
    assert sorted(r["name"] for r in north.rows("clients").values()) == ["C0", "C1", "C2"]
    assert keys[0] not in north.rows("clients")
    assert len(yard("list", "customer")) == len(yard.book("south").rows("clients")) == 3
    yard.quiet()
    (again,) = [key for key, row in north.rows("clients").items() if row["name"] == "C0"]
    north.edit("clients", again, note="here")
    yard.sync()
    assert "here" in [r["note"] for r in yard.book("south").rows("clients").values()]
