"""Documents as PDF, tables as CSV and XLSX: the same bytes each time, every script, exact amounts."""

from __future__ import annotations

import csv as reading
import subprocess
import sys
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from hub.model import Money
from hub.paper import Column, Document, Facts, Heading, PageBreak, Paragraph, Signatures, Table
from hub.paper.fonts import CHINESE, JAPANESE, KOREAN, LACKING, runs
from hub.paper.pdf import pdf
from hub.paper.sheets import csv, xlsx

COLUMNS = (Column("number", "Number"), Column("due_on", "Due", "day"), Column("open", "Open", "money"))


def table(rows: int = 2) -> Table:
    kept = [(f"INV-{n}", date(2026, 3, 1), Money(1010 * n, "EUR")) for n in range(1, rows + 1)]
    return Table(COLUMNS, kept, (("Sum", None, Money(sum(r[2].minor for r in kept), "EUR")),), "Open items")


def document(rows: int = 2, name: str = "Łódź Čapek Ő Ελλάδα Ünal") -> Document:
    return Document(
        "Statement of account",
        (
            Facts((("Customer", name), ("Day", date(2026, 3, 31)))),
            Paragraph("Please <b>pay</b> & answer.\nThank you."),
            table(rows),
            Heading("Approval"),
            Signatures((("Head of finance", ""),)),
        ),
        foot="hub",
    )


def words(data: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(data)).pages)


def test_the_same_document_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.test_paper import document, table\nfrom hub.paper.pdf import pdf\nfrom hub.paper.sheets import xlsx\n"
        "import hashlib; print(hashlib.sha256(pdf(document()) + xlsx([table()])).hexdigest())"
    )
    seen = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    }
    assert len(seen) == 1
    assert pdf(document()) == pdf(document())
    assert pdf(document()) != pdf(document(3))


def test_every_character_of_european_scripts_is_in_the_embedded_font() -> None:
    found = words(pdf(document()))
    for part in ("Łódź", "Čapek", "Ő", "Ελλάδα", "Ünal", "INV-1", "20.20 EUR", "30.30 EUR", "2026-03-01"):
        assert part in found, part
    for fragment in ("ČčŁłŐőŰűŘřŢţȘșĞğİıŚśŻż", "ΑΒΓαβγάέή", "ЖжЩщЇї", "€£¥₽"):
        assert runs(fragment) == [(None, fragment)]


@pytest.mark.parametrize(
    ("text", "font"), [("深圳市贸易有限公司", CHINESE), ("株式会社サンプル", JAPANESE), ("주식회사 예시", KOREAN)]
)
def test_chinese_japanese_and_korean_take_the_font_of_their_language(text: str, font: str) -> None:
    assert {name for name, part in runs(text) if part.strip()} == {font}
    data = pdf(document(name=f"A {text} Ł"))
    found = words(data)
    assert text.replace(" ", "") in found.replace(" ", "")
    assert font.encode() in data


def test_a_character_no_font_has_is_shown_as_lacking_and_markup_is_text() -> None:
    assert runs("a\U00012000b") == [(None, f"a{LACKING}b")]
    found = words(pdf(document(name="<font size=99>x</font> & Sons")))
    assert "<font size=99>x</font> & Sons" in found
    assert "Please <b>pay</b> & answer." in found


def test_pages_are_numbered_with_their_total_and_tables_repeat_their_head() -> None:
    data = pdf(document(200))
    pages = [page.extract_text() for page in PdfReader(BytesIO(data)).pages]
    assert len(pages) > 3
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
    assert all("Number" in page for page in pages if "INV-" in page)
    assert "INV-1\n" in pages[0]
    assert (
        len(PdfReader(BytesIO(pdf(Document("x", (PageBreak(), Paragraph("a"), PageBreak(), Paragraph("b")))))).pages)
        == 3
    )


def test_a_table_too_wide_for_a_word_still_fits() -> None:
    wide = Table(COLUMNS, [("X" * 3000, None, Money(1, "EUR"))])
    assert "0.01 EUR" in words(pdf(Document("wide", (wide,))))


def test_csv_is_exact_and_starts_no_formula() -> None:
    rows = [("=cmd|' /C calc'!A0", date(2026, 1, 2), Money(-5, "JPY")), ('a,"b"\nč', None, Money(1, "KWD"))]
    data = csv(Table(COLUMNS, rows))
    assert data.startswith(b"\xef\xbb\xbf")
    kept = list(reading.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    assert kept[0] == ["number", "due_on", "open", "open_currency"]
    assert kept[1] == ["'=cmd|' /C calc'!A0", "2026-01-02", "-5", "JPY"]
    assert kept[2] == ['a,"b"\nč', "", "0.001", "KWD"]


def test_xlsx_holds_numbers_days_and_text_as_what_they_are() -> None:
    odd: list[Any] = [("=1+1", date(2026, 1, 2), Money(123456789012345, "EUR")), ("\x01ok", None, None)]
    data = xlsx([Table(COLUMNS, odd, name="a/b"), Table(COLUMNS, [], name="a/b")])
    book = openpyxl.load_workbook(BytesIO(data))
    assert book.sheetnames == ["a b", "a b 2"]
    sheet = book["a b"]
    assert [c.value for c in sheet[1]] == ["Number", "Due", "Open", "Open (currency)"]
    assert sheet["A2"].value == "=1+1"
    assert sheet["A2"].data_type == "s"
    assert sheet["B2"].value.date() == date(2026, 1, 2)
    assert Decimal(str(sheet["C2"].value)) == Decimal("1234567890123.45")
    assert sheet["D2"].value == "EUR"
    assert sheet["A3"].value == " ok"
    assert xlsx([table()]) == xlsx([table()])
