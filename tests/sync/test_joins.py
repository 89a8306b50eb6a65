"""Golden records are joined and taken apart again: directed traces, laws, and the process dying at every commit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_properties import ANY_RULE, EDITED, RULE, Run, many, number, steps, system
from world import PATHS, Crash, World

from hub.config.duplicates import Duplicates
from hub.errors import Rejected
from hub.sync.join import join
from hub.sync.part import part

START = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=4, max_size=6, unique=True)
BETWEEN = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(EDITED)), max_size=5)


def told(world: World, on_merge: str) -> World:
    """Say what the systems do with two records of one."""
    config = Duplicates(on_merge=dict.fromkeys(world.feeds, on_merge))  # type: ignore[arg-type]
    world.walk.project = replace(world.walk.project, duplicates=config)
    return world


def golden_of(world: World, key: str) -> str:
    """The golden record of a record."""
    with world.store.read() as tx:
        return str(tx.rows("SELECT golden_id FROM record WHERE key = ?", key)[0][0])


def joined(world: World, a: str, b: str) -> int:
    """Join the golden records of two ids."""
    with world.walk.begin() as work:
        return join(work, a, b, "anna")


def parted(world: World, merge: int) -> None:
    """Take a merge apart."""
    with world.walk.begin() as work:
        part(work, merge, "ben")


def state(world: World) -> dict[str, Any]:
    """All that golden records and links say, in one form, however sparsely it is kept."""
    with world.walk.begin() as work:
        ids = [row[0] for row in work.tx.rows("SELECT id FROM golden ORDER BY id")]
        work.load_golden(ids)
        golden = {
            g.id: (g.into_id, g.archived_at, {p: (v, g.stamp(p)) for p, v in sorted(g.values.items())})
            for g in work.goldens.values()
        }
        rankings = work.merging.rankings
        links = {
            (x.stream, x.key): (x.golden_id, x.origin_id, x.seen, x.ours, x.deleted_at, {
                p: (x.meant(p), x.base(p, work.goldens[x.golden_id or ""], rankings.of("customer", p)), x.refused(p))
                for p in x.seen
            })
            for x in work.links.values()
        }  # fmt: skip
    with world.store.read() as tx:
        names = tx.rows("SELECT name, golden_id FROM identifier ORDER BY name")
        references = tx.rows("SELECT target_id, golden_id, field FROM reference ORDER BY target_id, golden_id, field")
    return {"golden": golden, "links": links, "identifiers": names, "references": references}


@pytest.mark.parametrize("on_merge", ["link", "update"])
def test_the_merged_values_reach_both_and_go_home_again(on_merge: str) -> None:
    w = told(World({}, {}), on_merge)
    a, b = w.systems
    a.add(1, email="one@x", name="One Ltd", phone="111")
    a.add(2, email="two@x", name="One Limited", owner="ann")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    before = w.golden()
    merge = joined(w, one, two)
    w.sync(3)
    assert len(w.golden()) == 1
    survivor = {row["data"]["name"] for s in w.systems for row in s.rows.values() if row["customer"] == 1}
    assert survivor == {"One Limited"}  # found later
    assert a.rows["A1"]["data"]["owner"] == "ann"
    spared = a.rows["A2"]["data"]["phone"]
    assert spared == ("111" if on_merge == "update" else None)
    writes = w.writes()
    w.sync(2)
    assert w.writes() == writes, "two records of one stream fight"
    a.edit("A2", "phone", "222")  # on the loser's record, while they are one
    w.sync(3)
    assert a.rows["A1"]["data"]["phone"] == "222"
    parted(w, merge)
    w.sync(4)
    shown = {key: (row["data"]["name"], row["data"]["phone"], row["data"]["owner"]) for key, row in a.rows.items()}
    assert shown == {"A1": ("One Ltd", "111", None), "A2": ("One Limited", "222", "ann")}
    assert {key: row["data"]["name"] for key, row in b.rows.items()} == {"B1": "One Ltd", "B2": "One Limited"}
    assert [g["name"] for g in w.golden()] == [g["name"] for g in before]
    writes = w.writes()
    w.sync(2)
    assert w.writes() == writes


def test_an_empty_value_never_beats_one_however_late_it_was_emptied() -> None:
    for turned in (False, True):
        w = World({}, {})
        a, _ = w.systems
        a.add(1, email="one@x", name="One", phone="111")
        a.add(2, email="two@x", name="Two", phone="222")
        w.sync()
        a.edit("A1", "phone", None)
        w.sync()
        ids = [golden_of(w, key) for key in ("A1", "A2")]
        joined(w, *(reversed(ids) if turned else ids))
        (one,) = w.golden()
        assert one["phones.main"] == "222"


def test_what_cannot_be_is_refused_in_words() -> None:
    w = World({}, {})
    for n in range(4):
        w.systems[0].add(n, email=f"{n}@x", name=f"N{n}")
    w.sync()
    ids = [golden_of(w, f"A{n}") for n in range(1, 5)]
    first = joined(w, ids[0], ids[1])
    with pytest.raises(Rejected, match=f"{ids[1]} was merged into {ids[0]} by anna"):
        joined(w, ids[2], ids[1])
    with pytest.raises(Rejected, match="itself"):
        joined(w, ids[0], ids[0])
    with pytest.raises(Rejected, match="no such golden record"):
        joined(w, ids[0], "customer_none")
    second, third = joined(w, ids[0], ids[2]), joined(w, ids[3], ids[0])
    for merge in (second, third, first):
        parted(w, merge)
    with pytest.raises(Rejected, match="taken apart already, by ben"):
        parted(w, first)
    with pytest.raises(Rejected, match="no merge 99"):
        parted(w, 99)
    assert len(w.golden()) == 4


def test_a_record_that_came_meanwhile_goes_to_the_side_it_was_known_by() -> None:
    w = World({}, {})
    a, b = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    for feed in w.feeds.values():
        feed.config = replace(feed.config, create="never")
    w.sync()
    one, two = golden_of(w, "A1"), golden_of(w, "A2")
    merge = joined(w, one, two)
    b.add(2, email="two@x", name="Two of B")
    w.sync()
    assert golden_of(w, "B1") == one
    parted(w, merge)
    w.sync()
    assert golden_of(w, "B1") == two


def test_an_identifier_typed_while_they_were_one_belongs_to_the_side_that_shows_it() -> None:
    w = World({}, {})
    a, b = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    for feed in w.feeds.values():
        feed.config = replace(feed.config, create="never")
    w.sync()
    two = golden_of(w, "A2")
    merge = joined(w, golden_of(w, "A1"), two)
    a.edit("A2", "email", "new@x")
    w.sync()
    parted(w, merge)
    b.add(2, email="new@x", name="Two of B")
    w.sync()
    assert golden_of(w, "B1") == two


def slow_clock() -> tuple[World, int]:
    """A's name was edited and is in B, whose clock is slow; then its customer is merged with another one."""
    w = told(World({}, {"skew": -3600}), "update")
    a, _ = w.systems
    a.add(1, email="one@x", name="One")
    a.add(2, email="two@x", name="Two")
    w.sync()
    a.edit("A1", "name", "One of A")
    w.clock.now += 5
    a.edit("A2", "name", "Two of A")
    w.sync()
    return w, joined(w, golden_of(w, "A1"), golden_of(w, "A2"))


