"""Settles a trained model on its own candidates: how likely two records are one, and chances freed from what is one.

Chances among different things (u) are learnt from pairs drawn at random. Where a tenth of all records are there twice,
nearly every pair drawn that shares a tax number is one thing, so the share of those has to be taken out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from msgspec.structs import replace

from hub.quality.match import block
from hub.quality.match.cache import Cache
from hub.quality.match.frozen import Frozen
from hub.quality.match.score import predicted
from hub.quality.match.settings import Chances, column

PAIRS = 300_000  # at most about so many candidates are looked at
ROUNDS = 3
CHEAP = 1_000_000  # candidates that are compared in any case
DEAR = 2_000  # candidates that are compared for the sake of one pair
SPARE = 0.001  # of all pairs, those that may be missed by leaving kinds of keys out
STEPS = 30
LEAST = 1e-7
HIGHEST = 0.05  # the prior never goes above: more than that are one thing only in tests


def settle(cache: Cache, frozen: Frozen, pairs: int) -> Frozen:
    """Return the model with its prior, its u freed from the pairs that are one thing, and the kinds of keys that idle.

    `pairs` is how many candidates there are at most.
    """
    if not pairs:
        return frozen
    share = -(-pairs // PAIRS)
    cache.db.execute(block.sample(share))
    found = predicted(cache, frozen, None)
    raw = frozen
    for _ in range(ROUNDS):
        weight = _weight(cache, raw, frozen.chances)
        prior = _prior(_weights(cache, weight, found.physical_name), frozen, share)
        frozen = replace(frozen, prior=prior, chances=_freed(cache, raw, prior))
    if pairs > CHEAP:
        weight = f"{_weight(cache, raw, frozen.chances)} + {log2(frozen.prior / (1 - frozen.prior))!r}"
        counts = cache.rows(
            f"SELECT match_key::UBIGINT, count(*), count(*) FILTER ({weight} >= 0) FROM {found.physical_name} GROUP BY 1"
        )
        frozen = replace(frozen, idle=[cache.profile.keys[at].kind for at in sorted(idle(counts))])
    found.drop_table_from_database_and_remove_from_cache()
    cache.db.execute("DROP TABLE candidate")
    return frozen


def _weight(cache: Cache, raw: Frozen, chances: Chances) -> str:
    """The SQL of the weight of candidates under other chances than they were scored with.

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
    return " + ".join(parts)


def _weights(cache: Cache, weight: str, table: str) -> list[tuple[float, int]]:
    """The weights of the candidates, rounded, and how many have each."""
    found = cache.rows(f"SELECT round(({weight}) * 4) / 4 AS w, count(*) FROM {table} GROUP BY 1")
    return [(float(w), int(n)) for w, n in found]


def idle(counts: Sequence[tuple[int, int, int]]) -> set[int]:
    """The kinds of keys that are left out, from (kinds as bits, candidates, those that are one).

    One after the other goes whose candidates no other kind has hold the fewest pairs that are one, while those are next to none.
    """
    gone = 0
    spare = sum(right for _, _, right in counts) * SPARE
    while True:
        alone: dict[int, list[int]] = {}
        for kinds, pairs, right in counts:
            left = kinds & ~gone
            if left and not left & (left - 1):
                found = alone.setdefault(left, [0, 0])
                found[0] += pairs
                found[1] += right
        worst = min(alone, key=lambda kind: (alone[kind][1] / alone[kind][0], kind), default=0)
        if not worst or alone[worst][1] * DEAR > alone[worst][0] or alone[worst][1] > spare:
            return {at for at in range(gone.bit_length()) if gone >> at & 1}
        spare -= alone[worst][1]
        gone |= worst


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
