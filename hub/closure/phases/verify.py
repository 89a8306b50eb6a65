"""Verify: twice with equal results the archive is read whole, restored elsewhere, and compared record by record.

So is the migration's target. A sample is looked at by a person. Nothing compared is a failure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive.restore import restore
from hub.closure.archive.verify import verify as verify_archive
from hub.closure.batches import begin
from hub.closure.compare import Compared, sides
from hub.closure.desk import Desk, Outcome
from hub.closure.keys import keys_in
from hub.closure.phases.archived import registered
from hub.closure.phases.final import state, watch
from hub.closure.phases.migrate import compared as migrated
from hub.closure.samples import draw
from hub.closure.scope import pages, records
from hub.errors import Unauthorized, Unavailable
from hub.store import Store

TIMES = 2


def verify(desk: Desk) -> Outcome:
    """Compare everything twice, then have the sample signed."""
    moved = watch(desk)
    if moved:
        return Outcome(blocks=moved)
    begin(desk.store, desk.id, "verify", desk.who)
    made = registered(desk)
    if made is None:
        return Outcome(blocks=[f"there is no archive of {desk.line} to verify"])
    rounds: list[dict[str, Any]] = []
    for number in range(1, TIMES + 1):
        with keys_in(desk.keys) as keys:
            found = verify_archive(desk.store, made, desk.hub.project.root, keys, desk.who)
            if not found.ok:
                return Outcome(blocks=[f"archive: {fault}" for fault in found.faults])
            here = _restored(desk, made, keys)
        try:
            sides_of = {"archive": here} | migrated(desk)
        except (Unauthorized, Unavailable) as error:
            return Outcome(blocks=[f"{desk.plan.migrate_to}: {error}; nothing is proven, run again"])
        faults = [f"{name}: {fault}" for name, side in sides_of.items() for fault in side.faults]
        if faults:
            return Outcome(blocks=faults)
        count, tally = state(desk)
        if not count:
            return Outcome(blocks=["no record was verified: the scope is empty"])
        rounds.append({
            "records": count, "tally": tally, "archive": dict(found.records),
            **{name: {"records": side.here, "tally": side.tally, "normalised": side.normalised}
               for name, side in sides_of.items()},
        })  # fmt: skip
        desk.say(f"round {number}: {count} records agree")
    if any(other != rounds[0] for other in rounds[1:]):
        return Outcome(blocks=["two rounds came to different results: somebody still changes the line"])
    sample = draw(desk, f"{rounds[0]['tally']} {made.seal}")
    wrong = [
        f"sample {s.id} is wrong, says {s.person}: {s.note}; once that is mended, or was a mistake: "
        f"hub close sample {desk.line} {s.id} --sign right"
        for s in sample
        if s.verdict == "wrong"
    ]
    left = sum(s.verdict is None for s in sample)
    if wrong or left:
        ask = f"{left} records of the sample are to be looked at and signed: hub close sample {desk.line}"
        return Outcome(blocks=[*wrong, ask] if left else wrong)
    signers = sorted({str(s.person) for s in sample})
    text = f"{rounds[0]['records']} records agree, twice; sample of {len(sample)} signed by {', '.join(signers)}"
    return Outcome(text, {**rounds[0], "rounds": TIMES, "sample": len(sample), "signed_by": signers})


def _restored(desk: Desk, made: Any, keys: Any) -> Compared:
    """The archive restored into an empty database, against the hub."""
    with tempfile.TemporaryDirectory(prefix="hub-verify-") as folder:
        url = f"sqlite:///{Path(folder) / 'restored.db'}"
        found = restore(desk.store, made, desk.hub.project.root, keys, url, desk.who)
        other = Store(url)
        try:
            compared = sides(records(desk.store, desk.id), _same(desk, other))
            compared.sums += found.faults
            return compared
        finally:
            other.close()


def _same(desk: Desk, other: Store) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The golden records of the restored database that are of the line itself; it also holds those referred to."""
    for rows in pages(other, "SELECT id, model, data FROM golden WHERE into_id IS NULL", by="id"):
        with desk.store.read() as tx:
            beside = {r[0] for r in tx.rows(
                "SELECT id FROM golden WHERE id IN ? AND id NOT IN (SELECT golden_id FROM closing_scope "
                "WHERE closing_id = ? AND kind = 'own')", [r[0] for r in rows], desk.id,
            )}  # fmt: skip
        for id, model, data in rows:
            if id not in beside:
                yield id, model, msgspec.json.decode(data)