def test_an_edit_on_what_was_there_before_the_merge_stands_after_it_by_a_slow_clock_too() -> None:
    w, merge = slow_clock()
    w.systems[1].edit("B1", "name", "One of B")  # on top of "One of A", before the merge has reached it
    w.sync()
    parted(w, merge)
    w.sync()
    assert w.systems[0].rows["A1"]["data"]["name"] == "One of B"


def test_an_edit_on_what_the_merge_wrote_is_based_on_that_after_it() -> None:
    w, merge = slow_clock()
    w.sync()
    before = state(w)["links"]
    parted(w, merge)
    after = state(w)["links"]
    moved = [at for at in before if before[at][5]["name"][0] == "Two of A" and after[at][0] != golden_of(w, "A2")]
    assert len(moved) == 2  # A1 and B1 show what is the other's now
    for at in moved:
        assert after[at][5]["name"] == before[at][5]["name"]
        assert after[at][5]["name"][1] is not None


@many(0.4)
@given(st.lists(system(False), min_size=2, max_size=3), START, ANY_RULE, steps(8, False))
def test_merge_then_unmerge_restores_exactly(systems: list[Any], start: Any, rule: str, trace: Any) -> None:
    r = Run(systems, start, rule)
    r.go(trace)
    r.calm(3)
    a, b = both(r)
    before = state(r.world)
    merge = joined(r.world, a, b)
    assert state(r.world) != before
    parted(r.world, merge)
    assert state(r.world) == before


