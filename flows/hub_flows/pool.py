"""Schedules on a work pool, for workers on several machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from prefect import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectNotFound

from hub.config import Project
from hub.errors import ConfigError
from hub_flows.schedules import deployments, prune


def deploy(project: Project, pool: str, folder: Path | None = None) -> Iterator[str]:
    """Make or renew a deployment for each schedule on the pool, and yield what was done, a line each."""
    with get_client(sync_client=True) as client:
        try:
            kind = client.read_work_pool(pool).type
        except ObjectNotFound:
            kind = client.create_work_pool(WorkPoolCreate(name=pool, type="process")).type
            yield f"{pool}: made"
    if kind != "process":
        raise ConfigError(f"{pool}: is a pool of type {kind}; hub work serves pools of type process: take another name")
    made = deployments(project, folder)
    for deployment in made:
        deployment.apply(work_pool_name=pool)
        yield f"{deployment.flow_name}/{deployment.name}: on {pool}"
    for name in prune(folder or project.root, [f"{one.flow_name}/{one.name}" for one in made]):
        yield f"{name}: no longer in hub.toml, removed"


def prefect_yaml(project: Project, pool: str, folder: Path | None = None) -> str:
    """The same deployments as a prefect.yaml, for those who put theirs in place with `prefect deploy --all`."""
    made = []
    for deployment in deployments(project, folder):
        options = deployment.concurrency_options
        made.append({
            "name": deployment.name,
            "description": deployment.description,
            "entrypoint": deployment.entrypoint,
            "parameters": deployment.parameters,
            "tags": deployment.tags,
            "concurrency_limit": {
                "limit": deployment.concurrency_limit,
                "collision_strategy": options.collision_strategy.value if options else None,
            },
            "schedules": [{"slug": one.slug, **_when(one.schedule)} for one in deployment.schedules or ()],
            "work_pool": {"name": pool},
        })  # fmt: skip
    return yaml.safe_dump({"pull": [], "deployments": made}, sort_keys=False, allow_unicode=True)


def _when(schedule: Any) -> dict[str, Any]:
    said: dict[str, Any] = schedule.model_dump(mode="json", exclude_none=True)
    if "interval" in said:
        said["interval"] = schedule.interval.total_seconds()
    return said
