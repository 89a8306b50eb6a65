"""The same settings on Spark, with two worker processes, give the pairs that DuckDB gives, up to rounding."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from match_world import World, crowd

pytest.importorskip("pyspark")

# Three JVMs that live for a few seconds: what they compile for speed is never used.
QUICK = """
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java, and there is none")
@pytest.mark.timeout(900)
def test_spark_finds_the_same_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spark-defaults.conf").write_text(QUICK)
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
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
