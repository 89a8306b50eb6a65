"""Where archives go: a folder, or a bucket of an S3-compatible storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from hub.errors import ConfigError, Missing

S3 = "s3://"


class Place(Protocol):
    """A place for archives."""

    @property
    def staging(self) -> Path:
        """The folder in which an archive is made."""

    def of(self, id: str) -> str:
        """The address of an archive here."""

    def deliver(self, folder: Path) -> None:
        """Bring an archive that is whole to its place; what is there already is left."""

    def clear(self, folder: Path) -> None:
        """Remove what was only made on the way."""


class Folder:
    """A folder on this machine, or a mounted one."""

    def __init__(self, folder: Path) -> None:
        if folder.is_symlink():
            raise ConfigError(f"{folder}: is a link; name the folder itself")
        self.staging = folder

    def of(self, id: str) -> str:
        return str(self.staging / id)

    def deliver(self, folder: Path) -> None:
        """It was made in its place."""

    def clear(self, folder: Path) -> None:
        """It stays."""


def place_of(text: str | Path, root: Path) -> Place:
    """The place that a setting names: a folder, relative to the project's, or `s3://bucket/prefix`."""
    if isinstance(text, str) and text.startswith(S3):
        from hub.closure.archive.s3 import Bucket

        return Bucket(text, root)
    return Folder(root / text)


@contextmanager
def fetched(address: str, root: Path) -> Iterator[Path]:
    """An archive as a folder on this machine; one from a bucket is brought here and removed again at the end."""
    if address.startswith(S3):
        from hub.closure.archive.s3 import fetch

        with fetch(address, root) as folder:
            yield folder
        return
    folder = root / address
    if not folder.is_dir():
        raise Missing(f"{folder}: no archive is there; list them with: hub archive list")
    yield folder
