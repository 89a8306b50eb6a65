"""A Prefect server of the hub's own, for those who have none: one process on this machine, its data in the project."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from hub.errors import Unavailable

PATIENCE = 90.0  # seconds; the first start makes the database, which takes long on a busy machine


@contextmanager
def server(root: Path, port: int) -> Iterator[str]:
    """Start a server for the block and yield its address; one that answers there already is used."""
    url = f"http://127.0.0.1:{port}/api"
    if answers(url):
        yield url
        return
    folder = root / ".hub"
    folder.mkdir(exist_ok=True)
    log = folder / "prefect-server.log"
    quiet = {
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
    database = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}"}
    names = ("PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_API_DATABASE_CONNECTION_URL")
    given = any(name in os.environ for name in names)
    env = {**quiet, **({} if given else database), **os.environ, "PREFECT_UI_API_URL": url}
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with log.open("ab") as out:
        # a session of its own: Ctrl-C must reach it after the runner, which still has states to tell it
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, start_new_session=True)  # noqa: S603
        try:
            _wait(process, url, log)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def answers(url: str) -> bool:
    """Whether a Prefect server answers at this address."""
    try:
        return httpx.get(f"{url}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not answers(url):
        if process.poll() is not None:
            raise Unavailable(f"the Prefect server ended by itself; see {log}, or take another --port")
        if time.monotonic() > end:
            raise Unavailable(f"the Prefect server did not answer at {url} within {PATIENCE:.0f} s; see {log}")
        time.sleep(0.3)
