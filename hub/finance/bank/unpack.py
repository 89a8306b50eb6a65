"""Files of statements as they come: plain, gzip or ZIP, never more than a limit once unpacked.

Nothing is believed about sizes: what a ZIP says of itself is a claim, so unpacking stops at the limit.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from hub.finance.bank.statement import Problem

MEMBERS = 1000  # files in one ZIP
PIECE = 1 << 16


class TooMuch(Exception):  # noqa: N818 - named by what it says
    """The content is over the limit."""


def unpack(name: str, data: bytes, limit: int) -> Iterator[tuple[str, bytes | Problem]]:
    """Yield the files in a file; `limit` in bytes holds for all of them together."""
    mega = limit // 1_000_000
    try:
        if data.startswith(b"\x1f\x8b"):
            yield name, _gunzip(data, limit)
        elif data.startswith(b"PK\x03\x04"):
            yield from _unzip(name, data, limit)
        elif len(data) > limit:
            raise TooMuch
        else:
            yield name, data
    except TooMuch:
        words = f"is over {mega} MB once unpacked; raise limit_mb in [finance] if it is meant"
        yield name, Problem(words)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        yield name, Problem(f"cannot be unpacked ({error}); is it complete?")


def _gunzip(data: bytes, limit: int) -> bytes:
    engine = zlib.decompressobj(wbits=31)
    out = engine.decompress(data, limit + 1)
    if len(out) > limit:
        raise TooMuch
    if not engine.eof:
        raise EOFError("it breaks off")
    return out


def _unzip(name: str, data: bytes, limit: int) -> Iterator[tuple[str, bytes | Problem]]:
    left = limit
    with zipfile.ZipFile(BytesIO(data)) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > MEMBERS:
            yield name, Problem(f"holds {len(members)} files, more than {MEMBERS}; it is left out")
            return
        for member in members:
            inside = f"{name}:{member.filename}"
            if member.flag_bits & 1:
                yield inside, Problem("is encrypted; unpack it first")
                continue
            pieces: list[bytes] = []
            with archive.open(member) as stream:
                while piece := stream.read(PIECE):
                    left -= len(piece)
                    if left < 0:
                        raise TooMuch
                    pieces.append(piece)
            content = b"".join(pieces)
            if content.startswith((b"PK\x03\x04", b"\x1f\x8b")):
                yield inside, Problem("is an archive inside of an archive; unpack it first")
            else:
                yield inside, content
