"""An archive while it is written: a folder under another name, which becomes the archive in one step when it is whole.

What is done is noted part by part, so that a run after a crash goes on where the last one stopped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from hub.closure.archive.files import FULL, Digest, Hashed, sync_folder
from hub.errors import Busy, ConfigError

PARTIAL = ".partial-"
NOTES, SCRATCH, LOCK = "progress.jsonl", "scratch.db", "lock"


class File(msgspec.Struct, frozen=True):
    """One file of the payload: what it holds and its hashes."""

    path: str
    size: int
    sha256: str
    sha512: str
    kind: str
    form: str  # sealed | parquet | plain
    model: str | None = None
    records: int | None = None
    units: int | None = None


class Begun(msgspec.Struct, frozen=True):
    """With what an archive was begun."""

    id: str
    line: str
    scope: str
    sequence: int
    written_at: int


class Part(msgspec.Struct, frozen=True):
    """A part that is done: its files, the place after which to go on, and the tallies of its records."""

    files: list[File]
    last: list[str] | None = None
    tallies: dict[str, tuple[int, str]] = {}


class Partial:
    """The folder of an archive that is not whole yet."""

    def __init__(self, home: Path, begun: Begun, parts: Sequence[Part]) -> None:
        self.home = home
        self.begun = begun
        self.parts = list(parts)
        self.folder = home / f"{PARTIAL}{begun.id}"

    @property
    def scratch(self) -> Path:
        """Where the list of what is archived stands meanwhile."""
        return self.folder / SCRATCH

    def create(self, path: str) -> Hashed:
        """Begin a file; what an earlier run left of it goes."""
        file = self.folder / path
        file.unlink(missing_ok=True)
        return Hashed(file, path)

    def note(self, part: Part) -> None:
        """Write down, durably, that a part is done."""
        with (self.folder / NOTES).open("ab") as opened:
            opened.write(msgspec.json.encode(part) + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
        self.parts.append(part)

    def tidy(self) -> None:
        """Remove what belongs to no part that is done."""
        known = {file.path for part in self.parts for file in part.files}
        for file in [f for f in self.folder.rglob("*") if f.is_file() or f.is_symlink()]:
            path = file.relative_to(self.folder).as_posix()
            if path not in known and path not in (NOTES, SCRATCH):
                file.unlink()

    def whole(self) -> Path:
        """Give the folder its name: from now on it is an archive."""
        for name in (NOTES, SCRATCH):
            (self.folder / name).unlink(missing_ok=True)
        for inner in [self.folder, *(f for f in self.folder.rglob("*") if f.is_dir())]:
            sync_folder(inner)
        final = self.home / self.begun.id
        self.folder.rename(final)
        sync_folder(self.home)
        return final


@contextmanager
def home(folder: Path) -> Iterator[Path]:
    """The folder in which archives are made, for one process at a time."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if error.errno in FULL:
            raise
        raise ConfigError(f"{folder}: no folder can be made there: {error.strerror}; name another one") from None
    opened = os.open(folder / f".{LOCK}", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go of it when the process dies
        except BlockingIOError:
            raise Busy(f"{folder}: another process writes an archive here; wait for its end") from None
        yield folder
    finally:
        os.close(opened)


def begin(folder: Path, begun: Begun) -> Partial:
    """Begin an archive."""
    partial = Partial(folder, begun, [])
    partial.folder.mkdir()
    with (partial.folder / NOTES).open("xb") as opened:
        opened.write(msgspec.json.encode(begun) + b"\n")
        opened.flush()
        os.fsync(opened.fileno())
    return partial


def left(folder: Path, line: str) -> list[Partial]:
    """What earlier runs for this line did not finish; one that cannot be read has nothing worth keeping."""
    found = []
    for place in sorted(folder.glob(f"{PARTIAL}*")):
        if place.is_symlink():
            raise ConfigError(f"{place}: is a link; take it out")
        try:
            begun, parts = _notes(place / NOTES)
        except (OSError, msgspec.DecodeError, IndexError):
            shutil.rmtree(place)
            continue
        if begun.line == line:
            found.append(Partial(folder, begun, parts))
    return found


def _notes(file: Path) -> tuple[Begun, list[Part]]:
    text = file.read_bytes()
    *lines, cut = text.split(b"\n")
    if cut:  # the process died while it wrote this line
        os.truncate(file, len(text) - len(cut))
    parts = [msgspec.json.decode(line, type=Part) for line in lines[1:]]
    return msgspec.json.decode(lines[0], type=Begun), parts


def file_of(digest: Digest, kind: str, form: str, **more: Any) -> File:
    """A file as it is noted."""
    return File(digest.path, digest.size, digest.sha256, digest.sha512, kind, form, **more)
