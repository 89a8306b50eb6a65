"""Merge: what a record shows now, against what it last showed and what was last agreed, field by field.

Pure: works on links and golden records in memory. A stamp decides which value wins, so the order of merges does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec import UNSET

from hub.model import Values
from hub.sync.alike import alike
from hub.sync.clock import moment
from hub.sync.follow import Into, reference_moved, same
from hub.sync.stamp import EDITED, FOUND, Own, Ranking, Rankings, Stamp, above, first
from hub.sync.state import Golden, Link

BOUNCES = 3  # look-alike changes in a row over what the hub wrote that are taken for a habit


class Snapshot(NamedTuple):
    """What a record shows: canonical values by path; `unclear` are paths whose value could not be read."""

    values: Values
    version: str | None
    at: int
    deleted: bool = False
    unclear: tuple[str, ...] = ()


class Lineage(NamedTuple):
    """One edit accepted or lost; `over` is the value it met."""

    golden_id: str
    field: str
    value: Any
    stamp: Stamp
    stream: int | None
    key: str | None
    sight: int
    won: bool
    over: Any


class Finding(NamedTuple):
    """Something a person should see."""

    kind: str
    text: str
    stream: int | None = None
    key: str | None = None
    golden_id: str | None = None
    field: str | None = None


@dataclass(slots=True)
class Merging:
    """What a merge needs to know and what it leaves behind."""

    rankings: Rankings
    connections: Mapping[int, str]
    survive: Any = None  # the hook, None where no plugin has it
    into: Into = field(default_factory=dict)  # where references to merged golden records end
    guests: set[str] = field(default_factory=set)  # golden records that hold another one's records since a merge
    made: dict[int, dict[str, str]] = field(default_factory=dict)  # by stream: whose records over there are whose now
    family: dict[str, dict[tuple[int, str], Link]] = field(default_factory=dict)
    lineage: list[Lineage] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    touched: set[tuple[int, str]] = field(default_factory=set)

    def siblings(self, link: Link) -> Iterable[Link]:
        """The other links of the link's golden record."""
        return (other for other in self.family.get(link.golden_id or "", {}).values() if other is not link)


def observe(
    merging: Merging,
    link: Link,
    golden: Golden,
    snap: Snapshot,
    echo: Mapping[str, tuple[Any, Stamp]] | None = None,
    *,
    exact: bool = True,
) -> None:
    """Take over what the record shows. `echo` is what the hub has just written there: {path: (value, stamp)}.

    `exact` says that the snapshot is certainly the answer to that write, so that any other form is the system's own
    way of keeping the value and no edit.
    """
    link.version, link.changed_at = snap.version, snap.at
    merging.touched.add((link.stream, link.key))
    if snap.deleted:
        link.deleted_at = snap.at
        return
    link.deleted_at = None
    if golden.new and golden.first is None and not echo:
        _adopt(link, golden, snap)
        return
    for path, x in snap.values.items():
        if echo and path in echo and _echoed(merging, link, golden, path, x, echo[path], exact):
            continue
        if path not in link.seen:
            link.seen[path] = x
            if x is not None:
                candidate(merging, link, golden, path, x, FOUND, snap.at, None)
        elif x != link.seen[path]:
            _edited(merging, link, golden, path, x, snap.at)
    for path in (echo or {}).keys() - snap.values.keys():  # written, but nothing of it is shown
        wrote, stamp = (echo or {})[path]
        _shows(link, golden, path, wrote, wrote, stamp)
    for path in snap.unclear:
        if path not in link.seen and path in golden.values:
            link.set(path, None, golden.values[path], ours=False)


def _adopt(link: Link, golden: Golden, snap: Snapshot) -> None:
    """A golden record's first record gives it all its values."""
    link.seen = snap.values
    golden.values = {path: x for path, x in snap.values.items() if x is not None}
    golden.first = Own(FOUND, snap.at, link.stream, link.key)
    golden.changed = True


def _shows(link: Link, golden: Golden, path: str, seen: Any, meant: Any, stamp: Stamp) -> None:
    """The field shows what the hub wrote, in whatever form."""
    link.set(path, seen, meant, ours=True)
    link.mark(path).base = UNSET if golden.values.get(path, UNSET) == meant else stamp


def _echoed(
    merging: Merging, link: Link, golden: Golden, path: str, x: Any, wrote: tuple[Any, Stamp], exact: bool
) -> bool:
    """Whether x is what became of our write; if not, someone edited after it landed."""
    value, stamp = wrote
    if exact or alike(x, value):
        _shows(link, golden, path, x, value, stamp)
        if not alike(x, value):
            text = f"kept differently: wrote {value!r}, shows {x!r}"
            merging.findings.append(Finding("kept differently", text, link.stream, link.key, golden.id, path))
        return True
    _shows(link, golden, path, value, value, stamp)
    return False


