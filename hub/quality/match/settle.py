"""Settles a trained model on its own candidates: how likely two records are one, and chances freed from what is one.

Chances among different things (u) are learnt from pairs drawn at random. Where a tenth of all records are there twice,
nearly every pair drawn that shares a tax number is one thing, so the share of those has to be taken out again.
"""

from __future__ import annotations

from math import log2

from msgspec.structs import replace

from hub.quality.match import block
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import Frozen
from hub.quality.match.score import predicted
from hub.quality.match.settings import Chances, column

PAIRS = 300_000  # at most about so many candidates are looked at
ROUNDS = 3
STEPS = 30
LEAST = 1e-7
HIGHEST = 0.05  # the prior never goes above: more than that are one thing only in tests


def settle(cache: Cache, frozen: Frozen) -> Frozen:
    """Return the model with its prior and its u freed from the pairs that are one thing."""
    cache.db.execute(block.pairs(full=True))
    total = int(cache.rows("SELECT count(*) FROM candidate")[0][0])
    if not total:
        cache.db.execute("DROP TABLE candidate")
        return frozen
    share = -(-total // PAIRS)
    if share > 1:
        cache.db.execute(f"DELETE FROM candidate WHERE xor(join_key_l, join_key_r) % {share} <> 0")
    found = predicted(cache, frozen, None)
    raw = frozen
    for _ in range(ROUNDS):
        prior = _prior(_weights(cache, raw, frozen.chances, found.physical_name), frozen, share)
        frozen = replace(frozen, prior=prior, chances=_freed(cache, raw, prior))
    found.drop_table_from_database_and_remove_from_cache()
    cache.db.execute("DROP TABLE candidate")
    return frozen


def _weights(cache: Cache, raw: Frozen, chances: Chances, table: str) -> list[tuple[float, int]]:
    """The weights of the candidates under other chances than they were scored with, rounded, and how many have each.

    The levels stay; of a level with term frequencies the whole weight is m against the frequency, whatever its u is.
    """
    parts = []
    for one in cache.profile.comparisons:
        name, count = column(one.name), len(one.levels)
        cases = []
        for at, (m, u) in enumerate(chances[one.name]):
            tf = at < count and one.levels[at].tf is not None
            kept = log2(raw.chances[one.name][at][0] / raw.chances[one.name][at][1])
            weight = f"{kept!r} + mw_tf_adj_{name}" if tf else repr(log2(m / u))
            cases.append(f"WHEN {count - at} THEN {weight}")
        parts.append(f"CASE gamma_{name} {' '.join(cases)} ELSE 0 END")
    return [
        (float(w), int(n))
        for w, n in cache.rows(f"SELECT round(({' + '.join(parts)}) * 4) / 4 AS w, count(*) FROM {table} GROUP BY 1")
    ]


def _prior(weights: list[tuple[float, int]], frozen: Frozen, share: int) -> float:
    """The prior at which the candidates hold as many pairs that are one as it says there are among all pairs."""
    everything = frozen.records * (frozen.records - 1) / 2
    prior = frozen.prior
    for _ in range(STEPS):
        odds = prior / (1 - prior)
        one = sum(n * share * _chance(odds, w) for w, n in weights)
        prior = min(max(one / everything, 0.5 / everything), HIGHEST)
    return prior


def _chance(odds: float, weight: float) -> float:
    ratio: float = odds * 2.0 ** min(weight, 200.0)
    return ratio / (1 + ratio)


def _freed(cache: Cache, raw: Frozen, prior: float) -> dict[str, list[tuple[float, float]]]:
    """The chances with the pairs that are one taken out of u."""
    found = dict(raw.chances)
    for one in cache.profile.comparisons:
        if one.fixed:
            continue
        # what is left is noise where nearly all was one thing: then the shipped chance is the better guess
        shipped = [*(level.u for level in one.levels), one.other()[1]]
        freed = []
        for (m, u), given in zip(raw.chances[one.name], shipped, strict=True):
            rest = u - prior * m
            freed.append((m, rest if rest > u / 2 else max(min(given, u), LEAST)))
        total = sum(u for _, u in freed)
        found[one.name] = [(m, u / total) for m, u in freed]
    return found
