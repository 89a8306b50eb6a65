"""Find: reads what changed, compares it with everything, and leaves the proposals as a full comparison would."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hub.config.duplicates import Duplicates
from hub.errors import ConfigError
from hub.quality.match import clusters, numbers
from hub.quality.match import frozen as freezing
from hub.quality.match.cache import Cache, place
from hub.quality.match.frozen import Frozen
from hub.quality.match.group import heads
from hub.quality.match.prepare import Read, prepare
from hub.quality.match.profile import Profile
from hub.quality.match.propose import Proposal, proposal, propose, rejected
from hub.quality.match.score import Scored, scored
from hub.quality.match.train import FEWEST, train
from hub.quality.match.veto import Side, apart
from hub.store import Store, Tx
from hub.store.lease import Lease
from hub.store.tables.quality import match_model
from hub.sync.report import Progress, Step

LEASE = "duplicates"
CHUNK = 10_000
OUTGROWN = 2  # times as many records as trained on: train again


@dataclass(frozen=True, slots=True)
class Found:
    """What came of looking for duplicates of one model."""

    model: str
    records: int
    changed: int
    full: bool
    trained: bool  # in this run
    learnt: bool  # whether the chances were trained on this data, now or before
    found: int
    gone: int
    merge: int
    ask: int
    clusters: int
    merged: int  # by themselves, where hub.toml lets them
    seconds: float


@dataclass(frozen=True, slots=True)
class Stand:
    """How far the last run got."""

    frozen: Frozen | None = None
    digest: str = ""
    rules: str = ""
    seq: int = 0
    at: int = 0

    def __str__(self) -> str:
        import duckdb

        return f"{duckdb.__version__}:{self.digest}:{self.seq}:{self.at}"


def find(
    store: Store,
    folder: Path,
    profile: Profile,
    rules: Duplicates,
    *,
    full: bool = False,
    anew: bool = False,
    step: Progress = lambda _: None,
) -> Found:
    """Look for duplicates of one model; `full` compares all records anew, `anew` trains first.

    Where the model is new, has been outgrown, or the settings changed, all are compared without being asked.
    Raises Busy while another process looks.
    """
    try:
        import duckdb  # noqa: F401
        import jellyfish  # noqa: F401
        import splink  # noqa: F401
    except ImportError as error:
        raise ConfigError(f"duplicates: {error.name} is missing; install it: pip install 'hub[duplicates]'") from None
    with Lease(store, [LEASE]).held(patience=5.0) as lease, calm():
        return Finding(store, folder, profile, rules, lease, step).run(full, anew)


@contextmanager
def calm() -> Iterator[None]:
    """Look for no circles among objects meanwhile: rows by the hundred thousand hold none, and looking takes a tenth."""
    looked = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if looked:
            gc.enable()


class Finding:
    """One run over one model."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        profile: Profile,
        rules: Duplicates,
        lease: Lease,
        step: Progress,
    ) -> None:
        self.store, self.folder, self.profile, self.rules = store, folder, profile, rules
        self.lease, self.step = lease, step
        self.model = profile.model

    def run(self, full: bool, anew: bool) -> Found:
        """Bring the cache up to date, train where it is due, compare, propose."""
        begun = time.monotonic()
        stand = self.stand()
        upto = self.store.sequence()
        self.step(Step("duplicates", self.model, "reading", 0))
        with Cache(place(self.folder, repr(self.store), self.profile), self.profile, str(stand)) as cache:
            cache.begin()
            changed = self.refresh(cache, stand, upto)
            records = cache.count()
            model = stand.frozen
            due = anew or model is None or (records >= FEWEST and records >= OUTGROWN * model.records)
            if due or model is None:
                self.step(Step("duplicates", self.model, "training", 0))
                model = train(cache, model)
            if due or cache.fresh:
                cache.freeze(model)
            digest = freezing.digest(self.profile, model) if due else stand.digest
            full = full or due or self.digest() != stand.rules
            self.step(Step("duplicates", self.model, "comparing", 0))
            data = cache.digest() if due else ""
            proposals = list(self.proposals(cache, model, None if full else changed))
            self.lease.check()
            self.step(Step("duplicates", self.model, "writing", 0))
            now = self.store.now()
            with self.store.begin() as tx:
                moved = propose(tx, self.model, proposals, digest, None if full else changed, upto)
                self.keep(tx, model if due else None, digest, data, upto, now)
                zones: dict[str, int] = dict(
                    tx.rows(
                        "SELECT zone, count(*) FROM pair WHERE model = ? AND state = 'open' GROUP BY zone", self.model
                    )
                )
            with self.store.read() as tx:
                groups = clusters.count(tx, self.model)
            cache.commit(str(Stand(None, digest, "", upto, now)))
        return Found(
            model=self.model,
            records=records,
            changed=records if full else len(changed),
            full=full,
            trained=due,
            learnt=model.trained,
            found=moved.found,
            gone=moved.gone,
            merge=int(zones.get("merge", 0)),
            ask=int(zones.get("ask", 0)),
            clusters=groups,
            merged=0,
            seconds=round(time.monotonic() - begun, 3),
        )

    def stand(self) -> Stand:
        """How far the last run got; nowhere where what is compared has changed since."""
        with self.store.read() as tx:
            rows = tx.rows(
                "SELECT shape, digest, frozen, rules, matched_seq, matched_at FROM match_model WHERE model = ?",
                self.model,
            )
        if not rows or rows[0][0] != freezing.shape(self.profile):
            return Stand()
        _, digest, packed, rules, seq, at = rows[0]
        return Stand(freezing.unpack(packed), digest, rules or "", seq, at or 0)

    def digest(self) -> str:
        """The digest of the settings that decide which scored pairs are proposed, and in which zone."""
        told = [self.rules.merge_at, self.rules.ask_at, self.rules.separate]
        return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:16]

    # -- reading

    def refresh(self, cache: Cache, stand: Stand, upto: int) -> set[str]:
        """Bring the cache up to date; return the records whose pairs have to be looked at again."""
        changed: set[str] = set()
        idle = stand.frozen.idle if stand.frozen else ()
        if cache.fresh:
            cache.add(prepare(self.profile, self.everything(changed, stand.seq, upto), self.expected()), idle)
            if stand.seq:
                changed |= self.left(stand.seq)
        else:
            reads = self.changes(stand.seq, changed)
            cache.drop(sorted(changed))
            cache.add(prepare(self.profile, [reads], len(reads)), idle)
        if self.model == "customer":
            with self.store.read() as tx:
                now = heads(tx)
            before = cache.heads()
            if not cache.fresh or stand.seq:
                changed |= {id for id in now.keys() | before.keys() if now.get(id) != before.get(id)}
            if now != before:
                cache.keep_heads(now)
        return changed

    def expected(self) -> int:
        """About how many records there are."""
        with self.store.read() as tx:
            return int(tx.rows("SELECT count(*) FROM golden WHERE model = ?", self.model)[0][0])

    def everything(self, changed: set[str], since: int, upto: int) -> Iterator[list[Read]]:
        """Yield all live records as of `upto`, a chunk at a time; note in `changed` those that changed."""
        seq, id = 0, ""
        with self.store.read() as tx:
            more = numbers.contested(tx)
        while True:
            with self.store.read() as tx:
                rows = tx.rows(
                    "SELECT id, data, seq FROM golden WHERE model = ? AND seq >= ? AND seq <= ? AND (seq > ? OR id > ?) "
                    f"AND into_id IS NULL AND archived_at IS NULL ORDER BY seq, id LIMIT {CHUNK}",
                    self.model, seq, upto, seq, id,
                )  # fmt: skip
            if not rows:
                return
            id, _, seq = rows[-1]
            changed.update(row[0] for row in rows if row[2] > since)
            yield [(row[0], row[1], more.get(row[0], ())) for row in rows]

    def left(self, since: int) -> set[str]:
        """The records that were merged or archived since."""
        with self.store.read() as tx:
            return {
                row[0]
                for row in tx.rows(
                    "SELECT id FROM golden WHERE model = ? AND seq > ? "
                    "AND (into_id IS NOT NULL OR archived_at IS NOT NULL)",
                    self.model, since,
                )
            }  # fmt: skip

    def changes(self, since: int, changed: set[str]) -> list[Read]:
        """Return the live records that changed since, and note all that did."""
        with self.store.read() as tx:
            rows = tx.rows(
                "SELECT id, data, into_id, archived_at FROM golden WHERE model = ? AND seq > ?", self.model, since
            )
            more = numbers.shown(tx, [row[0] for row in rows])
        changed.update(row[0] for row in rows)
        return [(row[0], row[1], more.get(row[0], ())) for row in rows if row[2] is None and row[3] is None]

    # -- comparing

    def proposals(self, cache: Cache, model: Frozen, changed: set[str] | None) -> Iterator[Proposal]:
        """Yield what is alike enough and not held apart."""
        if changed is not None:
            cache.mark(sorted(changed))
            if not changed:
                return
        with self.store.read() as tx:
            no = rejected(tx, self.model)
        heads = cache.heads()
        for one in self.scored(cache, model, full=changed is None):
            if (one.left, one.right) in no:
                continue
            left, right = (
                Side(heads.get(id, id), one.taxes[at], one.lines[at]) for at, id in enumerate((one.left, one.right))
            )
            if apart(left, right, self.rules.separate) is None:
                yield proposal(self.model, one, self.rules.merge_at)

    def scored(self, cache: Cache, model: Frozen, *, full: bool) -> Iterator[Scored]:
        """Score on the backend that hub.toml names."""
        if self.rules.backend == "spark":
            from hub.quality.match import spark

            return spark.scored(cache, model, self.rules.ask_at, self.rules.spark, full=full)
        return scored(cache, model, self.rules.ask_at, full=full)

    # -- writing

    def keep(self, tx: Tx, model: Frozen | None, digest: str, data: str, upto: int, now: int) -> None:
        """Note how far this run got, and the model where it was trained in this run."""
        if model is not None:
            tx.run("DELETE FROM match_model WHERE model = ?", self.model)
            row = (
                self.model, freezing.shape(self.profile), digest, freezing.pack(model), data, model.records, now,
                self.digest(), upto, now,
            )  # fmt: skip
            tx.insert(
                match_model,
                (
                    "model", "shape", "digest", "frozen", "data_digest", "records", "trained_at", "rules", "matched_seq",
                    "matched_at",
                ),
                [row],
            )  # fmt: skip
            return
        tx.run(
            "UPDATE match_model SET rules = ?, matched_seq = ?, matched_at = ? WHERE model = ?",
            self.digest(), upto, now, self.model,
        )  # fmt: skip
