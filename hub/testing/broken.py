"""Connectors that each break one promise; the contract suite must catch every one of them by that promise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hub.connect.base import Answer, Page, Receipt, Record, Write
from hub.errors import Missing, Rejected, Unavailable
from hub.testing.memory import SECOND, MemoryConnector


class Repeats(MemoryConnector):
    """Yields each page twice."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Pull, doubled."""
        for page in super().pull(stream, cursor):
            yield page
            yield page


class Forgets(MemoryConnector):
    """Leaves the very first record out of a full pull."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Pull, one record short."""
        for number, page in enumerate(super().pull(stream, cursor)):
            yield replace(page, records=page.records[1:]) if cursor is None and number == 0 else page


class SkipsTies(MemoryConnector):
    """Goes on behind the last time instead of the last (time, key)."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Page with `>` on the time alone."""
        newest = datetime.fromisoformat(cursor) if cursor else datetime.min.replace(tzinfo=UTC)
        start = newest - self.system.late - SECOND if cursor else newest
        after = (start, "")
        while True:
            self._request("pull")
            rows = self.system.listed(stream, start, after)
            if not rows:
                return
            newest = max(newest, rows[-1][1].changed_at)
            after = (rows[-1][1].changed_at, "\uffff")
            yield Page([self._record(*row) for row in rows], newest.isoformat())


class LosesTheCursor(MemoryConnector):
    """Gives with the first page the cursor of the last."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Pull with a cursor that runs ahead of its records."""
        pages = list(super().pull(stream, cursor))
        for page in pages:
            yield replace(page, cursor=pages[-1].cursor)


class NoOverlap(MemoryConnector):
    """Starts at the cursor, as if lists never lagged."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Leave out what is older than the cursor."""
        for page in super().pull(stream, cursor):
            newest = datetime.fromisoformat(cursor) if cursor else None
            kept = [r for r in page.records if newest is None or (r.changed_at is not None and r.changed_at >= newest)]
            yield replace(page, records=kept)


class BlindToChange(MemoryConnector):
    """Yields nothing when asked from a cursor on that is the newest it knows."""

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """See only records created since, never edits."""
        for page in super().pull(stream, cursor):
            yield replace(page, records=[r for r in page.records if cursor is None or r.version == "1"])


class WrongMoment(MemoryConnector):
    """Makes of a moment the cursor of a day later."""

    def cursor_at(self, stream: str, moment: str) -> str:
        """Miss the day that was asked for."""
        return (datetime.fromisoformat(moment) + timedelta(days=1)).isoformat()


class ChangesKeys(MemoryConnector):
    """Gives records keys of the present pull."""

    pulls = 0

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield an extra record whose key is never the same."""
        type(self).pulls += 1
        yield from super().pull(stream, cursor)
        yield Page([Record(f"row-{self.pulls}", {"name": "?"})])


class NoTombstones(MemoryConnector):
    """Leaves out what is gone when reading by key."""

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Read, without tombstones."""
        return (record for record in super().read(stream, keys) if not record.deleted)


class OutOfOrder(MemoryConnector):
    """Answers a batch from its end."""

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write, and yield answers the wrong way round where all are receipts."""
        answers = list(super().push(stream, writes))
        plain = len(writes) > 3 and all(isinstance(answer, Receipt) for answer in answers)
        return iter(answers[::-1] if plain else answers)


class IgnoresVersions(MemoryConnector):
    """Drops the expected version."""

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write whatever is there."""
        return super().push(stream, [replace(write, expect=None) for write in writes])


class IgnoresOnce(MemoryConnector):
    """Makes up a new idempotency key for each attempt."""

    sent = 0

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write under keys of its own."""
        for write in writes:
            type(self).sent += 1
            yield from super().push(stream, [replace(write, once=f"{write.once}-{self.sent}")])


class FindsOthers(MemoryConnector):
    """Finds whatever it likes."""

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Answer with the first record for every id."""
        first = next(iter(self.system.tables[stream].items()))
        return ((our_id, self._record(first[0], first[1][-1])) for our_id in our_ids)


