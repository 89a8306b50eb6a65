"""How far files were read: of each file that was read to its end, when it was changed, its size and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

SETTLED = 2_000_000_000  # ns: a file changed less than this before it was looked at may change again within one tick

MOST = 1_000  # bad rows of a file that are remembered; those beyond wait in quarantine until a full read


class Seen(msgspec.Struct, array_like=True, frozen=True):
    """A file as it was read; `changed` is 0 where the time proves nothing yet."""

    changed: int
    size: int
    digest: str
    bad: tuple[str, ...] = ()  # keys of the rows that could not be read, the first of them


class Cursor:
    """The files already read, by name; as text it is the stream's cursor."""

    def __init__(self, text: str | None) -> None:
        self.files = msgspec.json.decode(text, type=dict[str, Seen]) if text else {}

    def __str__(self) -> str:
        return msgspec.json.encode(self.files, order="sorted").decode()

    def look(self, name: str, file: Path, now: int) -> Seen | None:
        """Return how the file stands now, None where it is as it was read last."""
        stat, before = file.stat(), self.files.get(name)
        if before and before.changed == stat.st_mtime_ns and before.size == stat.st_size:
            return None
        found = Seen(stat.st_mtime_ns if now - stat.st_mtime_ns > SETTLED else 0, stat.st_size, digest(file))
        if before and before.digest == found.digest:
            self.files[name] = msgspec.structs.replace(found, bad=before.bad)
            return None
        return found

    def mended(self, name: str, bad: Collection[str]) -> list[str]:
        """The keys of rows that could not be read last time and are not among the bad ones now."""
        before = self.files.get(name)
        return [key for key in before.bad if key not in bad] if before else []

    def done(self, name: str, file: Path, found: Seen, bad: Sequence[str] = ()) -> None:
        """Note that the file was read to its end, unless it was changed meanwhile: then it is read again next time."""
        stat = file.stat()
        if stat.st_size == found.size and (not found.changed or stat.st_mtime_ns == found.changed):
            self.files[name] = msgspec.structs.replace(found, bad=tuple(bad[:MOST]))


def digest(file: Path) -> str:
    """The SHA-256 of a file's content."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
