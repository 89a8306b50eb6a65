"""docs/ops.md is true: its shell blocks run in order as they stand, and the other commands exist with their options."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

PAGE = Path(__file__).resolve().parents[1] / "docs/ops.md"


def blocks() -> list[tuple[str, str]]:
    """Language and text of each block, in order."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), flags=re.MULTILINE | re.DOTALL)


def test_the_page_is_true_from_top_to_bottom(tmp_path: Path) -> None:
    steps, files = ["set -eu"], 0
    for language, text in blocks():
        first = text.splitlines()[0]
        if language == "sh":
            steps.append(text)
        elif language == "toml" and first.startswith("# "):  # the name of a file of the project
            steps.append(f"cat >> {first[2:]} <<'END'\n{text}END")
            files += 1
    assert (len(steps), files) == (13, 3)
    # the page's `hub` and `python3` are those of this environment
    (tmp_path / "bin").mkdir()
    for name, words in {"hub": "-m hub.cli", "python3": ""}.items():
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        script.chmod(0o755)
    env = {"PATH": f"{tmp_path / 'bin'}:{os.defpath}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = subprocess.run(
        ["sh", "-c", "\n".join(steps)], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "someone is needed" not in done.stdout
    assert (tmp_path / "shop/.env").stat().st_mode & 0o077 == 0
    status = (tmp_path / "shop/status.jsonl").read_text()
    assert '"stream":"customers"' in status
    assert '"records":2' in status
    from hub.config import load

    assert [(s.every, s.cron) for s in load(tmp_path / "shop").schedules.values()] == [(900, None), (None, "0 2 * * *")]


def test_every_command_that_needs_a_server_exists_with_its_options() -> None:
    import typer
    from hub_flows import register_commands

    cli = typer.Typer()
    register_commands(cli)
    known = get_command(cli).commands  # type: ignore[attr-defined]
    seen = set()
    for line in (line for language, text in blocks() if language == "console" for line in text.splitlines()):
        words = line.split()
        if words[0] != "hub" or words[1] not in known:
            continue
        seen.add(words[1])
        options = {name for parameter in known[words[1]].params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line
    assert seen == {"serve", "deploy", "work"}
    assert CliRunner().invoke(cli, ["work", "--help"]).exit_code == 0


def test_the_page_knows_every_key_of_status() -> None:
    from hub.cli.keys import KEYS

    text = PAGE.read_text()
    named = set(re.findall(r"`(quarantined|dead|waiting|last_run_at)`", text))
    assert named == {"quarantined", "dead", "waiting", "last_run_at"}
    assert named <= set(KEYS["status"])
