"""A document as PDF: the same document gives the same bytes, on any machine and on any day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from hub.paper.document import (
    RIGHT,
    Block,
    Column,
    Document,
    Facts,
    Heading,
    PageBreak,
    Paragraph,
    Signatures,
    Table,
    shown,
)
from hub.paper.fonts import STRONG, TEXT, markup, register

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MARGIN = 56.7  # 2 cm
ROOM = 90  # points left on a page for a heading to stand there
HASH = 64  # signs without a blank
GREY, LINE = "#666666", "#999999"
SIZES = {1: 13.0, 2: 11.0, 3: 9.5}


def pdf(document: Document) -> bytes:
    """Write the document as PDF, A4."""
    from reportlab.lib.pagesizes import A4, landscape
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    register()
    size = landscape(A4) if document.landscape else A4
    out = BytesIO()
    template = BaseDocTemplate(
        out, pagesize=size, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN,
        title=document.title, author=document.author, subject=document.subtitle, invariant=1, pageCompression=1,
    )  # fmt: skip
    frame = Frame(MARGIN, MARGIN, size[0] - 2 * MARGIN, size[1] - 2 * MARGIN, 0, 0, 0, 0)
    template.addPageTemplates(PageTemplate("page", [frame]))
    width = size[0] - 2 * MARGIN
    story = [*_title(document), *(flow for block in document.blocks for flow in _flow(block, width))]
    template.build(story, canvasmaker=_numbered(document, size))
    return out.getvalue()


def _style(size: float = 9, font: str = TEXT, right: bool = False, colour: str = "#000000", **more: Any) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.lib.styles import ParagraphStyle

    return ParagraphStyle(
        "text", fontName=font, fontSize=size, leading=size * 1.35, alignment=2 if right else 0,
        textColor=HexColor(colour), splitLongWords=1, **more,
    )  # fmt: skip


def _words(text: str, **style: Any) -> Flowable:
    from reportlab.platypus import Paragraph as Words

    return Words(markup(text), _style(**style))


def _fact(text: str) -> Flowable:
    """A value beside its name; a hash is written so that sixty-four signs stand in one line."""
    return _words(text, size=8 if len(text) >= HASH and text.isalnum() else 9)


def _title(document: Document) -> Iterator[Flowable]:
    yield _words(document.title, size=17, font=STRONG, spaceAfter=4)
    if document.subtitle:
        yield _words(document.subtitle, size=10, colour=GREY, spaceAfter=10)


def _flow(block: Block, width: float) -> Iterator[Flowable]:
    from reportlab.platypus import CondPageBreak, Spacer
    from reportlab.platypus import PageBreak as NewPage

    match block:
        case Heading():
            yield CondPageBreak(ROOM)  # keepWithNext would push a long table to the next page as a whole
            yield _words(block.text, size=SIZES.get(block.level, 9.5), font=STRONG, spaceBefore=10, spaceAfter=4)
        case Paragraph():
            yield _words(block.text, font=STRONG if block.strong else TEXT, spaceAfter=6)
        case Facts():
            yield _grid([[_words(name, colour=GREY), _fact(shown(value))] for name, value in block.pairs],
                        [width * 0.28, width * 0.72])  # fmt: skip
            yield Spacer(1, 8)
        case Table():
            if block.name:
                yield from _flow(Heading(block.name, 2), width)
            yield _rows(block, width)
            yield Spacer(1, 8)
        case Signatures():
            yield from _places(block, width)
        case PageBreak():
            yield NewPage()


def _rows(table: Table, width: float) -> Flowable:
    if not table.rows:
        return _words(table.empty, colour=GREY)
    share = sum(column.width for column in table.columns)
    cells = [[_words(c.title, size=8, font=STRONG, right=c.kind in RIGHT) for c in table.columns]]
    cells += [_cells(table.columns, row, TEXT) for row in table.rows]
    cells += [_cells(table.columns, row, STRONG) for row in table.sums]
    last = len(table.rows)
    lines: list[Any] = [("LINEBELOW", (0, 0), (-1, 0), 0.7, LINE)]
    if table.sums:
        lines.append(("LINEABOVE", (0, last + 1), (-1, last + 1), 0.7, LINE))
    return _grid(cells, [width * c.width / share for c in table.columns], lines, repeat=1)


def _cells(columns: Sequence[Column], row: Sequence[Any], font: str) -> list[Flowable]:
    return [
        _words(shown(value), size=8, font=font, right=column.kind in RIGHT)
        for column, value in zip(columns, row, strict=True)
    ]


def _grid(cells: Any, widths: list[float], lines: Sequence[Any] = (), repeat: int = 0) -> Flowable:
    from reportlab.platypus import Table as Grid

    style = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 6),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5), *lines,
    ]  # fmt: skip
    return Grid(cells, colWidths=widths, repeatRows=repeat, splitInRow=1, style=style, hAlign="LEFT")


def _places(block: Signatures, width: float) -> Iterator[Flowable]:
    from reportlab.platypus import KeepTogether, Spacer

    cells = [[_words(signed or " "), _words("")] for _, signed in block.places]
    for (who, _), row in zip(block.places, cells, strict=True):
        grid = _grid([row, [_words(who, size=8, colour=GREY), _words("")]], [width * 0.5, width * 0.5],
                     [("LINEABOVE", (0, 1), (0, 1), 0.7, LINE)])  # fmt: skip
        yield KeepTogether([Spacer(1, 26), grid])


def _numbered(document: Document, size: tuple[float, float]) -> Any:
    """A canvas that knows at the end how many pages there are, and writes `page / pages` on each."""
    from reportlab.pdfgen.canvas import Canvas

    class Numbered(Canvas):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's name
            self.pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]

        def save(self) -> None:
            for number, page in enumerate(self.pages, 1):
                self.__dict__.update(page)
                _edge(self, document, size, f"{number} / {len(self.pages)}")
                super().showPage()
            super().save()

    return Numbered


def _edge(canvas: Any, document: Document, size: tuple[float, float], number: str) -> None:
    width = size[0] - 2 * MARGIN
    for text, x, y, right in (
        (document.head, MARGIN, size[1] - MARGIN * 0.7, False),
        (document.foot, MARGIN, MARGIN * 0.6, False),
        (number, MARGIN, MARGIN * 0.6, True),
    ):
        if text:
            words = _words(text, size=7.5, colour=GREY, right=right)
            words.wrapOn(canvas, width, 20)
            words.drawOn(canvas, x, y)
