"""Systems that merge records by their own call: random traces with it, and the process dying at every commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from test_joins import golden_of, joined, parted, told
from world import IN_GROUPS, MAPPING, Crash, System, World

from hub.connect import Answer, Missing, Receipt, Rejected
from hub.sync import fuse


class Merges:
    """What a system does that merges records: a third one of two, with the first one's values before the second's."""

    def __init__(self, system: System, *, new_key: bool) -> None:
        self.system, self.new_key, self.calls = system, new_key, 0
        self.became: dict[tuple[str, str], str] = {}

    def __call__(self, stream: str, keep: str, gone: str) -> Answer:
        self.calls += 1
        s = self.system
        key = self.became.get((keep, gone))
        if key is None:
            one, other = s.rows[keep], s.rows[gone]
            if one["gone"] or other["gone"]:
                return Missing(f"{keep} or {gone} is gone")
            values = {f: one["data"][f] if one["data"][f] is not None else other["data"][f] for f in one["data"]}
            values.pop("note")
            s.remove(gone)
            if self.new_key:
                s.remove(keep)
                key = s.add(one["customer"], one["our_id"], **values)
            else:
                key = keep
                for name, value in values.items():
                    s.edit(keep, name, value)
            self.became[keep, gone] = key
            for child in [k for k, row in s.rows.items() if row["data"]["owner"] in (keep, gone)]:
                s.edit(child, "owner", key)
        row = s.rows[key]
        version = str(row["version"]) if s.versions else None
        return Receipt(key, version, dict(row["data"]), datetime.fromtimestamp(row["at"], UTC) if s.timed else None)


def world(*options: dict[str, Any], new_key: bool = True, mapping: str = MAPPING) -> tuple[World, Merges]:
    """Two systems of which the first merges its records."""
    w = told(World(*options, mapping=mapping), "merge")
    merges = Merges(w.systems[0], new_key=new_key)
    w.systems[0].merge = merges  # type: ignore[method-assign]
    w.feeds["A"].stream = replace(w.feeds["A"].stream, merges=True)
    return w, merges


def run(w: World, rounds: int = 1) -> None:
    """Rounds as the hub runs them, with the systems' own merges before anything is read."""
    for _ in range(rounds):
        try:
            for feed in w.feeds.values():
                fuse.fuse(w.walk, feed)
        except Crash:
            continue
        w.round()
        w.clock.now += 6


@pytest.mark.parametrize("new_key", [True, False])
def test_the_record_that_is_left_goes_on_and_nothing_was_edited(new_key: bool) -> None:
    w, merges = world({}, {}, new_key=new_key)
    a, b = w.systems
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd", owner="ann")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    with w.store.read() as tx:
        edits = tx.rows("SELECT count(*) FROM lineage WHERE class = 1")
    run(w, 3)
    assert merges.calls == 1
    (left,) = [row for row in a.rows.values() if not row["gone"]]
    assert (left["data"]["name"], left["data"]["phone"], left["data"]["owner"]) == ("One Ltd", "111", "ann")
    with w.store.read() as tx:
        assert tx.rows("SELECT count(*) FROM lineage WHERE class = 1") == edits, "what the system took over is no edit"
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes
    assert merges.calls == 1
    a.edit(left["key"], "phone", "333")
    run(w, 2)
    parted(w, merge)
    run(w, 4)
    names = sorted(str(row["data"]["name"]) for row in a.rows.values() if not row["gone"])
    assert names == ["One", "One Ltd"]
    phones = {row["data"]["name"]: row["data"]["phone"] for row in a.rows.values() if not row["gone"]}
    assert phones == {"One": "333", "One Ltd": None}
    assert sorted(str(row["data"]["name"]) for row in b.rows.values()) == ["One", "One Ltd"]
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes


def test_what_was_merged_over_there_is_created_anew_whatever_else_is_created() -> None:
    w, _ = world({})
    (a,) = w.systems
    a.customer_of = lambda our_id: 2  # type: ignore[method-assign]
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd", owner="ann")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    run(w, 3)
    w.feeds["A"].config = replace(w.feeds["A"].config, create="never")
    parted(w, merge)
    run(w, 3)
    shown = {str(row["data"]["name"]): row["data"]["owner"] for row in a.rows.values() if not row["gone"]}
    assert shown == {"One": None, "One Ltd": "ann"}, "what the system took over for it is nobody's word"


