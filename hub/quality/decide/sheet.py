"""Sheets: open pairs in a spreadsheet, a row each, and the decisions that come back from it."""

from __future__ import annotations

import csv as reading
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

from hub.errors import ConfigError
from hub.paper import Column, Table
from hub.paper.sheets import FORMULA, csv, xlsx
from hub.quality.decide.pairs import select
from hub.quality.decide.show import golden, listed
from hub.store import Tx
from hub.sync.follow import survivors

ACCEPT = ("accept", "merge", "yes", "y", "1", "ja")
REJECT = ("reject", "no", "n", "0", "nein")
ABOUT = ("emails", "phones", "addresses", "identifiers", "domain", "bank_accounts")
HEAD = ("pair", "decision", "keep", "cluster", "zone", "probability", "for", "against")
MARK = "pair-"  # an id of digits and an e alone is a number to a spreadsheet
KINDS = (".csv", ".xlsx")


class Row(NamedTuple):
    """One decision of a sheet."""

    line: int
    pair: str
    accept: bool
    keep: str | None
    sides: frozenset[str] = frozenset()  # the golden records the row names, where the sheet still has them


class Mistake(NamedTuple):
    """A row that cannot be read."""

    line: int
    text: str


def export(tx: Tx, file: Path, *, model: str | None = None, zone: str | None = None) -> int:
    """Write the open pairs into a CSV or XLSX file with an empty column for the decision; return how many."""
    kind = _kind(file)
    table = _table(tx, listed(tx, model=model, zone=zone))
    content = csv(table) if kind == ".csv" else xlsx([table])
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be written: {error.strerror}") from None
    return len(table.rows)


def _table(tx: Tx, pairs: Sequence[dict[str, Any]]) -> Table:
    sides = golden(tx, {p[side] for p in pairs for side in ("left", "right")})
    names = [
        *HEAD,
        *(f"{side}{name}" for name in ("", "_name", *(f"_{a}" for a in ABOUT), "_links") for side in ("left", "right")),
    ]
    rows = []
    for p in pairs:
        row: dict[str, Any] = {name: p.get(name) for name in ("pair", "cluster", "zone", "probability")}
        row["pair"] = MARK + p["pair"]
        row["probability"] = str(p["probability"])
        row["for"] = _said(p["levels"], for_it=True)
        row["against"] = _said(p["levels"], for_it=False)
        for side in ("left", "right"):
            values = sides[p[side]].values
            row[side], row[f"{side}_name"] = p[side], p[f"{side}_name"]
            row[f"{side}_links"] = ", ".join("/".join(link.values()) for link in p[f"{side}_links"])
            for about in ABOUT:
                own = [values[path] for path in sorted(values) if path.partition(".")[0] == about and values[path]]
                row[f"{side}_{about}"] = ", ".join(map(str, own))
        rows.append([row.get(name) for name in names])
    return Table(columns=tuple(Column(name, name) for name in names), rows=rows, name="Duplicates")


def _said(levels: Sequence[dict[str, Any]], *, for_it: bool) -> str:
    """What spoke for two records being one, or against it, the weightiest first."""
    some = [x for x in levels if (x.get("weight") or 0) != 0 and ((x.get("weight") or 0) > 0) == for_it]
    some.sort(key=lambda x: -abs(x["weight"]))
    return "; ".join(f"{x.get('comparison')}: {x.get('label')} ({x['weight']:+.1f})" for x in some)


def decisions(file: Path) -> Iterator[Row | Mistake]:
    """The decisions of a sheet, row by row; rows without one are left out. Raises ConfigError where it is no sheet."""
    rows = _csv(file) if _kind(file) == ".csv" else _xlsx(file)
    head = [str(name or "").strip().casefold() for name in next(rows, [])]
    lacks = [name for name in ("pair", "decision") if name not in head]
    if lacks:
        raise ConfigError(
            f"{file}: no column {', '.join(lacks)}; write the sheet with: hub duplicates export {file.name}"
        )
    for line, cells in enumerate(rows, 2):
        row = {name: _text(cell) for name, cell in zip(head, cells, strict=False)}
        said, id, keep = row.get("decision", "").casefold(), row.get("pair", "").casefold(), row.get("keep")
        if not said:
            continue
        if said not in (*ACCEPT, *REJECT):
            yield Mistake(line, f'decision "{row["decision"]}": write accept or reject, or leave it empty')
        elif not id:
            yield Mistake(line, "the pair's id is missing")
        else:
            sides = frozenset(row[side] for side in ("left", "right") if row.get(side))
            yield Row(line, id.removeprefix(MARK), said in ACCEPT, keep or None, sides)


def checked(tx: Tx, found: Iterable[Row | Mistake]) -> list[Row | Mistake]:
    """The rows with those told as mistakes that cannot be meant.

    These are: a pair nobody knows, one that stands twice (with two decisions neither counts), and a row whose golden
    records are not those of its pair, as happens when a single column was sorted.
    """
    every = list(found)
    known = {p.id: p for p in select(tx, "id IN ?", sorted({one.pair for one in every if isinstance(one, Row)}))}
    into = survivors(tx, {side for one in every if isinstance(one, Row) for side in one.sides})
    first: dict[str, Row] = {}
    said: dict[str, set[bool]] = {}
    for one in every:
        if isinstance(one, Row):
            first.setdefault(one.pair, one)
            said.setdefault(one.pair, set()).add(one.accept)
    out: list[Row | Mistake] = []
    for one in every:
        why = None
        if isinstance(one, Row):
            p = known.get(one.pair)
            if p is None:
                why = f"no pair {one.pair}; list them with: hub duplicates list"
            elif len(said[one.pair]) > 1:
                why = f"pair {one.pair} is accepted on one line and rejected on another; neither was done"
            elif first[one.pair] is not one:
                why = f"pair {one.pair} stands on line {first[one.pair].line} already"
            elif not {into.get(side, side) for side in one.sides} <= {p.left, p.right}:
                why = f"pair {one.pair} is of {' and '.join(p.sides)}, not of what this row names; was a column sorted alone?"
        out.append(one if why is None else Mistake(one.line, why))
    return out


def so_already(tx: Tx, rows: Iterable[Row]) -> set[str]:
    """The pairs about which a sheet says what was decided before, as when it is read once more."""
    asked = {row.pair: row.accept for row in rows}
    return {
        p.id
        for p in select(tx, "id IN ?", sorted(asked))
        if (p.one if asked[p.id] else p.state == "rejected" and not p.one)
    }


def _kind(file: Path) -> str:
    if file.suffix.casefold() not in KINDS:
        raise ConfigError(f"{file}: write a name that ends in {' or '.join(KINDS)}")
    return file.suffix.casefold()


def _csv(file: Path) -> Iterator[Sequence[Any]]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{file}: is no UTF-8 text; save it as CSV UTF-8") from None
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)  # spreadsheets of some countries write semicolons
    return iter(reading.reader(StringIO(text), delimiter=mark))


def _xlsx(file: Path) -> Iterator[Sequence[Any]]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(file, read_only=True, data_only=True)
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror or error}") from None
    except (BadZipFile, InvalidFileException, KeyError, ValueError):
        raise ConfigError(f"{file}: is no XLSX workbook") from None
    return iter(list(book.worksheets[0].iter_rows(values_only=True)))


def _text(cell: Any) -> str:
    text = "" if cell is None else str(cell).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
