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


class Newcomer(NamedTuple):
    """What a record without a golden record would get."""

    id: str  # of its golden record
    names: list[str]  # its identifiers, strongest first
    rows: tuple[Row, Row] | None = (
        None  # its own and its golden record's but for the sequence; None: it is to be merged
    )


def newcomer(ids: Callable[[str], str], feed: Feed, a: Arrival) -> Newcomer:
    """Make a record ready that nobody knows.

    The rows are those that a merge into a new golden record would lead to. One that refers to others, or carries our
    id, has to go through the merge.
    """
    id, names = ids(feed.model), identities(feed.model, a.values)
    if a.our_id or next(referred(feed.model, a.values), None):
        return Newcomer(id, names)
    seen = text(a.values)
    data = seen
    if None in a.values.values():
        data = text({path: x for path, x in a.values.items() if x is not None})
    record = (
        a.key, feed.id, id, None, a.digest, None, 0, seen, None, False, a.version, a.at, None, 0, a.payload,
    )  # fmt: skip
    golden = (id, feed.model, data, text((FOUND, a.at, feed.id, a.key)), None, None, None)
    return Newcomer(id, names, (record, golden))