@pytest.mark.parametrize("chain", [False, True])
def test_of_three_merged_over_there_one_is_created_anew_and_then_another(chain: bool) -> None:
    w, merges = world({}, {})
    a, _ = w.systems
    for n, name in enumerate(("One", "Two", "Three"), 1):
        a.add(n, name=name)
    w.sync()
    w.feeds["A"].config = replace(w.feeds["A"].config, create="never")
    one, two, three = (golden_of(w, f"A{n}") for n in (1, 2, 3))
    first, second = (
        (joined(w, two, three), joined(w, one, two)) if chain else (joined(w, one, two), joined(w, one, three))
    )
    run(w, 3)
    left = ["Three"]
    for merge, anew in ((second, "One"), (first, "Two")) if chain else ((first, "Two"), (second, "One")):
        assert sorted(str(row["data"]["name"]) for row in a.rows.values() if not row["gone"]) == sorted(left)
        parted(w, merge)
        run(w, 3)
        left.append(anew)
    assert sorted(str(row["data"]["name"]) for row in a.rows.values() if not row["gone"]) == sorted(left)
    assert merges.calls == 2
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes


def test_a_merge_the_system_refused_is_forgotten_when_it_is_taken_apart() -> None:
    w, merges = world({}, {})
    a, _ = w.systems
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd", owner="ann")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    merge = joined(w, one, two)
    a.merge = lambda stream, keep, gone: Rejected("these two may not be merged")  # type: ignore[method-assign]
    run(w, 2)

    def dead() -> int:
        with w.store.read() as tx:
            return int(tx.rows("SELECT count(*) FROM dead_letter")[0][0])

    assert dead() == 1
    parted(w, merge)
    assert dead() == 0
    a.merge = merges  # type: ignore[method-assign]
    joined(w, one, two)
    run(w, 2)
    assert merges.calls == 1, "another merge is asked for again"


@pytest.mark.parametrize("first", range(1, 26))
def test_the_process_dies_at_every_commit_around_it(first: int) -> None:
    w, merges = world({"versions": first % 2 == 0, "late": 0 if first % 3 else 3}, {}, mapping=IN_GROUPS)
    a, b = w.systems
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd")
    a.add(3, name="Branch", owner="A2")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    a.edit("A2", "name", "One Limited")  # the system itself would keep the other one's name
    w.crash_after(first)
    run(w, 6)
    w.crash_in = None
    run(w, 3)
    living = [row for row in a.rows.values() if not row["gone"] and row["customer"] != 3]
    assert len(living) == 1, living
    assert len(merges.became) == 1
    assert (living[0]["data"]["phone"], living[0]["data"]["name"]) == ("111", "One Limited")
    assert len(w.golden()) == 2
    assert b.rows["B1"]["data"]["name"] == "One Limited"
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes
    parted(w, merge)
    w.crash_after(first)
    run(w, 4)
    w.crash_in = None
    run(w, 3)
    keys = {row["data"]["name"]: row["key"] for row in a.rows.values() if not row["gone"]}
    assert a.rows["A3"]["data"]["owner"] == keys["One Limited"]
    assert b.rows["B3"]["data"]["owner"] == "B2"
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes


class Group:
    """One, Two and Four in both systems, and Three, whose parent is Two; One and Two are made one here and in A."""

    def __init__(self, *, new_key: bool = True, **of_a: Any) -> None:
        self.w, _ = world(of_a, {}, new_key=new_key, mapping=IN_GROUPS)
        self.a, self.b = self.w.systems
        for n, name in enumerate(("One", "Two", "Three", "Four"), 1):
            self.a.add(n, name=name)
        self.w.sync()
        self.move(self.b, "Two")
        self.w.sync()
        self.ids = {name: golden_of(self.w, f"A{n}") for n, name in enumerate(("One", "Two", "Three", "Four"), 1)}
        assert self.parents() == ("Two", "Two")
        self.writes = self.w.writes()
        self.merge = joined(self.w, self.ids["One"], self.ids["Two"])

    def key(self, system: System, name: str) -> str:
        """Where the system has the record of that name."""
        (key,) = [key for key, row in system.rows.items() if row["data"]["name"] == name and not row["gone"]]
        return key

    def move(self, system: System, name: str) -> None:
        """A person puts Three under another one."""
        system.edit(self.key(system, "Three"), "owner", self.key(system, name))

    def parents(self) -> tuple[str | None, ...]:
        """The name of Three's parent, in A and in B."""
        held = ((s, s.rows[self.key(s, "Three")]["data"]["owner"]) for s in (self.a, self.b))
        return tuple(s.rows[owner]["data"]["name"] if owner else None for s, owner in held)

    def part(self) -> None:
        """Take it apart, and see that it comes to rest."""
        parted(self.w, self.merge)
        run(self.w, 4)
        writes = self.w.writes()
        run(self.w, 2)
        assert self.w.writes() == writes


