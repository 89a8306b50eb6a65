"""Which records are compared at all: those with a blocking key in common that is not too common to say anything."""

from __future__ import annotations

PAIRS = """
CREATE OR REPLACE TEMP TABLE candidate AS
SELECT DISTINCT '0' AS match_key, least(a.h, b.h) AS join_key_l, greatest(a.h, b.h) AS join_key_r
FROM {some} a JOIN {all} b ON a.k = b.k AND {order}
"""
KEYS = "(SELECT k, h FROM kept.blocking WHERE k NOT IN (SELECT k FROM kept.stop))"
CHANGED = "(SELECT k, h FROM kept.blocking WHERE h IN (SELECT h FROM changed) AND k NOT IN (SELECT k FROM kept.stop))"


def pairs(*, full: bool) -> str:
    """The SQL that makes `candidate`: all pairs, or those with a side in `changed`."""
    if full:
        return PAIRS.format(some=KEYS, all=KEYS, order="a.h < b.h")
    # the keys of what changed are few: they are what the others are looked up in
    return PAIRS.format(some=CHANGED, all="kept.blocking", order="a.h <> b.h")
