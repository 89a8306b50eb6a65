"""The page on matching names every policy, stage and reason, and the benchmark applies nothing that is not true."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from hub.finance.matching.types import Stage
from hub.finance.scenario.policy import READ

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "finance-matching.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"`([\w+.]+)`", PAGE))


def reasons() -> set[str]:
    """Every reason for which the engine leaves a payment to a person: words with _ given to or returned for a review."""
    found = set()
    for file in (ROOT / "hub" / "finance" / "matching").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "book.review":
                found |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
            if isinstance(node, ast.Return) and file.name == "settle.py":
                found |= {one.value for one in ast.walk(node) if isinstance(one, ast.Constant)}
    return {one for one in found if isinstance(one, str) and "_" in one}


def test_every_policy_stage_and_reason_is_told() -> None:
    assert set(READ) <= WORDS
    assert set(get_args(Stage)) <= WORDS
    assert len(reasons()) > 15
    assert reasons() <= WORDS


def test_the_benchmark_finds_nothing_applied_wrongly() -> None:
    pytest.importorskip("duckdb", reason="the join it is compared with")
    command = [sys.executable, str(ROOT / "benchmarks" / "reconcile.py"), "--payments", "3000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "precision of what is applied, hub: 1.000000" in done.stdout
    rows = re.findall(r"^(\w+) +([\d,]+) +([\d.]+|-) +(\d+)", done.stdout, re.MULTILINE)
    recall = {kind: share for kind, _, share, _ in rows}
    assert recall["reference"] == recall["number"] == recall["part"] == "1.0000"
    assert float(recall["amount"]) > 0.99
    assert float(recall["group"]) > 0.95
