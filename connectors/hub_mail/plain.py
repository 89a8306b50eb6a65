"""HTML to readable text, for mails that bring no plain one."""

from __future__ import annotations

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    [
        "address",
        "blockquote",
        "br",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "li",
        "ol",
        "p",
        "pre",
        "table",
        "tr",
        "ul",
    ]
)
APART = frozenset(
    ["blockquote", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"]
)  # an empty line stands around these
CELLS = frozenset(("td", "th"))
SILENT = frozenset(("head", "script", "style", "title"))


def plain(html: str) -> str:
    """The text a person would read in the HTML: blocks on lines of their own, links with their address behind."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(reader.out).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.silent = 0
        self.links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self.silent += 1
        elif tag in BLOCKS:
            self.out.append("\n\n" if tag in APART else "\n")
            self.out.append("- " if tag == "li" else "")
        elif tag in CELLS:
            self.out.append(" ")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.out)))

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in BLOCKS and tag != "br":
            self.out.append("\n\n" if tag in APART else "\n")
        elif tag == "a" and self.links:
            href, start = self.links.pop()
            said = "".join(self.out[start:])
            if href.startswith(("http://", "https://")) and href not in said:
                self.out.append(f" <{href}>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(re.sub(r"\s+", " ", data))
