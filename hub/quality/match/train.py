"""Trains a profile on the records at hand by expectation maximisation; too few of them leave the shipped chances."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from hub.quality.match.block import keys
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import COMMON, EACH, KEPT, RARE, Frozen
from hub.quality.match.profile import Comparison
from hub.quality.match.settings import column, settings, shipped
from hub.quality.match.settle import settle

FEWEST = 1_000  # records below which the shipped chances are better than anything learnt
PAIRS = 500_000  # at most so many pairs are looked at in each session
SEED = 7
ENOUGH = 50  # pairs that agree in the columns of a session, below which it is left out
UNSEEN = 0.1  # of the shipped chance for a level that training has not seen once
LEAST = 1e-7  # no chance is ever nothing: a level not seen in training is rare, not impossible


def train(cache: Cache, before: Frozen | None) -> Frozen:
    """Learn the chances of each level, the frequencies of values, and how likely two records are one thing."""
    profile, count = cache.profile, cache.count()
    if before is not None and before.idle:
        cache.block(())
    stops, pairs = _stops(cache)
    if count < FEWEST:
        return Frozen(chances=shipped(profile), prior=profile.prior, trained=False, records=count, stops=stops)
    counts, totals = _frequencies(cache)
    learnt = _learn(cache)
    frozen = Frozen(
        chances={one.name: mixed(one, learnt.get(column(one.name), {})) for one in profile.comparisons},
        prior=profile.prior,
        trained=True,
        records=count,
        counts=counts,
        totals=totals,
        stops=stops,
    )
    cache.freeze(frozen)
    return settle(cache, frozen, pairs)


def _stops(cache: Cache) -> tuple[list[str], int]:
    """The keys that too many records have, and how many pairs the others make.

    As text: the hash of a text may change with DuckDB's version.
    """
    cache.db.execute(
        "CREATE OR REPLACE TEMP TABLE shared AS "
        "SELECT k, count(*) AS n, any_value(h) AS h FROM kept.blocking GROUP BY k HAVING count(*) > 1"
    )
    common, pairs = _common(cache)
    cache.db.execute(f"CREATE OR REPLACE TEMP TABLE holder AS SELECT k, h FROM shared WHERE n > {common}")
    cache.db.execute("DROP TABLE shared")
    held = keys(cache.profile, "(FROM kept.record WHERE h IN (SELECT h FROM holder))")
    found = cache.rows(f"SELECT DISTINCT text FROM ({held}) WHERE hash(text) IN (SELECT k FROM holder)")
    cache.db.execute("DROP TABLE holder")
    return sorted(row[0] for row in found), pairs


def _common(cache: Cache) -> tuple[int, int]:
    """How many records may share a key, so that the candidates stay a few times the records; and how many those are."""
    sizes = cache.rows(f"SELECT n, count(*) FROM shared WHERE n <= {COMMON} GROUP BY n ORDER BY n")
    most = EACH * max(cache.count(), FEWEST)
    pairs = 0
    for n, shared in sizes:
        more = shared * n * (n - 1) // 2
        if pairs + more > most and n > RARE:
            return int(n) - 1, pairs
        pairs += more
    return COMMON, pairs


def _frequencies(cache: Cache) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    totals: dict[str, int] = {}
    for name in cache.profile.frequencies():
        totals[name] = int(cache.rows(f"SELECT count({name}) FROM kept.record")[0][0])
        found = cache.rows(
            f"SELECT {name}, count(*) AS n FROM kept.record WHERE {name} IS NOT NULL GROUP BY 1 HAVING count(*) > 1 "
            f"ORDER BY n DESC, 1 LIMIT {KEPT}"
        )
        counts[name] = {value: int(n) for value, n in found}
    return counts, totals


def _learn(cache: Cache) -> dict[str, dict[int, tuple[float | None, float | None]]]:
    """Run Splink's training; comparison to level to (m, u), None where it saw none."""
    from splink import DuckDBAPI, Linker, block_on

    profile = cache.profile
    names = ", ".join(("h", *profile.columns))
    cache.db.execute(f"CREATE OR REPLACE TEMP VIEW learning AS SELECT {names} FROM kept.record")
    api = DuckDBAPI(cache.db)
    made = settings(profile, "duckdb", shipped(profile), profile.prior, weighed=False)
    linker = Linker(api.register("learning"), made, log_level=logging.CRITICAL, validate_settings=False)
    logging.getLogger("splink").setLevel(logging.CRITICAL)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=SEED, min_count_per_level=None, num_chunks=1)
    for columns in profile.training:
        if not _worth(cache, columns):
            continue
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*columns), estimate_without_term_frequencies=True, max_pairs=PAIRS
        )
    return _told(linker.misc.save_model_to_json())


def _worth(cache: Cache, columns: Sequence[str]) -> bool:
    """Whether enough records agree in these columns to learn from."""
    there = " AND ".join(f"{name} IS NOT NULL" for name in columns)
    sql = f"SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM kept.record WHERE {there} GROUP BY {', '.join(columns)})"
    return int(cache.rows(sql)[0][0] or 0) >= ENOUGH


def _told(model: Mapping[str, Any]) -> dict[str, dict[int, tuple[float | None, float | None]]]:
    """Read the chances out of Splink's model; a level it did not see has a text where the number would be."""

    def number(value: Any) -> float | None:
        return float(value) if isinstance(value, (int, float)) else None

    return {
        one["output_column_name"]: {
            at: (number(level.get("m_probability")), number(level.get("u_probability")))
            for at, level in enumerate(one["comparison_levels"][1:])
        }
        for one in model["comparisons"]
    }


def mixed(one: Comparison, learnt: Mapping[int, tuple[float | None, float | None]]) -> list[tuple[float, float]]:
    """The learnt chances of a comparison; where a level was never seen, a share of the shipped ones."""
    own = [*((level.m, level.u) for level in one.levels), one.other()]
    found = []
    for at, (m, u) in enumerate(own):
        if one.fixed:
            found.append((m, u))
            continue
        seen_m, seen_u = learnt.get(at, (None, None))
        found.append(
            (
                max(seen_m if seen_m is not None else m * UNSEEN, LEAST),
                max(seen_u if seen_u is not None else u * UNSEEN, LEAST),
            )
        )
    sums = [sum(pair[side] for pair in found) for side in (0, 1)]
    return [(m / sums[0], u / sums[1]) for m, u in found]
