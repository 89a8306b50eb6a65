"""What the demo shows: a heading a step, a table of what happened, and whether it is true."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.table import Table

from hub.sync.report import Run, Step


class Screen:
    """The demo's output; it counts what did not come true."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.wrong = 0

    def step(self, number: int, title: str) -> None:
        """Begin a step."""
        self.console.print(f"\n[bold]{number}. {title}[/bold]", highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """Say what people or the hub do."""
        self.console.print(f"   {text}", highlight=False, soft_wrap=True)

    @contextmanager
    def working(self) -> Iterator[Callable[[Step], None]]:
        """Show how far the hub is while it works, where a person watches."""
        with self.console.status("[dim]the hub works[/dim]") as status:
            yield lambda at: status.update(f"[dim]{at.connection} {at.stream}: {at.done} {at.name}[/dim]")

    def ran(self, run: Run) -> None:
        """Show what a run did, a row a stream that moved."""
        rows = [
            (
                c.connection,
                c.stream,
                c.read,
                c.created,
                c.changed,
                c.quarantined or "",
                c.written or "",
                c.refused or "",
            )
            for c in run.counts
            if c.created or c.changed or c.written or c.refused or c.quarantined
        ]
        if rows:
            self.table(("connection", "stream", "read", "new", "changed", "quarantined", "written", "refused"), rows)
        self.say(f"[dim]{run.written} written into other systems[/dim]")

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Show a table."""
        table = Table(*columns, box=None, pad_edge=True, header_style="dim", padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*("" if cell is None else str(cell) for cell in row))
        self.console.print(table)

    def check(self, what: str, true: bool, seen: object = "") -> None:
        """Say that something is so, or that it is not."""
        mark = "[green]✓[/green]" if true else "[red]✗[/red]"
        shown = f"  [cyan]{seen}[/cyan]" if seen != "" else ""
        self.console.print(f"   {mark} {what}{shown}", highlight=False, soft_wrap=True)
        self.wrong += not true
