"""The verbs `hub serve`, `hub deploy` and `hub work`; Prefect is imported when one of them runs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from hub.cli.output import say
from hub.cli.session import session
from hub.config import Project
from hub.errors import ConfigError, Unavailable

PORT = 4200
SILENCE = 60.0

Silence = Annotated[
    float,
    typer.Option(min=15, help="Seconds without a sign of life after which a run is taken for dead and run again."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="How many runs at once; without it as many as are due.")]


def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(help="Where the Prefect server listens that is started if there is none.")
    ] = PORT,
    silence: Silence = SILENCE,
    limit: Limit = None,
) -> None:
    """Sync by hub.toml's schedules on this machine, until stopped.

    Uses the Prefect server of PREFECT_API_URL, else starts one on 127.0.0.1 with its data in .hub/.
    """
    project = _scheduled(session(context).project(strict=True))
    _quiet()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # also while it starts, so that the server is stopped too
    with _server(project, port) as url:
        from hub_flows.attend import serve as attend
        from hub_flows.schedules import deployments, prune

        made = deployments(project)
        for name in prune(project.root, [f"{one.flow_name}/{one.name}" for one in made]):
            say(f"{name}: no longer in hub.toml, removed")
        for deployment in made:
            say(f"{deployment.flow_name}/{deployment.name}: {_when(project, deployment.name)}")
        say(f"what runs and what ran: {url.removesuffix('/api')}; stop with Ctrl-C")
        asyncio.run(attend(made, silence, limit))


def deploy(
    context: typer.Context,
    pool: Annotated[str, typer.Argument(help="The work pool; made, of type process, if it is not there.")],
    folder: Annotated[
        Path | None, typer.Option(help="The project's folder as the workers see it; without it, as here.")
    ] = None,
    yaml: Annotated[
        bool, typer.Option("--yaml", help="Print a prefect.yaml for `prefect deploy --all`, and do nothing.")
    ] = False,
) -> None:
    """Put hub.toml's schedules onto a work pool, where workers on any machine take them up.

    Repeat it after each change of the schedules; those that hub.toml no longer has are removed.
    """
    project = _scheduled(session(context).project(strict=False))
    if yaml:
        from hub_flows.pool import prefect_yaml

        typer.echo(prefect_yaml(project, pool, folder), nl=False)
        return
    needs_server()
    from hub_flows.pool import deploy as put

    for line in put(project, pool, folder):
        say(line)
    say(f"on each machine that is to work: hub work {pool}")


def work(
    pool: Annotated[str, typer.Argument(help="The work pool.")],
    name: Annotated[str | None, typer.Option(help="The worker's name; without it one is made up.")] = None,
    silence: Silence = SILENCE,
    limit: Limit = None,
) -> None:
    """Run what is due on a work pool, and run again what died on any machine, until stopped.

    The environment of this process, with its secrets, is that of the runs.
    """
    needs_server()
    from hub_flows.attend import work as attend

    asyncio.run(attend(pool, name, silence, limit))


def _scheduled(project: Project) -> Project:
    if not project.schedules and project.closing.run_as is None:
        raise ConfigError(
            f'{project.root / "hub.toml"}: no schedules; add one, such as [schedules.often] with every = "15m"'
        )
    return project


def _when(project: Project, name: str) -> str:
    schedule = project.schedules.get(name.removeprefix(f"{project.root.name}."))
    if schedule is None:
        return "started by hub conduct"
    if schedule.cron is None:
        return f"every {schedule.every:g} s"
    return f"{schedule.cron} ({schedule.timezone})"


def _quiet() -> None:
    """Prefect tells nobody that it is used, unless a person wants it to."""
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")


@contextmanager
def _server(project: Project, port: int) -> Iterator[str]:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    given = PREFECT_API_URL.value()
    if given:
        yield _answering(given)
        return
    from hub_flows.server import server

    with server(project.root, port) as url, temporary_settings({PREFECT_API_URL: url}):
        yield url


def needs_server() -> None:
    """Raise ConfigError unless a Prefect server is named, Unavailable unless it answers."""
    _quiet()
    from prefect.settings import PREFECT_API_URL

    url: Any = PREFECT_API_URL.value()
    if not url:
        raise ConfigError(
            "PREFECT_API_URL is not set; workers on several machines share one server: start it with "
            "prefect server start, then set PREFECT_API_URL=http://HOST:4200/api"
        )
    _answering(url)


def _answering(url: str) -> str:
    from hub_flows.server import answers

    if not answers(url):
        raise Unavailable(f"{url}: no Prefect server answers; is it running, and is PREFECT_API_URL right?")
    return url
