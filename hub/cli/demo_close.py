"""`hub demo close`: a small line is closed from end to end, and two people are asked to sign on the way."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import typer

from hub.errors import ConfigError


def close(keep: Path | None) -> None:
    """Close a line; the project folder with its archive, statements and certificate is kept where asked."""
    for needed in ("aiosmtpd", "pymap"):
        if find_spec(needed) is None:
            raise ConfigError(f"the demo needs {needed}; install it with: pip install 'hub[demo]'")
    from rich.console import Console

    from hub.demo.closing import live
    from hub.demo.screen import Screen

    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise ConfigError(f"{keep}: not empty; name a new folder")
    folder = Path(tempfile.mkdtemp(prefix="hub-demo-")) if keep is None else keep
    console, begun = Console(), time.monotonic()
    screen = Screen(console)
    try:
        console.print("[bold]Nordlicht Pumpen GmbH[/bold] gives up its boilers.")
        live(folder, screen, _ask)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    told = "All of it came true" if not screen.wrong else f"{screen.wrong} things did not come true"
    console.print(f"\n{told}, in {time.monotonic() - begun:.0f} s.")
    if keep is not None:
        console.print(f"archive, statements, certificate and report are in {keep}", soft_wrap=True)
    else:
        console.print("to keep archive, statements, certificate and report: hub demo close --keep DIR", soft_wrap=True)
    if screen.wrong:
        raise typer.Exit(1)


def _ask(person: str, what: str) -> bool:
    """Ask whoever watches to sign for the person; where nobody watches, the person signs."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    return typer.confirm(f"   you are {person}: do you sign {what}?", default=True)
