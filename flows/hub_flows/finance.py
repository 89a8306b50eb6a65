"""The flow `hub-finance`: each morning bank entries come in, are matched, and finance hears what needs a person.

Sync, reconcile, sync: what was settled and the summary's mail go out with the second sync. Nothing is decided here;
the flow does what `hub sync` and `hub reconcile --report` do, and a run that is repeated posts nothing twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed, Failed

from hub.cli.session import Session
from hub.errors import HubError
from hub_flows.beat import beating
from hub_flows.sync import BACKOFF, RETRIES, again, what_follows

FLOW = "hub-finance"


@task(
    name="reconcile",
    task_run_name="reconcile",
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=0.3,
    retry_condition_fn=again,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def reconcile(session: Session) -> tuple[list[dict[str, Any]], int]:
    """Match and post; return what was done, row by row, and how many payments need a person."""
    from hub.finance import dunning, report
    from hub.finance.ledger import Ledger, summary

    with session.engine(strict=True) as engine:
        ledger = Ledger(engine)
        done = ledger.reconcile()
        dunning.follow_up(engine)
        report.report(ledger, done, ledger.today())
        needed = len(report.waiting(ledger))
    rows = [dict(row) for row in summary.of(done)]
    get_run_logger().info("%s posted, %s need a person", len(done.posted), needed)
    return rows, needed


@flow(name=FLOW, persist_result=False)
def finance_flow(project: str = ".", connections: list[str] | None = None) -> State[Any]:
    """Take in, match, post and report, as a schedule in hub.toml asks for it.

    Args:
        project: hub.toml or its folder, as the machine sees it that runs the flow.
        connections: what is synced before and after; none: all.
    """
    session = Session(Path(project))
    name = Path(project).resolve().name
    with beating():
        try:
            names = connections or list(session.project(strict=True).connections)
            before = what_follows(session, names, return_state=True)
            if before.is_failed():
                # stale figures would be matched against: better a morning late than a payment twice
                return _failed(session, name, before)
            state = reconcile(session, return_state=True)
            if state.is_failed():
                return _failed(session, name, state)
            rows, needed = state.result()
            after = what_follows(session, names, return_state=True)
            if after.is_failed():
                return _failed(session, name, after)
        except HubError as error:  # before any task could: a setting that is wrong, a store that is not there
            return Failed(message=session.masked(str(error))[:2000])
    create_table_artifact(table=rows, key="hub-finance", description=f"{name}: what was matched and posted")
    wrong = [row for row in rows if row["kind"] == "check" and not row["fine"]]
    if needed or wrong:
        _tell(name, "wrong" if wrong else "waiting", {"payments": needed, "checks": [row["text"] for row in wrong]})
    if wrong:
        return Failed(message="the books do not add up: " + "; ".join(row["name"] for row in wrong))
    if needed:
        return Completed(name="Findings", message=f"{needed} payments need a person")
    return Completed(message="every payment has its place")


def _failed(session: Session, name: str, state: State[Any]) -> State[Any]:
    text = session.masked(str(state.result(raise_on_failure=False)))
    _tell(name, "failed", {"failed": text})
    return Failed(message=text[:2000])


def _tell(name: str, kind: str, payload: dict[str, Any]) -> None:
    emit_event(
        event=f"hub.finance.{kind}",
        resource={"prefect.resource.id": f"hub.project.{name}", "prefect.resource.name": name},
        payload={"project": name, **payload},
    )
