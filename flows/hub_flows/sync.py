"""The flow `hub-sync`: one task a connection and stream, and a last one for what follows from them.

A stream's task is a whole small sync of that stream: read, merge, queue what others lack, write what this stream lacks.
The streams of a connection go one after another, what others refer to first, since the hub lets one run work on a
connection at a time; connections go side by side. What one connection brought may have to be written into one that
was done before it, so the last task syncs all of them once more: it reads by cursor, finds little, and derives and
writes until all are quiet. Nothing is decided here: a flow that is killed, repeated or run twice at once leaves the
data as `hub sync` would.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.tasks import exponential_backoff

from hub.cli.session import Session
from hub.errors import Busy, ConfigError, HubError, Unauthorized, Unavailable
from hub.sync import Run
from hub.sync.run import in_order
from hub_flows.beat import beating
from hub_flows.report import Report, Row

FLOW = "hub-sync"
RETRIES = 5
BACKOFF = exponential_backoff(15)  # 15 s, 30 s ... 4 min: longer than a lease that a dead machine left behind
AT_ONCE = 4  # connections that are worked on side by side


def again(task: Any, run: Any, state: State[Any]) -> bool:
    """Whether a failed task is tried again: only where waiting can help."""
    try:
        state.result()
    except (Unavailable, Busy):
        return True
    except Exception:  # noqa: BLE001 - whatever it was, it will be the same the next time
        return False
    return False


@task(
    name="sync",
    task_run_name="{connection} {stream}",
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=0.3,
    retry_condition_fn=again,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def sync_stream(session: Session, connection: str, stream: str, full: bool) -> Run:
    """Sync one stream. Raises Unavailable and Busy, which are tried again, and any other HubError, which is not."""
    return _sync(session, [connection], stream, full)


@task(
    name="what follows",
    task_run_name="what follows",
    retries=RETRIES,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=0.3,
    retry_condition_fn=again,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def what_follows(session: Session, connections: list[str]) -> Run:
    """Derive and write until all these connections are quiet."""
    return _sync(session, connections, None, False)


@flow(name=FLOW, task_runner=ThreadPoolTaskRunner(max_workers=AT_ONCE), persist_result=False)  # type: ignore[arg-type]
def sync_flow(project: str = ".", connections: list[str] | None = None, full: bool = False) -> State[Any]:
    """Sync connections of a project, as a schedule in hub.toml asks for it.

    Args:
        project: hub.toml or its folder, as the machine sees it that runs the flow.
        connections: their names; none: all.
        full: read everything again, and find what has vanished.
    """
    session = Session(Path(project))
    report = Report(session, project)
    with beating():
        try:
            names, streams = _plan(session, connections)
            futures = _submit(session, streams, full)
            failed = _gather(report, futures)
            quiet = [name for name in names if name not in failed]
            if quiet:
                _gather(report, {("", "what follows"): what_follows.submit(session, quiet)})
        except HubError as error:  # before any task could: a setting that is wrong, a store that is not there
            report.failure("", error)
        return report.publish()


def _plan(session: Session, connections: Sequence[str] | None) -> tuple[list[str], list[tuple[str, str]]]:
    """The connections, and their streams in the order in which they are to be synced."""
    with session.engine(strict=True) as engine:
        names = list(connections or engine.project.connections)
        for name in names:
            engine.project.connection(name)
        feeds = [feed for feed in engine.feeds() if feed.connection in names]
        return names, [(feed.connection, feed.stream.name) for feed in in_order(feeds)]


def _submit(
    session: Session, streams: Sequence[tuple[str, str]], full: bool
) -> dict[tuple[str, str], PrefectFuture[Run]]:
    """Start a task a stream; each waits for the one before it of its connection, and is left out where that failed."""
    futures: dict[tuple[str, str], PrefectFuture[Run]] = {}
    before: dict[str, PrefectFuture[Run]] = {}
    for connection, stream in streams:
        wait = [before[connection]] if connection in before else []
        future = sync_stream.submit(session, connection, stream, full, wait_for=wait, return_state=False)
        futures[connection, stream] = before[connection] = future
    return futures


def _gather(report: Report, futures: dict[tuple[str, str], PrefectFuture[Run]]) -> set[str]:
    """Wait for the tasks, take down what they did, and return the connections of those that failed."""
    failed = set()
    for (connection, stream), future in futures.items():
        future.wait()
        if future.state.is_completed():
            report.add(future.result())
        else:
            failed.add(connection)
            if not future.state.is_pending():  # not ready: it waited for one that failed, which is told already
                report.failure(f"{connection} {stream}".strip(), future.result(raise_on_failure=False))
    return failed


def _sync(session: Session, connections: list[str], stream: str | None, full: bool) -> Run:
    logger = get_run_logger()
    try:
        with session.engine(strict=True) as engine:
            run = engine.sync(connections, stream, full)
            for row in (Row(*count) for count in run.counts):
                if row.busy:
                    logger.info("%s", row)
            for finding in run.findings:
                logger.warning("%s", session.masked(finding))
            for error in run.down.values():  # the engine went on with the others; here it is what the task is about
                raise error
            return run
    except HubError as error:
        text = session.masked(str(error))
        kind = next((k for k in (Unavailable, Busy, Unauthorized, ConfigError) if isinstance(error, k)), HubError)
        raise kind(text) from None
    except Exception as error:  # noqa: BLE001
        # a traceback of a stranger's error may quote what it worked with
        raise HubError(session.masked(f"{type(error).__name__}: {error}")) from None
