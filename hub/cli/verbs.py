"""The group of all verbs: those of the hub, and those that plugins bring by `register_commands`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from hub.cli.output import say
from hub.cli.session import Session

STOPPED = 130  # what a shell says of a program that a person stopped


class Verbs(TyperGroup):
    """A group that asks the plugins only when a verb is none of the hub's own, or when all are to be listed."""

    asked = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb by name."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not self.asked:
            self.ask(ctx)
            found = super().get_command(ctx, cmd_name)
        return found

    def list_commands(self, ctx: Any) -> list[str]:
        """Return all verbs, in the order in which one meets them."""
        self.ask(ctx)
        return list(self.commands)

    def invoke(self, ctx: Any) -> Any:
        """Run a verb; one that is stopped by a person loses nothing that was stored."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            say("stopped; what was stored so far is kept, run the same command again to go on")
            raise typer.Exit(STOPPED) from None

    def ask(self, ctx: Any) -> None:
        """Let plugins add their verbs; the hub's own are never replaced."""
        if self.asked:
            return
        self.asked = True
        brought = typer.Typer(callback=lambda: None)  # a callback, so that one lone verb stays a verb of its own
        session = ctx.obj if isinstance(ctx.obj, Session) else Session()
        session.commands(brought)
        for name, command in typer.main.get_group(brought).commands.items():
            self.commands.setdefault(name, command)
