"""The same records as Parquet: a row a record, of which id, key and class can be seen and the content is sealed.

The sealed column holds a nonce of 12 bytes and the AES-256-GCM ciphertext of one byte (0: as it is, 1: deflated) and
the record's JSON. What GCM also authenticates is the SHA-256 of archive and path, and the number of the row.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidTag

from hub.closure.archive.files import Hashed
from hub.closure.archive.seal import NONCE, Opener, deflated
from hub.closure.keys import DataKey
from hub.errors import Rejected

SCHEMA = pa.schema([("id", pa.string()), ("class", pa.string()), ("key", pa.string()), ("sealed", pa.binary())])
GROUP = 8 << 20  # bytes of a row group
WORTH = 512  # bytes from which deflating pays: below, it takes longer than all else that is done to a record
AS_IT_IS, DEFLATED = b"\x00", b"\x01"


class Row(NamedTuple):
    """One row as read; `text` is None where the key is destroyed."""

    id: str
    key: str
    text: bytes | None


def bound(archive: str, path: str) -> bytes:
    """What ties a cell to its archive and file."""
    return sha256(f"{archive}\n{path}".encode()).digest()


class Columns:
    """Writes one Parquet file."""

    def __init__(self, out: Hashed, archive: str, path: str) -> None:
        self._writer = pq.ParquetWriter(
            pa.PythonFile(out, mode="w"), SCHEMA, compression="NONE", use_dictionary=["class", "key"],
            write_page_checksum=True, write_statistics=["id"],
        )  # fmt: skip
        self._bound = bound(archive, path)
        self._rows: list[tuple[str, str, str, bytes]] = []
        self._size = 0
        self.records = 0

    def add(self, id: str, kept: str, key: DataKey, line: bytes) -> None:
        """Take in one record of a class."""
        text = DEFLATED + deflated(line) if len(line) > WORTH else AS_IT_IS + line
        nonce = os.urandom(NONCE)
        sealed = nonce + key.cipher.encrypt(nonce, text, self._bound + struct.pack(">Q", self.records))
        self._rows.append((id, kept, key.id, sealed))
        self._size += len(sealed)
        self.records += 1
        if self._size >= GROUP:
            self._flush()

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else ([], [], [], [])
        arrays = [pa.array(list(column), kind.type) for column, kind in zip(columns, SCHEMA, strict=True)]
        self._writer.write_table(pa.table(arrays, schema=SCHEMA))
        self._rows, self._size = [], 0

    def close(self) -> None:
        """Write what is left, and the footer."""
        self._flush()
        self._writer.close()


def read(file: Path, archive: str, path: str, key: Opener) -> Iterator[Row]:
    """Read the rows, each page's checksum checked. Raises Rejected where the file is damaged."""
    tied, number = bound(archive, path), 0
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as opened:
            if not opened.schema_arrow.equals(SCHEMA):
                raise Rejected(f"{path}: has other columns than {', '.join(SCHEMA.names)}")
            for batch in opened.iter_batches(batch_size=1_000):
                for id, _, name, sealed in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    yield Row(id, name, _opened(key(name), sealed, tied + struct.pack(">Q", number), path, number))
                    number += 1
    except (pa.ArrowException, OSError) as error:
        raise Rejected(f"{path}: cannot be read as Parquet: {str(error).splitlines()[0]}") from None


def key_ids(file: Path) -> list[str]:
    """The ids of all keys that a file needs, to be opened at once."""
    try:
        column = pq.read_table(file, columns=["key"], page_checksum_verification=True).column("key")
    except (pa.ArrowException, OSError):
        return []  # whoever reads the file itself will say so
    found: list[str] = column.unique().to_pylist()
    return found


def _opened(key: DataKey | None, sealed: bytes, tied: bytes, path: str, number: int) -> bytes | None:
    if key is None:
        return None
    try:
        text = key.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], tied)
    except InvalidTag:
        raise Rejected(f"{path}: row {number} was changed, or its key is another") from None
    return zlib.decompress(text[1:]) if text[:1] == DEFLATED else text[1:]
