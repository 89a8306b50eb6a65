"""hub.toml's schedules as Prefect deployments: one a schedule, named after the project's folder and the schedule."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prefect import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.deployments.runner import RunnerDeployment
from prefect.schedules import Cron, Interval, Schedule
from prefect.types.entrypoint import EntrypointType

from hub.config import Project, ScheduleConfig
from hub_flows import closing
from hub_flows.duplicates import duplicates_flow
from hub_flows.finance import finance_flow
from hub_flows.sync import sync_flow

FLOWS: dict[str, Any] = {"sync": sync_flow, "duplicates": duplicates_flow, "finance": finance_flow}
TAG = "hub"  # of all deployments the hub makes, and so of their runs

# A second run of a schedule that is still running would find nothing to do that the first is not doing.
ONE = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)


def deployments(project: Project, folder: Path | None = None) -> list[RunnerDeployment]:
    """Return a deployment for each schedule, and the one of closings; `folder` is the project's as the machines see it that run the flows."""
    at = folder or project.root
    made = [deployment(project, schedule, at) for schedule in project.schedules.values()]
    return made + ([closing.deployment(project, at, [TAG, own(at)])] if project.closing.run_as else [])


def deployment(project: Project, schedule: ScheduleConfig, folder: Path) -> RunnerDeployment:
    """Return the deployment of one schedule; its flow is found by module, wherever the hub is installed."""
    flow: Any = FLOWS[schedule.run]
    parameters: dict[str, Any] = {"project": str(folder)}
    if schedule.run != "finance":
        parameters["full"] = False
    if schedule.run != "duplicates":
        parameters["connections"] = list(schedule.connections) or None
    what = ", ".join(schedule.connections) or ("all connections" if schedule.run == "sync" else schedule.run)
    named: Any = flow.to_deployment(
        name=f"{project.root.name}.{schedule.name}",
        schedule=when(schedule),
        parameters=parameters,
        tags=[TAG, own(folder)],
        concurrency_limit=ONE,
        paused=False,  # also where it was paused before: hub.toml says that it runs
        description=f"{what} of {folder}, from [schedules.{schedule.name}]",
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return named  # type: ignore[no-any-return]


def when(schedule: ScheduleConfig) -> Schedule:
    """Return when a schedule runs, in Prefect's words; cron follows its time zone through daylight saving."""
    if schedule.cron is not None:
        return Cron(schedule.cron, timezone=schedule.timezone, slug=schedule.name)
    # counted from a fixed moment, so that a restart neither shifts the runs nor adds one
    anchor = datetime(2020, 1, 1, tzinfo=ZoneInfo(schedule.timezone))
    return Interval(
        timedelta(seconds=schedule.every or 0), anchor_date=anchor, timezone=schedule.timezone, slug=schedule.name
    )


def own(folder: Path) -> str:
    """Return the tag by which a project's deployments are known among those of others on the same server."""
    return f"{TAG}:{folder}"


def prune(folder: Path, keep: Iterable[str]) -> list[str]:
    """Delete the deployments of a project's schedules that hub.toml no longer has, and return their names."""
    kept, gone = set(keep), []
    with get_client(sync_client=True) as client:
        mine = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG, own(folder)]))
        for found in client.read_deployments(deployment_filter=mine):
            name = f"{client.read_flow(found.flow_id).name}/{found.name}"
            if name not in kept:
                client.delete_deployment(found.id)
                gone.append(name)
    return gone
