"""The keys of archives, kept outside of them: the line's key, the signing key, and a key a customer and class."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.closure.keys.masters import FileMasters, Masters, signed_by
from hub.closure.keys.ring import DataKey, KeyRing, Owner
from hub.errors import Unauthorized
from hub.store.apart import only
from hub.store.tables.archive import archive_key


def folder(root: Path) -> Path:
    """Where a project keeps the keys of its archives: beside them, never inside; back it up apart from them."""
    return root / "closing" / "keys"


@contextmanager
def keys_in(place: Path, *, make: bool = False) -> Iterator[KeyRing]:
    """The keys of one folder: a file a line, the signing key, and `data.db` with the wrapped data keys.

    Raises Unauthorized where they are not there, unless it may `make` them: keys of another time open nothing.
    """
    if not make and not (place / "data.db").is_file():
        raise Unauthorized(f"{place}: no keys are here; bring that folder back from where its copy is kept")
    masters = FileMasters(place)
    masters.public()  # makes the folder
    store = only(f"sqlite:///{place / 'data.db'}", archive_key)
    try:
        (place / "data.db").chmod(0o600)
        yield KeyRing(store, masters)
    finally:
        store.close()


__all__ = ["DataKey", "FileMasters", "KeyRing", "Masters", "Owner", "folder", "keys_in", "signed_by"]
