"""Reading the content of an archive: its sealed files record by record, and the same from Parquet."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hub.closure.archive import parquet
from hub.closure.archive.bag import CONTENTS
from hub.closure.archive.partial import File
from hub.closure.archive.seal import Unit, units
from hub.closure.keys import DataKey, KeyRing
from hub.errors import Missing, Rejected, Unauthorized

KEPT = 1 << 16  # opened keys in memory: more than the customers of one part have


class StreamRow(msgspec.Struct, frozen=True):
    """A stream as it was numbered in the hub that wrote the archive."""

    id: int
    connection: str
    name: str
    model: str


class Contents(msgspec.Struct, frozen=True):
    """contents.json."""

    format: int
    archive: str
    line: str
    written_at: str
    sequence: int
    scope: str
    counts: dict[str, int]
    records: dict[str, dict[str, int]]
    streams: list[StreamRow]
    files: list[File]

    def parts(self) -> Iterator[list[File]]:
        """The files part by part, so that one part's keys are needed at a time."""
        numbers: dict[str, list[File]] = {}
        for file in self.files:
            found = re.search(r"-(\d{4,})\.", file.path)
            numbers.setdefault(found[1] if found else "", []).append(file)
        for number in sorted(numbers, key=lambda n: (len(n), n)):
            yield numbers[number]


def contents(folder: Path) -> Contents:
    """What an archive says it holds. Raises Missing where there is no archive, Rejected where it cannot be read."""
    file = folder / CONTENTS
    try:
        return msgspec.json.decode(file.read_bytes(), type=Contents)
    except OSError:
        raise Missing(f"{folder}: no archive is there; list them with: hub archive list") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Rejected(f"{file}: is damaged: {error}") from None


class Opened:
    """The keys of a line as files are read; those used last stay open."""

    def __init__(self, ring: KeyRing, line: str) -> None:
        self.ring = ring
        self.line = line
        self._kept: OrderedDict[str, DataKey | None] = OrderedDict()

    def __call__(self, id: str) -> DataKey | None:
        """The key of an id. Raises Rejected where the ring never had it."""
        if id not in self._kept:
            self.load([id])
        self._kept.move_to_end(id)
        return self._kept[id]

    def forget(self) -> None:
        """Let go of all keys: the next part has others."""
        self._kept.clear()

    def load(self, ids: Sequence[str]) -> None:
        """Open several at once."""
        missing = [id for id in dict.fromkeys(ids) if id not in self._kept]
        found = self.ring.open(self.line, missing)
        lost = [id for id in missing if id not in found]
        if lost:
            raise Unauthorized(
                f"closing/keys: {len(lost)} keys of this archive of {self.line} are not here, such as {lost[0]}; bring that "
                "folder back from where its copy is kept"
            )
        self._kept.update(found)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def prepare(folder: Path, part: Sequence[File], keys: Opened) -> None:
    """Open the keys of a part at once, instead of one by one as they are met, and let go of those before."""
    keys.forget()
    for file in part:
        if file.form == "parquet" and file.kind == "golden":
            keys.load(parquet.key_ids(folder / file.path))


def sealed_units(folder: Path, file: File, said: Contents, keys: Opened) -> Iterator[Unit]:
    """The units of a sealed file."""

    def check(header: dict[str, object]) -> None:
        if header != {"archive": said.archive, "line": said.line, "path": file.path}:
            raise Rejected(f"{file.path}: belongs to another place or archive")

    with (folder / file.path).open("rb", buffering=1 << 20) as opened:
        yield from units(opened, file.path, keys, check)


def lines(folder: Path, file: File, said: Contents, keys: Opened) -> Iterator[bytes | None]:
    """The records of a sealed file of JSON Lines; None for each whose key is destroyed."""
    for unit in sealed_units(folder, file, said, keys):
        if unit.text is None:
            yield from [None] * unit.records
            continue
        found = unit.text.split(b"\n")
        if found.pop() or len(found) != unit.records:
            raise Rejected(f"{file.path}: a unit holds {len(found)} records and promises {unit.records}")
        yield from found


def attachments(
    folder: Path, file: File, said: Contents, keys: Opened
) -> Iterator[tuple[dict[str, str], bytes] | None]:
    """The contents of attachments with what is said of each; None where the key is destroyed."""
    for unit in sealed_units(folder, file, said, keys):
        if unit.text is None:
            yield None
            continue
        about, _, data = unit.text.partition(b"\n")
        yield msgspec.json.decode(about), data


def columns(folder: Path, file: File, said: Contents, keys: Opened) -> Iterator[bytes | None]:
    """The same records from a Parquet file."""
    for row in parquet.read(folder / file.path, said.archive, file.path, keys):
        yield row.text
