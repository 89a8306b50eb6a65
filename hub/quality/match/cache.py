"""The prepared records of one model in a DuckDB file, kept from run to run and made anew where it is missing or strange.

Everything in it follows from the golden records and the trained model; it may be deleted at any time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from hub.quality.match.block import keys
from hub.quality.match.frozen import Frozen
from hub.quality.match.prepare import SYSTEM
from hub.quality.match.profile import Profile

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyarrow import RecordBatch  # type: ignore[import-untyped]

MEMORY = "1200MB"
TYPES = {"text": "VARCHAR", "texts": "VARCHAR[]"}


class Cache:
    """An open cache. What others make in its connection stays in memory; only what is in `kept` is in the file."""

    def __init__(self, file: Path, profile: Profile, stand: str) -> None:
        """Open the file; where it does not stand at `stand`, it is empty, and `fresh` is true."""
        import duckdb

        file.parent.mkdir(parents=True, exist_ok=True)
        self.file, self.profile = file, profile
        self.db: DuckDBPyConnection = duckdb.connect(config=self._config())
        try:
            self.db.execute(f"ATTACH '{_quoted(file)}' AS kept")
            found = self._stand()
        except duckdb.Error:  # damaged, or written by another version
            found = ""
        self.fresh = not found or found != stand
        if self.fresh:
            self._anew()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.db.close()

    def _config(self) -> dict[str, Any]:
        return {"memory_limit": MEMORY, "temp_directory": f"{self.file}.tmp", "preserve_insertion_order": "false"}

    def _anew(self) -> None:
        if self.rows("SELECT 1 FROM duckdb_databases() WHERE database_name = 'kept'"):
            self.db.execute("DETACH kept")
        for one in (self.file, self.file.with_name(f"{self.file.name}.wal")):
            one.unlink(missing_ok=True)
        self.db.execute(f"ATTACH '{_quoted(self.file)}' AS kept")
        names = ", ".join(f"{name} {TYPES[kind]}" for name, kind in self._columns())
        self.db.execute(f"CREATE TABLE kept.record (h UBIGINT, id VARCHAR, {names})")
        self.db.execute("CREATE TABLE kept.blocking (kind UTINYINT, k UBIGINT, h UBIGINT)")
        self.db.execute("CREATE TABLE kept.stop (k UBIGINT)")
        self.db.execute("CREATE TABLE kept.head (id VARCHAR, head VARCHAR)")
        self.db.execute("CREATE TABLE kept.meta (stand VARCHAR)")

    def _stand(self) -> str:
        if not self.rows("SELECT 1 FROM duckdb_tables() WHERE database_name = 'kept' AND table_name = 'meta'"):
            return ""
        found = self.rows("SELECT stand FROM kept.meta")
        return str(found[0][0]) if found else ""

    def _columns(self) -> list[tuple[str, str]]:
        return list((dict(self.profile.columns) | SYSTEM).items())

    def begin(self) -> None:
        """Change it from here on: until `commit` it counts as damaged."""
        self.db.execute("DELETE FROM kept.meta")

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return all rows of a query; a result left open would block the connection."""
        return self.db.execute(sql, list(values)).fetchall()

    def count(self) -> int:
        """How many records are in it."""
        return int(self.rows("SELECT count(*) FROM kept.record")[0][0])

    def add(self, batches: Iterable[RecordBatch], idle: Collection[str]) -> None:
        """Put prepared records in, with their keys but for those of idle kinds."""
        names = ", ".join(("hash(id) AS h", "id", *(name for name, _ in self._columns())))
        self.db.execute("BEGIN")  # one write of the file for all batches
        for batch in batches:
            self.db.register("batch", batch)
            if self.fresh:
                self.db.execute(f"INSERT INTO kept.record SELECT {names} FROM batch")
            else:
                self.db.execute(f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {names} FROM batch")
                self.db.execute("INSERT INTO kept.record FROM fresh")
                self._block("fresh", idle)
            self.db.unregister("batch")
        self.db.execute("COMMIT")
        if self.fresh:
            self.block(idle)

    def block(self, idle: Collection[str]) -> None:
        """Make the keys of all records anew, but for those of idle kinds."""
        self.db.execute("CREATE OR REPLACE TABLE kept.blocking (kind UTINYINT, k UBIGINT, h UBIGINT)")
        self._block("kept.record", idle)

    def _block(self, records: str, idle: Collection[str]) -> None:
        found = keys(self.profile, records, idle)
        self.db.execute(f"INSERT INTO kept.blocking SELECT kind, hash(text), h FROM ({found})")

    def drop(self, ids: Sequence[str]) -> None:
        """Take records out."""
        if not ids:
            return
        for table in ("record", "blocking"):
            self.db.execute(
                f"DELETE FROM kept.{table} WHERE h IN (SELECT hash(id) FROM (SELECT unnest(?) AS id))", [list(ids)]
            )

    def freeze(self, frozen: Frozen) -> None:
        """Take in what a trained model leaves out of blocking, and how often its values occur."""
        if idle := [str(at) for at, one in enumerate(self.profile.keys) if one.kind in frozen.idle]:
            self.db.execute(f"DELETE FROM kept.blocking WHERE kind IN ({', '.join(idle)})")
        self.db.execute("DELETE FROM kept.stop")
        self.db.execute("INSERT INTO kept.stop SELECT hash(unnest(?))", [frozen.stops])
        for column in self.profile.frequencies():
            self.db.execute(f"CREATE OR REPLACE TABLE kept.tf_{column} (value VARCHAR, tf DOUBLE)")
            counts, total = frozen.counts.get(column, {}), max(frozen.totals.get(column, 0), 1)
            self.db.execute(
                f"INSERT INTO kept.tf_{column} SELECT unnest(?), unnest(?) / {total}::DOUBLE",
                [list(counts), list(counts.values())],
            )

    def mark(self, ids: Sequence[str]) -> None:
        """Say which records are compared with all others, in the table `changed`."""
        self.db.execute("CREATE OR REPLACE TEMP TABLE changed AS SELECT hash(unnest(?::VARCHAR[])) AS h", [list(ids)])

    def heads(self) -> dict[str, str]:
        """The head of the group of each record that has one, as they were at the last comparison."""
        return dict(self.rows("SELECT id, head FROM kept.head"))

    def keep_heads(self, heads: Mapping[str, str]) -> None:
        """Take in who stands at the head of which group."""
        self.db.execute("DELETE FROM kept.head")
        self.db.execute("INSERT INTO kept.head SELECT unnest(?), unnest(?)", [list(heads), list(heads.values())])

    def digest(self) -> str:
        """The digest of all records, in whatever order they stand; another version of DuckDB gives another one."""
        found = self.rows("SELECT count(*), bit_xor(hash(record)) FROM kept.record")
        return hashlib.sha256(repr(found).encode()).hexdigest()[:16]

    def commit(self, stand: str) -> None:
        """Keep what was changed, as standing at `stand`."""
        self.db.execute("DELETE FROM kept.meta")
        self.db.execute("INSERT INTO kept.meta VALUES (?)", [stand])


def place(folder: Path, store: str, profile: Profile) -> Path:
    """Where the cache of a model is: one file a database and model."""
    name = hashlib.sha256(store.encode()).hexdigest()[:8]
    return folder / f"duplicates-{name}-{profile.model}.duckdb"


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")
