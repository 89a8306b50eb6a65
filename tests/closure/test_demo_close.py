"""`hub demo close`, as a newcomer runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_the_close_comes_true(tmp_path: Path) -> None:
    folder = tmp_path / "close"
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "demo", "close", "--keep", str(folder)],
        capture_output=True,
        text=True,
        timeout=280,
        env={**os.environ, "COLUMNS": "140", "NO_COLOR": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All of it came true" in done.stdout
    assert "✗" not in done.stdout
    assert done.stdout.count("✓") >= 12
    assert done.stdout.count("signs the gate") == 2
    papers = folder / "closing/boilers"
    assert len(list(papers.glob("certificate-*.pdf"))) == 1
    assert (papers / "report.pdf").stat().st_size > 10_000
    secret = (folder / "secrets/mail").read_text()
    assert secret not in done.stdout + done.stderr
    assert secret.encode() not in (folder / "hub.db").read_bytes()
