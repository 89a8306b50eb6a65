"""Files of an archive: hashed as they are written, never through a link, and a full disk said plainly."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from hub.errors import ConfigError, Unavailable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Digest:
    """A file as the manifests know it: its path in the bag, its size and both hashes."""

    path: str
    size: int
    sha256: str
    sha512: str


class Hashed:
    """A file being written, whose hashes are known when it is closed."""

    def __init__(self, file: Path, path: str) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = file.open("xb", buffering=0)
        self._hashes = (hashlib.sha256(), hashlib.sha512())
        self._held = bytearray()  # frames are small and many: they are hashed and written some thousand at a time
        self.path = path
        self.size = 0
        self.closed = False

    def write(self, data: bytes) -> int:
        """Append bytes."""
        self._held += data
        self.size += len(data)
        if len(self._held) >= BLOCK:
            self._out()
        return len(data)

    def _out(self) -> None:
        """Hash and write what is held."""
        for state in self._hashes:
            state.update(self._held)
        rest = memoryview(bytes(self._held))
        self._held.clear()
        while rest:
            rest = rest[self._file.write(rest) :]

    def flush(self) -> None:
        """Nothing: what counts is `digest`."""

    def close(self) -> None:
        """Let go of the file without a word on whether it is whole."""
        self._out()
        self._file.close()
        self.closed = True

    def digest(self) -> Digest:
        """Close the file, durably, and say what it holds."""
        self._out()
        os.fsync(self._file.fileno())
        self.close()
        return Digest(self.path, self.size, *(state.hexdigest() for state in self._hashes))


def hashed(file: Path, path: str) -> Digest:
    """Read a file and say what it holds."""
    states = (hashlib.sha256(), hashlib.sha512())
    size = 0
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            size += len(block)
            for state in states:
                state.update(block)
    return Digest(path, size, *(state.hexdigest() for state in states))


def walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder, in order. Raises ConfigError at a link, a device or whatever else is no file."""
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from walk(Path(entry.path))
        elif stat.S_ISREG(mode):
            yield Path(entry.path)
        else:
            raise ConfigError(f"{entry.path}: an archive holds plain files only, no link or device; take it out")


def plain(file: Path) -> Path:
    """The file, which must be no link."""
    if file.is_symlink():
        raise ConfigError(f"{file}: is a link; what it points to can change, so it cannot be archived: copy it here")
    return file


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def room_for(place: Path) -> Iterator[None]:
    """Turn a disk that is full, or a folder that cannot be written, into an error that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise Unavailable(
                f"{place}: the disk is full ({error.strerror}); nothing was lost: make room or take another folder "
                "(--to, in a closing data.archive of the plan), and run the same command again"
            ) from None
        if isinstance(error, PermissionError | NotADirectoryError) or error.errno == errno.EROFS:
            raise ConfigError(
                f"{place}: cannot be written: {error.strerror}; take another folder (--to, in a closing data.archive "
                "of the plan)"
            ) from None
        raise
