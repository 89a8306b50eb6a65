"""Writes files anew with some rows changed and some added; a reader sees the old file or the new one, never half of it."""

from __future__ import annotations

import csv
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec

from hub.connect import Rejected
from hub_files.source import Source
from hub_files.tables import BATCH, headings, sheet_name, shown
from hub_files.text import Csv, Row, jsonl, opened

Change = Callable[[Row], Mapping[str, Any] | None]
"""Given a row, the columns to set in it; None leaves it as it stands, GONE leaves it out."""
GONE: Mapping[str, Any] = {}
ERASES = frozenset({"csv", "jsonl", "parquet"})  # a row taken out of a workbook would shift what formulas point at


class Moved(Exception):  # noqa: N818  no failure: it is tried again
    """The file was changed by someone else since it was looked at."""


def stand(file: Path) -> tuple[int, int, int] | None:
    """What tells one state of a file from another; None where there is none."""
    with suppress(FileNotFoundError):
        stat = file.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
    return None


@contextmanager
def replaced(file: Path, before: tuple[int, int, int] | None) -> Iterator[Path]:
    """Yield a path beside `file` that takes its place when the block ends well, and goes when it does not.

    Raises Moved where the file no longer stands as `before`.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=file.suffix, dir=file.parent)
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        if file.exists():
            shutil.copymode(file, beside)
        else:
            beside.chmod(0o644)
        _to_disk(beside)
        if stand(file) != before:
            raise Moved
        beside.replace(file)
        _to_disk(file.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            beside.unlink()
        raise


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def rewrite(
    file: Path,
    before: tuple[int, int, int] | None,
    source: Source,
    change: Change,
    adds: Sequence[Mapping[str, Any]],
    columns: list[str],
) -> None:
    """Replace `file`: `change` says what becomes of each row, `adds` follow; `columns` are all that are set.

    Raises Moved where it no longer stands as `before`, Rejected where a value does not fit.
    """
    with replaced(file, before) as beside:
        WRITERS[source.format](file, beside, source, change, adds, columns)


def _csv(
    file: Path, beside: Path, source: Source, change: Change, adds: Sequence[Mapping[str, Any]], columns: list[str]
) -> None:
    there = file.is_file() and file.stat().st_size > 0
    marked = there and file.open("rb").read(3) == b"\xef\xbb\xbf"
    plain = source.encoding.lower().replace("_", "-") == "utf-8-sig"
    encoding = ("utf-8-sig" if marked else "utf-8") if plain else source.encoding
    with opened(file, source) if there else io.TextIOWrapper(io.BytesIO()) as old:
        table = Csv(old, file, source) if there else None
        header, end = (list(table.header), table.end) if table else ([], "\n")
        wider = [name for name in columns if name not in header]
        header += wider
        with beside.open("w", encoding=encoding, errors="surrogateescape", newline="") as new:
            out = csv.writer(new, delimiter=table.delimiter if table else source.delimiter or ",", lineterminator=end)
            if wider or table is None:
                out.writerow(header)
            else:
                new.write(_ended(table.head, end))
            for row in table or ():
                values = row.values
                changed = change(row) if values is not None else None
                if changed is GONE:
                    continue
                if values is None or (changed is None and not wider):
                    new.write(_ended(row.text, end))  # as it stands, its quotes and its faults included
                else:
                    whole = values | {name: _text(value) for name, value in (changed or {}).items()}
                    out.writerow([whole.get(name, "") for name in header])
            for add in adds:
                out.writerow([_text(add.get(name)) for name in header])


def _ended(text: str, end: str) -> str:
    return text if text.endswith(("\n", "\r")) else text + end


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _jsonl(
    file: Path, beside: Path, source: Source, change: Change, adds: Sequence[Mapping[str, Any]], columns: list[str]
) -> None:
    encoding = "utf-8" if source.encoding.lower().startswith("utf") else source.encoding
    with beside.open("wb") as new:
        if file.is_file():
            with file.open("rb") as old:
                for row in jsonl(old, source):
                    changed = change(row) if row.values is not None else None
                    if changed is GONE:
                        continue
                    if changed is None:
                        new.write(_ended(row.text, "\n").encode(encoding, "surrogateescape"))
                    else:
                        new.write(_line({**(row.values or {}), **changed}, encoding))
        for add in adds:
            new.write(_line(add, encoding))


def _line(values: Mapping[str, Any], encoding: str) -> bytes:
    text = msgspec.json.encode(values)
    return (text if encoding == "utf-8" else text.decode().encode(encoding)) + b"\n"


def _parquet(
    file: Path, beside: Path, source: Source, change: Change, adds: Sequence[Mapping[str, Any]], columns: list[str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    there = file.is_file()
    old = pq.ParquetFile(file) if there else None
    schema = old.schema_arrow if old else pa.schema([])
    for name in columns:
        if name not in schema.names:
            schema = schema.append(pa.field(name, pa.string()))
    try:
        with pq.ParquetWriter(beside, schema, compression="zstd") as new:
            number = 0
            for batch in old.iter_batches(batch_size=BATCH) if old else ():
                rows = []
                for values in batch.to_pylist():
                    number += 1
                    changed = change(Row(number, values))
                    if changed is GONE:
                        continue
                    if changed is not None:
                        values.update({n: fitting(v, schema.field(n).type) for n, v in changed.items()})
                    rows.append(values)
                new.write_table(pa.Table.from_pylist(rows, schema))
            more = [{n: fitting(v, schema.field(n).type) for n, v in add.items()} for add in adds]
            if more or not there:
                new.write_table(pa.Table.from_pylist(more, schema))
    finally:
        if old:
            old.close()


def fitting(value: Any, kind: Any) -> Any:
    """The value in a Parquet column's type. Raises Rejected where it does not fit."""
    import pyarrow as pa

    if value is None:
        return None
    try:
        made = pa.scalar(_text(value)).cast(kind) if not pa.types.is_nested(kind) else pa.scalar(value, kind)
        return made.as_py()
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise Rejected(f"{value!r} does not fit a column of type {kind}: {error}") from None


