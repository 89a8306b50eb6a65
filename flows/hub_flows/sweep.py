"""The sweep: a run whose process died is run again, a bounded number of times.

Prefect marks a run as crashed when its worker sees the process die, and leaves it at that. When worker and process die
together, the run stays `Running`, or `Pending` where it was just being started. A run is taken for dead when nothing
about it, neither its state nor its sign of life, changes for a while by the clock of the one that watches: so the clocks
of several machines need not agree, and several sweeps may watch the same runs. Running a sync again is harmless at any
moment: the hub's own lease lets one at a time work on a connection.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events import emit_event
from prefect.logging import get_logger
from prefect.states import Failed, Scheduled

from hub_flows.beat import LABEL
from hub_flows.schedules import TAG

TIMES = 3  # how often one run is run again
SILENCE = 60.0  # seconds without a sign of life
STARTING = 180.0  # seconds a process may take to start
DAY = timedelta(days=1)  # what died longer ago has been done by later runs
SWEPT = "hub.swept"


class Sweep:
    """One watcher of runs; it remembers since when each has not changed."""

    def __init__(self, silence: float = SILENCE, clock: Callable[[], float] = time.monotonic) -> None:
        self.silence = silence
        self.clock = clock
        self.seen: dict[UUID, tuple[Any, float]] = {}
        self.logger = get_logger("hub.sweep")

    async def run(self, every: float | None = None) -> None:
        """Sweep for ever; a server that does not answer is asked again."""
        while True:
            try:
                async with get_client() as client:
                    await self.once(client)
            except Exception as error:  # noqa: BLE001 - whatever it is, watching goes on
                self.logger.warning("cannot look for dead runs: %s: %s", type(error).__name__, error)
            await anyio.sleep(every or max(1.0, self.silence / 6))

    async def once(self, client: PrefectClient) -> list[UUID]:
        """Run again what has died, and return the runs."""
        runs = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[TAG]),
                state=FlowRunFilterState(
                    type=FlowRunFilterStateType(any_=[StateType.CRASHED, StateType.RUNNING, StateType.PENDING])
                ),
                expected_start_time=FlowRunFilterExpectedStartTime(after_=datetime.now(UTC) - DAY),  # type: ignore[arg-type]
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=200,
        )
        self.seen = {run.id: self.seen[run.id] for run in runs if run.id in self.seen}
        return [run.id for run in runs if self._dead(run) and await self._again(client, run)]

    def _dead(self, run: FlowRun) -> bool:
        if run.state is None or run.deployment_id is None:
            return False
        if run.state.type == StateType.CRASHED:
            return int(run.labels.get(SWEPT, 0)) < TIMES
        sign = (run.state.id, run.labels.get(LABEL))
        before, since = self.seen.get(run.id, (None, 0.0))
        if before != sign:
            self.seen[run.id] = (sign, self.clock())
            return False
        patience = self.silence if run.state.type == StateType.RUNNING else max(self.silence, STARTING)
        return self.clock() - since >= patience

    async def _again(self, client: PrefectClient, run: FlowRun) -> bool:
        swept = int(run.labels.get(SWEPT, 0)) + 1
        fresh = await client.read_flow_run(run.id)
        if fresh.state is None or run.state is None or fresh.state.id != run.state.id:
            return False  # someone else was quicker
        if swept > TIMES:
            state: Any = Failed(message=f"its process died {swept} times; look at the worker's log, then run it again")
            kind = "hub.sweep.gave-up"
        else:
            state = Scheduled(name="AwaitingRetry", message=f"its process died; run again, {swept} of {TIMES}")
            kind = "hub.sweep.again"
        await client.update_flow_run_labels(run.id, {SWEPT: swept})
        await client.set_flow_run_state(run.id, state, force=True)
        self.logger.warning("%s: %s", run.name, state.message)
        emit_event(
            event=kind,
            resource={"prefect.resource.id": f"prefect.flow-run.{run.id}", "prefect.resource.name": run.name},
            payload={"was": run.state.name, "swept": swept},
        )
        return True
