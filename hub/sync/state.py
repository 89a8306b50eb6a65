"""A link and a golden record as the merge sees them, and how they are kept sparse.

Of a field the hub keeps apart what the record shows (`seen`), what that means (`meant`) and which golden value it is
based on (`base`). A mark is stored only where these differ from the default: meant is what is seen; base is the
golden stamp while the record means the golden value.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from hub.model import Values
from hub.sync.stamp import Own, Ranking, Stamp, first


class Mark(msgspec.Struct, omit_defaults=True):
    """What is kept of a link's field beyond what it shows."""

    meant: Any = msgspec.field(default=UNSET, name="m")
    base: Stamp | UnsetType = msgspec.field(default=UNSET, name="b")
    ours: bool | UnsetType = msgspec.field(default=UNSET, name="o")
    bounces: int = msgspec.field(default=0, name="n")
    refused: Any = msgspec.field(default=UNSET, name="r")


class Snapshot(msgspec.Struct):
    """What a golden record was at one moment."""

    data: dict[str, Any]
    first: Own | None
    stamps: dict[str, Stamp]
    archived_at: int | None


NO_MARK = Mark()
_marks = msgspec.json.Decoder(dict[str, Mark]).decode
_stamps = msgspec.json.Decoder(dict[str, Stamp]).decode
_snapshot = msgspec.json.Decoder(Snapshot).decode
_own = msgspec.json.Decoder(Own).decode
_values = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode


def text(value: Any) -> str:
    """JSON text."""
    return _encode(value).decode()


def values_of(json: str) -> Values:
    """Flat values from JSON text."""
    return _values(json)


def marks_of(json: str) -> dict[str, Mark]:
    """A link's marks from JSON text."""
    return _marks(json)


def written_by_us(marks: str | None, path: str) -> bool:
    """Whether the hub wrote what a record shows in a field, by its marks as they are stored."""
    return marks is not None and _marks(marks).get(path, NO_MARK).ours is True


class Link:
    """One record of one stream, and the golden record it belongs to."""

    __slots__ = (
        "changed_at",
        "deleted_at",
        "digest",
        "golden_id",
        "key",
        "landed",
        "marks",
        "new",
        "origin_id",
        "ours",
        "payload",
        "receipt_seq",
        "seen",
        "stream",
        "version",
        "waiting",
    )

    def __init__(self, stream: int, key: str, golden_id: str | None = None) -> None:
        self.stream = stream
        self.key = key
        self.golden_id = golden_id
        self.origin_id: str | None = None
        self.seen: Values = {}
        self.marks: dict[str, Mark] = {}
        self.ours = False  # the hub created it, so that its present values are the hub's
        self.version: str | None = None
        self.changed_at: int | None = None
        self.deleted_at: int | None = None
        self.receipt_seq = 0
        self.digest: bytes | None = None
        self.payload: bytes | None = None
        self.landed: str | None = None
        self.waiting = 0
        self.new = True

    @property
    def alive(self) -> bool:
        """Whether the record is still there."""
        return self.deleted_at is None

    def mark(self, path: str) -> Mark:
        """The mark of a field to write to."""
        found = self.marks.get(path)
        if found is None:
            found = self.marks[path] = Mark()
        return found

    def meant(self, path: str) -> Any:
        """The golden value that what is seen stands for; UNSET where the field was never shown."""
        mark = self.marks.get(path, NO_MARK)
        return self.seen.get(path, UNSET) if mark.meant is UNSET else mark.meant

    def refused(self, path: str) -> Any:
        """The golden value this target refused, or UNSET."""
        return self.marks.get(path, NO_MARK).refused

    def wrote(self, path: str) -> bool:
        """Whether the present value is one the hub wrote."""
        ours = self.marks.get(path, NO_MARK).ours
        return self.ours if ours is UNSET else bool(ours)

    def base(self, path: str, golden: Golden, ranking: Ranking) -> Stamp | None:
        """The stamp of the golden value that this link is known to show, None where it is not known."""
        kept = self.marks.get(path, NO_MARK).base
        if path in self.seen and path in golden.values and golden.values[path] == self.meant(path):
            now = golden.stamp(path)
            return now if kept is UNSET or ranking.greater(now, kept) else kept
        return None if kept is UNSET else kept

    def set(self, path: str, seen: Any, meant: Any, *, ours: bool) -> None:
        """Take note of what the field shows now and what that means."""
        self.seen[path] = seen
        mark = self.mark(path)
        mark.meant = UNSET if meant == seen else meant
        mark.ours = UNSET if ours == self.ours else ours

    def marks_text(self) -> str | None:
        """The marks that say anything, as JSON."""
        kept = {path: mark for path, mark in self.marks.items() if mark != NO_MARK}
        return text(kept) if kept else None


class Golden:
    """A golden record: values, and the stamp of each."""

    __slots__ = ("archived_at", "changed", "first", "id", "into_id", "model", "new", "seq", "stamps", "values")

    def __init__(self, id: str, model: str) -> None:
        self.id = id
        self.model = model
        self.values: Values = {}
        self.first: Own | None = None
        self.stamps: dict[str, Stamp] = {}
        self.into_id: str | None = None
        self.archived_at: int | None = None
        self.seq = 0
        self.new = True
        self.changed = False

    def stamp(self, path: str) -> Stamp:
        """The stamp of a value that is there."""
        found = self.stamps.get(path)
        if found is None:
            if self.first is None:
                raise KeyError(path)
            found = first(self.first)
        return found

    def put(self, path: str, value: Any, stamp: Stamp) -> None:
        """Set a value and its stamp."""
        self.values[path] = value
        self.stamps[path] = stamp
        self.changed = True

    def snapshot(self) -> str:
        """All that a later unmerge needs to restore this record."""
        return text(Snapshot(self.values, self.first, self.stamps, self.archived_at))

    def restore(self, snapshot: str) -> None:
        """Be what it was when the snapshot was taken."""
        was = _snapshot(snapshot)
        self.values, self.first, self.stamps, self.archived_at = was.data, was.first, was.stamps, was.archived_at
        self.changed = True


LINK = (
    "stream_id, key, golden_id, origin_id, digest, landed, waiting, seen, marks, ours, version, changed_at, "
    "deleted_at, receipt_seq"
)
GOLDEN = "id, model, data, first, stamps, into_id, archived_at, seq"


def link_of(row: tuple[Any, ...]) -> Link:
    """A link from its row (columns of LINK)."""
    link = Link(row[0], row[1], row[2])
    link.new = False
    link.origin_id, link.digest, link.landed, link.waiting = row[3], row[4], row[5], row[6]
    link.seen = _values(row[7])
    if row[8]:
        link.marks = _marks(row[8])
    link.ours = bool(row[9])
    link.version, link.changed_at, link.deleted_at, link.receipt_seq = row[10:14]
    return link


def golden_of(row: tuple[Any, ...]) -> Golden:
    """A golden record from its row (columns of GOLDEN)."""
    golden = Golden(row[0], row[1])
    golden.new = False
    golden.values = _values(row[2])
    golden.first = _own(row[3]) if row[3] else None
    if row[4]:
        golden.stamps = _stamps(row[4])
    golden.into_id, golden.archived_at, golden.seq = row[5:8]
    return golden
