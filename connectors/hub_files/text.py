"""Reads CSV and JSON Lines a row at a time; a row that cannot be read is told with its line, and the next one follows."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from hub.connect import ConfigError
from hub_files.source import Source

DELIMITERS = ",;\t|"
UTF_16 = ("\udcff\udcfe", "\udcfe\udcff")  # its mark in front, read as another encoding
FAULTS = {"unexpected end of data": "opens a quote that is not closed"}  # in words that a person knows
LONGEST = 1000  # lines one row may take; beyond it a quote was left open


@dataclass(slots=True)
class Row:
    """One row of a file: its values, or the fault that keeps it out; `text` is how it stands there, where it is text."""

    line: int
    values: dict[str, Any] | None
    fault: str = ""
    text: str = ""
    json: bytes = b""  # the values as they stand in the file, where that is JSON

    @property
    def data(self) -> bytes:
        """The values as JSON."""
        return self.json or msgspec.json.encode(self.values)


def opened(file: Path, source: Source) -> TextIOWrapper:
    """Open a text file so that bytes that are no text survive, and can be told."""
    return file.open(encoding=source.encoding, errors="surrogateescape", newline="")


def undecodable(text: str) -> bool:
    """Whether bytes stood here that the encoding does not know."""
    return not text.isascii() and any("\udc80" <= sign <= "\udcff" for sign in text)


def delimiter(header: str, source: Source) -> str:
    """The delimiter set, or the sign of , ; tab | that stands most often in the first line."""
    return source.delimiter or max(DELIMITERS, key=lambda sign: (header.count(sign), -DELIMITERS.index(sign)))


class Csv:
    """A CSV file that is being read: `header` at once, then its rows. Everything is text, so zeros in front stay."""

    def __init__(self, stream: TextIOWrapper, file: Path, source: Source) -> None:
        self.source = source
        self._stream = iter(stream)
        self._back: deque[str] = deque()
        self.line = 0
        first = next(self._stream, "")
        self._back.append(first)
        self.end = "\r\n" if first.endswith("\r\n") else "\n"
        self.delimiter = delimiter(first, source)
        names, fault, taken = self._next() or ([], "", [])
        self.head = "".join(taken)
        if undecodable(self.head):
            meant = "utf-16" if self.head[:2] in UTF_16 else "cp1252"
            fault = f"is not in {source.encoding}; say its encoding under the stream, such as encoding = {meant!r}"
        elif taken and not names:
            fault = f"{fault or 'is empty'}; the first line must name the columns"
        if fault:
            raise ConfigError(f"{file}, line 1: {fault}")
        named = [name.strip() or f"column {at}" for at, name in enumerate(names, 1)]  # spreadsheets leave empty ones
        self.header = source.columns(named, file) if names else []

    def __iter__(self) -> Iterator[Row]:
        while (found := self._next()) is not None:
            values, fault, taken = found
            at, text = self.line - len(taken) + 1, "".join(taken)
            if not fault and not values:
                continue  # an empty line
            if not fault and len(values) != len(self.header):
                fault = f"has {len(values)} values for {len(self.header)} columns"
            if not fault and undecodable(text):
                fault = f"holds bytes that are not {self.source.encoding}; is that the stream's encoding?"
            if fault:
                self._back.extendleft(reversed(taken[1:]))  # a quote left open must not swallow the lines behind it
                self.line = at
                yield Row(at, None, fault, taken[0])
            else:
                yield Row(at, dict(zip(self.header, values, strict=True)), text=text)

    def _next(self) -> tuple[list[str], str, list[str]] | None:
        taken: list[str] = []

        def lines() -> Iterator[str]:
            while len(taken) < LONGEST:
                line = self._back.popleft() if self._back else next(self._stream, "")
                if not line:
                    return
                taken.append(line)
                self.line += 1
                yield line

        try:
            values, fault = next(csv.reader(lines(), delimiter=self.delimiter, strict=True), None), ""
        except csv.Error as error:
            values, fault = [], FAULTS.get(str(error), str(error))
        if not taken:
            return None
        return values or [], fault, taken


def jsonl(stream: BinaryIO, source: Source) -> Iterator[Row]:
    """Read JSON Lines: an object a line."""
    plain = source.encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    for number, raw in enumerate(stream, 1):
        line = raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw
        try:
            text = line.decode("utf-8" if plain else source.encoding)
            if not text.strip():
                continue
            values = msgspec.json.decode(text)
            if not isinstance(values, dict):
                raise TypeError("is no JSON object")
        except (ValueError, TypeError, msgspec.DecodeError) as error:
            yield Row(number, None, str(error), line.decode("utf-8", "surrogateescape"))
        else:
            yield Row(number, values, text=text, json=text.strip().encode())
