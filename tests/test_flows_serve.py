"""`hub serve` alone on a machine: it starts a Prefect server, syncs by hub.toml's schedule, and ends when told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_flows import ALL, free_port, mails, project, visits, wait_for

EVERY = '[schedules.often]\nevery = "3s"\n'


def processes(port: int) -> list[str]:
    """The processes whose command line names a port."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue  # it ended meanwhile
        if str(port) in words:
            found.append(" ".join(words))
    return found


def test_a_schedule_syncs_by_itself_until_it_is_stopped(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", EVERY)
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    env |= {"PREFECT_HOME": str(tmp_path / "home"), "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "hub.cli", "-p", str(folder), "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=tmp_path)
    try:
        # twice, each time in a process of its own
        wait_for(lambda: len(set(visits(folder, "south"))) >= 2 or process.poll() is not None, 200)
        assert process.poll() is None, log.read_text()
        (folder / "south.gate").touch()  # it is told to end in the middle of a run
        before = len(visits(folder, "south"))
        wait_for(lambda: len(visits(folder, "south")) > before, 60)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    said = log.read_text()
    assert process.returncode == 0, said
    assert "hub-sync/p.often: every 3 s" in said
    assert "Finished in state Completed" in said
    assert mails(folder, "north") == mails(folder, "south") == ALL
    assert processes(port) == []
    wait_for(lambda: not Path(f"/proc/{visits(folder, 'south')[-1]}").exists(), 30)
    assert (folder / ".hub/prefect.db").exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "says"),
    [
        (["serve"], "", 2, 'hub.toml: no schedules; add one, such as [schedules.often] with every = "15m"'),
        (["deploy", "pool"], EVERY, 2, "PREFECT_API_URL is not set"),
        (["work", "pool"], "", 2, "PREFECT_API_URL is not set"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, arguments: list[str], settings: str, code: int, says: str) -> None:
    folder = project(tmp_path / "p", settings)
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | {"PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "hub.cli", "-p", str(folder), *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
