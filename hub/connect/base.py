"""What a connector is: the translation of one vendor's protocol, and nothing else.

Retry, rate, mapping, ids, locking and logging belong to the hub. A connector yields pages of records changed since
a cursor, reads single records fresh, and carries out writes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec

from hub.errors import ConfigError, Conflict, Missing, Rejected, Unavailable


@dataclass(frozen=True, slots=True)
class Stream:
    """A kind of object over there, and what the system promises for it.

    The promises decide how the hub writes; `hub check` says what cannot be guaranteed without them.
    """

    name: str
    model: str
    pull: bool = True
    push: bool = False
    versioned: bool = False  # gives a version with each record, and refuses a write that expects another one
    once: timedelta | None = None  # keeps idempotency keys for this long; None: it does not know them
    findable: bool = False  # finds a record by our id, so that an uncertain create can be looked up
    late: timedelta = timedelta(0)  # how long lists and searches lag behind writes
    complete: bool = True  # a pull without cursor yields all there is, so that what is missing has vanished
    batch: int = 100  # how many writes one call of push should get
    creates: bool = True  # can create records; False: only changes ones that exist
    erases: bool = False  # can delete records for good, or make them say nothing about anybody any more
    freezes: bool = False  # can keep everybody from changing some of its records
    stays: str = ""  # where it cannot: why its records stay, as a certificate of destruction is to say it
    arrives: str = ""  # what becomes of records that a closing migrates to it, where people should know that before
    changes: bool = True  # can change records; False: what was created stays as it is (a mail that was sent)
    merges: bool = False  # makes one record of two by a call of its own
    volatile: tuple[str, ...] = ()  # top-level fields that change with every answer and mean nothing
    known: tuple[
        str, ...
    ] = ()  # top-level fields that the connector reads itself (key, time): no mapping need say them


class Record(msgspec.Struct, frozen=True, gc=False):
    """One object as the system gave it.

    `data` is the object as JSON bytes (fastest, see `hub.connect.rows`) or as a mapping of JSON-safe values, with
    every declared field present, null where it is empty: what is missing is taken as unknown, not as empty.
    `changed_at` is the system's own time of the last change, None where it has none.
    """

    key: str
    data: bytes | Mapping[str, Any]
    version: str | None = None
    changed_at: datetime | None = None
    deleted: bool = False  # a tombstone: it is gone over there; data may be empty
    our_id: str | None = None  # the golden record's id, where the system keeps the one a write brought


@dataclass(frozen=True, slots=True)
class Page:
    """Records and the cursor that stands for everything up to and including them; stored together or not at all."""

    records: Sequence[Record]
    cursor: str | None = None
    total: int | None = None  # how many records this pull will yield, where the system says so: for progress only


@dataclass(frozen=True, slots=True)
class Write:
    """One record to create (`key` is None) or to change."""

    data: Mapping[str, Any]  # in the system's shape, only the fields to write
    key: str | None
    expect: str | None  # the version it must still have; None where the stream is not versioned
    once: str  # idempotency key: the same key must have the effect of one write
    our_id: str  # the golden record's id, for systems that can keep it


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a write landed."""

    key: str
    version: str | None = None
    data: bytes | Mapping[str, Any] | None = (
        None  # the record as the system now shows it: give it wherever it can be had
    )
    changed_at: datetime | None = None
    how: str = ""  # of an erasure: what was done in a few words, as a certificate is to say it: "anonymised"


Answer = Receipt | Conflict | Missing | Rejected | Unavailable
"""What became of one write. Errors are yielded as values, so that the others of the batch go on."""


