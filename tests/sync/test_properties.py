"""Random traces over the real engine: drawn habits, abilities, clocks, lateness and crashes.

Every edited value carries a number that survives all habits, so the oracle is simple: the parent of an edit is the
number shown when it was made; at the end the number shown everywhere must have no child, and every other childless
number must be in the lineage as lost.
"""

from __future__ import annotations

import os
import re
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from world import PATHS, System, World

EXAMPLES = int(os.environ.get("HUB_TRACES", "60"))
EDITED = ("name", "phone", "owner", "balance")


def number(name: str, value: Any) -> int | None:
    if value is None or value == "":
        return None
    if name == "balance":
        return int(float(value)) if isinstance(value, str) else value[0] // 100
    digits = re.sub(r"\D", "", value)
    if not digits:
        return None
    return int(digits) - 1_000_000 if name == "phone" else int(digits)


def form(name: str, i: int, style: int) -> str:
    return {
        "name": [f"Nm{i:05d}", f" nM{i:05d} Foo  ", f"Nm{i:05d} " + "Long Tail " * 5][style % 3],
        "phone": [f"+{1_000_000 + i}", f"{1_000_000 + i}"][style % 2],
        "owner": f"Ow{i}",
        "balance": f"{i}.40",
    }[name]


text_habits = st.lists(st.sampled_from(["upper", "lower", "trim", "cut"]), max_size=2, unique=True)
any_habits = st.lists(
    st.sampled_from(["upper", "lower", "trim", "cut", "ignore", "dot", "comma", "default"]), max_size=2, unique=True
)


@st.composite
def system(draw: st.DrawFn, wild: bool = True, strong: bool = False) -> dict[str, Any]:
    texts = any_habits if wild else text_habits
    versions, once = (True, True) if strong else (draw(st.booleans()), draw(st.booleans()))
    timed = True if strong else draw(st.sampled_from([True, True, False]))
    answers = ["data", "version"] if strong else ["data", "version", "none"] if versions else ["data", "none"]
    return {
        "habits": {
            "name": draw(texts),
            "owner": draw(texts),
            "phone": draw(st.sampled_from([[], ["plus"], ["digits"]])),
            "balance": draw(st.sampled_from([[], ["round"]])),
            "email": draw(st.sampled_from([[], ["lower"], ["blank"]])),
        },
        "versions": versions,
        "once": once,
        "findable": draw(st.booleans()) if once else True,
        "answer": draw(st.sampled_from(answers)),
        "skew": draw(st.sampled_from([0, -50, 50, 3600])),
        "timed": timed,
        "late": draw(st.sampled_from([0, 0, 3])) if timed else 0,  # no times and late lists: an old state is a new one
        "bumps": draw(st.booleans()),
        "page": draw(st.integers(1, 3)),
    }


def steps(most: int, crash: bool) -> st.SearchStrategy[list[tuple[Any, ...]]]:
    kinds: list[st.SearchStrategy[tuple[Any, ...]]] = [
        st.tuples(st.just("edit"), st.integers(0, 2), st.integers(0, 1), st.sampled_from(EDITED), st.integers(0, 2)),
        st.tuples(st.just("tick"), st.sampled_from([0.1, 0.4, 1.0, 5.0])),
        st.tuples(st.just("touch"), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("round")),
        st.tuples(st.just("step"), st.sampled_from(["fetch", "land", "merge", "push"]), st.integers(0, 2)),
        st.tuples(st.just("outbox")),
    ]
    if crash:
        kinds.append(st.tuples(st.just("crash"), st.integers(1, 16)))
    return st.lists(st.one_of(*kinds), max_size=most)


START = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1)), min_size=1, max_size=5)
ANY_RULE = st.sampled_from(["newest", "order", "owner"])
RULE = st.sampled_from(["newest", "order"])


