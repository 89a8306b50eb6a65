"""Tables for spreadsheets: CSV and XLSX, the same bytes for the same tables.

Text that a spreadsheet would take for a formula is marked as text: a payer called `=cmd()` must not run anywhere.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import csv as writing
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

from hub.model import Money
from hub.model.money import decimals
from hub.paper.document import RIGHT, Table, plain

FORMULA = ("=", "+", "-", "@", "\t", "\r")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the oldest time a ZIP file can hold


def csv(table: Table) -> bytes:
    """Write a table's rows as CSV (RFC 4180, UTF-8 with a mark so that spreadsheets see it); sums are left out.

    A column of money is followed by one with its currency.
    """
    out = StringIO()
    writer = writing.writer(out, lineterminator="\r\n")
    writer.writerow(_names(table))
    for row in table.rows:
        writer.writerow(list(_plain(table, row)))
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def xlsx(tables: Sequence[Table]) -> bytes:
    """Write tables as an XLSX workbook, a sheet each; amounts are numbers with their currency's decimals."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.creator = "hub"
    book.properties.created = book.properties.modified = datetime(1980, 1, 1)
    for number, table in enumerate(tables, 1):
        sheet = book.create_sheet(_sheet_name(table, number, book.sheetnames))
        sheet.append([c.title if not suffix else f"{c.title} (currency)" for c, suffix in _columns(table)])
        for at, row in enumerate((*table.rows, *table.sums), 2):
            for place, (value, kind) in enumerate(_typed(table, row), 1):
                cell = sheet.cell(at, place)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
                elif kind:
                    cell.number_format = kind
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for place, (column, _) in enumerate(_columns(table), 1):
            sheet.column_dimensions[get_column_letter(place)].width = 12 * max(column.width, 0.8)
        sheet.freeze_panes = "A2"
    out = BytesIO()
    book.save(out)
    return _steady(out.getvalue())


def _columns(table: Table) -> Iterator[tuple[Any, bool]]:
    for column in table.columns:
        yield column, False
        if column.kind == "money":
            yield column, True


def _names(table: Table) -> list[str]:
    return [f"{c.key}_currency" if currency else c.key for c, currency in _columns(table)]


def _plain(table: Table, row: Sequence[Any]) -> Iterator[str]:
    for column, value in zip(table.columns, row, strict=True):
        text, code = plain(value)
        number = column.kind in RIGHT or isinstance(value, Money | Decimal | int)
        yield text if number or not text.startswith(FORMULA) else f"'{text}"
        if column.kind == "money":
            yield code or ""


def _typed(table: Table, row: Sequence[Any]) -> Iterator[tuple[Any, str]]:
    for column, value in zip(table.columns, row, strict=True):
        if isinstance(value, Money):
            places = decimals(value.currency)
            yield value.amount, "#,##0" + ("." + "0" * places if places else "")
        elif isinstance(value, datetime):
            yield value.replace(tzinfo=None), "yyyy-mm-dd hh:mm"
        elif isinstance(value, date):
            yield value, "yyyy-mm-dd"
        elif value is None or isinstance(value, bool | int | Decimal):
            yield value, ""
        else:
            yield _legal(str(value)), ""
        if column.kind == "money":
            yield (value.currency if isinstance(value, Money) else None), ""


def _legal(text: str) -> str:
    """XML knows no control characters; 32,767 is what a cell holds."""
    return "".join(c if c >= " " or c in "\n\t" else " " for c in text)[:32_767]


def _sheet_name(table: Table, number: int, taken: Sequence[str]) -> str:
    name = "".join(" " if c in r"[]:*?/\'" else c for c in table.name).strip()[:31] or f"Sheet {number}"
    return name if name not in taken else f"{name[:26]} {number}"


def _steady(book: bytes) -> bytes:
    """The same archive with the times of its members fixed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist()):
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            content = old.read(name)
            if name == "docProps/core.xml":
                content = _fixed(content)
            new.writestr(info, content)
    return out.getvalue()


def _fixed(core: bytes) -> bytes:
    """openpyxl writes the moment of saving whatever it is told."""
    import re

    return re.sub(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*", rb"\g<1>1980-01-01T00:00:00Z", core)
