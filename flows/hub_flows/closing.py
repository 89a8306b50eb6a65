"""The flow `hub-close`: a closing goes on as far as its gates are open, and sleeps at a shut one for days.

All it knows is in the hub's database. It is suspended, not paused: no process waits, and servers may restart. Woken, it
begins at its first line again and goes on where the closing stands; a flow that is killed or run twice harms nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_client, get_run_logger
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy, State, StateType
from prefect.deployments.runner import RunnerDeployment
from prefect.flow_runs import suspend_flow_run
from prefect.states import Completed
from prefect.types.entrypoint import EntrypointType

from hub.cli.actor import actor, must
from hub.cli.session import Session
from hub.config import Project
from hub.errors import HubError

FLOW = "hub-close"
TAG = "hub"
GOING = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED]
IN_TURN = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.ENQUEUE)


@flow(name=FLOW, persist_result=True)
def close_flow(project: str, line: str) -> State[Any]:
    """Close a line as far as its gates are open.

    Args:
        project: hub.toml or its folder, as the machine sees it that runs the flow.
        line: the business line.
    """
    session = Session(Path(project))
    reasons, key, days = _go(session, line)
    if reasons:
        get_run_logger().info("%s waits: %s", line, "; ".join(reasons))
        suspend_flow_run(timeout=days * 86_400, key=key)
    return Completed(message=f"{line} is closed")


def _go(session: Session, line: str) -> tuple[list[str], str, int]:
    """Run the closing; return what the shut gate waits for, and a key that no sleep has had before."""
    from hub.closure.run import run

    try:
        with session.engine() as engine:
            closing = engine.project.closing
            person = actor(engine, closing.run_as)
            must(engine, person, "lead", line)
            reasons: list[str] = []
            for went in run(engine, line, person.name, say=get_run_logger().info):
                get_run_logger().info("%s: %s: %s", went.phase, went.state, session.masked(went.text))
                reasons = went.reasons if went.state == "shut" else []
            return [session.masked(r) for r in reasons], f"{line}-{engine.store.sequence()}", closing.patience_days
    except HubError as error:
        raise HubError(session.masked(str(error))) from None


def deployment(project: Project, folder: Path, tags: list[str]) -> RunnerDeployment:
    """The deployment by which the closings of a project are run, one at a time."""
    flow: Any = close_flow
    made: Any = flow.to_deployment(
        name=f"{project.root.name}.close",
        parameters={"project": str(folder)},
        tags=tags,
        concurrency_limit=IN_TURN,
        description=f"closings of {folder}, run as {project.closing.run_as}",
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return made  # type: ignore[no-any-return]


def begin(project: Project, line: str) -> str:
    """Start the flow for a line; return the run's name. Raises HubError where no `hub serve` knows it."""
    from prefect.deployments import run_deployment

    name = f"{FLOW}/{project.root.name}.close"
    known = runs(line, project)
    if any(state == "Suspended" for _, state in known):
        raise HubError(f"{line}: its flow sleeps at a shut gate; wake it with: hub wake {line} --as NAME")
    if known:
        raise HubError(f"{line}: its flow is {known[0][1].lower()} already; how far it is: hub close status {line}")
    try:
        made: Any = run_deployment(name, parameters={"project": str(project.root), "line": line}, timeout=0)
    except Exception as error:  # noqa: BLE001 - the client raises many kinds; what to do is the same
        raise HubError(f"{name}: cannot be started ({error}); is hub serve running?") from None
    return str(made.name)


def wake(project: Project, line: str) -> int:
    """Wake the flows that sleep for a line; return how many."""
    from prefect.flow_runs import resume_flow_run

    found = [id for id, state in runs(line, project) if state == "Suspended"]
    for id in found:
        resume_flow_run(id)
    return len(found)


def runs(line: str, project: Project) -> list[tuple[Any, str]]:
    """The runs for a line of this project that have not ended, each with its state's name."""
    going = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=GOING)))
    flows = FlowFilter(name=FlowFilterName(any_=[FLOW]))
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(flow_filter=flows, flow_run_filter=going)
    mine = {"line": line, "project": str(project.root)}
    return [(run.id, str(run.state_name)) for run in found if mine.items() <= run.parameters.items()]
