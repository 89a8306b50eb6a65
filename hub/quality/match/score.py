"""Scores candidate pairs with Splink on DuckDB, and says for each what it reached in every comparison."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hub.quality.match import block
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import Frozen
from hub.quality.match.profile import Profile
from hub.quality.match.settings import column, settings

if TYPE_CHECKING:
    from pyarrow import RecordBatchReader  # type: ignore[import-untyped]
    from splink.internals.splink_dataframe import SplinkDataFrame

BATCH = 20_000
BACKS = 5.0  # log2: what speaks for a pair beside the name has to weigh so much


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair above the threshold; `levels` is one entry a comparison that had something to compare."""

    left: str
    right: str
    probability: float
    weight: float
    levels: list[dict[str, Any]]
    taxes: tuple[Sequence[str], Sequence[str]] = ((), ())  # of the left one and the right one, for the vetoes
    lines: tuple[Sequence[str], Sequence[str]] = ((), ())
    sure: bool = True  # nothing raises a doubt, and more than the name speaks for it


def scored(cache: Cache, frozen: Frozen, threshold: float, *, full: bool) -> Iterator[Scored]:
    """Score the pairs of all records, or of those in the table `changed`, and yield what reaches the threshold."""
    cache.db.execute(block.pairs(full=full))
    found = predicted(cache, frozen, threshold)
    yield from told(cache, frozen, found.physical_name)
    found.drop_table_from_database_and_remove_from_cache()
    for table in ("candidate", "compared", "involved"):
        cache.db.execute(f"DROP TABLE {table}")


def told(cache: Cache, frozen: Frozen, table: str) -> Iterator[Scored]:
    """Yield the pairs of a table of predictions, with ids, what the vetoes need, and the levels in words."""
    names = ", ".join(wanted(cache.profile, frozen))
    reader = cache.db.sql(
        f"SELECT l.id AS id_l, r.id AS id_r, l.taxes AS taxes_l, r.taxes AS taxes_r, l.lines AS lines_l, "
        f"r.lines AS lines_r, {names} FROM {table} p "
        "JOIN kept.record l ON l.h = p.h_l JOIN kept.record r ON r.h = p.h_r"
    ).to_arrow_reader(BATCH)
    yield from explained(cache.profile, reader)


def predicted(cache: Cache, frozen: Frozen, threshold: float | None) -> SplinkDataFrame:
    """Score what stands in the table `candidate`; without a threshold, everything is kept."""
    from splink import DuckDBAPI, Linker

    profile = cache.profile
    # of a million records a few thousand are in any candidate after a few changes
    cache.db.execute(
        "CREATE OR REPLACE TEMP TABLE involved AS "
        "SELECT join_key_l AS h FROM candidate UNION SELECT join_key_r FROM candidate"
    )
    records = "(SELECT * FROM kept.record WHERE h IN (SELECT h FROM involved))"
    cache.db.execute(f"CREATE OR REPLACE TEMP TABLE compared AS {compared(profile, frozen, records)}")
    api = DuckDBAPI(cache.db)
    linker = Linker(
        api.register("compared"),
        settings(profile, "duckdb", frozen.chances, frozen.prior, explain=True, weighed=frozen.trained),
        log_level=logging.ERROR,
        validate_settings=False,
    )
    linker.table_management.register_blocked_pairs_for_predict(api.register("candidate"))
    return linker.inference.predict(threshold_match_probability=threshold, warning_mode="never")


def compared(profile: Profile, frozen: Frozen, records: str = "kept.record") -> str:
    """The SQL of records with the frequency of each value; one that is rare or new has the lowest."""
    columns = ["p.h", *(f"p.{name}" for name in profile.columns)]
    joins = []
    for name in profile.frequencies() if frozen.trained else ():
        columns.append(
            f"CASE WHEN p.{name} IS NOT NULL THEN coalesce(tf_{name}.tf, {frozen.floor(name)!r}) END AS tf_{name}"
        )
        joins.append(f"LEFT JOIN kept.tf_{name} ON tf_{name}.value = p.{name}")
    return f"SELECT {', '.join(columns)} FROM {records} p {' '.join(joins)}"


def wanted(profile: Profile, frozen: Frozen) -> list[str]:
    """The columns of a scored pair: its score, and of each comparison the level, the weight and both values."""
    names = ["match_probability", "match_weight"]
    for one in profile.comparisons:
        name = column(one.name)
        weight = f"mw_{name}"
        if frozen.trained and any(level.tf for level in one.levels):
            weight = f"mw_{name} + mw_tf_adj_{name}"
        names += [f"gamma_{name}", f"{weight} AS weight_{name}", f"p.{one.shows}_l", f"p.{one.shows}_r"]
    return list(dict.fromkeys(names))


def explained(profile: Profile, reader: RecordBatchReader) -> Iterator[Scored]:
    """Put each pair's levels into words, the smaller id on the left."""
    ladders = [
        (
            one,
            column(one.name),
            [("different", one.doubt), *((level.label, level.doubt) for level in reversed(one.levels))],
        )
        for one in profile.comparisons
    ]
    for batch in reader:
        for row in batch.to_pylist():
            mirrored = row["id_l"] > row["id_r"]
            l, r = ("_r", "_l") if mirrored else ("_l", "_r")  # noqa: E741 - the two sides of a pair
            levels = []
            backed, clear = False, True
            for one, name, labels in ladders:
                at = row[f"gamma_{name}"]
                if at < 0:
                    continue
                label, doubt = labels[at]
                clear = clear and not doubt
                backed = backed or (not one.called and row[f"weight_{name}"] > BACKS)
                levels.append({
                    "comparison": one.name,
                    "level": at,
                    "label": label,
                    "weight": round(row[f"weight_{name}"], 4),
                    "left": row[one.shows + l],
                    "right": row[one.shows + r],
                    **({"doubt": True} if doubt else {}),
                })  # fmt: skip
            taxes, lines = ((row[name + l] or (), row[name + r] or ()) for name in ("taxes", "lines"))
            weight = round(row["match_weight"], 6)
            yield Scored(
                row[f"id{l}"], row[f"id{r}"], row["match_probability"], weight, levels, taxes, lines, clear and backed
            )
