"""What is frozen between two trainings: the chances of each level, how often values occur, the keys too common to use.

Two runs with the same frozen model give a pair the same score, whatever else was added meanwhile: that is why a full
run and a row of incremental ones end in the same proposals.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping

import msgspec

from hub.quality.match.profile import Profile

COMMON = 60  # a key that more records have is not compared: they would be pairs by the million that say nothing
RARE = 8  # a key that no more records have is compared in any case
EACH = 6  # candidates a record: where there would be more, fewer records may share a key
KEPT = 50_000  # so many of a column's most frequent values keep their own frequency, the others share the lowest


class Frozen(msgspec.Struct, frozen=True, kw_only=True):
    """A trained model of one kind of record."""

    chances: dict[str, list[tuple[float, float]]]
    prior: float
    trained: bool  # False: the shipped chances
    records: int = 0
    counts: dict[str, dict[str, int]] = {}
    totals: dict[str, int] = {}
    stops: list[str] = []  # keys, each as its kind and its text
    idle: list[str] = []  # the kinds of keys that find next to nothing of their own

    def floor(self, column: str) -> float:
        """The frequency of every value that has none of its own."""
        return 1 / max(self.totals.get(column, 0), 1)


def pack(frozen: Frozen) -> bytes:
    """Write a model small."""
    return zlib.compress(msgspec.json.encode(frozen), 6)


def unpack(packed: bytes) -> Frozen:
    """Read a model."""
    return msgspec.json.decode(zlib.decompress(packed), type=Frozen)


def digest(profile: Profile, frozen: Frozen) -> str:
    """The digest of everything that decides a score."""
    return hashlib.sha256(shape(profile).encode() + msgspec.json.encode(frozen)).hexdigest()[:16]


def shape(profile: Profile) -> str:
    """The digest of what a profile compares; with another one, a trained model is of no use."""
    told = [profile.model, profile.version, sorted(profile.columns.items()), [(x.kind, x.texts) for x in profile.keys]]
    levels: list[Mapping[str, object]] = [
        {"name": one.name, "empty": one.empty, "levels": [(x.label, x.when, x.tf, x.m, x.u) for x in one.levels]}
        for one in profile.comparisons
    ]
    return hashlib.sha256(msgspec.json.encode([told, levels])).hexdigest()[:16]
