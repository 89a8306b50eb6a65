"""Which records are compared at all: those with a blocking key in common that is not too common to say anything."""

from __future__ import annotations

from collections.abc import Collection

from hub.quality.match.profile import Profile

USED = "(SELECT kind, k, h FROM kept.blocking WHERE k NOT IN (FROM kept.stop))"
CHANGED = "(SELECT kind, k, h FROM kept.blocking WHERE h IN (FROM changed) AND k NOT IN (FROM kept.stop))"


def keys(profile: Profile, records: str, idle: Collection[str] = ()) -> str:
    """The SQL of all keys of some records but for those of idle kinds: kind by its number, text, record."""
    found = [
        f"SELECT {at}::UTINYINT AS kind, '{one.kind}' || t AS text, h FROM "
        f"(SELECT h, {f'unnest({one.texts})' if one.many else one.texts} AS t FROM {records}) WHERE t IS NOT NULL"
        for at, one in enumerate(profile.keys)
        if one.kind not in idle
    ]
    return " UNION ALL ".join(found) or f"SELECT 0::UTINYINT AS kind, '' AS text, h FROM {records} WHERE FALSE"


def pairs(*, full: bool) -> str:
    """The SQL that makes `candidate`: all pairs, or those with a side in `changed`, once each."""
    # the keys of what changed are few: they are what the others are looked up in
    some, all_, order = (USED, USED, "a.h < b.h") if full else (CHANGED, "kept.blocking", "a.h <> b.h")
    return (
        "CREATE OR REPLACE TEMP TABLE candidate AS "
        "SELECT DISTINCT '0' AS match_key, least(a.h, b.h) AS join_key_l, greatest(a.h, b.h) AS join_key_r "
        f"FROM {some} a JOIN {all_} b ON a.k = b.k AND {order}"
    )


def sample(share: int) -> str:
    """The SQL that makes `candidate` of one in `share` of all pairs, with the kinds of keys it is found by as bits."""
    return (
        "CREATE OR REPLACE TEMP TABLE candidate AS "
        "SELECT bit_or(1::UBIGINT << a.kind::UBIGINT)::VARCHAR AS match_key, a.h AS join_key_l, b.h AS join_key_r "
        f"FROM {USED} a JOIN {USED} b ON a.k = b.k AND a.h < b.h AND xor(a.h, b.h) % {share} = 0 GROUP BY ALL"
    )
