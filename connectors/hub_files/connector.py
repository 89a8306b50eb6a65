"""The connector `files`: rows of files as records, found by key columns, versioned by their own digest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from hub.connect import (
    Answer,
    ConfigError,
    Connector,
    Missing,
    Page,
    Receipt,
    Record,
    Rejected,
    Stream,
    Unavailable,
    Write,
)
from hub_files.cursor import Cursor, Seen
from hub_files.judge import digest, judge, key_of, moment
from hub_files.rewrite import ERASES, GONE, Moved, rewrite, stand
from hub_files.source import Source, sources
from hub_files.tables import parquet, xlsx
from hub_files.text import Csv, Row, jsonl, opened

PAGE = 1000
TRIES = 5


class Files(Connector):
    """Files in a folder. `streams` are {name: {path, model, key, format, ...}}, see `hub_files.source.Source`.

    The streams follow from the settings, so each connection has its own: `self.streams` shadows the class's.
    """

    name = "files"
    streams: ClassVar[tuple[Stream, ...]] = ()

    def __init__(self, streams: dict[str, dict[str, Any]], folder: str = ".") -> None:
        self.sources = sources(streams)
        self.folder = Path(folder)
        self.streams = tuple(_stream(name, source) for name, source in self.sources.items())  # type: ignore[misc]

    def check(self) -> None:
        """Look whether the folder is there, and the files' columns are."""
        for source in self.sources.values():
            for file in self._files(source):
                next(self._rows(file, source), None)

    def unread(self, stream: str) -> str | None:
        """Say where no file is: which path was meant, and what lies in that folder."""
        source = self.sources[stream]
        return None if self._files(source) else source.missing(self.folder)

    def pull(self, stream: str, cursor: str | None = None) -> Iterator[Page]:
        """Yield the rows of all files that are not as the cursor saw them; an unchanged file is not read."""
        source, seen = self.sources[stream], Cursor(cursor)
        for file in self._files(source):
            name = file.relative_to(self.folder).as_posix()
            found = self._look(seen, name, file)
            if found is None:
                continue
            page: list[Record] = []
            bad: list[str] = []
            for record in self._records(file, source):
                page.append(record)
                if record.version is None:
                    bad.append(record.key)
                if len(page) == PAGE:
                    yield Page(page, str(seen))
                    page = []
            page += [Record(key, b"{}", deleted=True) for key in seen.mended(name, bad)]
            seen.done(name, file, found, bad)
            yield Page(page, str(seen))
        yield Page([], str(seen))

    def read(self, stream: str, keys: Sequence[str]) -> Iterator[Record]:
        """Yield the rows with these keys, the last one where several files have it; one that is gone as a tombstone."""
        wanted, found = frozenset(keys), dict[str, Record]()
        for record in self._some(self.sources[stream], keys=wanted):
            found[record.key] = record
        for key in keys:
            yield found.get(key) or Record(key, b"{}", deleted=True)

    def find(self, stream: str, our_ids: Sequence[str]) -> Iterator[tuple[str, Record]]:
        """Yield the rows that carry one of our ids in the id column."""
        wanted = frozenset(our_ids)
        for record in self._some(self.sources[stream], ids=wanted):
            if record.our_id:
                yield record.our_id, record

    def push(self, stream: str, writes: Sequence[Write]) -> Iterator[Answer]:
        """Change and add rows; the file is replaced once for all writes, or not at all."""
        for _ in range(TRIES):
            try:
                answers = self._carry_out(stream, writes)
            except Moved:
                continue  # someone else wrote the file: look again, judge again
            break
        else:
            raise Unavailable(f"{self.folder}: {self.sources[stream].path} is being written by others all the time")
        if answers is not None:
            yield from answers
        else:  # one of the writes does not fit: carried out one by one, each gets its own answer
            for write in writes:
                yield from self.push(stream, [write])

    def erase(self, stream: str, keys: Sequence[str]) -> Iterator[Answer]:
        """Take rows out of the file; it is replaced once for all of them, or not at all."""
        source, wanted = self.sources[stream], frozenset(keys)
        file = self.folder / source.path
        for _ in range(TRIES):
            before = stand(file)
            there = {record.key for record in self._some(source, wanted) if record.version}
            if not there:
                break

            def change(row: Row, there: set[str] = there) -> Mapping[str, Any] | None:
                return GONE if key_of(source, row.values or {}) in there else None

            try:
                rewrite(file, before, source, change, [], [])
            except Moved:
                continue
            except OSError as error:
                raise Unavailable(f"{file}: cannot be written ({error.strerror}); nothing was erased") from None
            break
        else:
            raise Unavailable(f"{self.folder}: {source.path} is being written by others all the time")
        for key in keys:
            gone = Receipt(key, how="its row was taken out of the file")
            yield gone if key in there else Missing(f"{file.name}: no row {key!r}")

    def _carry_out(self, stream: str, writes: Sequence[Write]) -> list[Answer] | None:
        """Write the file anew; None where a value among several writes does not fit. Raises Moved."""
        source = self.sources[stream]
        if not self.folder.is_dir():
            raise Unavailable(f"{self.folder}: no such folder; is the disk mounted?")
        file = self.folder / source.path
        before = stand(file)
        there, ours = self._concerned(source, writes)
        keys: list[Answer | str] = []  # a text is the key of a write that goes on
        changes: dict[str, dict[str, Any]] = {}
        adds: dict[str, dict[str, Any]] = {}
        for write in writes:
            answer = judge(source, write, there, ours, adds)
            if isinstance(answer, str):
                row = {**write.data, source.id_column: write.our_id}
                if answer in there and source.id_column in source.key:
                    del row[source.id_column]  # there it is the row's key, whoever gave it
                part = changes if answer in there else adds
                part[answer] = part.get(answer, {}) | row
            keys.append(answer)
        if changes or adds:
            fault = self._replace(file, before, source, changes, adds)
            if fault:
                return [fault] if len(writes) == 1 else None
        now = {record.key: record for record in self.read(stream, [key for key in keys if isinstance(key, str)])}
        return [_receipt(now[key]) if isinstance(key, str) else key for key in keys]

    def _concerned(self, source: Source, writes: Sequence[Write]) -> tuple[dict[str, Record], dict[str, str]]:
        """The rows that the writes may touch, by key, and their keys by our id."""
        keys = frozenset(w.key or key_of(source, {**w.data, source.id_column: w.our_id}) for w in writes)
        ids = frozenset(w.our_id for w in writes)
        found = [r for r in self._some(source, keys, ids) if r.version]
        return {r.key: r for r in found}, {r.our_id: r.key for r in found if r.our_id}

    def _replace(
        self,
        file: Path,
        before: tuple[int, int, int] | None,
        source: Source,
        changes: Mapping[str, Mapping[str, Any]],
        adds: Mapping[str, dict[str, Any]],
    ) -> Rejected | None:
        columns = list(dict.fromkeys(name for row in (*changes.values(), *adds.values()) for name in row))
        taken: set[str] = set()

        def change(row: Row) -> Mapping[str, Any] | None:
            key = key_of(source, row.values or {})
            if key not in changes or key in taken:  # a key's second row is quarantined, and stays as it is
                return None
            taken.add(key)
            return changes[key]

        try:
            rewrite(file, before, source, change, list(adds.values()), columns)
        except Rejected as error:
            return error
        except OSError as error:
            raise Unavailable(f"{file}: cannot be written ({error.strerror}); nothing was changed") from None
        except UnicodeEncodeError as error:
            return Rejected(f"{file.name}: {error.object[error.start : error.end]!r} has no form in {source.encoding}")
        return None

    def _look(self, seen: Cursor, name: str, file: Path) -> Seen | None:
        try:
            return seen.look(name, file, time.time_ns())
        except OSError as error:
            raise Unavailable(f"{file}: cannot be read ({error.strerror})") from None

    def _files(self, source: Source) -> list[Path]:
        if not self.folder.is_dir():
            raise Unavailable(f"{self.folder}: no such folder; is the disk mounted, is the path right?")
        return source.files(self.folder)

    def _some(
        self, source: Source, keys: frozenset[str] = frozenset(), ids: frozenset[str] = frozenset()
    ) -> Iterator[Record]:
        for file in self._files(source):
            yield from self._records(file, source, lambda key, our_id: key in keys or our_id in ids)

    def _rows(self, file: Path, source: Source) -> Iterator[Row]:
        try:
            if source.format == "csv":
                with opened(file, source) as stream:
                    yield from Csv(stream, file, source)
            elif source.format == "jsonl":
                with file.open("rb") as lines:
                    yield from jsonl(lines, source)
            else:
                yield from (parquet if source.format == "parquet" else xlsx)(file, source)
        except ConfigError:
            raise
        except OSError as error:
            raise Unavailable(f"{file}: cannot be read ({error})") from None
        except Exception as error:  # noqa: BLE001  the libraries raise many kinds for a broken file
            raise Unavailable(f"{file}: is no readable {source.format} file ({error}); is it complete?") from None

    def _records(
        self, file: Path, source: Source, wanted: Callable[[str, str | None], bool] | None = None
    ) -> Iterator[Record]:
        """Yield a record a row; one that cannot be told apart or read is given so that it goes into quarantine."""
        lines: dict[int, int] = {}  # hash of a key to its line; without key columns, to how often the row was there
        for row in self._rows(file, source):
            values, key, fault = row.values or {}, "", row.fault
            if not fault and source.key:
                key = key_of(source, values)
                first = lines.setdefault(hash(key), row.line)
                if not key:
                    fault = f"has nothing in {' and '.join(source.key)}"
                elif first != row.line:
                    fault = f"has the key {key!r} that line {first} has too"
            elif not fault:
                key = digest(row.data)
                lines[hash(key)] = times = lines.get(hash(key), 0) + 1
                key = key if times == 1 else f"{key}-{times}"
            key = f"{file.name}:{row.line}" if fault else key
            our_id = None if fault else _text(values.get(source.id_column))
            if wanted is not None and not wanted(key, our_id):
                continue
            if fault:
                # No JSON on purpose: no mapping can take it for a record, and the report shows this text.
                stands = row.text or ("" if row.values is None else row.data.decode())
                yield Record(key, f"{file.name}, line {row.line}: {fault}: {stands.strip()}".encode("utf-8", "replace"))
            else:
                changed = moment(values[source.changed]) if values.get(source.changed) else None
                yield Record(key, row.data, digest(row.data), changed, our_id=our_id)


def _text(value: Any) -> str | None:
    return None if value in (None, "") else str(value)


def _receipt(record: Record) -> Answer:
    if record.deleted:
        return Missing(f"the row {record.key!r} was written, and taken out again by others at once")
    return Receipt(record.key, record.version, record.data, record.changed_at)


def _stream(name: str, source: Source) -> Stream:
    writable = source.single and bool(source.key)
    erases = writable and source.format in ERASES
    return Stream(
        name, source.model, push=writable, versioned=writable, findable=writable, erases=erases, batch=1000,
        known=tuple(filter(None, (*source.key, source.changed, source.id_column))),
    )  # fmt: skip