class Run:
    """A world, and a log of who edited what on top of what."""

    def __init__(self, systems: list[dict[str, Any]], start: list[tuple[int, int]], rule: str, hold: bool = True):
        self.world = World(*systems, rule=rule, hold=hold)
        self.systems = self.world.systems
        self.parent: dict[tuple[str, int, int], int | None] = {}
        self.edits: dict[tuple[str, int], list[int]] = {}
        self.i = 0
        for at, customer in start:
            if at >= len(self.systems) or self.key(self.systems[at], customer):
                continue
            values = {"email": f"E{9000 + customer}@x"}
            for name in ("name", "owner", "phone"):
                self.i += 1
                values[name] = form(name, self.i, customer + at)
                self._note(name, customer, None)
            self.systems[at].add(customer, **values)
        self.world.clock.now += 10

    def _note(self, name: str, customer: int, parent: int | None) -> None:
        self.parent[name, customer, self.i] = parent
        self.edits.setdefault((name, customer), []).append(self.i)

    def key(self, system: System, customer: int) -> str | None:
        keys = [k for k, row in system.rows.items() if row["customer"] == customer and not row["gone"]]
        return keys[0] if keys else None

    def edit(self, system: System, customer: int, name: str, style: int = 0) -> None:
        key = self.key(system, customer)
        if key is None:
            return
        self.i += 1
        before = number(name, system.rows[key]["data"][name])
        if system.edit(key, name, form(name, self.i, style)) and self.shows(system, key, name) == self.i:
            self._note(name, customer, before)

    def shows(self, system: System, key: str, name: str) -> int | None:
        return number(name, system.rows[key]["data"][name])

    def go(self, trace: list[tuple[Any, ...]]) -> None:
        for what, *args in trace:
            if what in ("edit", "touch"):
                system = self.systems[args[0] % len(self.systems)]
                if what == "edit":
                    self.edit(system, *args[1:])
                elif key := self.key(system, args[1]):
                    system.touch(key)
            elif what == "tick":
                self.world.clock.now += args[0]
            elif what == "round":
                self.world.round()
            elif what == "step":
                self.world.step(args[0], self.systems[args[1] % len(self.systems)].name)
            elif what == "outbox":
                self.world.step("outbox")
            elif what == "crash":
                self.world.crash_after(args[0])

    def calm(self, rounds: int = 8, nights: bool = False) -> None:
        self.world.crash_in = None
        for _ in range(rounds):
            self.world.sync(1)
            if nights:
                for s in self.systems:
                    s.night()

    def check_quiet(self, nights: bool = False, rounds: int = 4) -> None:
        writes, attempts = self.world.writes(), sum(s.attempts for s in self.systems)
        self.calm(rounds, nights)
        assert self.world.writes() == writes, [s.log[-3:] for s in self.systems]
        assert sum(s.attempts for s in self.systems) == attempts, "a refused call was made again"

    def check_no_duplicates(self) -> None:
        for s in self.systems:
            customers = [row["customer"] for row in s.rows.values()]
            assert len(customers) == len(set(customers)), s.rows

    def check_same(self) -> None:
        for name, customer in self.edits:
            shown = {
                s.name: self.shows(s, key, name)
                for s in self.systems
                if (key := self.key(s, customer)) and not {"ignore", "default"} & set(s.habits.get(name, ()))
            }
            assert len(set(shown.values())) <= 1, (name, customer, shown)

    def check_nothing_lost(self) -> None:
        with self.world.store.read() as tx:
            rows = tx.rows("SELECT field, value, won, over FROM lineage")
        for (name, customer), edits in self.edits.items():
            parents = {self.parent[name, customer, e] for e in edits}
            childless = [e for e in edits if e not in parents]
            shown = {self.shows(s, key, name) for s in self.systems if (key := self.key(s, customer))}
            if len(shown) != 1:
                continue
            (winner,) = shown
            assert winner in childless, ("lost update", name, customer, "shows", winner, "not one of", childless)
            lost = {
                number(name, msgspec.json.decode(over if won else value))
                for field, value, won, over in rows
                if field == PATHS[name]
            }
            for e in childless:
                assert e == winner or e in lost, ("loser not recorded", name, customer, e)

    def check_touch(self, rounds: int = 3) -> None:
        with self.world.store.read() as tx:
            lineage = tx.rows("SELECT count(*) FROM lineage")
        writes = self.world.writes()
        for s in self.systems:
            for key in s.rows:
                s.touch(key)
        self.calm(rounds)
        with self.world.store.read() as tx:
            assert tx.rows("SELECT count(*) FROM lineage") == lineage, "a touch was taken for an edit"
        assert self.world.writes() == writes
        assert all(row["data"]["note"] == "x" for s in self.systems for row in s.rows.values())


def many(times: float = 1) -> settings:
    return settings(
        max_examples=max(int(EXAMPLES * times), 5),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if os.environ.get("HUB_SHRINK") else [])],
    )


@many()
@given(st.lists(system(), min_size=2, max_size=3), START, ANY_RULE, steps(25, True), st.booleans())
def test_any_system_ends_quiet_equal_and_without_duplicates(
    systems: list[Any], start: Any, rule: str, trace: Any, hold: bool
) -> None:
    r = Run(systems, start, rule, hold)
    r.go(trace)
    r.calm()
    r.check_quiet()
    r.check_no_duplicates()
    r.check_same()
    r.check_touch()


