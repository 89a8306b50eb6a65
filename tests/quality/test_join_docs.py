"""docs/duplicates.md is true: its blocks run in order as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import forked

from hub.config import load

ROOT = str(Path(__file__).resolve().parents[2])
PAGE = Path(__file__).resolve().parents[2] / "docs/duplicates.md"


def test_the_page_is_true_from_top_to_bottom(tmp_path: Path) -> None:
    steps, shells = ["set -eux"], 0
    for language, text in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL):
        first = text.splitlines()[0]
        if language == "sh":
            steps.append(text)
            shells += 1
        elif language == "toml" and first.startswith("# "):
            steps.append(f"cat >> {first[2:]} <<'END'\n{text}END")
    assert (shells, len(steps) - 1 - shells) == (7, 4)
    (tmp_path / "bin").mkdir()
    forked.client(tmp_path / "bin/hub", tmp_path / "door")
    env = {"PATH": f"{tmp_path / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "LANG": "C.UTF-8", "USER": "mia"}
    server = subprocess.Popen(
        [sys.executable, forked.__file__, str(tmp_path / "door")], env={**env, "PYTHONPATH": ROOT}
    )
    try:
        end = time.monotonic() + 60
        while not (tmp_path / "door").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        done = subprocess.run(
            ["sh", "-c", "\n".join([*steps, "hub duplicates list --state rejected"])],
            cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
    finally:
        server.terminate()
        server.wait(10)
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout
    assert "what spoke for and against it" in said
    assert "nothing was done" in said
    assert "merged into customer_" in said
    assert "0 to accept, 0 to reject" in said
    assert "are two; carry it to the systems" in said
    project = load(tmp_path / "desk")
    assert dict(project.duplicates.on_merge) == {"lists": "link"}
    assert project.schedules["duplicates"].run == "duplicates"
    assert "Meyer Pumpen GmbH" in said.splitlines()[-1], "rejected by what was taken apart"
