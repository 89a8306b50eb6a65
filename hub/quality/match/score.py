"""Scores candidate pairs with Splink on DuckDB, and says for each what it reached in every comparison."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from hub.quality.match import block
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import Frozen
from hub.quality.match.profile import Profile
from hub.quality.match.settings import column, settings

if TYPE_CHECKING:
    from splink.internals.splink_dataframe import SplinkDataFrame

BATCH = 20_000
BACKS = 5.0  # log2: what speaks for a pair beside the name has to weigh so much


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair above the threshold; `levels` is JSON, one entry a comparison that had something to compare."""

    left: str
    right: str
    probability: float
    weight: float
    levels: str
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
    """Yield the pairs of a table of predictions, the smaller id on the left, with what the vetoes need and the levels in words."""
    names = ", ".join(wanted(cache.profile, frozen))
    levels, sure = explained(cache.profile)
    found = cache.db.execute(
        f"SELECT l.id, r.id, match_probability, round(match_weight, 6), {levels}, {sure}, l.taxes, r.taxes, l.lines, r.lines "
        f"FROM (SELECT {names}, least(a.id, b.id) AS one, greatest(a.id, b.id) AS other FROM {table} p "
        "JOIN kept.record a ON a.h = p.h_l JOIN kept.record b ON b.h = p.h_r) "
        "JOIN kept.record l ON l.h = hash(one) JOIN kept.record r ON r.h = hash(other)"
    )
    while rows := found.fetchmany(BATCH):
        for left, right, probability, weight, text, clear, tax_l, tax_r, line_l, line_r in rows:
            yield Scored(
                left, right, probability, weight, text, (tax_l or (), tax_r or ()), (line_l or (), line_r or ()), clear
            )


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
    """The columns of a scored pair: its score, and of each comparison the level and the weight."""
    names = ["match_probability", "match_weight"]
    for one in profile.comparisons:
        name = column(one.name)
        weight = f"mw_{name}"
        if frozen.trained and any(level.tf for level in one.levels):
            weight = f"mw_{name} + mw_tf_adj_{name}"
        names += [f"gamma_{name}", f"{weight} AS weight_{name}"]
    return names


def explained(profile: Profile) -> tuple[str, str]:
    """The SQL of a pair's levels as JSON, those that had nothing to compare left out, and of whether it is sure.

    Pairs come by the hundred thousand, and this is the only place that looks at all their values: so DuckDB does it.
    """
    texts, doubts, backs = [], [], []
    for one in profile.comparisons:
        gamma, weight = f"gamma_{column(one.name)}", f"weight_{column(one.name)}"
        labels = [("different", one.doubt), *((level.label, level.doubt) for level in reversed(one.levels))]
        heads = "".join(
            f" WHEN {at} THEN {_text(_json({'comparison': one.name, 'level': at, 'label': label})[:-1])}"
            for at, (label, _) in enumerate(labels)
        )
        doubt = ", ".join(str(at) for at, (_, doubt) in enumerate(labels) if doubt)
        tail = f"CASE WHEN {gamma} IN ({doubt}) THEN ',\"doubt\":true}}' ELSE '}}' END" if doubt else "'}'"
        left, right = (f"coalesce(to_json({side}.{one.shows})::VARCHAR, 'null')" for side in "lr")
        texts.append(
            f"CASE {gamma}{heads} END || ',\"weight\":' || round({weight}, 4) || ',\"left\":' || {left} || "
            f"',\"right\":' || {right} || {tail}"
        )
        doubts += [f"{gamma} NOT IN ({doubt})"] if doubt else []
        backs += [f"{weight} > {BACKS} AND {gamma} >= 0"] if not one.called else []
    sure = f"({' AND '.join(doubts) or 'TRUE'}) AND ({' OR '.join(backs) or 'FALSE'})"
    return f"'[' || concat_ws(',', {', '.join(texts)}) || ']'", sure


def _json(told: object) -> str:
    return msgspec.json.encode(told).decode()


def _text(text: str) -> str:
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