class Connector(ABC):
    """The base of all connectors. The constructor's signature is the schema of the connection's settings.

    A parameter named token, password, secret or key (or ending in one: `api_key`) is masked everywhere. Give every
    network connector a `base_url` (or `host`). The constructor must not talk to the network.
    """

    name: ClassVar[str]
    streams: ClassVar[tuple[Stream, ...]]
    ahead: ClassVar[bool] = False  # pull may run in a thread beside the other calls, so that landing does not wait

    @abstractmethod
    def check(self) -> None:
        """Prove with one cheap request that address and credentials work. Raises Unavailable or Unauthorized."""

    def unread(self, stream: str) -> str | None:
        """Why nothing of a stream is there to be read although the system answers, and what to do; None: as a rule."""
        return None

    @abstractmethod
    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield everything (`cursor` None), or all that changed since the cursor, oldest change first where it can be.

        A cursor is opaque to the hub and made of the source's own times or tokens. When it is time-based, start
        `late + 1 s` before it and compare with >=; go on inside one pull by page token or by (time, key), so that
        equal times at a page's edge are never lost. Repeating a record is harmless, skipping one is not.
        """

    def cursor_at(self, stream: str, moment: str) -> str:
        """The cursor that stands for a moment (ISO 8601, UTC), for `hub sync --since`. Raises ConfigError."""
        raise ConfigError(f"{self.name}: {stream} cannot be read from a moment on; leave --since out")

    def afresh(self, stream: str, cursor: str) -> str | None:
        """The cursor with which everything is read again; None, as a rule: without one.

        For a cursor that holds more than how far was read, such as what is known of files that are gone.
        """
        return None

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the records with these keys, fresh, in any order; one that is gone as a tombstone."""
        raise NotImplementedError(f"{self.name}: {stream} cannot be read by key")

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield (our id, record) of the records that carry one of our ids; only asked of `findable` streams."""
        raise NotImplementedError(f"{self.name}: {stream} cannot be searched by our id")

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Carry out the writes and yield one answer for each, in order.

        Raise only what concerns all that is not answered yet: Unavailable, RateLimited, Unauthorized.
        """
        raise NotImplementedError(f"{self.name}: {stream} cannot be written")

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Delete these records for good, or anonymise them, and yield one answer for each, in order.

        Only asked of streams that say `erases`, by the closing of a business line. Asked again it does no harm, since
        the first answer may have been lost; one that is gone already is Missing. `how` of a receipt and the words of a
        refusal come to stand in a certificate: they say what was done, or what rule forbids it, and nothing of anybody.
        """
        raise NotImplementedError(f"{self.name}: {stream} cannot be erased")

    def freeze(self, stream: str, name: str, keys: Sequence[str]) -> None:
        """Keep everybody, the hub too, from changing or deleting these records; without keys let go of them.

        What was frozen under this name before is replaced, so that it may be asked again. Only asked of streams that
        say `freezes`, by the closing of a business line. Raises Rejected, or Unauthorized, where it is not allowed to.
        """
        raise NotImplementedError(f"{self.name}: {stream} cannot be frozen")

    def merge(self, stream: str, keep: str, gone: str) -> Answer:
        """Make one record of two, for good, and return the receipt of the one that is left; its key may be a new one.

        Only asked of streams that say `merges`. Asked again with the same two it answers the same and does nothing,
        since the first answer may have been lost. Afterwards every other of the keys reads as gone. Missing where one
        of them is not there, Rejected where the system does not merge them.
        """
        raise NotImplementedError(f"{self.name}: {stream} cannot be merged")

    def want(self, stream: str, paths: Iterable[str]) -> None:
        """Hear which paths of their records the mapping names (`properties.city`), before anything is pulled.

        For systems that give only the fields they are asked for.
        """
        return

    def files(self, find: Callable[[str], bytes | None]) -> None:
        """Hear how files that the hub keeps are found by their digest (`sha256:...`), before anything is pushed.

        For systems that are sent files: a record names them by digest, and carries no content.
        """
        return

    def hasten(self) -> None:
        """Make ready for a run of the hub, which fetches much: what costs less may take the place of what is usual."""
        return

    def close(self) -> None:
        """Release connections. Called once, also after an error."""
        return

    def stream(self, name: str) -> Stream:
        """Return the declared stream of that name. Raises KeyError."""
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(name)
