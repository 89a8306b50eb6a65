"""The closing as a flow on a real Prefect server: it sleeps at a gate, survives the server's restart, and is woken."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from conftest import Stage
from line import ROOT, Company

PATIENCE = 240


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def wait(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.5)


def states(port: int) -> list[str]:
    """The states of all flow runs."""
    found = httpx.post(f"http://127.0.0.1:{port}/api/flow_runs/filter", json={}, timeout=30).json()
    return [run["state_name"] for run in found]


@contextmanager
def serving(company: Company, env: dict[str, str], port: int) -> Iterator[None]:
    """`hub serve` on its own server, stopped at the end; on a busy machine the server's first start may take too long."""
    for attempt in range(3):
        log = company.folder.parent / f"serve-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "hub.cli", "-p", str(company.folder), "serve", "--port", str(port)]
        with log.open("wb") as out:
            process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=company.folder.parent)

        def up(log: Path = log, process: subprocess.Popen[bytes] = process) -> bool:
            return "stop with Ctrl-C" in log.read_text() or process.poll() is not None

        try:
            wait(up, "it never started")
            if process.poll() is not None and attempt < 2 and "did not answer" in log.read_text():
                continue
            assert process.poll() is None, log.read_text()
            yield
            return
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


@pytest.mark.timeout(560)
def test_it_sleeps_at_a_gate_and_is_woken_after_a_restart(at: Stage) -> None:
    company = at("proven")
    text = (company.folder / "hub.toml").read_text()
    (company.folder / "hub.toml").write_text(text + '\n[closing]\nrun_as = "ana"\n')
    port = free_port()
    path = os.pathsep.join(str(ROOT / p) for p in (".", "connectors", "flows"))
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | {
        "PREFECT_HOME": str(company.folder.parent / "home"), "PREFECT_RUNNER_POLL_FREQUENCY": "1", "PYTHONPATH": path,
    }  # fmt: skip
    asking = env | {"PREFECT_API_URL": f"http://127.0.0.1:{port}/api"}

    def hub(*arguments: str, by: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hub.cli", "-p", str(company.folder), *arguments, "--as", by]
        return subprocess.run(command, env=asking, capture_output=True, text=True, timeout=120, check=False)

    with serving(company, env, port):
        done = hub("conduct", "retail", by="ben")
        assert done.returncode == 1, done.stderr  # he does not lead
        done = hub("conduct", "retail", by="ana")
        assert done.returncode == 0, done.stderr
        wait(lambda: "Suspended" in states(port), "it never slept")
        done = hub("conduct", "retail", by="ana")
        assert "wake it with" in done.stderr  # one that sleeps is not doubled
    assert company.sql("SELECT 1 FROM grave") == []
    company.plain("close", "approve", "retail", "destroy", by="lea")
    with serving(company, env, port):
        done = hub("wake", "retail", by="root")
        assert done.returncode == 1, done.stdout  # an administrator has no part in it
        done = hub("wake", "retail", by="lea")
        assert done.returncode == 0, done.stderr
        wait(lambda: company.sql("SELECT state FROM closing") == [("closed",)], "it never ended")
    assert company.sql("SELECT count(*) FROM grave") == [(29,)]