def _edited(merging: Merging, link: Link, golden: Golden, path: str, x: Any, at: int) -> None:
    """The field shows something else than before."""
    was, meant, wrote = link.seen[path], link.meant(path), link.wrote(path)
    base = link.base(path, golden, merging.rankings.of(golden.model, path))
    if reference_moved(golden.model, path, was, x, merging.made.get(link.stream, {})):
        _handed_over(merging, link, golden, path, x, base)
        return
    bounces = link.marks[path].bounces if path in link.marks else 0
    if not alike(x, was) and not alike(x, meant):
        bounces = 0
    elif wrote:
        bounces += 1
        if bounces >= BOUNCES:
            text = f"a habit over there: {meant!r} becomes {x!r} again and again; not taken as an edit"
            merging.findings.append(Finding("habit", text, link.stream, link.key, golden.id, path))
            link.set(path, x, meant, ours=True)
            link.mark(path).bounces = bounces
            return
    link.set(path, x, x, ours=False)
    mark = link.mark(path)
    mark.bounces, mark.refused = bounces, UNSET
    candidate(merging, link, golden, path, x, EDITED, at, base)


def _handed_over(merging: Merging, link: Link, golden: Golden, path: str, x: Any, base: Stamp | None) -> None:
    """What it refers to was made one with another record over there, by the system itself: that is nobody's edit.

    As long as the two are one here, too, it means what it meant; afterwards it shows something else than it should.
    """
    meant = link.meant(path)
    still = same(golden.model, path, meant, x, merging.into)
    link.set(path, x, meant if still else x, ours=link.wrote(path))
    if not still:
        link.mark(path).base = UNSET if base is None else base


def candidate(
    merging: Merging, link: Link, golden: Golden, path: str, x: Any, sight: int, at: int, base: Stamp | None
) -> None:
    """Let a value compete for the golden field; the loser is recorded, and in a merged one whatever is found is.

    `base` is the stamp of the golden value the record was known to show before.
    """
    ranking = merging.rankings.of(golden.model, path)
    own = Own(sight, at, link.stream, link.key)
    stamp = first(own)
    if base is not None and ranking.inherits(base, own):
        stamp = max(stamp, above(base, own), key=ranking.key)
    present = path in golden.values
    value = golden.values.get(path)
    now = golden.stamp(path) if present else None
    if ranking.rule == "owner" and now is not None and value is None and base == now:
        stamp = above(now, own)  # the owner left it empty, and the author saw that
    won = now is None or ranking.greater(stamp, now)
    if present and same(golden.model, path, value, x, merging.into):
        if won and now is not None:
            if value != x:  # another record of what is one by now
                _keep_bases(merging, link, golden, path, value, ranking)
            golden.put(path, x, stamp)
        if sight == EDITED or golden.id in merging.guests:
            merging.lineage.append(Lineage(golden.id, path, x, stamp, link.stream, link.key, sight, True, value))
        return
    if now is not None and merging.survive is not None:
        won, stamp = _asked(merging, golden, path, x, own, stamp, won, now)
    if sight == EDITED or (present and (value is not None or not won)) or golden.id in merging.guests:
        merging.lineage.append(Lineage(golden.id, path, x, stamp, link.stream, link.key, sight, won, value))
    if not won:
        link.mark(path).base = UNSET if base is None else base
        return
    if now is not None:
        if base is None or ranking.greater(now, base):
            again = now.again
            lost = Lineage(golden.id, path, value, now, again.stream, again.key, again.sight, False, x)
            merging.lineage.append(lost)
        _keep_bases(merging, link, golden, path, value, ranking)
    golden.put(path, x, stamp)
    if path in link.marks:
        link.marks[path].base = UNSET


def _keep_bases(merging: Merging, link: Link, golden: Golden, path: str, value: Any, ranking: Ranking) -> None:
    """The other links that showed the value by default get its stamp written out, since it is replaced now."""
    for other in merging.siblings(link):
        if path in other.seen and other.meant(path) == value:
            other.mark(path).base = other.base(path, golden, ranking) or UNSET
            merging.touched.add((other.stream, other.key))


def _asked(
    merging: Merging, golden: Golden, path: str, x: Any, own: Own, stamp: Stamp, won: bool, now: Stamp
) -> tuple[bool, Stamp]:
    """Let a plugin decide between the golden value and its challenger."""
    from hub.plugin import Candidate

    name = merging.connections.get
    then = now.again
    holder = Candidate(name(then.stream, ""), golden.values[path], moment(then.at), then.sight == EDITED)
    rival = Candidate(name(own.stream, ""), x, moment(own.at), own.sight == EDITED)
    choice = merging.survive(model=golden.model, field=path, candidates=[holder, rival])
    if choice is None:
        return won, stamp
    if choice is rival or choice == rival:
        return True, stamp if won else above(now, own)
    return False, stamp


def stronger(merging: Merging, model: str, path: str, a: tuple[Any, Stamp], b: tuple[Any, Stamp]) -> tuple[Any, Stamp]:
    """The value of two golden ones that stands, with its stamp: the stronger, unless a plugin decides otherwise."""
    ranking = merging.rankings.of(model, path)
    strong = a if ranking.greater(a[1], b[1]) else b
    if merging.survive is None or a[0] == b[0]:
        return strong
    from hub.plugin import Candidate

    name = merging.connections.get
    candidates = [
        Candidate(name(s.again.stream, ""), value, moment(s.again.at), s.again.sight == EDITED) for value, s in (a, b)
    ]
    choice = merging.survive(model=model, field=path, candidates=candidates)
    if choice is None or choice not in candidates:
        return strong
    value, stamp = (a, b)[candidates.index(choice)]
    return (value, stamp) if stamp == strong[1] else (value, above(strong[1], stamp.again))
