"""A merge is taken apart: for each step the smallest story that ends wrongly without it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from test_joins import check_lifted, golden_of, joined, parted, state, told
from world import IN_GROUPS, MAPPING, World

from hub.errors import Busy, Rejected
from hub.sync.part import part


def values_of(world: World, id: str) -> dict[str, Any]:
    """What a golden record holds."""
    with world.store.read() as tx:
        found: dict[str, Any] = msgspec.json.decode(tx.rows("SELECT data FROM golden WHERE id = ?", id)[0][0])
    return {path: value for path, value in found.items() if value is not None}


def reading(*systems: dict[str, Any]) -> World:
    """Systems of which nothing is created in another one."""
    w = World(*systems)
    for feed in w.feeds.values():
        feed.config = replace(feed.config, create="never")
    return w


def test_a_record_of_a_frozen_line_is_neither_merged_nor_taken_apart() -> None:
    w = World({}, {})
    for n in (1, 2, 3):
        w.systems[0].add(n, email=f"{n}@x", name=f"N{n}")
    w.sync()
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    merge = joined(w, one, two)
    with w.store.begin() as tx:
        tx.run("INSERT INTO frozen_line (line, closing_id, seq) VALUES ('retail', 1, 1)")
        tx.run("INSERT INTO closing_scope (closing_id, golden_id, model, kind) VALUES (1, ?, 'customer', 'own')", two)
    stood = state(w)
    with pytest.raises(Busy, match=f"{two} is frozen"):
        parted(w, merge)
    with w.store.begin() as tx:
        tx.run("UPDATE closing_scope SET golden_id = ?", three)
    with pytest.raises(Busy, match=f"{three} is frozen"):
        joined(w, one, three)
    assert state(w) == stood


def test_a_record_merged_by_way_of_another_goes_home_step_by_step_with_its_edit() -> None:
    w = told(World({}, {}), "update")
    a, _ = w.systems
    for n in (1, 2, 3):
        a.add(n, email=f"{n}@x", name=f"N{n}", phone="3" if n == 3 else None)
    w.sync()
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    stood = [state(w)]
    inner = joined(w, two, three)
    stood.append(state(w))
    parted(w, joined(w, one, two))
    assert state(w) == stood.pop()
    outer = joined(w, one, two)
    w.sync()
    a.edit("A3", "phone", "333")
    w.sync()
    assert values_of(w, one)["phones.main"] == "333"
    parted(w, outer)
    assert [golden_of(w, f"A{n}") for n in (1, 2, 3)] == [one, two, two]
    parted(w, inner)
    w.sync()
    assert [values_of(w, id).get("phones.main") for id in (one, two, three)] == [None, None, "333"]
    assert [a.rows[f"A{n}"]["data"]["phone"] for n in (1, 2, 3)] == [None, None, "333"]


@pytest.mark.parametrize("turned", [False, True])
def test_one_of_three_leaves_with_its_own_and_the_other_two_stay_one(turned: bool) -> None:
    w = told(World({}, {}), "update")
    a, _ = w.systems
    for n, name in enumerate(("One", "Two", "Three"), 1):
        a.add(n, email=f"{n}@x", name=name, balance="2.00" if n == 2 else None)
    w.sync()
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    first = joined(w, one, two)
    second = joined(w, *((three, one) if turned else (one, three)))
    w.sync()
    for key, field, value in (("A2", "owner", "of Two"), ("A3", "phone", "333"), ("A1", "name", "Uno")):
        a.edit(key, field, value)
        w.sync(2)
    assert {
        (r["data"]["name"], r["data"]["phone"], r["data"]["owner"]) for s in w.systems for r in s.rows.values()
    } == {("Uno", "333", "of Two")}

    def quiet(shown: dict[str, tuple[str | None, ...]]) -> None:
        w.sync()
        for s in w.systems:
            now = {
                key[1:]: tuple(r["data"][f] for f in ("name", "phone", "owner", "balance")) for key, r in s.rows.items()
            }
            assert now == shown, s.name
        writes = w.writes()
        w.sync(2)
        assert w.writes() == writes

    parted(w, first)
    check_lifted(w)
    quiet({"1": ("Uno", "333", None, None), "2": ("Two", None, "of Two", "2.00"), "3": ("Uno", "333", None, None)})
    assert golden_of(w, "A1") == golden_of(w, "A3") != golden_of(w, "A2") == two
    a.edit("A3", "owner", "late")
    w.sync(2)
    parted(w, second)
    check_lifted(w)
    quiet({"1": ("Uno", None, None, None), "2": ("Two", None, "of Two", "2.00"), "3": ("Three", "333", "late", None)})


def test_an_edit_after_one_has_left_is_found_by_way_of_the_merges_made_on_top() -> None:
    w = reading({}, {})
    a, _ = w.systems
    for n in (1, 2, 3, 4):
        a.add(n, email=f"{n}@x", name=f"N{n}", phone="3" if n == 3 else None)
    w.sync()
    one, two, three, four = (golden_of(w, f"A{n}") for n in (1, 2, 3, 4))
    first, second = joined(w, one, two), joined(w, one, three)
    joined(w, four, one)
    parted(w, first)
    a.edit("A3", "phone", "333")
    w.sync()
    assert values_of(w, four)["phones.main"] == "333"
    parted(w, second)
    assert values_of(w, three)["phones.main"] == "333"
    assert "phones.main" not in values_of(w, four)
    assert golden_of(w, "A1") == four


def test_what_could_not_be_merged_without_the_one_that_leaves_goes_first() -> None:
    w = World({}, {}, mapping=IN_GROUPS)
    a, _ = w.systems
    for n in (1, 2, 3):
        a.add(n, email=f"{n}@x", name=f"N{n}")
    w.sync()
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    first, second = joined(w, one, two), joined(w, one, three)
    a.edit("A3", "owner", "A1")
    w.sync()
    stood = state(w)
    with pytest.raises(Rejected, match=f"one belongs to the other.*first: hub duplicates unmerge {second}"):
        parted(w, first)
    assert state(w) == stood
    parted(w, second)
    parted(w, first)


def test_what_both_have_in_common_is_as_it_was() -> None:
    """Two records of one system with the same name and address: neither stamps nor claims move."""
    w = reading({}, {})
    a, _ = w.systems
    a.add(1, email="same@x", name="Same", owner="ann")
    w.sync()
    a.add(2, email="same@x", name="Same", phone="2")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    assert one != two
    for turned in ((one, two), (two, one)):
        before = state(w)
        parted(w, joined(w, *turned))
        assert state(w) == before


def test_of_two_edits_made_while_they_were_one_the_stronger_stands() -> None:
    w = told(World({}, {"skew": -3600}), "update")
    a, b = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two", phone="2")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    merge = joined(w, one, two)
    w.sync()
    a.edit("A1", "owner", "of A")  # neither author saw the other's, and B's clock is slow
    b.edit("B1", "owner", "of B")
    w.sync()
    assert values_of(w, one)["owner"] == "of A"
    parted(w, merge)
    assert values_of(w, one)["owner"] == "of A"
    assert "owner" not in values_of(w, two)
    w.sync()
    assert b.rows["B1"]["data"]["owner"] == "of A"


def test_what_a_record_that_came_meanwhile_says_is_said_of_its_own_side() -> None:
    w = reading({}, {})
    a, b = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    merge = joined(w, one, two)
    b.add(2, email="two@x", name="Two", phone="222")
    w.sync()
    parted(w, merge)
    assert values_of(w, two)["phones.main"] == "222"
    assert "phones.main" not in values_of(w, one)
    w.sync()
    assert a.rows["A2"]["data"]["phone"] == "222"
    assert a.rows["A1"]["data"]["phone"] is None


def test_an_archived_side_that_somebody_has_again_is_alive() -> None:
    w = reading({}, {})
    a, b = w.systems
    for feed in w.feeds.values():
        feed.config = replace(feed.config, on_tombstone="archive")
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    a.remove("A2")
    w.sync()
    assert archived(w, two)
    before = state(w)
    parted(w, joined(w, two, one))  # what is alive of the two keeps the one alive
    assert state(w) == before
    merge = joined(w, two, one)
    assert not archived(w, two)
    b.add(2, email="two@x", name="Two of B")
    w.sync()
    parted(w, merge)
    assert golden_of(w, "B1") == two
    assert not archived(w, two)


def test_a_record_that_was_deleted_while_they_were_one_is_gone_from_its_own_side() -> None:
    w = reading({}, {})
    a, b = w.systems
    for feed in w.feeds.values():
        feed.config = replace(feed.config, on_tombstone="archive")
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    b.add(2, email="two@x", name="Two")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    policy = frozenset(feed.id for feed in w.feeds.values())
    for last, key in ((b, "B1"), (a, "A2")):
        merge = joined(w, one, two)
        last.remove(key)
        w.sync()
        assert not archived(w, one)
        with w.walk.begin() as work:
            part(work, merge, "ben", archives=policy)
        w.sync()
        assert archived(w, two) is (last is a), "only where no system holds it any more"
        assert not archived(w, one)


def archived(world: World, id: str) -> bool:
    """Whether a golden record is archived."""
    with world.store.read() as tx:
        return tx.rows("SELECT archived_at FROM golden WHERE id = ?", id)[0][0] is not None


def test_a_refused_write_goes_home_with_its_record() -> None:
    w = told(World({}, {"refuses": {"phone": "!"}}), "update")
    a, _ = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    a.edit("A2", "phone", "2!")
    w.sync()

    def dead() -> list[Any]:
        with w.store.read() as tx:
            return tx.rows("SELECT golden_id, key FROM dead_letter ORDER BY key")

    assert dead() == [(two, "B2")]
    merge = joined(w, one, two)
    assert dead() == [(one, "B2")]
    parted(w, merge)
    assert dead() == [(two, "B2")]


@pytest.mark.parametrize("shared", [False, True])
def test_what_came_meanwhile_goes_to_its_side_whatever_was_written_or_said_since(shared: bool) -> None:
    w = told(reading({}, {}), "update")
    a, b = w.systems
    a.add(1, email="one@x", name="One", phone="222" if shared else None)
    a.add(2, email="two@x", name="Two")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    merge = joined(w, one, two)
    w.sync()
    b.add(2, email="two@x", name="Two", phone="222", owner="of B")
    w.sync()
    assert a.rows["A2"]["data"]["phone"] == "222"
    a.edit("A1", "owner", "of One")
    w.sync()
    parted(w, merge)
    w.sync()
    shown = {key: (r["data"]["phone"], r["data"]["owner"]) for s in w.systems for key, r in s.rows.items()}
    assert shown == {"A1": ("222" if shared else None, "of One"), "A2": ("222", "of B"), "B1": ("222", "of B")}


def test_what_the_merge_wrote_goes_also_from_a_record_that_was_deleted_then_and_is_there_again() -> None:
    w = told(reading({}, {}), "update")
    a, _ = w.systems
    a.add(1, email="one@x", name="One", phone="111")
    a.add(2, email="two@x", name="Two")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    w.sync()
    a.remove("A2")
    w.sync()
    parted(w, merge)
    a.rows["A2"]["gone"] = False
    a.touch("A2")
    w.sync()
    assert (a.rows["A2"]["data"]["name"], a.rows["A2"]["data"]["phone"]) == ("Two", None)


def test_what_refers_to_the_one_can_be_said_where_the_other_one_is() -> None:
    """B has Two and Three alone, and cannot say that Three is One's until One and Two are one."""
    w = World({}, {}, mapping=IN_GROUPS)
    a, b = w.systems
    w.feeds["B"].config = replace(w.feeds["B"].config, create="never")
    for n, name in enumerate(("One", "Two", "Three"), 1):
        a.add(n, name=name)
    a.edit("A3", "owner", "A1")
    w.sync()
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    b.add(2, two, name="Two")
    b.add(3, three, name="Three")
    w.sync()
    assert b.rows["B2"]["data"]["owner"] is None
    before = state(w)["references"]
    merge = joined(w, one, two)
    w.sync()
    assert b.rows["B2"]["data"]["owner"] == "B1"
    b.add(1, one, name="One")
    w.sync()
    assert (golden_of(w, "B3"), b.rows["B2"]["data"]["owner"]) == (one, "B1"), "the two are one: that is no difference"
    parted(w, merge)
    assert state(w)["references"] == before
    w.sync()
    assert b.rows["B2"]["data"]["owner"] == "B3"


