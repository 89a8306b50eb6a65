"""The same settings on Spark, with two worker processes, give the pairs that DuckDB gives, up to rounding."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from match_world import World, crowd

pytest.importorskip("pyspark")


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, and there is none")
@pytest.mark.timeout(900)
def test_spark_finds_the_same_pairs(tmp_path: Path) -> None:
    world = World(tmp_path, f"sqlite:///{tmp_path}/hub.db")
    world.put("contact", crowd(800))
    assert world.find().learnt
    before = world.open()
    with world.store.begin() as tx:
        tx.run("DELETE FROM pair")
    world.rules = replace(world.rules, backend="spark", spark="local-cluster[2,1,1024]")
    found = world.find(full=True)
    assert found.found == len(before) > 100
    for pair, (probability, zone, levels) in world.open().items():
        assert probability == pytest.approx(before[pair][0], abs=1e-6)
        assert zone == before[pair][1]
        ours, theirs = msgspec.json.decode(levels), msgspec.json.decode(before[pair][2])
        assert [(x["comparison"], x["level"], x["left"]) for x in ours] == [
            (x["comparison"], x["level"], x["left"]) for x in theirs
        ]
    world.store.close()
