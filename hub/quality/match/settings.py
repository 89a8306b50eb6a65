"""A profile with its trained numbers as settings for Splink, in the words of a backend's SQL."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hub.quality.match.profile import Comparison, Profile

WORDS: Mapping[str, Mapping[str, str]] = {
    "duckdb": {
        "jw": "jaro_winkler_similarity",
        "edits": "damerau_levenshtein",
        "overlap": "list_has_any",
        "starts": "starts_with",
    },
    "spark": {
        "jw": "jaro_winkler",
        "edits": "damerau_levenshtein",
        "overlap": "arrays_overlap",
        "starts": "startswith",
    },
}
STARTS = re.compile(r"\{starts\}\((\w+), (\w+)\)")
NEAR = re.compile(r"\{near(\d)\}\((\w+), (\w+)\)")

Chances = Mapping[str, Sequence[tuple[float, float]]]
"""Comparison to (m, u) of each of its levels, the last one being everything else."""


def shipped(profile: Profile) -> dict[str, list[tuple[float, float]]]:
    """The chances that come with the hub, for those who have too little to train on."""
    return {one.name: [*((x.m, x.u) for x in one.levels), one.other()] for one in profile.comparisons}


def condition(text: str, backend: str) -> str:
    """Write a condition for a backend.

    `{starts}(a, b)` holds where one of the two begins with the other, `{near1}(a, b)` where one letter put in, left
    out, replaced or swapped with its neighbour makes them equal; the lengths are looked at first, since that is cheap.
    """
    text = STARTS.sub(lambda it: f"({{starts}}({it[1]}, {it[2]}) OR {{starts}}({it[2]}, {it[1]}))", text)
    text = NEAR.sub(_near, text)
    return text.format_map(WORDS[backend])


def _near(found: re.Match[str]) -> str:
    # a swap is two edits to Levenshtein, who is ten times as quick: what is further off needs no second look
    n, one, other = int(found[1]), found[2], found[3]
    return (
        f"CASE WHEN abs(length({one}) - length({other})) <= {n} AND levenshtein({one}, {other}) <= {2 * n} "
        f"THEN {{edits}}({one}, {other}) <= {n} ELSE FALSE END"
    )


def column(name: str) -> str:
    """A comparison's name as part of a column's name."""
    return re.sub(r"\W+", "_", name)


def settings(
    profile: Profile, backend: str, chances: Chances, prior: float, *, explain: bool = False, weighed: bool = True
) -> dict[str, Any]:
    """Build the settings; `explain` keeps the level and the weight of each comparison, `weighed` uses term frequencies."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "h",
        "probability_two_random_records_match": prior,
        "comparisons": [_comparison(one, backend, chances[one.name], weighed) for one in profile.comparisons],
        "blocking_rules_to_generate_predictions": [],
        "retain_matching_columns": explain,  # without them Splink leaves out the levels too
        "retain_intermediate_calculation_columns": explain,
        "max_iterations": 20,
        "em_convergence": 0.001,
    }


def _comparison(one: Comparison, backend: str, chances: Sequence[tuple[float, float]], weighed: bool) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": condition(one.empty, backend),
            "label_for_charts": "nothing to compare",
            "is_null_level": True,
        }
    ]
    for level, (m, u) in zip(one.levels, chances, strict=False):
        made: dict[str, Any] = {
            "sql_condition": condition(level.when, backend),
            "label_for_charts": level.label,
            "m_probability": m,
            "u_probability": u,
        }
        if level.tf and weighed:
            made["tf_adjustment_column"] = level.tf
        levels.append(made)
    m, u = chances[-1]
    levels.append({"sql_condition": "ELSE", "label_for_charts": "different", "m_probability": m, "u_probability": u})
    return {
        "output_column_name": column(one.name),
        "comparison_description": one.name,
        "comparison_levels": levels,
    }
