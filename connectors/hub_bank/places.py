"""Where the bank's files lie: a folder, files a person names, or a server reached over SFTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Protocol

from hub.connect import Unavailable

HIDDEN = (".", "~")
PARTIAL = (".part", ".tmp", ".filepart", ".crdownload")  # a file that is still being written


@dataclass(frozen=True, slots=True)
class Found:
    """A file by its name, with what shows that it has changed."""

    name: str
    size: int
    changed: int  # seconds since 1970


class Place(Protocol):
    """A place with files; the same name is the same file."""

    def files(self) -> Iterator[Found]:
        """All files, by name. Raises Unavailable."""
        ...

    def read(self, file: Found, limit: int) -> bytes | None:
        """The content, None where it is longer than the limit. Raises Unavailable."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def wanted(name: str, pattern: str) -> bool:
    """Whether a file is one of statements: neither hidden nor half written, and of the pattern."""
    return fnmatch(name, pattern) and not name.startswith(HIDDEN) and not name.lower().endswith(PARTIAL)


class Folder:
    """A folder on this machine, without those inside of it."""

    def __init__(self, folder: Path, pattern: str) -> None:
        self.folder, self.pattern = folder, pattern

    def files(self) -> Iterator[Found]:
        """All files, by name."""
        try:
            found = sorted(file for file in self.folder.iterdir() if file.is_file() and wanted(file.name, self.pattern))
        except OSError as error:
            raise Unavailable(f"{self.folder}: cannot be read ({error.strerror}); is the path right?") from None
        for file in found:
            yield _found(file, file.name)

    def read(self, file: Found, limit: int) -> bytes | None:
        """The content."""
        return _content(self.folder / file.name, limit)

    def close(self) -> None:
        """Nothing is held."""


class Named:
    """Files a person names; each counts under its own name, wherever it lies."""

    def __init__(self, files: list[Path]) -> None:
        self.paths = {str(file): file for file in files}

    def files(self) -> Iterator[Found]:
        """All files, in the order they were named."""
        for name, file in self.paths.items():
            yield _found(file, name)

    def read(self, file: Found, limit: int) -> bytes | None:
        """The content."""
        return _content(self.paths[file.name], limit)

    def close(self) -> None:
        """Nothing is held."""


def _found(file: Path, name: str) -> Found:
    try:
        stat = file.stat()
    except OSError as error:
        raise Unavailable(f"{file}: cannot be read ({error.strerror})") from None
    return Found(name, stat.st_size, stat.st_mtime_ns // 1_000_000_000)


def _content(file: Path, limit: int) -> bytes | None:
    """At most the limit is read, whatever the size was a moment ago."""
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise Unavailable(f"{file}: cannot be read ({error.strerror})") from None
    return None if len(data) > limit else data
