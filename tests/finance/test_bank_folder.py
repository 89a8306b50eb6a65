"""A folder of real files, named by HUB_BANK_FILES: each is read, or refused with a reason; -s shows the table."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.config.statements import Statements
from hub.finance.bank.judge import judge
from hub.finance.bank.read import read

FOLDER = os.environ.get("HUB_BANK_FILES")


@pytest.mark.skipif(not FOLDER, reason="HUB_BANK_FILES names no folder")
def test_every_file_is_read_or_refused_with_a_reason() -> None:
    for file in sorted(path for path in Path(FOLDER or "").rglob("*") if path.is_file()):
        reading = read(file.read_bytes(), Statements())
        judged = [judge(found) for found in reading.statements]
        told = [str(problem) for problem in reading.problems]
        taken = [one for one in judged if one.state == "taken"]
        told += [str(p) for one in judged if one.state == "refused" for p in one.problems if p.fault]
        print(
            f"{file.parent.name}/{file.name}: {len(judged)} statements, {len(taken)} taken "
            f"({sum(one.statement.balanced is True for one in taken)} proven), "
            f"{sum(len(one.statement.entries) for one in taken)} entries. {' | '.join(told)}"
        )
        assert taken or told, file
        assert all(one.statement.balanced is not False for one in taken)
