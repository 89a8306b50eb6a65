"""What stays up: the runner of `hub serve` or the worker of `hub work`, each with a sweep beside it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Sequence

from prefect.deployments.runner import RunnerDeployment
from prefect.runner import Runner
from prefect.workers.process import ProcessWorker

from hub_flows.sweep import Sweep


async def serve(deployments: Sequence[RunnerDeployment], silence: float, limit: int | None) -> None:
    """Make these deployments and run them in processes of this machine, until a person stops it."""
    # on a stop the schedules are left as they are: the next start takes them up again
    runner = Runner(name="hub serve", pause_on_shutdown=False, limit=limit)
    for deployment in deployments:
        await runner.aadd_deployment(deployment)
    await _beside(runner.start(), silence)


async def work(pool: str, name: str | None, silence: float, limit: int | None) -> None:
    """Run what is due on a work pool in processes of this machine, until a person stops it."""
    worker = ProcessWorker(work_pool_name=pool, name=name, limit=limit)
    await _beside(worker.start(printer=lambda *words: None), silence)


async def _beside(main: Awaitable[None], silence: float) -> None:
    working = asyncio.ensure_future(main)
    sweeping = asyncio.ensure_future(Sweep(silence).run())
    await asyncio.sleep(0)  # first the runner takes SIGTERM for itself; then it is ours, to stop both
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await working
    finally:
        sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sweeping