@many()
@given(st.lists(system(False, True), min_size=2, max_size=3), START, RULE, steps(30, True), st.booleans())
def test_no_update_is_lost_with_versions_and_once_keys(
    systems: list[Any], start: Any, rule: str, trace: Any, hold: bool
) -> None:
    r = Run(systems, start, rule, hold)
    r.go(trace)
    r.calm()
    r.check_quiet()
    r.check_no_duplicates()
    r.check_same()
    r.check_nothing_lost()


@many()
@given(st.lists(system(False, False), min_size=2, max_size=3), START, RULE, steps(30, False), st.booleans())
def test_no_update_is_lost_in_weaker_systems_without_crashes(
    systems: list[Any], start: Any, rule: str, trace: Any, hold: bool
) -> None:
    r = Run(systems, start, rule, hold)
    r.go(trace)
    r.calm()
    r.check_quiet()
    r.check_no_duplicates()
    r.check_same()
    r.check_nothing_lost()


@many(0.5)
@given(
    st.lists(system(), min_size=2, max_size=3),
    START,
    RULE,
    steps(20, False),
    st.lists(st.sampled_from(["upper", "lower", "trim", "cut"]), min_size=3, max_size=3),
)
def test_nightly_jobs_come_to_rest(systems: list[Any], start: Any, rule: str, trace: Any, jobs: list[str]) -> None:
    for options, job in zip(systems, jobs, strict=False):
        options["nightly_habits"] = {"name": [job], "owner": [job]}
    r = Run(systems, start, rule)
    r.go(trace)
    r.calm(14, nights=True)
    r.check_quiet(nights=True)
    r.check_no_duplicates()


@many(0.5)
@given(
    st.lists(system(False, False), min_size=3, max_size=3),
    START,
    RULE,
    steps(12, False),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 1), st.sampled_from(EDITED)), max_size=6),
)
def test_the_order_of_landing_decides_nothing(
    systems: list[Any], start: Any, rule: str, trace: Any, edits: list[Any]
) -> None:
    ends = []
    for order in ("ABC", "CAB", "BCA", "CBA"):
        r = Run(systems, start, rule)
        r.go(trace)
        r.calm(3)
        for style, (at, customer, name) in enumerate(edits):
            r.edit(r.systems[at], customer, name, style)
            r.world.clock.now += 0.7
        r.world.clock.now += 5
        for name in order:
            r.world.fetch(name)
        for name in order:
            r.world.land(name)
            r.world.merge(name)
        ends.append(r.world.golden())
    assert all(end == ends[0] for end in ends)


@many(0.5)
@given(
    st.lists(system(), min_size=2, max_size=3),
    START,
    RULE,
    steps(25, True),
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(["name", "phone", "owner"])), min_size=1, max_size=4),
)
def test_races_inside_the_write_call(
    systems: list[Any], start: Any, rule: str, trace: Any, races: list[tuple[int, str]]
) -> None:
    r = Run(systems, start, rule)
    todo, calls = dict(races), [0]

    def meddle(s: System) -> Any:
        def edit(key: str) -> None:
            calls[0] += 1
            name = todo.pop(calls[0], None)
            if name and not s.rows[key]["gone"]:
                r.edit(s, s.rows[key]["customer"], name)

        return edit

    for s in r.systems:
        s.before_update = s.after_update = meddle(s)
    r.go(trace)
    r.calm(10)
    todo.clear()
    r.check_quiet()
    r.check_no_duplicates()


@many(0.5)
@given(
    st.lists(system(), min_size=2, max_size=3),
    START,
    ANY_RULE,
    steps(25, True),
    st.lists(
        st.tuples(st.integers(0, 2), st.sampled_from(["phone", "name", "owner"]), st.sampled_from("1357")), max_size=3
    ),
    st.lists(st.tuples(st.integers(0, 24), st.integers(0, 2), st.integers(0, 1)), max_size=2),
    st.lists(
        st.tuples(
            st.integers(0, 24), st.integers(0, 2), st.integers(0, 1), st.sampled_from(["name", "phone", "owner"])
        ),
        max_size=4,
    ),
)
def test_refusals_deletions_and_cleared_fields(
    systems: list[Any], start: Any, rule: str, trace: Any, refuse: Any, removed: Any, cleared: Any
) -> None:
    for at, name, digit in refuse:
        if at < len(systems):
            systems[at]["refuses"] = {name: digit}
    r = Run(systems, start, rule)
    for i, step in enumerate(trace):
        r.go([step])
        for when, at, customer in removed:
            if when == i and at < len(r.systems) and (key := r.key(r.systems[at], customer)):
                r.systems[at].remove(key)
        for when, at, customer, name in cleared:
            if when == i and at < len(r.systems) and (key := r.key(r.systems[at], customer)):
                r.systems[at].edit(key, name, None)
    r.calm()
    r.check_quiet()
