"""The demo, as a newcomer runs it: real servers, one day, all of it true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

STEPS = (
    "First contact",
    "A deal is won",
    "The ERP posts the invoice",
    "The customer pays",
    "A customer writes",
    "Two people",
    "The same customer twice",
)


def test_the_day_comes_true(tmp_path: Path) -> None:
    project = tmp_path / "day"
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "demo", "--keep", str(project)],
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
    for step in STEPS:
        assert step in done.stdout
    assert "What to try next" in done.stdout
    for secret in (project / "secrets").iterdir():
        canary = secret.read_text(encoding="utf-8")
        assert canary not in done.stdout + done.stderr
        assert canary.encode() not in (project / "hub.db").read_bytes(), f"{secret.name} stands in the database"


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
