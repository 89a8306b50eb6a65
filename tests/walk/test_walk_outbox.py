"""The outbox: refusals wait for a person, what passes comes back by itself, and nothing is lost or sent twice."""

from __future__ import annotations

from collections import Counter

from yard import Yard


def test_a_refused_create_and_a_refused_field_are_dead_letters(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    south.set(refuse={"name": "Bad Ltd"})
    bad = north.add("clients", name="Bad Ltd", mail="bad@x.example")
    good = north.add("clients", name="Good", mail="good@x.example")
    counts = yard.sync(code=1)
    assert (counts["south/clients"]["refused"], counts["south/clients"]["written"]) == (1, 1)
    (dead,) = yard("outbox", "list", code=1)
    assert (dead["connection"], dead["stream"], dead["key"], dead["state"]) == ("south", "clients", None, "dead")
    assert "'Bad Ltd' is on our black list" in dead["reason"]
    assert "name" in dead["fields"]

    north.edit("clients", good, name="Bad Ltd", note="kept")
    yard.sync(code=1)
    (there,) = south.rows("clients").values()
    assert (there["name"], there["note"]) == ("Good", "kept")
    asked = len(south.log())
    yard.sync()
    assert len(yard("outbox", "list", code=1)) == 2
    assert len(south.log()) == asked

    south.set(refuse={})
    assert yard.plain("outbox", "retry") == "2 taken up again; send them with: hub sync\n"
    yard.sync()
    assert sorted((r["name"], r["mail"]) for r in south.rows("clients").values()) == [
        ("Bad Ltd", "bad@x.example"),
        ("Bad Ltd", "good@x.example"),
    ]
    assert yard("outbox", "list") == []
    assert bad in north.rows("clients")
    yard.quiet()


def test_a_changed_value_is_tried_again_by_itself(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    south.set(refuse={"name": "Bad Ltd"})
    key = north.add("clients", name="Bad Ltd", mail="bad@x.example")
    yard.sync(code=1)
    north.edit("clients", key, name="Better Ltd")
    yard.sync()
    assert [r["name"] for r in south.rows("clients").values()] == ["Better Ltd"]
    assert yard("outbox", "list") == []


def test_a_dropped_dead_letter_is_sent_again_only_when_its_value_changes(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    key = north.add("clients", name="Anne", mail="anne@x.example")
    yard.sync()
    south.set(refuse={"note": "rude"})
    north.edit("clients", key, note="rude")
    yard.sync(code=1)
    (dead,) = yard("outbox", "list", code=1)
    assert dead["fields"] == ["note"]
    yard.plain("outbox", "drop", str(dead["id"]), "--yes")
    south.set(refuse={})
    yard.sync()
    assert [r["note"] for r in south.rows("clients").values()] == [None]
    north.edit("clients", key, note="kind")
    yard.sync()
    assert [r["note"] for r in south.rows("clients").values()] == ["kind"]
    yard.quiet()


def test_a_lost_answer_is_no_second_record(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    for n in range(30):
        north.add("clients", name=f"C{n}", mail=f"c{n}@x.example")
    south.set(lost=1)
    yard.sync(code=1)
    assert "the answer was lost" in yard.err
    assert any(row["state"] == "sent" for row in yard("outbox", "list"))
    yard.sync()
    made = Counter(our_id for op, _, _, _, our_id in south.log() if op == "create")
    assert (len(made), max(made.values())) == (30, 1)
    assert yard("outbox", "list") == []
    yard.quiet()


def test_a_write_that_cannot_now_comes_back(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    south.set(busy=["phone"])
    north.add("clients", name="Anne", mail="anne@x.example", phone="+493012345678")
    north.add("clients", name="Bo", mail="bo@x.example")
    yard.sync(code=1)
    assert "try again" in yard.err
    assert [r["name"] for r in south.rows("clients").values()] == ["Bo"]
    (waits,) = yard("outbox", "list")
    assert "locked" in waits["reason"]
    south.set(busy=[])
    yard.sync()
    assert sorted(r["name"] for r in south.rows("clients").values()) == ["Anne", "Bo"]
    yard.quiet()


def test_a_write_that_cannot_again_and_again_is_tried_ever_later(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    south.set(busy=["phone"])
    north.add("clients", name="Anne", mail="anne@x.example", phone="+493012345678")

    def tries() -> int:
        return sum(op == "create" for op, *_ in south.log())

    yard.sync(code=1)
    yard.sync(code=1)
    failed = tries()
    for _ in range(3):
        yard.sync(code=(0, 1))
    ((attempts, wait),) = yard.sql("SELECT attempts, (due_at - sent_at) / 1000000 FROM outbox")
    assert attempts == 2
    assert wait >= 4
    assert tries() == failed, "it was tried although it was not due"
    south.set(busy=[])
    yard.change("UPDATE outbox SET due_at = sent_at")  # the time has passed
    yard.sync()
    assert [r["name"] for r in south.rows("clients").values()] == ["Anne"]
    yard.quiet()


def test_a_conflict_reads_again_and_merges(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    key = north.add("clients", name="Anne", mail="anne@x.example")
    yard.sync()
    (there,) = south.rows("clients")
    north.edit("clients", key, owner="olga")
    south.edit("clients", there, note="called", at=1.0)  # a time long before the cursor: the pull does not show it
    counts = yard.sync()
    assert counts["south/clients"]["conflicts"] == 1
    for name in ("north", "south"):
        assert [(r["owner"], r["note"]) for r in yard.book(name).rows("clients").values()] == [("olga", "called")]
    yard.quiet()


def test_each_record_is_written_in_the_order_of_its_changes(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    key = north.add("clients", name="N0", mail="anne@x.example")
    yard.sync()
    south.set(down="push")
    for n in range(1, 4):
        north.edit("clients", key, name=f"N{n}")
        yard.sync(code=1)
    south.set(down=False)
    yard.sync()
    later = [data["name"] for op, _, _, data, _ in south.log() if op == "update"]
    assert later[-1] == "N3"
    assert later == sorted(later)
    assert [r["name"] for r in south.rows("clients").values()] == ["N3"]
    yard.quiet()


def test_a_write_that_waits_for_its_time_goes_at_once_where_a_person_says_so(light: Yard) -> None:
    north, south = light.book("north"), light.book("south")
    north.add("clients", name="Anne", mail="anne@x.example")
    south.set(down="push")
    light.sync(code=1)
    light.change("UPDATE outbox SET state = 'queued', due_at = 4102444800000000")  # as after a 429 that says: in 2100
    south.set(down=False)
    light.sync()
    assert south.rows("clients") == {}
    (waits,) = light("outbox", "list")
    light.plain("outbox", "retry", waits["id"], "7", code=2)
    light.plain("outbox", "drop", "7", "--yes", code=2)
    assert light.plain("outbox", "retry", waits["id"]) == "1 taken up again; send them with: hub sync\n"
    light.sync()
    assert [row["name"] for row in south.rows("clients").values()] == ["Anne"]


def test_a_connection_that_is_down_keeps_nobody_back_and_loses_nothing(yard: Yard) -> None:
    north, south = yard.book("north"), yard.book("south")
    key = north.add("clients", name="Anne", mail="anne@x.example")
    yard.sync()
    south.set(down=True)
    north.edit("clients", key, name="Anna")
    north.add("clients", name="Bo", mail="bo@x.example")
    yard.sync(code=1)
    assert "closed today" in yard.err
    assert sorted(r["values"]["name"] for r in yard("list", "customer")) == ["Anna", "Bo"]
    south.set(down=False)
    (there,) = south.rows("clients")
    south.edit("clients", there, phone="+493012345678")
    yard.sync()
    for name in ("north", "south"):
        assert sorted((r["name"], r["phone"]) for r in yard.book(name).rows("clients").values()) == [
            ("Anna", "+493012345678"),
            ("Bo", None),
        ]
    yard.quiet()
