"""What changed in a folder since a place in it, as pages of records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from hub.connect import Record
from hub_mail.cursor import Place, Uids
from hub_mail.fetched import Fetched
from hub_mail.imap import Folder, Imap

MAILS = 50  # on a page
BYTES = 16_000_000  # fetched at once, except where a single mail is larger
WINDOW = 200  # newest mails whose flags are compared where the server does not number changes
GRAVES = 1000  # tombstones on a page


class Reading:
    """One folder on one connection. `record` makes a record of a fetched mail; mails over `largest` give their head."""

    def __init__(self, imap: Imap, folder: Folder, largest: int) -> None:
        self.imap, self.folder, self.largest = imap, folder, largest

    def start(self, old: Place | None) -> Place:
        """The place to begin at: where the last reading ended, or the beginning of a folder that was made anew."""
        if old is not None and old.validity == self.folder.validity:
            return old
        former = [*old.former, (old.validity, old.known)] if old is not None else []
        return Place(self.folder.validity, modseq=self.folder.modseq, former=former)

    def fresh(self, place: Place) -> Iterator[tuple[list[Fetched], Place]]:
        """The mails that came since, oldest first, with the place after each page."""
        for page in self._batches(self.imap.sizes(self.folder.name, place.next, self.folder.next - 1)):
            found = self.fetch(page)
            for one in found:
                place.known.append(one.uid)
                self._keep(place, one)
            place.next = page[-1].uid + 1
            yield found, place
        place.next = max(place.next, self.folder.next)

    def altered(self, place: Place, below: int) -> tuple[list[int], Uids]:
        """The UIDs below one whose flags changed, and the known ones that vanished."""
        changed, gone = (
            self._told(place, below) if place.modseq and self.folder.modseq else self._compared(place, below)
        )
        if gone is None:
            # What is there must be what is known; only where the numbers differ, it is worth asking for all of them.
            there = place.known
            if self.folder.exists != len(place.known):
                there = Uids.of(one.uid for one in self.imap.sizes(self.folder.name, 1, self.folder.next - 1))
            gone = place.known - there
        return changed, gone & place.known

    def reread(self, uids: list[int], place: Place) -> Iterator[list[Fetched]]:
        """Mails again, by UID, a page at a time."""
        for page in self._batches(self.imap.some(self.folder.name, uids)):
            found = self.fetch(page)
            for one in found:
                self._keep(place, one)
            yield found

    def fetch(self, sized: list[Fetched]) -> list[Fetched]:
        """The bytes of these mails, of the over-large ones their headers."""
        whole = [one.uid for one in sized if one.size <= self.largest]
        heads = [one.uid for one in sized if one.size > self.largest]
        found = self.imap.some(self.folder.name, whole, raw=True) if whole else []
        found += self.imap.some(self.folder.name, heads, head=True) if heads else []
        return sorted((one for one in found if one.raw is not None), key=lambda one: one.uid)

    def _told(self, place: Place, below: int) -> tuple[list[int], Uids | None]:
        if place.modseq == self.folder.modseq:
            return [], Uids() if self.imap.qresync else None
        # A number that went back means a mailbox restored from a backup: everything may differ.
        since = place.modseq if place.modseq <= self.folder.modseq else 1
        return self.imap.changes(self.folder.name, below, since)

    def _compared(self, place: Place, below: int) -> tuple[list[int], Uids | None]:
        watched = sorted(uid for uid in place.flags if uid < below)
        found = self.imap.some(self.folder.name, watched) if watched else []
        return [one.uid for one in found if flags(one) != place.flags[one.uid]], None

    def _keep(self, place: Place, one: Fetched) -> None:
        if not self.folder.modseq:
            place.flags[one.uid] = flags(one)
            for uid in sorted(place.flags)[:-WINDOW]:
                del place.flags[uid]

    def _batches(self, sized: Iterable[Fetched]) -> Iterator[list[Fetched]]:
        page: list[Fetched] = []
        held = 0
        for one in sized:
            weight = one.size if one.size <= self.largest else 0
            if page and (len(page) >= MAILS or held + weight > BYTES):
                yield page
                page, held = [], 0
            page.append(one)
            held += weight
        if page:
            yield page


def flags(one: Fetched) -> str:
    """The flags that are part of the record, in short."""
    return ("S" if r"\seen" in one.flags else "") + ("A" if r"\answered" in one.flags else "")


def graves(keys: Iterable[str]) -> Iterator[list[Record]]:
    """Tombstones for keys, a page at a time."""
    left = iter(keys)
    while page := [Record(key, {}, deleted=True) for key in islice(left, GRAVES)]:
        yield page


def copy(place: Place) -> Place:
    """A place of its own, so that a cursor written later does not change one written before."""
    return replace(place, known=Uids(place.known.ranges), flags=dict(place.flags), former=list(place.former))
