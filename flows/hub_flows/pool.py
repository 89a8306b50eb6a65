"""Schedules on a work pool, for workers on several machines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
    for name in prune(folder or project.root, [deployment.name for deployment in made]):
        yield f"{name}: no longer in hub.toml, removed"
