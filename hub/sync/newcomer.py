"""Newcomer: a record that nobody knew when it was looked up, made ready to become a golden record as it stands.

Nine records in ten of a first sync come this way. What they need is made where they are mapped, so that the thread
that writes a batch has little to do but to write, while the next batch is made ready beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from hub.sync.feed import Feed, identities, referred
from hub.sync.stamp import FOUND
from hub.sync.state import text

if TYPE_CHECKING:
    from hub.store.tx import Row
    from hub.sync.arrival import Arrival


RECORD_ROW = (
    "key",
    "stream_id",
    "golden_id",
    "digest",
    "waiting",
    "seen",
    "ours",
    "version",
    "changed_at",
    "receipt_seq",
    "payload",
)  # the others are null
GOLDEN_ROW = ("id", "model", "data", "first", "seq")


class Newcomer(NamedTuple):
    """What a record without a golden record would get."""

    id: str  # of its golden record
    names: list[str]  # its identifiers, strongest first
    record: Row = ()  # its row (RECORD_ROW); empty: it has to go through the merge
    golden: Row = ()  # that of its golden record (GOLDEN_ROW), but for the sequence


def newcomer(ids: Callable[[str], str], feed: Feed, a: Arrival) -> Newcomer:
    """Make a record ready that nobody knows.

    Its rows are those that a merge into a new golden record would lead to, so that no merge is needed. One that refers
    to others, or carries our id, has to go through it.
    """
    id, names = ids(feed.model), identities(feed.model, a.values)
    if a.our_id or next(referred(feed.model, a.values), None):
        return Newcomer(id, names)
    seen = data = text(a.values)
    if "null" in seen:  # a golden record has no empty values
        data = text({path: x for path, x in a.values.items() if x is not None})
    record = (a.key, feed.id, id, a.digest, 0, seen, False, a.version, a.at, 0, a.payload)
    return Newcomer(id, names, record, (id, feed.model, data, text((FOUND, a.at, feed.id, a.key))))
