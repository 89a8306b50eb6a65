"""A stamp says how strong a value is. The greatest wins, so the order in which systems are pulled decides nothing.

An edit made on top of a value its author could see inherits that value's stamp and stands one step above it,
whatever the clocks say; clocks decide only between edits whose authors did not see each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from hub.config import Rule

FOUND = 0  # a value that stood there at first contact
EDITED = 1  # an edit that was seen to happen


class Own(NamedTuple):
    """Where and when a value was shown; stored without the rule, so that a changed rule applies to what is stored."""

    sight: int  # FOUND or EDITED
    at: int  # the source's time, microseconds
    stream: int
    key: str


class Stamp(NamedTuple):
    """A value's strength: the own part of the edit it stands on, how many edits stand on that, and its own part."""

    own: Own
    depth: int
    again: Own


def first(own: Own) -> Stamp:
    """The stamp of a value that stands on no other."""
    return Stamp(own, 0, own)


def above(base: Stamp, own: Own) -> Stamp:
    """The stamp of an edit made on top of a value."""
    return Stamp(base.own, base.depth + 1, own)


class Ranking:
    """The order of stamps of one field, by its survivorship rule."""

    def __init__(self, rule: Rule, connections: Mapping[int, str]) -> None:
        best = len(rule.order)
        by_name = {name: best - i for i, name in enumerate(rule.order)}
        self.rule = rule.name
        self.ranks = {stream: by_name.get(name, 0) for stream, name in connections.items()}

    def rank(self, own: Own) -> int:
        """How preferred the value's connection is; greater is better."""
        return self.ranks.get(own.stream, 0)

    def _own(self, own: Own) -> tuple[Any, ...]:
        rank = self.ranks.get(own.stream, 0)
        if self.rule == "newest":
            return (own.sight, own.at, rank, own.stream, own.key)
        if self.rule == "order":
            return (own.sight, rank, own.at, own.stream, own.key)
        return (rank, own.sight, own.at, own.stream, own.key)

    def key(self, stamp: Stamp) -> tuple[Any, ...]:
        """The stamp in comparable form."""
        return (self._own(stamp.own), stamp.depth, self._own(stamp.again))

    def greater(self, a: Stamp, b: Stamp) -> bool:
        """Whether a is stronger than b."""
        return self.key(a) > self.key(b)

    def inherits(self, base: Stamp, own: Own) -> bool:
        """Whether an edit stands on the value it replaces: under the rule `owner` not on one of a better owner."""
        return self.rule != "owner" or self.rank(base.own) <= self.rank(own)


class Rankings:
    """The rankings of all fields of a project."""

    def __init__(self, rules: Any, connections: Mapping[int, str]) -> None:
        self._rules = rules  # callable (model, path) -> Rule
        self._connections = dict(connections)
        self._cached = lru_cache(maxsize=None)(self._make)
        self.of = lru_cache(maxsize=None)(self._of)

    def _of(self, model: str, path: str) -> Ranking:
        return self._cached(self._rules(model, path))

    def _make(self, rule: Rule) -> Ranking:
        return Ranking(rule, self._connections)