def _xlsx(
    file: Path, beside: Path, source: Source, change: Change, adds: Sequence[Mapping[str, Any]], columns: list[str]
) -> None:
    from openpyxl import Workbook, load_workbook

    book: Any = load_workbook(file, keep_vba=file.suffix == ".xlsm") if file.is_file() else Workbook()
    if not file.is_file() and source.sheet:
        book.active.title = source.sheet
    sheet = book[sheet_name(book.sheetnames, file, source)]
    header: list[str] = []
    at = last = 0
    for at, cells in enumerate(sheet.iter_rows(), 1):
        values = [shown(cell) for cell in cells]
        if any(value is not None for value in values):
            last = at
        if not header:
            header = headings(values, file, source)
            if header:
                header = _widen(sheet, at, header, columns)
        elif last == at:
            values += [None] * (len(header) - len(values))
            changed = change(Row(at, {n: v for n, v in zip(header, values, strict=False) if n}))
            for name, value in (changed or {}).items():
                _put(sheet, at, header.index(name) + 1, value)
    if not header:
        header, last = _widen(sheet, 1, [], columns), 1
    for at, add in enumerate(adds, last + 1):
        for name, value in add.items():
            _put(sheet, at, header.index(name) + 1, value)
    book.save(beside)


def _widen(sheet: Any, row: int, header: list[str], columns: list[str]) -> list[str]:
    for name in columns:
        if name not in header:
            header = [*header, name]
            sheet.cell(row, len(header), name)
    return header


def _put(sheet: Any, row: int, column: int, value: Any) -> None:
    cell = sheet.cell(row, column)
    cell.value = value if value is None or isinstance(value, (str, int, float, bool)) else _text(value)
    if isinstance(value, str):
        cell.data_type = "s"  # text that begins with = is text, not a formula


WRITERS: dict[str, Callable[..., None]] = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet, "xlsx": _xlsx}
