"""Progress of long work: a bar when a person watches, a plain line now and then when not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hub.cli.output import say

EVERY = 10.0  # seconds between two plain lines


@contextmanager
def progress() -> Iterator[Callable[[Any], None]]:
    """Yield the function that is told each step: an object with `connection`, `stream`, `name`, `done` and `total`."""
    if not sys.stderr.isatty():
        yield Lines(time.monotonic)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def step(at: Any) -> None:
            name = label(at)
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=None)
            bars.update(tasks[name], completed=getattr(at, "done", 0), total=getattr(at, "total", None))

        yield step


def label(at: Any) -> str:
    """Name a step: `crm companies: pull`."""
    where = " ".join(part for part in (getattr(at, "connection", None), getattr(at, "stream", None)) if part)
    name = str(getattr(at, "name", "") or "")
    return ": ".join(part for part in (where, name) if part)


class Lines:
    """A plain line about the step at hand, at most one in ten seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.next = clock() + EVERY

    def __call__(self, at: Any) -> None:
        if self.clock() >= self.next:
            self.next = self.clock() + EVERY
            total = getattr(at, "total", None)
            say(f"{label(at)} {getattr(at, 'done', 0)}{f' of {total}' if total else ''}")
