"""What makes two records never one, however alike they are; whoever is held apart here is not even asked about.

Two different valid tax numbers of one scheme, two business lines marked separate, two companies of one group (they are
linked, not merged), and a pair a person has rejected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from hub.quality.match.batch import Batch
from hub.quality.match.profile import Columns

CHECKED = {
    "vat": "stdnum.vatin",
    "ein": "stdnum.us.ein",
    "nip": "stdnum.pl.nip",
    "cif": "stdnum.es.cif",
    "nif": "stdnum.es.nif",
    "siren": "stdnum.fr.siren",
    "abn": "stdnum.au.abn",
    "uscc": "stdnum.cn.uscc",
    "ssn": "stdnum.us.ssn",
}


@dataclass(frozen=True, slots=True)
class Side:
    """What one record of a pair brings to its vetoes."""

    root: str  # the head of the group it belongs to, itself where it belongs to none
    taxes: Sequence[str] = ()  # valid numbers as scheme:number
    lines: Sequence[str] = ()


def brings(model: str, batch: Batch) -> Columns:
    """What records' values say of their parents, their valid tax numbers and their business lines."""
    nothing: list[Any] = [None] * len(batch)
    known = [path for path in batch.under("identifiers") if path.partition(".")[2] in CHECKED]
    taxes = [
        [valid(scheme, text) if text else None for text in batch.texts(path)]
        for scheme, path in ((path.partition(".")[2], path) for path in known)
    ]
    lines = [(path[6:], batch.values(path)) for path in batch.paths if path.startswith("lines.")]
    return {
        "parent": batch.texts("parent") if model == "customer" else nothing,
        "taxes": [list(filter(None, row)) or None for row in zip(*taxes, strict=True)] if taxes else nothing,
        "lines": [[name for name, told in lines if told[row] is True] or None for row in range(len(batch))]
        if lines
        else nothing,
    }


@lru_cache(maxsize=100_000)
def valid(scheme: str, number: str) -> str | None:
    """A tax number as scheme:number, None where its check digits are wrong or its scheme has none that are known.

    A company may well hold the VAT numbers of two countries: those are two schemes.
    """
    if scheme not in CHECKED:
        return None
    module = import_module(CHECKED[scheme])
    try:
        found = str(module.validate(number)).casefold()
    except module.ValidationError:
        return None
    return f"vat.{found[:2]}:{found[2:]}" if scheme == "vat" else f"{scheme}:{found}"


def apart(left: Side, right: Side, separate: Iterable[Collection[str]] = ()) -> str | None:
    """Say why two records are never one, None where nothing holds them apart."""
    if left.root == right.root:
        return "companies of one group"
    if left.taxes and right.taxes and not set(left.taxes) & set(right.taxes):
        both = _schemes(left.taxes) & _schemes(right.taxes)
        if both:
            return f"two different valid numbers: {min(both)}"
    for group in separate:
        one, other = set(left.lines) & set(group), set(right.lines) & set(group)
        if one and other and not one & other:
            return f"separate business lines: {min(one)}, {min(other)}"
    return None


def roots(parents: Mapping[str, str]) -> dict[str, str]:
    """The head of the group each record with a parent belongs to; a circle's head is its smallest id."""
    found: dict[str, str] = {}
    for start in parents:
        way: list[str] = []
        at = start
        while at in parents and at not in found and at not in way:
            way.append(at)
            at = parents[at]
        head = min(way[way.index(at) :]) if at in way else found.get(at, at)
        found.update(dict.fromkeys(way, head))
    return found


def _schemes(taxes: Iterable[str]) -> set[str]:
    return {one.partition(":")[0] for one in taxes}