@pytest.mark.parametrize("new_key", [True, False])
def test_what_the_system_moved_to_its_merged_record_is_no_edit_and_goes_home(new_key: bool) -> None:
    g = Group(new_key=new_key)
    with g.w.store.read() as tx:
        lineage = tx.rows("SELECT count(*) FROM lineage WHERE field = 'parent'")
    run(g.w, 3)
    kept = g.key(g.a, "Two")
    assert g.a.rows["A3"]["data"]["owner"] == kept, "A has one record left of the two"
    assert g.b.rows["B3"]["data"]["owner"] == "B2"
    with g.w.store.read() as tx:
        assert tx.rows("SELECT count(*) FROM lineage WHERE field = 'parent'") == lineage
    g.part()
    assert g.parents() == ("Two", "Two")
    assert g.a.rows["A3"]["data"]["owner"] != kept
    assert g.key(g.a, "One") == kept


@pytest.mark.parametrize("back", [False, True])
def test_what_a_person_moved_meanwhile_stays_where_it_was_put(back: bool) -> None:
    g = Group()
    run(g.w, 3)
    g.move(g.a, "Four")
    run(g.w, 2)
    assert g.parents() == ("Four", "Four")
    if back:
        g.move(g.a, "Two")  # the one that A has left of both, which stays with One
        run(g.w, 2)
    g.part()
    assert g.parents() == (("One", "One") if back else ("Four", "Four"))


def test_the_system_s_move_does_not_beat_what_a_person_has_said_elsewhere() -> None:
    g = Group()
    g.move(g.b, "Four")
    g.w.clock.now += 60
    run(g.w, 3)
    assert g.parents() == ("Four", "Four")


def test_a_move_that_is_read_only_after_it_was_taken_apart_goes_home_too() -> None:
    g = Group()
    assert fuse.fuse(g.w.walk, g.w.feeds["A"]) == 1
    g.part()
    assert g.parents() == ("Two", "Two")
    g.move(g.a, "One")  # and this is a person's
    run(g.w, 3)
    assert g.parents() == ("One", "One")


@pytest.mark.parametrize("late", [False, True])
def test_who_types_over_the_system_s_move_before_it_goes_home_has_seen_what_he_replaces(late: bool) -> None:
    g = Group(skew=-3600)
    assert fuse.fuse(g.w.walk, g.w.feeds["A"]) == 1
    if not late:
        run(g.w, 2)
    parted(g.w, g.merge)
    for step in ("fetch", "land", "merge"):
        g.w.step(step, "A")
    g.w.clock.now += 6
    g.move(g.a, "Four")
    run(g.w, 3)
    assert g.parents() == ("Four", "Four")


def test_what_a_system_keeps_in_its_own_way_is_not_written_again() -> None:
    w = World({"habits": {"owner": ["ignore"]}}, {}, mapping=IN_GROUPS)
    a, b = w.systems
    for n, name in enumerate(("One", "Two", "Three", "Four"), 1):
        a.add(n, name=name)
    a.edit("A3", "owner", "A4")
    w.sync()
    b.edit("B3", "owner", "B2")
    w.sync()
    assert a.rows["A3"]["data"]["owner"] == "A4", "it was told and does not follow"
    writes = w.writes()
    parted(w, joined(w, golden_of(w, "A1"), golden_of(w, "A2")))
    w.sync()
    assert w.writes() == writes


def test_what_showed_the_one_for_the_other_shows_its_own_when_that_is_there() -> None:
    """B had a record of One alone: there Three was One's, since nothing else could be said."""
    w, _ = world({}, {}, mapping=IN_GROUPS)
    a, b = w.systems
    w.feeds["B"].config = replace(w.feeds["B"].config, create="never")
    for n, name in enumerate(("One", "Two", "Three"), 1):
        a.add(n, name=name)
    a.edit("A3", "owner", "A2")
    w.sync()
    b.add(1, golden_of(w, "A1"), name="One")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    w.feeds["B"].config = replace(w.feeds["B"].config, create="all")
    w.sync()
    assert {row["customer"]: row["data"]["owner"] for row in b.rows.values()} == {1: None, 3: "B1"}
    parted(w, merge)
    w.sync()
    keys = {row["customer"]: row["key"] for row in b.rows.values()}
    assert b.rows[keys[3]]["data"]["owner"] == keys[2]
    writes = w.writes()
    w.sync(2)
    assert w.writes() == writes


def test_it_is_taken_apart_here_while_the_system_merges_it() -> None:
    g = Group()
    for feed in g.w.feeds.values():
        feed.config = replace(feed.config, create="never")
    merges = g.a.merge

    def meanwhile(stream: str, keep: str, gone: str) -> Answer:
        parted(g.w, g.merge)
        return merges(stream, keep, gone)

    g.a.merge = meanwhile  # type: ignore[method-assign]
    run(g.w, 4)
    assert g.parents() == ("Two", "Two")
    assert {g.key(g.a, "One"), g.key(g.a, "Two")} == set(g.a.rows) - {"A1", "A2", "A3", "A4"}
    writes = g.w.writes()
    run(g.w, 2)
    assert g.w.writes() == writes
