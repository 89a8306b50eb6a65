"""Scores candidate pairs with Splink on Spark: the same settings and the same frozen model, for more than one machine.

Records and keys are handed over as Parquet files beside the cache and the result comes back the same way, so the
cluster's workers need to reach the project's folder. Only the JVM works over there; no Python travels.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.errors import ConfigError
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import Frozen
from hub.quality.match.score import Scored, compared, told
from hub.quality.match.settings import settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

HALF = 2**63  # Spark's integers have a sign, DuckDB's hashes have none: moved by half, their order stays
PAIRS = (
    "SELECT DISTINCT '0' AS match_key, least(a.h, b.h) AS join_key_l, greatest(a.h, b.h) AS join_key_r "
    "FROM {some} a JOIN blocking b ON a.k = b.k AND a.h {order} b.h"
)


def scored(cache: Cache, frozen: Frozen, threshold: float, master: str, *, full: bool) -> Iterator[Scored]:
    """Score the pairs of all records, or of those in the table `changed`, and yield what reaches the threshold.

    Raises ConfigError where Spark or Java is missing.
    """
    with tempfile.TemporaryDirectory(prefix="spark-", dir=cache.file.parent) as name:
        folder = Path(name)
        _hand_over(cache, frozen, folder, full=full)
        with _session(master) as session:
            _predict(session, cache, frozen, threshold, folder, full=full)
        cache.db.execute(
            "CREATE OR REPLACE TEMP TABLE predicted AS "
            f"SELECT * REPLACE ((h_l::HUGEINT + {HALF})::UBIGINT AS h_l, (h_r::HUGEINT + {HALF})::UBIGINT AS h_r) "
            f"FROM read_parquet('{folder}/found/*.parquet')"
        )
    yield from told(cache, frozen, "predicted")
    cache.db.execute("DROP TABLE predicted")


def _hand_over(cache: Cache, frozen: Frozen, folder: Path, *, full: bool) -> None:
    """Write records, keys and what changed as Parquet."""
    hash_ = f"(h::HUGEINT - {HALF})::BIGINT"
    key = f"(k::HUGEINT - {HALF})::BIGINT"
    tables = {
        "compared": f"SELECT * REPLACE ({hash_} AS h) FROM ({compared(cache.profile, frozen)})",
        "blocking": f"SELECT {key} AS k, {hash_} AS h FROM kept.blocking WHERE k NOT IN (SELECT k FROM kept.stop)",
    }
    if not full:
        tables["changed"] = f"SELECT {hash_} AS h FROM changed"
    for name, sql in tables.items():
        cache.db.execute(f"COPY ({sql}) TO '{folder}/{name}.parquet' (FORMAT PARQUET)")


def _predict(
    session: SparkSession, cache: Cache, frozen: Frozen, threshold: float, folder: Path, *, full: bool
) -> None:
    from splink import Linker, SparkAPI

    for name in ("compared", "blocking") if full else ("compared", "blocking", "changed"):
        session.read.parquet(f"{folder}/{name}.parquet").createOrReplaceTempView(name)
    some = "blocking" if full else "(SELECT k, h FROM blocking WHERE h IN (SELECT h FROM changed))"
    candidate = session.sql(PAIRS.format(some=some, order="<" if full else "<>"))
    weighed = cache.profile.frequencies() if frozen.trained else ()
    bare = ", ".join(("h", *cache.profile.columns))
    api = SparkAPI(spark_session=session, break_lineage_method="persist")  # type: ignore[no-untyped-call]
    linker = Linker(
        api.register(session.sql(f"SELECT {bare} FROM compared")),
        settings(cache.profile, "spark", frozen.chances, frozen.prior, explain=True, weighed=frozen.trained),
        log_level=logging.ERROR,
        validate_settings=False,
    )
    for name in weighed:  # only on DuckDB does Splink take frequencies that stand beside their values
        seen = session.sql(f"SELECT DISTINCT {name}, tf_{name} FROM compared WHERE {name} IS NOT NULL")
        linker.table_management.register_term_frequency_lookup(api.register(seen), name)
    linker.table_management.register_blocked_pairs_for_predict(api.register(candidate))
    found = linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")
    session.table(found.physical_name).write.parquet(f"{folder}/found")


@contextmanager
def _session(master: str) -> Iterator[SparkSession]:
    try:
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession
        from splink.backends.spark import similarity_jar_location
    except ImportError:
        raise ConfigError(
            "hub.toml: duplicates.backend: spark is not installed; install it: pip install 'hub[spark]'"
        ) from None
    builder: Any = SparkSession.builder
    builder = builder.master(master).appName("hub duplicates").config("spark.jars", similarity_jar_location())
    builder = builder.config("spark.sql.shuffle.partitions", "8").config("spark.ui.enabled", "false")
    if master.startswith("local"):
        builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
    try:
        session: SparkSession = builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise ConfigError(f"hub.toml: duplicates.spark: {master}: {error}; is Java 17 there?") from None
    try:
        session.sparkContext.setLogLevel("ERROR")
        yield session
    finally:
        session.stop()
