"""The group of all verbs: those of the hub, and those that plugins bring by `register_commands`."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from hub.cli.output import say
from hub.cli.session import Session

STOPPED = 130  # what a shell says of a program that a person stopped


class Verbs(TyperGroup):
    """A group that asks the plugins only for a verb that is none of the hub's own.

    Listing them all for `hub --help` would import every connector, which takes three times as long as all the rest.
    """

    asked = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a verb by name."""
        found = super().get_command(ctx, cmd_name)
        if found is None and not self.asked:
            self.ask(ctx)
            found = super().get_command(ctx, cmd_name)
        return found

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the verbs known so far, in the order in which one meets them."""
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
        session = ctx.obj if isinstance(ctx.obj, Session) else Session()
        session.path = ctx.params.get("project")  # a verb is looked up before the callback that sets it runs
        for name, (_, command) in brought(session).items():
            self.commands.setdefault(name, command)


def brought(session: Session) -> dict[str, tuple[str, Any]]:
    """Return the verbs of all plugins by name, each with where its plugin came from."""
    found: dict[str, tuple[str, Any]] = {}
    registry = session.registry()
    origins = {plugin.name: plugin.origin for plugin in registry.plugins}
    for hook in registry.hook.register_commands.get_hookimpls():
        cli = typer.Typer(callback=lambda: None)  # a callback, so that one lone verb stays a verb of its own
        hook.function(cli)
        for name, command in typer.main.get_group(cli).commands.items():
            found[name] = (origins[hook.plugin_name], command)
    return found
