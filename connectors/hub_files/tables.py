"""Reads Parquet and XLSX a batch at a time, their values made JSON-safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from hub.connect import ConfigError
from hub_files.source import Source
from hub_files.text import Row

BATCH = 1000


def parquet(file: Path, source: Source) -> Iterator[Row]:
    """Read a Parquet file; decimals, days and moments become text, exactly."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        source.columns(list(table.schema_arrow.names), file)
        number = 0
        for batch in table.iter_batches(batch_size=BATCH):
            for values in batch.to_pylist():
                number += 1
                yield Row(number, {name: safe(value) for name, value in values.items()})


def xlsx(file: Path, source: Source) -> Iterator[Row]:
    """Read a sheet; formulas give the value they had when the file was last saved."""
    from openpyxl import load_workbook

    with closing(load_workbook(file, read_only=True, data_only=True)) as book:
        sheet = book[sheet_name(book.sheetnames, file, source)]
        rows = sheet.iter_rows()
        header: list[str] = []
        for number, cells in enumerate(rows, 1):
            values = [shown(cell) for cell in cells]
            if not header:
                header = headings(values, file, source)
            elif any(value is not None for value in values):
                if any(value is not None for value in values[len(header) :]):
                    yield Row(number, None, f"has values beyond the {len(header)} columns", repr(values))
                    continue
                values += [None] * (len(header) - len(values))
                yield Row(number, {name: v for name, v in zip(header, values, strict=False) if name})


def headings(values: list[Any], file: Path, source: Source) -> list[str]:
    """The column names of a sheet's first row that holds any."""
    while values and values[-1] is None:
        values.pop()
    names = [str(value).strip() if value is not None else "" for value in values]
    source.columns([name for name in names if name], file)
    return names


def sheet_name(names: list[str], file: Path, source: Source) -> str:
    """The sheet set, or the first. Raises ConfigError for one that is not there."""
    if source.sheet and source.sheet not in names:
        raise ConfigError(f"{file}: no sheet {source.sheet!r}; there are {', '.join(names)}")
    return source.sheet or names[0]


def shown(cell: Any) -> Any:
    """A cell's value; a whole number under a format such as 00000 keeps the zeros that a person sees."""
    value = cell.value
    if isinstance(value, int) and not isinstance(value, bool):
        form = cell.number_format or ""
        return str(value).zfill(len(form)) if re.fullmatch("00+", form) else value
    return safe(value)


def safe(value: Any) -> Any:
    """The same value in JSON's types."""
    if value is None or isinstance(value, (str, int, bool)):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return msgspec.to_builtins(value, builtin_types=())
