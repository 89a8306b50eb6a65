"""Up to where each folder was read, as the cursor the hub keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self


class Uids:
    """A set of UIDs kept as ranges, written as IMAP writes it: `1:500,502`."""

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self.ranges = list(ranges)

    @classmethod
    def of(cls, uids: Iterable[int]) -> Self:
        """Make the set of any UIDs."""
        made = cls()
        for uid in sorted(set(uids)):
            made.append(uid)
        return made

    @classmethod
    def read(cls, text: str) -> Self:
        """Make the set that `str` of another one wrote, or that a server sent."""
        pairs = [part.partition(":")[::2] for part in text.split(",") if part]
        return cls(sorted((min(int(a), int(b or a)), max(int(a), int(b or a))) for a, b in pairs))

    def append(self, uid: int) -> None:
        """Add a UID greater than all that are there."""
        if self.ranges and self.ranges[-1][1] == uid - 1:
            self.ranges[-1] = (self.ranges[-1][0], uid)
        else:
            self.ranges.append((uid, uid))

    def __and__(self, other: Uids) -> Uids:
        out, left, right = Uids(), 0, 0
        while left < len(self.ranges) and right < len(other.ranges):
            low = max(self.ranges[left][0], other.ranges[right][0])
            high = min(self.ranges[left][1], other.ranges[right][1])
            if low <= high:
                out.ranges.append((low, high))
            if self.ranges[left][1] < other.ranges[right][1]:
                left += 1
            else:
                right += 1
        return out

    def __sub__(self, other: Uids) -> Uids:
        out = Uids()
        for low, high in self.ranges:
            for start, end in (Uids([(low, high)]) & other).ranges if other.ranges else []:
                if low < start:
                    out.ranges.append((low, start - 1))
                low = end + 1
            if low <= high:
                out.ranges.append((low, high))
        return out

    def __iter__(self) -> Iterator[int]:
        for low, high in self.ranges:
            yield from range(low, high + 1)

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def __str__(self) -> str:
        return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in self.ranges)


@dataclass(slots=True)
class Place:
    """Up to where one folder was read.

    `known` are the UIDs handed out and not yet called gone: they tell what vanished on servers that do not say so,
    and which keys end when UIDVALIDITY changes (`former`, until their tombstones are out). `flags` are those of the
    newest mails, kept only where the server has no CONDSTORE.
    """

    validity: int
    next: int = 1
    modseq: int = 0
    known: Uids = field(default_factory=Uids)
    flags: dict[int, str] = field(default_factory=dict)
    former: list[tuple[int, Uids]] = field(default_factory=list)


def load(cursor: str | None) -> dict[str, Place]:
    """The places a cursor stands for. A cursor nobody can read means: from the beginning."""
    try:
        data: dict[str, Any] = json.loads(cursor or "{}")
        return {
            folder: Place(
                validity=one["uidvalidity"],
                next=one["uidnext"],
                modseq=one["highestmodseq"],
                known=Uids.read(one["known"]),
                flags={int(uid): flags for uid, flags in one.get("flags", {}).items()},
                former=[(validity, Uids.read(text)) for validity, text in one.get("former", [])],
            )
            for folder, one in data.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def dump(places: dict[str, Place]) -> str:
    """The cursor that stands for these places."""
    return json.dumps(
        {
            folder: {
                "uidvalidity": one.validity,
                "uidnext": one.next,
                "highestmodseq": one.modseq,
                "known": str(one.known),
                **({"flags": one.flags} if one.flags else {}),
                **({"former": [(validity, str(known)) for validity, known in one.former]} if one.former else {}),
            }
            for folder, one in places.items()
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
