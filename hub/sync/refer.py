"""Refer: what refers to two golden records, after they were one and were taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from msgspec import UNSET

from hub.model import MODELS
from hub.store.tables import reference
from hub.sync.feed import reference_fields, referred
from hub.sync.follow import Into, same, survivors
from hub.sync.state import LINK, Golden, Link, link_of, values_of
from hub.sync.work import Work

PART = 5_000  # golden records whose references are worked out anew at a time


def refer_again(work: Work, a: Golden, b: Golden) -> None:
    """Work out anew what refers to either side, and what shows the wrong one."""
    tx = work.tx
    ids = sorted({row[0] for row in tx.rows("SELECT golden_id FROM reference WHERE target_id = ?", a.id)})
    for at in range(0, len(ids), PART):
        some = ids[at : at + PART]
        held = [
            (id, path, target)
            for id, model, data in tx.rows("SELECT id, model, data FROM golden WHERE id IN ?", some)
            for path, target in referred(model, values_of(data))
        ]
        into = survivors(tx, (target for _, _, target in held))
        tx.run("DELETE FROM reference WHERE golden_id IN ?", some)
        rows = sorted({(into.get(target, target), id, path) for id, path, target in held})
        tx.insert(reference, ("target_id", "golden_id", "field"), rows, ignore=True)
        _show_their_own(work, a, b, some)


def _show_their_own(work: Work, a: Golden, b: Golden, ids: Sequence[str]) -> None:
    """A record that shows one side and means the other, which was the same as long as they were one, is to be written.

    Its system has made one record of two, or had only one to show. What a person has typed since means what it shows.
    """
    rows = work.tx.rows(
        f"SELECT {LINK} FROM record WHERE golden_id IN ? AND marks IS NOT NULL AND deleted_at IS NULL", list(ids)
    )
    links = [work.links.get((row[0], row[1])) or link_of(row) for row in rows]
    links = [x for x in links if any(m.meant is not UNSET and path in _paths() for path, m in x.marks.items())]
    work.load_golden(x.golden_id for x in links if x.golden_id)
    loaded = [work.links[x.stream, x.key] for x in links]
    work.learn(id for link in loaded for id in _shown_and_meant(work, link))
    before = {id: a.id if end == b.id else end for id, end in work.into.items()} | {b.id: a.id}
    for link in loaded:
        _show_its_own(work, link, before)


@cache
def _paths() -> frozenset[str]:
    """Where any model refers to others."""
    return frozenset(path for model in MODELS for path, _ in reference_fields(model))


def _shown_and_meant(work: Work, link: Link) -> list[str]:
    model = work.golden(link.golden_id or "").model
    told = (link.seen, {path: mark.meant for path, mark in link.marks.items() if mark.meant is not UNSET})
    return [id for values in told for _, id in referred(model, values)]


def _show_its_own(work: Work, link: Link, before: Into) -> None:
    golden = work.golden(link.golden_id or "")
    for path, _ in reference_fields(golden.model):
        seen, meant = link.seen.get(path), link.meant(path)
        if not seen or not meant or same(golden.model, path, seen, meant, work.into):
            continue
        if same(golden.model, path, seen, meant, before):
            base = link.base(path, golden, work.merging.rankings.of(golden.model, path))
            mark = link.mark(path)
            mark.meant, mark.base = UNSET, UNSET if base is None else base
            work.touch(link)
