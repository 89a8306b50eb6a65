"""Which font shows which character: DejaVu Sans is embedded, Chinese, Japanese and Korean use the reader's own fonts.

DejaVu (hub/paper/fonts, with its licence) covers Latin with all its extensions, Greek, Cyrillic and more. The fonts of
East Asia are named, not embedded: every PDF reader brings one for each of these four collections, and a file stays
small. https://pdfa.org/resource/iso-32000-pdf/ 9.7.5.2 lists them.
"""

from __future__ import annotations

from functools import cache
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent / "fonts"
TEXT, STRONG = "DejaVuSans", "DejaVuSans-Bold"
CHINESE, JAPANESE, KOREAN = "STSong-Light", "HeiseiMin-W3", "HYSMyeongJo-Medium"
KANA = range(0x3040, 0x3100)
HANGUL = (range(0x1100, 0x1200), range(0x3130, 0x3190), range(0xAC00, 0xD7A4))
EAST = (
    range(0x2E80, 0x3040), range(0x3100, 0x3130), range(0x3190, 0xA4D0), range(0xF900, 0xFB00), range(0xFE30, 0xFE50),
    range(0xFF00, 0xFFF0), range(0x20000, 0x2FA20),
)  # fmt: skip
LACKING = "\N{REPLACEMENT CHARACTER}"


@cache
def register() -> frozenset[int]:
    """Make the fonts known to reportlab, once; return the characters DejaVu has."""
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont, registerFontFamily
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = {name: TTFont(name, str(FOLDER / f"{name}.ttf")) for name in (TEXT, STRONG)}
    for font in fonts.values():
        registerFont(font)
    registerFontFamily(TEXT, normal=TEXT, bold=STRONG, italic=TEXT, boldItalic=STRONG)
    for name in (CHINESE, JAPANESE, KOREAN):
        registerFont(UnicodeCIDFont(name))
    return frozenset(fonts[TEXT].face.charToGlyph)


def runs(text: str) -> list[tuple[str | None, str]]:
    """Part a text by font: None is the style's own, else the name of an East Asian one.

    Han characters are written in the Japanese form beside kana, in the Korean one beside hangul, else in the Chinese.
    """
    there = register()
    east = CHINESE
    if any(ord(c) in KANA for c in text):
        east = JAPANESE
    elif any(ord(c) in part for c in text for part in HANGUL):
        east = KOREAN

    def font(char: str) -> str | None:
        code = ord(char)
        if code in KANA or any(code in part for part in (*EAST, *HANGUL)):
            return east
        return None

    parted: list[tuple[str | None, str]] = []
    for name, chars in groupby(text, font):
        part = "".join(chars)
        if name is None:
            part = "".join(c if c in "\n\t" or ord(c) in there else LACKING for c in part)
        parted.append((name, part))
    return parted


def markup(text: str) -> str:
    """The text as reportlab's markup: nothing in it is taken for a tag, each part names its font."""
    out = []
    for name, part in runs(text):
        safe = escape(part).replace("\n", "<br/>")
        out.append(safe if name is None else f'<font name="{name}">{safe}</font>')
    return "".join(out)
