"""The law of the finder: whatever happened in between, incremental runs end in the proposals of one full run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from match_world import World, crowd, messy, person

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["new", "twin", "change", "archive", "merge", "back", "reject", "touch"]), st.integers(0, 99)
    ),
    min_size=4,
    max_size=12,
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 9))
def test_incremental_runs_end_in_the_proposals_of_a_full_one(steps: list[tuple[str, int]], seed: int) -> None:
    rng = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), f"sqlite:///{folder}/hub.db")
        records = crowd(20, seed)
        world.put("contact", records)
        world.find()
        for number, (step, draw) in enumerate(steps):
            ids = sorted(records)
            id = ids[draw % len(ids)]
            other = ids[(draw * 7 + 1) % len(ids)]
            match step:
                case "new":
                    records[f"n{number}"] = person(rng)
                    world.put("contact", {f"n{number}": records[f"n{number}"]})
                case "twin":
                    records[f"t{number}"] = messy(rng, records[id])
                    world.put("contact", {f"t{number}": records[f"t{number}"]})
                case "change":
                    records[id] = messy(rng, records[other]) if draw % 2 else person(rng)
                    world.put("contact", {id: records[id]})
                case "archive":
                    world.leave(id)
                case "merge" if id != other:
                    world.put("contact", {other: records[other]})
                    world.leave(id, into=other)
                case "back" | "touch":
                    world.put("contact", {id: records[id]})
                case "reject" if world.open():
                    world.reject(*sorted(world.open())[draw % len(world.open())])
            if draw % 3 == 0:
                world.find()
        world.find()
        ended = world.open()
        found = world.find(full=True)
        assert (found.found, found.gone) == (0, 0)
        assert world.open() == ended
        for file in (Path(folder) / "cache").iterdir():
            file.unlink()
        world.find(full=True)
        assert world.open() == ended
        world.store.close()