@many(0.3)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=4, max_size=9, unique=True),
    ANY_RULE,
    steps(8, False),
    st.permutations(range(4)),
)
def test_the_order_of_merges_decides_nothing(start: Any, rule: str, trace: Any, order: Any) -> None:
    ends = []
    for turn in (range(4), order):
        r = Run([{}, {"habits": {"name": ["upper"]}}, {}], start, rule)
        r.go(trace)
        r.calm(2)
        keys = [r.key(r.systems[0], n) for n in range(4)]
        ids = [golden_of(r.world, str(keys[n])) for n in turn if keys[n]]
        for other in ids[1:]:
            joined(r.world, ids[0], other)
        (end,) = r.world.golden() if len(r.world.golden()) == 1 else [r.world.golden()]
        ends.append(end)
    assert ends[0] == ends[1]


def check_lifted(world: World) -> None:
    """What a side regained stands above what its records were told while it was merged."""
    with world.walk.begin() as work:
        work.load_golden(row[0] for row in work.tx.rows("SELECT id FROM golden"))
        for link in work.links.values():
            golden = work.goldens[link.golden_id or ""]
            for path in link.seen:
                ranking = work.merging.rankings.of("customer", path)
                base = link.base(path, golden, ranking)
                if base is not None and path in golden.values and link.meant(path) != golden.values[path]:
                    assert not ranking.greater(base, golden.stamp(path)), (link.key, path)


@many(0.2)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=4, max_size=9, unique=True),
    ANY_RULE,
    steps(8, False),
    st.lists(st.booleans(), min_size=3, max_size=3),
    st.permutations(range(3)),
)
def test_merges_on_merges_come_apart_in_any_order(
    start: Any, rule: str, trace: Any, into_it: list[bool], order: list[int]
) -> None:
    r = Run([{}, {"habits": {"name": ["upper"]}}, {}], start, rule)
    r.go(trace)
    r.calm(2)
    with r.world.store.read() as tx:
        ids = [str(row[0]) for row in tx.rows("SELECT id FROM golden ORDER BY id")]
    stood, now, made = state(r.world), ids[0], {}
    for at, (other, turned) in enumerate(zip(ids[1:], into_it, strict=False)):
        a, b = (other, now) if turned else (now, other)
        made[at] = joined(r.world, a, b), a, b
        now = a
    assert len(r.world.golden()) == len(ids) - len(made)
    left = dict(made)
    for at in (at for at in order if at in made):
        parted(r.world, left.pop(at)[0])
        found = state(r.world)
        for merge, _, _ in reversed(left.values()):
            parted(r.world, merge)
        assert state(r.world) == stood
        left = {at: (joined(r.world, a, b), a, b) for at, (_, a, b) in left.items()}
        assert state(r.world) == found, "what is left of them is as if nothing else had been merged"


def both(r: Run) -> tuple[str, str]:
    """The golden records of the two customers; a customer nobody has is added."""
    for customer in (0, 1):
        if not any(r.key(s, customer) for s in r.systems):
            r.systems[0].add(customer, email=f"E{9000 + customer}@x", name=f"Nm{80000 + customer}")
            r.calm(2)
    found = []
    for customer in (0, 1):
        keys = [key for s in r.systems if (key := r.key(s, customer))]
        found.append(golden_of(r.world, keys[0]))
    return found[0], found[1]


@many(0.4)
@given(st.lists(system(False), min_size=2, max_size=3), START, RULE, steps(8, False), BETWEEN)
def test_merged_edited_and_taken_apart_each_side_has_its_own(
    systems: list[Any], start: Any, rule: str, before: Any, between: Any
) -> None:
    r = Run(systems, start, rule)
    told(r.world, "update")
    r.go(before)
    r.calm(5)
    a, b = both(r)
    if a == b:
        return
    was = {}
    for customer, id in ((0, a), (1, b)):
        with r.world.store.read() as tx:
            values = msgspec.json.decode(tx.rows("SELECT data FROM golden WHERE id = ?", id)[0][0])
        was.update({(customer, name): number(name, values.get(PATHS[name])) for name in EDITED})
    merge = joined(r.world, a, b)
    r.calm(4)
    r.check_quiet()
    for name in EDITED:
        shown = {r.shows(s, key, name) for s in r.systems for key in s.rows}
        assert len(shown) == 1, ("two records of one differ", name, shown)
    last: dict[tuple[int, str], int] = {}
    for at, customer, name in between:
        if at < len(r.systems) and r.key(r.systems[at], customer):
            i = r.i
            r.edit(r.systems[at], customer, name)
            if (name, customer, r.i) in r.parent and r.i > i:
                last[customer, name] = r.i
        r.world.clock.now += 2
        r.calm(2)
    parted(r.world, merge)
    check_lifted(r.world)
    r.calm(5)
    r.check_quiet()
    r.check_no_duplicates()
    for (customer, name), value in was.items():
        for s in r.systems:
            if (key := r.key(s, customer)) is not None:
                shown_now = r.shows(s, key, name)
                assert shown_now == last.get((customer, name), value), ("not its own", customer, name, s.name)


