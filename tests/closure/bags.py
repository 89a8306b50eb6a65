"""A line with a few customers in a store of its own, its keys, and the archive of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.closure.archive import Archive, Order, Restored, Verified, listed, restore, verify, write
from hub.closure.keys import KeyRing, keys_in
from hub.config import Project
from hub.secret import Secret
from hub.store import Store

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from archive_data import fill, scope

TABLES = (
    "stream",
    "golden",
    "record",
    "identifier",
    "reference",
    "merge",
    "outbox",
    "dead_letter",
    "quarantine",
    "lineage",
    "item",
    "posting",
    "settlement",
    "decision",
    "approval",
    "reminder",
)
SERIAL = ("merge", "dead_letter", "quarantine", "lineage")  # their ids are given anew


@dataclass(slots=True)
class House:
    """A project, its store and its keys."""

    root: Path
    store: Store
    keys: KeyRing
    url: str

    @property
    def project(self) -> Project:
        """The project without connections."""
        return Project(self.root, Secret(self.url))

    def write(self, place: str | Path = "archives", **more: Any) -> Archive:
        """Write the archive of everything."""
        return write(self.store, self.project, Order("retail", scope(self.store), "jo", **more), self.keys, place)

    def verify(self, archive: Archive | None = None, keys: bool = True) -> Verified:
        """Verify the newest archive, or the one given."""
        return verify(self.store, archive or listed(self.store)[-1], self.root, self.keys if keys else None)

    def restore(self, url: str, archive: Archive | None = None) -> Restored:
        """Restore it."""
        return restore(self.store, archive or listed(self.store)[-1], self.root, self.keys, url)


@contextmanager
def house(root: Path, url: str, customers: int = 12, **more: Any) -> Iterator[House]:
    """A house with so many customers, each with a contact and ten documents."""
    store = Store.open(url)
    try:
        fill(store, customers, **more)
        with keys_in(root / "closing/keys", make=True) as keys:
            yield House(root, store, keys, url)
    finally:
        store.close()


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the walk's tables, in a fixed order and without numbers that a database gives out itself."""
    found = {}
    with store.read() as tx:
        for name in TABLES:
            columns = [c.name for c in _table(name).columns if not (name in SERIAL and c.name == "id")]
            rows = tx.rows(f"SELECT {', '.join(columns)} FROM {name}")
            found[name] = sorted((tuple(_plain(v) for v in row) for row in rows), key=repr)
    return found


def _table(name: str) -> Any:
    from hub.store.tables import metadata

    return metadata.tables[name]


def _plain(value: Any) -> Any:
    import json

    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.dumps(json.loads(value), sort_keys=True)
    return value


def copy(bag: Path, to: Path) -> Path:
    """A copy of a bag, to be damaged."""
    shutil.copytree(bag, to)
    return to
