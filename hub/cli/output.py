"""What the verbs print: JSON Lines for programs, tables for people, remarks on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer

from hub.cli.keys import KEYS

Json = Annotated[bool, typer.Option("--json", help="Print JSON Lines; the keys are in docs/cli.md.")]
Row = Mapping[str, Any]


def say(text: str) -> None:
    """Print a remark on stderr, so that stdout holds nothing but the answer."""
    typer.echo(text, err=True)


def line(row: Row, verb: str) -> None:
    """Print one row as a JSON line with exactly the documented keys of its verb."""
    import msgspec

    unknown = row.keys() - set(KEYS[verb])
    if unknown:
        raise KeyError(f"hub {verb} --json: undocumented keys {sorted(unknown)}")
    text = msgspec.json.encode({key: row.get(key) for key in KEYS[verb]})
    sys.stdout.write(text.decode() + "\n")


def rows(found: Iterable[Row], verb: str, *, json: bool, columns: Sequence[str] = (), empty: str = "nothing") -> int:
    """Print rows as JSON Lines or as a table of the columns, and return how many there were."""
    count = 0
    if json:
        for row in found:
            line(row, verb)
            count += 1
        return count
    kept = list(found)
    if kept:
        table(kept, columns or KEYS[verb])
    else:
        typer.echo(empty)
    return len(kept)


def table(found: Sequence[Row], columns: Sequence[str], styles: Callable[[Row], str | None] | None = None) -> None:
    """Print a table; columns in which every row is empty are left out."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    used = [name for name in columns if any(row.get(name) not in (None, "") for row in found)]
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for name in used:
        number = all(isinstance(row.get(name), int | None) for row in found)
        grid.add_column(name.replace("_", " "), justify="right" if number else "left", overflow="fold")
    for row in found:
        cells = [Text(shown(row.get(name))) for name in used]
        grid.add_row(*cells, style=styles(row) if styles else None)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=240)  # a file or a pipe has no edge to wrap at
    console.print(grid)


def shown(value: Any) -> str:
    """Write a value for people: money with its currency, an empty value as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date | str | int):
        return str(value)
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str):
        from hub.model import Money

        return str(Money(value[0], value[1]))
    if isinstance(value, list | tuple):
        return ", ".join(shown(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {shown(inner)}" for name, inner in value.items() if inner is not None)
    return str(value)
