"""What plugins add to the comparison of a model: texts that mean identity, and further respects to compare in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from hub.errors import ConfigError
from hub.model import MODELS, Values
from hub.plugin.hookspecs import MatchRule
from hub.plugin.matching import Compare
from hub.plugin.registry import Registry
from hub.quality.match.batch import Batch
from hub.quality.match.profile import Columns, Comparison, Key, Level, Profile
from hub.quality.match.profiles import PROFILES
from hub.suggest import like

CERTAIN = 1e-12  # how often two different things have a text in common that means identity
NEAR = 9  # edits at most


def profiles(registry: Registry) -> dict[str, Profile]:
    """The profiles of all models in which duplicates are looked for, with what plugins add to each.

    Raises ConfigError for a rule about a model that is none.
    """
    found = dict(PROFILES)
    for name, (model, rule) in registry.match_rules.items():
        if model not in MODELS:
            who = registry.who(name)
            raise ConfigError(f'{who}: match rule "{name}": no model "{model}"{like(model, MODELS)}')
        found[model] = _with(found.get(model) or _bare(model), name, rule)
    return found


def _bare(model: str) -> Profile:
    """A model that only plugins know how to compare."""
    return Profile(
        model=model,
        version=1,
        columns={},
        prepare=lambda _: {},
        keys=(),
        comparisons=(),
        training=(),
    )


def _with(profile: Profile, name: str, rule: MatchRule | Compare) -> Profile:
    column = "own_" + re.sub(r"\W+", "_", name).lower()
    if column in profile.columns:
        raise ConfigError(f'match rule "{name}": another one has almost the same name; rename one of them')
    if isinstance(rule, Compare):
        return _compared(profile, name, column, rule)
    return replace(
        profile,
        columns={**profile.columns, column: "texts"},
        prepare=_prepare(profile, column, name, lambda values: sorted({str(text) for text in rule(values)}) or None),
        keys=(*profile.keys, Key(f"{column}:", column, many=True)),
        comparisons=(
            *profile.comparisons,
            Comparison(
                name,
                column,
                # what they do not have in common says nothing against them
                f"{column}_l IS NULL OR {column}_r IS NULL OR NOT {{overlap}}({column}_l, {column}_r)",
                (Level("one in common", f"{{overlap}}({column}_l, {column}_r)", 0.9, CERTAIN),),
                fixed=True,
            ),
        ),
    )


def _compared(profile: Profile, name: str, column: str, rule: Compare) -> Profile:
    m, u = rule.same
    if not (0 < u < m < 1 and 0 <= rule.edits <= NEAR):
        raise ConfigError(
            f'match rule "{name}": same must be two chances, the first above the second and both between 0 and 1, '
            f"and edits at most {NEAR}"
        )
    levels = [Level("the same", f"{column}_l = {column}_r", m, u, column)]
    if rule.edits:
        near = f"{{near{rule.edits}}}({column}_l, {column}_r)"
        levels.append(Level(f"up to {rule.edits} letters off", near, (1 - m) / 2, min(u * 10, (1 - u) / 2)))
    return replace(
        profile,
        columns={**profile.columns, column: "text"},
        prepare=_prepare(profile, column, name, rule.value),
        keys=(*profile.keys, Key(f"{column}:", column)) if rule.blocks else profile.keys,
        comparisons=(
            *profile.comparisons,
            Comparison(name, column, f"{column}_l IS NULL OR {column}_r IS NULL", tuple(levels)),
        ),
    )


def _prepare(profile: Profile, column: str, name: str, value: Callable[[Values], object]) -> Callable[[Batch], Columns]:
    def prepare(batch: Batch) -> Columns:
        try:
            own = [value(values) or None for values in batch.records]
        except Exception as error:
            raise ConfigError(
                f'match rule "{name}": {type(error).__name__}: {error}; mend the plugin: it has to take any record'
            ) from error
        return {**profile.prepare(batch), column: own}

    return prepare