def test_what_refers_to_one_merged_by_way_of_another_refers_to_that_one_again() -> None:
    w = World({}, {}, mapping=IN_GROUPS)
    a, _ = w.systems
    for n in (1, 2, 3, 4):
        a.add(n, name=f"N{n}")
    a.edit("A4", "owner", "A3")
    w.sync()
    one, two, three, _ = (golden_of(w, f"A{n}") for n in (1, 2, 3, 4))
    stood = [state(w)]
    inner = joined(w, two, three)
    stood.append(state(w))
    outer = joined(w, one, two)
    for merge in (outer, inner):
        parted(w, merge)
        assert state(w) == stood.pop()


def test_a_refused_create_stays_its_own_and_is_not_asked_for_again() -> None:
    w = World({}, {"refuses": {"phone": "!"}})
    a, b = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two", phone="2!")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")

    def dead() -> list[Any]:
        with w.store.read() as tx:
            return tx.rows("SELECT golden_id, key FROM dead_letter ORDER BY golden_id, key")

    assert dead() == [(two, "")]
    merge = joined(w, one, two)
    attempts = b.attempts
    parted(w, merge)
    w.sync()
    assert dead() == [(two, "")]
    assert b.attempts == attempts, "the same was refused before"


def test_what_could_not_be_read_is_left_as_it_is() -> None:
    skipping = MAPPING.replace('currency = "EUR"', 'currency = "EUR", bad = "skip"')
    w = told(World({}, {}, mapping=skipping), "update")
    w.feeds["B"].config = replace(w.feeds["B"].config, create="never")
    a, b = w.systems
    a.add(1, email="one@x", name="One", balance="5.00")
    a.add(2, email="two@x", name="Two")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    b.add(2, email="two@x", name="Two", balance="many")
    w.sync()
    parted(w, merge)
    w.sync()
    assert b.rows["B1"]["data"]["balance"] == "many"
    assert [a.rows[key]["data"]["balance"] for key in ("A1", "A2")] == ["5.00", None]
