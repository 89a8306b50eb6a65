"""Schedules: hub.toml's syncs as Prefect flows. This module is loaded by every verb, so it imports no Prefect."""

from __future__ import annotations

from typing import Any

from hub.plugin import hookimpl


@hookimpl
def register_commands(cli: Any) -> None:
    """Add `hub serve`, `hub deploy`, `hub work`, and for closings `hub conduct` and `hub wake`."""
    from hub_flows.commands import deploy, serve, work
    from hub_flows.conduct import conduct, wake

    cli.command("serve")(serve)
    cli.command("deploy")(deploy)
    cli.command("work")(work)
    cli.command("conduct")(conduct)
    cli.command("wake")(wake)
