"""Comparing two sides record by record, both ways: missing, extra, changed, swapped; and what differs in form alone.

Counts and sums can agree while two amounts are swapped; a hash of each record cannot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.closure.canonical import Tally, compare, digest
from hub.closure.facts import totals

Side = Iterable[tuple[str, str, Mapping[str, Any]]]
"""Name, model and values of records, in order of name."""

Pairs = defaultdict[str, list[tuple[str, str]]]

SHOWN = 100


@dataclass(slots=True)
class Compared:
    """What two sides have in common, and every difference by its kind."""

    here: int = 0
    there: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    normalised: list[str] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)
    tally: str = ""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def faults(self) -> list[str]:
        """Every difference that is one, in words; nothing compared is a fault too."""
        if not self.here:
            return ["no record was compared, so nothing was verified"]
        found = [f"{name} is missing there" for name in self.missing]
        found += [f"{name} is there and not here" for name in self.extra]
        found += [f"{what}" for what in (*self.swapped, *self.changed)]
        return found + self.sums


def sides(
    here: Side, there: Side, show: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None = None
) -> Compared:
    """Compare two sides in one pass; both come in order of name. `show` leaves of a record what can be compared."""
    out = Compared()
    tally, sums = Tally(), [defaultdict[str, int](int), defaultdict[str, int](int)]
    digests: Pairs = defaultdict(list)  # of what differs: the two values, to who has them and how it was told
    left, right = iter(here), iter(there)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if a is not None and (b is None or a[0] < b[0]):
            out.here += 1
            _note(out.missing, f"{a[1]} {a[0]}")
            _sum(sums[0], a)
            a = next(left, None)
        elif b is not None and (a is None or b[0] < a[0]):
            out.there += 1
            _note(out.extra, f"{b[1]} {b[0]}")
            _sum(sums[1], b)
            b = next(right, None)
        elif a is not None and b is not None:
            _both(out, tally, digests, sums, a, b, show)
            a, b = next(left, None), next(right, None)
    for name in sorted({*sums[0], *sums[1]}):
        if sums[0][name] != sums[1][name]:
            out.sums.append(f"sum of {name}: {sums[0][name]} here, {sums[1][name]} there (minor units)")
    out.tally = tally.text
    return out


def _both(
    out: Compared,
    tally: Tally,
    digests: Pairs,
    sums: list[defaultdict[str, int]],
    a: tuple[str, str, Mapping[str, Any]],
    b: tuple[str, str, Mapping[str, Any]],
    show: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | None,
) -> None:
    name, model, mine = a
    theirs = b[2]
    if show is not None:
        mine, theirs = show(model, mine), show(model, theirs)
    out.here += 1
    out.there += 1
    out.counts[model] = out.counts.get(model, 0) + 1
    tally.add(name, digest(model, mine))
    _sum(sums[0], (name, model, mine))
    _sum(sums[1], (name, model, theirs))
    found = compare(model, mine, theirs)
    if found.normalised:
        _note(out.normalised, f"{model} {name}: {', '.join(found.normalised)}")
    for path in found.changed:
        pair = f"{path} {mine.get(path)!r}", f"{path} {theirs.get(path)!r}"
        others = digests[f"{pair[1]}>{pair[0]}"]
        if others and mine.get(path) is not None and theirs.get(path) is not None:
            other, told = others.pop()
            _note(out.swapped, f"{model} {name} and {other}: {path} is swapped")
            if told in out.changed:  # told already, as a change of its own
                out.changed.remove(told)
        else:
            words = f"{model} {name}: {path} is {mine.get(path)!r} here and {theirs.get(path)!r} there"
            digests[f"{pair[0]}>{pair[1]}"].append((f"{model} {name}", words))
            _note(out.changed, words)


def _sum(sums: defaultdict[str, int], record: tuple[str, str, Mapping[str, Any]]) -> None:
    for what, minor in totals([(record[1], record[2])]).items():
        sums[what] += minor


def _note(found: list[str], what: str) -> None:
    """Every difference counts, but a list of thousands helps nobody."""
    if len(found) < SHOWN:
        found.append(what)
    elif len(found) == SHOWN:
        found.append("and more of them")
