"""A sign of life: a running flow counts up a label of its flow run, so that others can tell it from a dead one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from prefect import get_client
from prefect.context import FlowRunContext

BEAT = 5.0  # seconds between two signs
LABEL = "hub.beat"


@contextmanager
def beating() -> Iterator[None]:
    """Give signs of life while the block runs; nothing outside of a deployment's run."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or run.deployment_id is None:  # run by hand: nobody would run it again
        yield
        return
    stop, id = threading.Event(), run.id

    def beat() -> None:
        count = 0
        with get_client(sync_client=True) as client:
            while not stop.wait(0 if count == 0 else BEAT):
                count += 1
                try:
                    client.update_flow_run_labels(id, {LABEL: count})
                except Exception:  # noqa: BLE001, S112 - a server that cannot be reached cannot be told
                    continue

    thread = threading.Thread(target=beat, daemon=True, name="hub-beat")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
