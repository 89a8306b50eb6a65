"""`hub demo`: one day of a small company, with real systems on loopback."""

from __future__ import annotations

import shutil
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer

from hub.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from hub.demo.systems import Systems

SCENES = ("day", "finance", "close")


def demo(
    scene: Annotated[
        str,
        typer.Argument(
            help="day: eight things that happen to a company; finance: a morning of payments; close: the end of a line."
        ),
    ] = "day",
    keep: Annotated[
        Path | None, typer.Option(help="Keep the project folder here, to look around in with the other verbs.")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Leave the systems running until Ctrl-C, to try every verb with them.")
    ] = False,
) -> None:
    """Start an ERP, a CRM, a payment provider and a mailbox on loopback, and live one day of a company with them."""
    if scene not in SCENES:
        raise ConfigError(f"no scene {scene!r} in the demo; there are: {', '.join(SCENES)}")
    if scene == "close":
        if stay:
            raise ConfigError("--stay is for the scenes day and finance: a closed line leaves nothing running")
        from hub.cli.demo_close import close

        close(keep)
        return
    for needed in ("aiosmtpd", "pymap", "trytond"):
        if find_spec(needed) is None:
            raise ConfigError(f"the demo needs {needed}; install it with: pip install 'hub[demo]'")
    from rich.console import Console

    from hub.config import cache_folder
    from hub.demo import day, finance
    from hub.demo.project import write
    from hub.demo.screen import Screen
    from hub.demo.seed import seed
    from hub.demo.systems import Systems

    console = Console()
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="hub-demo-")) if keep is None else keep
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise ConfigError(f"{keep}: not empty; name a new folder")
    screen = Screen(console)
    try:
        console.print(
            f"[bold]Nordlicht Pumpen GmbH[/bold], one {'day' if scene == 'day' else 'morning'}. Systems start on loopback:"
        )
        with Systems(cache_folder(), screen.say) as systems:
            write(folder, systems)
            if scene == "finance":
                finance.live(folder, systems, screen)
            else:
                screen.say(
                    "people have worked in them for years: names differ, fields are missing, records were deleted"
                )
                with console.status("[dim]they work[/dim]"):
                    ids = seed(systems)
                day.live(folder, systems, ids, screen)
            if stay:
                _stay(console, folder, systems)
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    console.print(f"\n{'All of it came true' if not screen.wrong else f'{screen.wrong} things did not come true'}, "
                  f"in {time.monotonic() - begun:.0f} s.")  # fmt: skip
    console.print(
        "What to try next: [bold]hub init mine[/bold], write your connections into mine/hub.toml, then:", soft_wrap=True
    )
    console.print("  hub check               do address and credentials work?")
    console.print("  hub sync --dry-run      who is who, what differs, who would win")
    console.print("  hub sync                and again: 0 written")
    console.print("  hub connector new acme  a connector of your own in 20 minutes")
    if screen.wrong:
        raise typer.Exit(1)


def _stay(console: Console, folder: Path, systems: Systems) -> None:
    """Leave the systems as they are until the person has seen enough."""
    console.print("\n[bold]The systems stay until Ctrl-C.[/bold] In another terminal:")
    console.print(f"  cd {folder.resolve()}", soft_wrap=True, highlight=False)
    console.print("  hub status               how each stream stands")
    console.print("  hub duplicates list      pairs that wait for you, then: show, accept, hub sync, unmerge")
    console.print(
        f"The ERP is Tryton at {systems.erp.access.url}, database {systems.erp.access.database}, user "
        f"{systems.erp.access.user}, password in secrets/erp; the CRM answers at {systems.crm_url}.",
        soft_wrap=True, highlight=False,
    )  # fmt: skip
    try:
        Event().wait()
    except KeyboardInterrupt:
        console.print("\nThe systems stop.")
