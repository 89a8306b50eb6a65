"""One transaction's worth of links and golden records: loaded in a batch, changed in memory, written in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hub.store import Tx
from hub.store.tables import finding, golden, identifier, lineage, record, reference
from hub.store.tx import Row
from hub.sync.feed import referred, refers
from hub.sync.follow import any_merged, survivors
from hub.sync.frozen import refuse_merges
from hub.sync.merge import Finding, Merging
from hub.sync.newcomer import GOLDEN_ROW, RECORD_ROW, Newcomer
from hub.sync.stamp import Rankings
from hub.sync.state import GOLDEN, LINK, Golden, Link, golden_of, link_of, text

if TYPE_CHECKING:
    from hub.sync.arrival import Arrival

COLUMNS = [
    "key",
    "stream_id",
    "golden_id",
    "origin_id",
    "digest",
    "landed",
    "waiting",
    "seen",
    "marks",
    "ours",
    "version",
    "changed_at",
    "deleted_at",
    "receipt_seq",
]


class Work:
    """The links and golden records of one write transaction."""

    def __init__(
        self,
        tx: Tx,
        *,
        now: int,
        rankings: Rankings,
        connections: Mapping[int, str],
        survive: Any = None,
        run_id: int | None = None,
    ) -> None:
        self.tx = tx
        self.now = now
        self.run_id = run_id
        self.links: dict[tuple[int, str], Link] = {}
        self.goldens: dict[str, Golden] = {}
        self.into: dict[str, str] = {}  # where references to merged golden records end
        self._learned: set[str] = set()
        self._any_merged: bool | None = None
        self.merging = Merging(rankings, connections, survive, self.into)
        self.payloads: set[tuple[int, str]] = set()  # links whose payload is to be written
        self.bumped: set[str] = set()  # golden records that targets must be compared with again
        self.joined: set[str] = set()  # golden records that got a record in one more stream
        self.adopted: dict[tuple[int, str], str] = {}  # records that are all there is of a new golden record: its id
        self._newcomers: list[Newcomer] = []

    # -- loading

    def load(self, stream: int, keys: Sequence[str]) -> None:
        """Load the links of these keys, with the golden records they belong to and those records' other links."""
        if not keys:
            return
        rows = self.tx.rows(f"SELECT {LINK} FROM record WHERE stream_id = ? AND key IN ?", stream, list(keys))
        ids = []
        for row in rows:
            link = self.links.setdefault((row[0], row[1]), link_of(row))
            if link.golden_id:
                ids.append(link.golden_id)
        self.load_golden(ids)

    def load_golden(self, ids: Iterable[str]) -> None:
        """Load golden records with all their links, following those that were merged into others."""
        missing = sorted({i for i in ids if i not in self.goldens})
        referring: list[str] = []
        while missing:
            for row in self.tx.rows(f"SELECT {GOLDEN} FROM golden WHERE id IN ?", missing):
                golden = self.goldens[row[0]] = golden_of(row)
                referring += [id for _, id in referred(golden.model, golden.values)]
            for row in self.tx.rows(f"SELECT {LINK} FROM record WHERE golden_id IN ?", missing):
                link = self.links.setdefault((row[0], row[1]), link_of(row))
                self.merging.family.setdefault(row[2], {})[row[0], row[1]] = link
                if link.origin_id is not None:
                    self.merging.guests.add(row[2])
            merged = (self.goldens[i].into_id for i in missing if i in self.goldens)
            missing = sorted({i for i in merged if i is not None and i not in self.goldens})
        self.learn(referring)

    def learn(self, ids: Iterable[str]) -> None:
        """Find out where these golden ids end, so that references to merged ones can be compared."""
        fresh = set(ids) - self._learned
        if not fresh:
            return
        if self._any_merged is None:
            self._any_merged = any_merged(self.tx)
        self._learned |= fresh
        if self._any_merged:
            self.into.update(survivors(self.tx, fresh))

    def relearn(self) -> None:
        """Find out again where golden ids end, after a merge was made or taken apart."""
        known, self._learned, self._any_merged = self._learned, set(), None
        self.into.clear()
        self.learn(known)

    def golden(self, id: str) -> Golden:
        """A loaded golden record, or the one it was merged into."""
        found = self.goldens[id]
        while found.into_id:
            found = self.goldens[found.into_id]
        return found

    def family(self, golden_id: str) -> dict[tuple[int, str], Link]:
        """All links of a loaded golden record."""
        return self.merging.family.setdefault(golden_id, {})

    @property
    def only_adopts(self) -> bool:
        """Whether newcomers are all there is in it."""
        return not (self.goldens or self.merging.touched or self.bumped or self.joined)

    # -- changing

    def add(self, link: Link) -> Link:
        """Take a new link into the work."""
        self.links[link.stream, link.key] = link
        self.merging.touched.add((link.stream, link.key))
        return link

    def land(self, stream: int, a: Arrival) -> Link:
        """Take note of a record as it came, and return its link, a new one where it had none."""
        link = self.links.get((stream, a.key)) or self.add(Link(stream, a.key))
        link.digest, link.payload = a.digest, a.payload
        self.payloads.add((stream, a.key))
        self.touch(link)
        return link

    def adopt(self, stream: int, newcomers: Iterable[Newcomer]) -> None:
        """Records nobody knows become golden records as they stand.

        The same as `attach` and `observe` would do, without the objects they work on.
        """
        for new in newcomers:
            self._newcomers.append(new)
            self.adopted[stream, new.record[0]] = new.id

    def attach(self, link: Link, target: Golden, via: str | None = None) -> None:
        """Make the link one of the golden record's; `via` is the merged one through which it was found."""
        link.golden_id = target.id
        link.origin_id = via if via != target.id else None
        self.family(target.id)[link.stream, link.key] = link
        if link.origin_id is not None:
            self.merging.guests.add(target.id)
        self.touch(link)
        if not target.new:
            self.joined.add(target.id)

    def detach(self, link: Link) -> None:
        """Make the link nobody's: what it showed is forgotten, its time and digest stay against late lists."""
        self.family(link.golden_id or "").pop((link.stream, link.key), None)
        link.golden_id = link.origin_id = None
        link.seen, link.marks, link.ours = {}, {}, False
        self.touch(link)

    def touch(self, link: Link) -> None:
        """The link is to be written."""
        self.merging.touched.add((link.stream, link.key))

    def bump(self, golden_id: str) -> None:
        """Targets are to be compared with this golden record again."""
        self.bumped.add(golden_id)

    def report(self, kind: str, words: str, link: Link | None = None, **where: Any) -> None:
        """Tell a person something."""
        if link is not None:
            where = {"stream": link.stream, "key": link.key, "golden_id": link.golden_id} | where
        self.merging.findings.append(Finding(kind, words, **where))

    # -- writing

    def save(self) -> None:
        """Write everything that changed."""
        self.tx.insert(record, RECORD_ROW, [new.record for new in self._newcomers])
        self.tx.insert(golden, GOLDEN_ROW, [(*new.golden, self.tx.seq) for new in self._newcomers])
        self._save_links()
        self._save_golden()
        self._compare_referring()
        merging, tx = self.merging, self.tx
        tx.insert(
            lineage,
            ("golden_id", "field", "value", "stamp", "stream_id", "key", "seq", "class", "won", "over"),
            [
                (
                    x.golden_id,
                    x.field,
                    text(x.value),
                    text(x.stamp),
                    x.stream,
                    x.key,
                    tx.seq,
                    x.sight,
                    x.won,
                    text(x.over),
                )
                for x in merging.lineage
            ],
        )
        tx.insert(
            finding,
            ("run_id", "kind", "stream_id", "key", "golden_id", "field", "text", "at"),
            [(self.run_id, x.kind, x.stream, x.key, x.golden_id, x.field, x.text, self.now) for x in merging.findings],
        )

    def _save_links(self) -> None:
        fresh: list[Row] = []
        whole: list[Row] = []
        light: list[Row] = []
        for at in self.merging.touched:
            link = self.links[at]
            row = (
                link.key, link.stream, link.golden_id, link.origin_id, link.digest, link.landed, link.waiting,
                text(link.seen), link.marks_text() if link.marks else None, link.ours, link.version, link.changed_at,
                link.deleted_at, link.receipt_seq,
            )  # fmt: skip
            if link.new:
                fresh.append((*row, link.payload))
                link.new = False
            elif at in self.payloads:
                whole.append((*row, link.payload))
            else:
                light.append(row)
        self.tx.insert(record, (*COLUMNS, "payload"), fresh)
        self.tx.upsert(record, (*COLUMNS, "payload"), whole)
        self.tx.upsert(record, COLUMNS, light)

    def _save_golden(self) -> None:
        fresh: list[Row] = []
        changed: list[Row] = []
        refs: list[Row] = []
        cleared: list[str] = []
        for g in self.goldens.values():
            if not (g.new or g.changed or g.id in self.bumped):
                continue
            row = (
                g.id, g.model, text(g.values), text(g.first) if g.first else None,
                text(g.stamps) if g.stamps else None, g.into_id, g.archived_at, self.tx.seq,
            )  # fmt: skip
            (fresh if g.new else changed).append(row)
            if refers(g.model) and (g.new or g.changed):
                if not g.new:
                    cleared.append(g.id)
                self.learn(target for _, target in referred(g.model, g.values))
                held = {(path, self.into.get(target, target)) for path, target in referred(g.model, g.values)}
                refs += [(target, g.id, path) for path, target in held]
            g.new = g.changed = False
        refuse_merges(self.tx, [row[0] for row in changed if row[5] is not None])
        columns = ("id", "model", "data", "first", "stamps", "into_id", "archived_at", "seq")
        self.tx.insert(golden, columns, fresh)
        self.tx.upsert(golden, columns, changed)
        if cleared:
            self.tx.run("DELETE FROM reference WHERE golden_id IN ?", cleared)
        if refs:
            self.tx.insert(reference, ("target_id", "golden_id", "field"), refs, ignore=True)
            # a record that something refers to may now be wanted where only such records are created
            targets = sorted({r[0] for r in refs})
            self.tx.run("UPDATE golden SET seq = ? WHERE id IN ? AND seq < ?", self.tx.seq, targets, self.tx.seq)

    def _compare_referring(self) -> None:
        """What refers to a golden record can be said where that one has got a record only now."""
        if self.joined:
            self.tx.run(
                "UPDATE golden SET seq = ? WHERE seq < ? AND id IN "
                "(SELECT golden_id FROM reference WHERE target_id IN ?)",
                self.tx.seq, self.tx.seq, sorted(self.joined),
            )  # fmt: skip

    def claim(self, names: Mapping[str, str], free: bool | None = None) -> dict[str, str]:
        """Claim identifiers for golden ids, name to id; return those that were taken: name to whose they are.

        `free` says whether all of them were nobody's a moment ago, None where nobody looked.
        """
        rows = sorted(names.items())
        if self.tx.insert(identifier, ("name", "golden_id"), rows, ignore=True, free=free) == len(rows):
            return {}
        found = self.tx.rows("SELECT name, golden_id FROM identifier WHERE name IN ?", [r[0] for r in rows])
        return {name: id for name, id in found if id != names[name]}
