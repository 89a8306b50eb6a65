"""docs/duplicates.md is true: its blocks run in order as they stand."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from hub.config import load

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
    script = tmp_path / "bin/hub"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m hub.cli "$@"\n')
    script.chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "LANG": "C.UTF-8", "USER": "mia"}
    done = subprocess.run(
        ["sh", "-c", "\n".join(steps)], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300, check=False
    )
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
    after = subprocess.run(
        [sys.executable, "-m", "hub.cli", "--project", str(tmp_path / "desk"), "duplicates", "list", "--state", "rejected"],
        capture_output=True, text=True, timeout=60, check=False, env=env,
    )  # fmt: skip
    assert "Meyer Pumpen GmbH" in after.stdout
