"""Quarantine: what fails is kept apart with its reason, the run goes on, and a fix takes it up again."""

from __future__ import annotations

from yard import CLIENTS, Yard, names

CHECKS = '''"""House rules."""

from hub.plugin import hookimpl


def owned(values):
    if values.get("owner") == "nobody":
        yield "the owner has left"
    if "test" in (values.get("name") or ""):
        yield "is a test"


@hookimpl
def register_checks(register):
    register("house", "customer", owned)
'''


def test_a_record_that_fails_is_listed_with_field_value_and_reason(yard: Yard) -> None:
    north = yard.book("north")
    north.add("clients", name="Anne", mail="anne@x.example")
    bad = north.add("clients", name="Bo", mail="no address")
    north.add("clients", name=None, mail="cyd@x.example")
    counts = yard.sync(code=1)
    assert counts["north/clients"]["quarantined"] == 2
    assert "north/clients: 2 in quarantine: hub quarantine list" in yard.err
    held = {row["key"]: row for row in yard("quarantine", "list", code=1)}
    assert (held[bad]["connection"], held[bad]["stream"], held[bad]["mapping"]) == (
        "north",
        "clients",
        "ledger.clients",
    )
    assert (held[bad]["field"], held[bad]["value"]) == ("emails.main", "no address")
    assert held[bad]["reason"]
    (nameless,) = [row for row in held.values() if row["key"] != bad]
    assert (nameless["field"], nameless["reason"]) == ("name", "is required and missing or empty")
    assert names(yard("list", "customer")) == ["Anne"]
    yard.sync()
    assert len(yard("quarantine", "list", code=1)) == 2
    yard("status", code=1)
    for words in (("list", "norht"), ("list", "--stream", "cleints")):
        yard("quarantine", *words, code=2)
    for words in (("retry", "999"), ("retry", str(held[bad]["id"]), "abc"), ("drop", "999", "--yes")):
        yard.plain("quarantine", *words, code=2)
        assert "not in quarantine, so nothing was done" in yard.err

    yard.mapping("clients", CLIENTS.replace('as = "email"', 'as = "text"'))
    assert (
        yard.plain("quarantine", "retry", str(held[bad]["id"]))
        == "1 taken up again; map and check them with: hub sync\n"
    )
    yard.sync()
    assert names(yard("list", "customer")) == ["Anne", "Bo"]
    assert [row["field"] for row in yard("quarantine", "list", code=1)] == ["name"]


def test_what_is_in_quarantine_is_not_doubled(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    bad = north.add("clients", name="Anne", mail="anne(at)x.example")
    south.add("clients", name="Anne", mail="anne@x.example")
    nameless = north.add("clients", name=None, mail="bo@x.example")
    south.add("clients", name="Bo", mail="bo@x.example")
    yard.sync(code=1)
    assert sorted(north.rows("clients")) == [bad, nameless]
    north.edit("clients", bad, mail="anne@x.example")
    north.edit("clients", nameless, name="Bo")
    yard.sync()
    assert sorted(r["name"] for r in north.rows("clients").values()) == ["Anne", "Bo"]
    assert names(yard("list", "customer")) == ["Anne", "Bo"]
    yard.quiet()


def test_what_is_dropped_or_gone_leaves_the_list(yard: Yard) -> None:
    north = yard.book("north")
    one, two, three = (north.add("clients", name=None, mail=f"{n}@x.example") for n in "abc")
    four = north.add("clients", name="Four", mail="no address")
    yard.sync(code=1)
    held = {row["key"]: str(row["id"]) for row in yard("quarantine", "list", code=1)}
    assert sorted(held) == [one, two, three, four]
    yard.plain("quarantine", "drop", held[one], code=1)
    assert yard.plain("quarantine", "drop", held[one], "--yes") == "1 dropped\n"
    north.remove("clients", two)
    north.remove("clients", four)
    north.edit("clients", three, name="Cyd")
    yard.sync()
    assert yard("quarantine", "list") == []
    assert names(yard("list", "customer")) == ["Cyd"]
    north.edit("clients", one, name="Anne")
    yard.sync()
    assert names(yard("list", "customer")) == ["Anne", "Cyd"]
    yard.quiet()


def test_a_record_that_turns_bad_keeps_its_golden_record_as_it_was(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    key = north.add("clients", name="Anne", mail="anne@x.example")
    yard.sync()
    north.edit("clients", key, name="Anna", mail="oops")
    yard.sync(code=1)
    assert names(yard("list", "customer")) == ["Anne"]
    assert [r["name"] for r in south.rows("clients").values()] == ["Anne"]
    north.edit("clients", key, mail="anna@x.example")
    yard.sync()
    assert [(r["name"], r["mail"]) for r in south.rows("clients").values()] == [("Anna", "anna@x.example")]
    yard.quiet()


def test_a_malformed_record_among_good_ones(yard: Yard) -> None:
    north = yard.book("north")
    keys = [north.add("clients", name=f"C{n}", mail=f"c{n}@x.example") for n in range(5)]
    north.set(malformed=[keys[2]])
    yard.sync(code=1)
    (held,) = yard("quarantine", "list", code=1)
    assert (held["key"], "JSON" in held["reason"] or "json" in held["reason"]) == (keys[2], True)
    assert names(yard("list", "customer")) == ["C0", "C1", "C3", "C4"]
    north.set(malformed=[])
    north.edit("clients", keys[2], note="mended")
    yard.sync()
    assert len(yard("list", "customer")) == 5
    assert yard("quarantine", "list") == []


def test_checks_of_a_plugin_keep_records_out(yard: Yard) -> None:
    yard.plugin("house", CHECKS)
    north = yard.book("north")
    north.add("clients", name="Anne", mail="anne@x.example")
    bad = north.add("clients", name="test of Bo", mail="bo@x.example", owner="nobody")
    yard.sync(code=1)
    held = yard("quarantine", "list", code=1)
    assert [(row["key"], row["reason"]) for row in held] == [
        (bad, "house: the owner has left"),
        (bad, "house: is a test"),
    ]
    assert names(yard("list", "customer")) == ["Anne"]
    (yard.folder / "plugins/house.py").unlink()
    yard.plain("quarantine", "retry")
    yard.sync()
    assert len(yard("list", "customer")) == 2


def test_a_new_field_over_there_is_told_once_and_is_no_finding(yard: Yard) -> None:
    yard.book("north").add("clients", name="Anne", mail="anne@x.example")
    yard.sync()
    assert yard.sql("SELECT 1 FROM finding") == []
    for n in range(3):
        yard.book("north").add("clients", name=f"B{n}", mail=f"b{n}@x.example", shoe_size=n, colour="red")
    yard.sync()
    told = "SELECT kind, field FROM finding ORDER BY id"
    assert yard.sql(told) == [("unmapped", "colour"), ("unmapped", "shoe_size")]
    yard.book("north").add("clients", name="Cyd", mail="cyd@x.example", shoe_size=4, hat="none")
    yard.sync()
    assert yard.sql(told)[2:] == [("unmapped", "hat")]
    yard.sync("--full")
    assert len(yard.sql(told)) == 3