@many(0.5)
@given(
    st.lists(system(), min_size=2, max_size=3),
    START,
    ANY_RULE,
    steps(25, True),
    st.lists(st.tuples(st.integers(0, 24), st.sampled_from(["join", "turn", "part"])), min_size=1, max_size=5),
    st.sampled_from(["link", "update"]),
)
def test_any_trace_with_merges_in_it_ends_quiet(
    systems: list[Any], start: Any, rule: str, trace: Any, acts: Any, on_merge: str
) -> None:
    r = Run(systems, start, rule)
    told(r.world, on_merge)
    merges: list[int] = []
    for i, step in enumerate([*trace, ("round",)]):
        r.go([step])
        for when, what in acts:
            if when == i:
                act(r, what, merges)
    r.calm(10)
    r.check_quiet()
    while merges:
        parted(r.world, merges.pop())
    r.calm(8)
    r.check_quiet()


@many(0.25)
@given(
    st.lists(system(), min_size=2, max_size=3),
    START,
    ANY_RULE,
    steps(20, False),
    st.dictionaries(st.integers(1, 12), st.sampled_from(["join", "turn", "part"]), min_size=1, max_size=4),
    st.sampled_from(["link", "update"]),
)
def test_somebody_decides_while_a_write_is_on_its_way(
    systems: list[Any], start: Any, rule: str, trace: Any, acts: dict[int, str], on_merge: str
) -> None:
    r = Run(systems, start, rule)
    told(r.world, on_merge)
    merges: list[int] = []
    calls = [0]

    def meddle(_: str) -> None:
        calls[0] += 1
        if calls[0] in acts:
            act(r, acts[calls[0]], merges)

    def customer(our_id: str) -> int:
        with r.world.store.read() as tx:
            rows = tx.rows("SELECT key FROM record WHERE COALESCE(origin_id, golden_id) = ?", our_id)
        return next(int(s.rows[key]["customer"]) for (key,) in rows for s in r.systems if key in s.rows)

    for s in r.systems:
        s.before_update = s.after_update = meddle
        s.customer_of = customer  # type: ignore[method-assign]
    r.go(trace)
    r.calm(10)
    acts.clear()
    r.check_quiet()
    while merges:
        parted(r.world, merges.pop())
    r.calm(8)
    r.check_quiet()
    with r.world.store.read() as tx:
        homes = tx.rows("SELECT r.golden_id, g.into_id FROM record r JOIN golden g ON g.id = r.golden_id")
    assert all(into is None for _, into in homes)


def act(r: Run, what: str, merges: list[int]) -> None:
    """Join the two customers, or take them apart, whatever is under way; the process may die of it."""
    with r.world.store.read() as tx:
        ids = [row[0] for row in tx.rows("SELECT id FROM golden WHERE into_id IS NULL ORDER BY id")]
    try:
        if what == "part" and merges:
            parted(r.world, merges[-1])
            merges.pop()
        elif what != "part" and len(ids) > 1:
            a, b = (ids[0], ids[1]) if what == "join" else (ids[1], ids[0])
            merges.append(joined(r.world, a, b))
    except Crash:
        with r.world.store.read() as tx:
            merges[:] = [row[0] for row in tx.rows("SELECT id FROM merge WHERE undone_seq IS NULL ORDER BY id")]


@pytest.mark.parametrize("first", [*range(1, 16), *range(16, 40, 3)])
def test_the_process_dies_at_every_commit_around_a_merge(first: int) -> None:
    r = Run([{}, {"versions": False, "answer": "none"}, {"late": 3}], [(0, 0), (1, 0), (0, 1), (2, 1)], "newest")
    told(r.world, "update")
    r.calm(3)
    a, b = both(r)
    merges: list[int] = []
    r.world.crash_after(first)
    for k in range(4):
        if k == 0:
            act(r, "join", merges)
        if k == 2:
            act(r, "part", merges)
        r.edit(r.systems[k % 3], k % 2, "name", k)
        r.world.round()
        r.world.clock.now += 2
    r.world.crash_in = None
    for merge in merges:
        parted(r.world, merge)
    r.calm(5)
    r.check_quiet(rounds=2)
    r.check_no_duplicates()
    r.check_same()
    assert golden_of(r.world, str(r.key(r.systems[0], 0))) == a
    assert golden_of(r.world, str(r.key(r.systems[0], 1))) == b
