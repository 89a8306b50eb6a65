"""Systems that merge records by their own call: random traces with it, and the process dying at every commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from test_joins import golden_of, joined, parted, told
from world import Crash, System, World

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
        row = s.rows[key]
        version = str(row["version"]) if s.versions else None
        return Receipt(key, version, dict(row["data"]), datetime.fromtimestamp(row["at"], UTC) if s.timed else None)


def world(*options: dict[str, Any], new_key: bool = True) -> tuple[World, Merges]:
    """Two systems of which the first merges its records."""
    w = told(World(*options), "merge")
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
    w, _ = world({}, {})
    a, _ = w.systems
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd", owner="ann")
    w.sync()
    merge = joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    run(w, 3)
    w.feeds["A"].config = replace(w.feeds["A"].config, create="never")
    parted(w, merge)
    run(w, 3)
    assert sorted(str(row["data"]["name"]) for row in a.rows.values() if not row["gone"]) == ["One", "One Ltd"]


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
    w, merges = world({"versions": first % 2 == 0, "late": 0 if first % 3 else 3}, {})
    a, b = w.systems
    a.add(1, name="One", phone="111")
    a.add(2, name="One Ltd", owner="ann")
    w.sync()
    joined(w, golden_of(w, "A1"), golden_of(w, "A2"))
    a.edit("A2", "name", "One Limited")  # the system itself would keep the other one's name
    w.crash_after(first)
    run(w, 6)
    w.crash_in = None
    run(w, 3)
    living = [row for row in a.rows.values() if not row["gone"]]
    assert len(living) == 1, living
    assert len(merges.became) == 1
    assert (living[0]["data"]["phone"], living[0]["data"]["name"]) == ("111", "One Limited")
    assert len(w.golden()) == 1
    assert b.rows["B1"]["data"]["name"] == "One Limited"
    writes = w.writes()
    run(w, 2)
    assert w.writes() == writes
