"""The demo, as a newcomer runs it: real servers, one day, all of it true."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STEPS = (
    "First contact",
    "A deal is won",
    "The ERP posts the invoice",
    "The customer pays",
    "A customer writes",
    "Two people",
    "Two lists come in",
)


def test_the_day_comes_true_and_its_systems_stay_to_be_tried(tmp_path: Path) -> None:
    project, said = tmp_path / "day", tmp_path / "said"
    verb = [sys.executable, "-m", "hub.cli", "demo", "--keep", str(project), "--stay"]
    with said.open("w") as out:
        running = subprocess.Popen(
            verb, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"}
        )
    try:
        end = time.monotonic() + 280
        while "The systems stay" not in said.read_text() and running.poll() is None:
            assert time.monotonic() < end, said.read_text()
            time.sleep(0.2)
        assert running.poll() is None, said.read_text()
        decide_on_what_is_left(project)
    finally:
        running.send_signal(signal.SIGINT)
        code = running.wait(60)
    text = said.read_text()
    assert code == 0, text
    assert "All of it came true" in text
    assert "✗" not in text
    assert text.count("✓") >= 20
    for step in STEPS:
        assert step in text
    assert "What to try next" in text
    for secret in (project / "secrets").iterdir():
        canary = secret.read_text(encoding="utf-8")
        assert canary not in text
        assert canary.encode() not in (project / "hub.db").read_bytes(), f"{secret.name} stands in the database"


def decide_on_what_is_left(project: Path) -> None:
    """What a person types in another terminal: the CRM's own two companies of one domain become one, in the CRM too."""

    def hub(*verb: str) -> list[dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", "-p", str(project), *verb],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode in (0, 1), done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    (pair,) = hub("duplicates", "list", "--json")
    assert pair["left_name"].startswith("Delft Dredging")
    hub("duplicates", "accept", pair["pair"], "--yes", "--keep", pair["left"])
    hub("sync")
    links = [row for row in hub("show", "customer", pair["left"], "--json") if row["kind"] == "link"]
    assert [(row["connection"], row["why"]) for row in links if row["why"] == "there"] == [("crm", "there")]


def test_the_morning_of_finance_comes_true(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "demo", "finance", "--keep", str(tmp_path / "morning")],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it came true" in done.stdout
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") >= 20
