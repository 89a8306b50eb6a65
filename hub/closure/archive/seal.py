"""Sealed files: records encrypted in units, each unit under the key of one customer and class.

A file is the magic, the length of a header (4 bytes, big-endian), the header (JSON), and frames. A frame is 36 bytes
(key id 16, unit 8, chunk and flags 4, records of the unit 4, length of what follows the nonce 4), a nonce of 12 bytes
and the AES-256-GCM ciphertext with its tag. What GCM also authenticates is SHA-256 of magic, length and header, then
the 36 bytes: no frame can be moved to another place or file. The last frame has a key id of zeros and no content; its
unit and records say how many of both the file holds. The plain text of a unit, its chunks put together and inflated
where the flag says so, is JSON Lines, or for attachments a line of JSON and the content.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import IO, NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from isal import isal_zlib

from hub.closure.archive.files import Hashed
from hub.closure.keys import DataKey
from hub.errors import Rejected

MAGIC = b"HUBSEAL1"
FRAME = struct.Struct(">16sQIII")
NONCE, TAG = 12, 16
LAST, DEFLATED = 1 << 31, 1 << 30
CHUNK = 1 << 20
END = bytes(16)


class Unit(NamedTuple):
    """One unit as read: its key's id, how many records it holds, and its plain text; None where the key is destroyed."""

    key: str
    records: int
    text: bytes | None


class Opener(Protocol):
    """Gives the key of an id; None where it was destroyed."""

    def __call__(self, id: str) -> DataKey | None: ...


class Sealer:
    """Writes one sealed file; what one key seals is gathered to units of about a mebibyte."""

    def __init__(self, out: Hashed, header: Mapping[str, object]) -> None:
        self.out = out
        text = msgspec.json.encode(header)
        head = MAGIC + struct.pack(">I", len(text)) + text
        out.write(head)
        self._bound = sha256(head).digest()
        self._key: DataKey | None = None
        self._lines: list[bytes] = []
        self._size = 0
        self.units = self.records = 0

    def add(self, key: DataKey, line: bytes) -> None:
        """Take in one record."""
        if self._size >= CHUNK or (self._key is not None and self._key.id != key.id):
            self.flush()
        self._key = key
        self._lines.append(line)
        self._size += len(line) + 1

    def flush(self) -> None:
        """Seal what was gathered."""
        if self._key is not None and self._lines:
            self.unit(self._key, len(self._lines), b"\n".join(self._lines) + b"\n", deflate=True)
        self._key, self._lines, self._size = None, [], 0

    def unit(self, key: DataKey, records: int, text: bytes, *, deflate: bool = False) -> None:
        """Seal one unit."""
        flags = 0
        if deflate:
            text, flags = deflated(text), DEFLATED
        id, view = bytes.fromhex(key.id), memoryview(text)
        count = max(1, -(-len(view) // CHUNK))
        for number in range(count):
            chunk = view[number * CHUNK : (number + 1) * CHUNK]
            mark = number | flags | (LAST if number == count - 1 else 0)
            frame = FRAME.pack(id, self.units, mark, records, len(chunk) + TAG)
            nonce = os.urandom(NONCE)
            self.out.write(frame + nonce)
            self.out.write(key.cipher.encrypt(nonce, bytes(chunk), self._bound + frame))
        self.units += 1
        self.records += records

    def close(self) -> None:
        """Write the frame that says how much there was."""
        self.flush()
        self.out.write(FRAME.pack(END, self.units, LAST, self.records, 0))


def deflated(text: bytes) -> bytes:
    """The text, smaller, as a zlib stream; ISA-L makes it in less than half the time that zlib takes."""
    return isal_zlib.compress(text, 2)


def units(file: IO[bytes], where: str, key: Opener, check: Callable[[dict[str, object]], None]) -> Iterator[Unit]:
    """Read a sealed file unit by unit. Raises Rejected where it is damaged, cut short or not what its header says."""
    head = file.read(len(MAGIC) + 4)
    if len(head) < len(MAGIC) + 4 or not head.startswith(MAGIC):
        raise Rejected(f"{where}: this is no sealed file")
    text = file.read(struct.unpack(">I", head[-4:])[0])
    try:
        check(msgspec.json.decode(text, type=dict[str, object]))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(f"{where}: its header cannot be read") from None
    bound, number, records = sha256(head + text).digest(), 0, 0
    while True:
        frame = file.read(FRAME.size)
        if len(frame) < FRAME.size:
            raise Rejected(f"{where}: ends after unit {number}; the rest is missing")
        id, unit, _, held, _ = FRAME.unpack(frame)
        if id == END:
            if (unit, held) != (number, records) or file.read(1):
                raise Rejected(f"{where}: holds {number} units and {records} records, its end says {unit} and {held}")
            return
        plain = _unit(file, where, frame, bound, number, key(id.hex()))
        yield Unit(id.hex(), held, plain)
        number, records = number + 1, records + held


def _unit(file: IO[bytes], where: str, frame: bytes, bound: bytes, number: int, key: DataKey | None) -> bytes | None:
    """The plain text of the unit that this frame begins; without a key its frames are passed over."""
    chunks: list[bytes] = []
    expected = 0
    first = FRAME.unpack(frame)
    while True:
        id, unit, mark, records, length = FRAME.unpack(frame)
        if (id, unit, records) != (first[0], number, first[3]) or mark & ~(LAST | DEFLATED) != expected:
            raise Rejected(f"{where}: unit {number} is out of order")
        sealed = file.read(NONCE + length)
        if len(sealed) < NONCE + length:
            raise Rejected(f"{where}: ends within unit {number}")
        if key is not None:
            try:
                chunks.append(key.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound + frame))
            except InvalidTag:
                raise Rejected(f"{where}: unit {number} was changed, or its key is another") from None
        if mark & LAST:
            break
        expected += 1
        frame = file.read(FRAME.size)
        if len(frame) < FRAME.size:
            raise Rejected(f"{where}: ends within unit {number}")
    if key is None:
        return None
    text = b"".join(chunks)
    return zlib.decompress(text) if first[2] & DEFLATED else text