class CreatesWhatIsGone(MemoryConnector):
    """Turns a write to a gone record into a create."""

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write, and create where Missing."""
        for write in writes:
            for answer in super().push(stream, [write]):
                again = replace(write, key=None, expect=None, once=f"{write.once}-again")
                yield from super().push(stream, [again]) if isinstance(answer, Missing) else (answer,)


class MergesAgain(MemoryConnector):
    """Forgets that it has merged two records, and looks for them in vain."""

    def merge(self, stream: str, keep: str, gone: str) -> Answer:
        """Merge what is there."""
        if self.system.get(stream, keep) is None:
            return Missing(f"memory: {stream} {keep} is gone")
        return super().merge(stream, keep, gone)


class HidesWhatItErased(MemoryConnector):
    """Puts an archived mark on a record and calls that erased: who reads it by key finds everything."""

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Mark."""
        for key in keys:
            if self.system.get(stream, key) is None:
                yield Missing(f"memory: {stream} {key} is gone")
            else:
                self.system.edit(stream, key, archived=True)
                yield Receipt(key, how="deleted")


class NeverThaws(MemoryConnector):
    """Adds to what is frozen, and lets go of nothing."""

    def freeze(self, stream: str, name: str, keys: Sequence[str]) -> None:
        """Freeze more."""
        super().freeze(stream, name, [*self.system.frozen.get((stream, name), ()), *keys])


class SwallowsRefusals(MemoryConnector):
    """Answers a refused write as if it had landed."""

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write, and hide what was refused."""
        for answer in super().push(stream, writes):
            yield Receipt("0000") if isinstance(answer, Rejected) else answer


class RetriesByItself(MemoryConnector):
    """Sends a failed write again without being told to."""

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Write, up to three times."""
        for attempt in range(3):
            try:
                yield from list(super().push(stream, writes))
            except Unavailable:
                if attempt == 2:
                    raise
            else:
                return


class ChecksNothing(MemoryConnector):
    """Says that all is well without asking who is asking."""

    def check(self) -> None:
        """Ask without credentials."""
        self.system.request("check")


class ClosesOnce(MemoryConnector):
    """Fails when closed again."""

    closed = False

    def close(self) -> None:
        """Close, once."""
        if self.closed:
            raise RuntimeError("already closed")
        self.closed = True


class ShowsItsSecret(MemoryConnector):
    """Prints its token."""

    def __repr__(self) -> str:
        return f"ShowsItsSecret(token={self._token.reveal()!r})"


BREAKS: dict[type[MemoryConnector], str] = {
    Repeats: "test_pull_repeats_nothing",
    Forgets: "test_pull_yields_all",
    SkipsTies: "test_equal_times_at_page_edges_are_not_lost",
    LosesTheCursor: "test_a_pull_killed_after_any_page_resumes",
    NoOverlap: "test_a_late_change_is_seen",
    BlindToChange: "test_a_cursor_sees_what_changed_since",
    WrongMoment: "test_a_moment_makes_a_cursor",
    ChangesKeys: "test_records_are_json_and_keys_stable",
    NoTombstones: "test_read_is_fresh_and_gives_tombstones",
    OutOfOrder: "test_push_answers_each_write_in_order",
    IgnoresVersions: "test_a_stale_version_is_a_conflict",
    IgnoresOnce: "test_the_same_once_key_has_one_effect",
    FindsOthers: "test_found_by_our_id",
    CreatesWhatIsGone: "test_a_write_to_a_gone_record_is_missing",
    MergesAgain: "test_a_merge_leaves_one_record",
    NeverThaws: "test_a_frozen_record_stays_as_it_is",
    HidesWhatItErased: "test_what_is_erased_says_nothing_any_more",
    SwallowsRefusals: "test_a_refusal_is_an_answer",
    RetriesByItself: "test_it_does_not_retry_by_itself",
    ChecksNothing: "test_check_tells_credentials_from_address",
    ClosesOnce: "test_close_is_safe_twice",
    ShowsItsSecret: "test_secrets_are_not_seen",
}
"""The promise each of them breaks, by the name of its test."""
