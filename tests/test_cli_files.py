"""What people get wrong with files, told through the command line: where, what, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hub.cli.app import run

SETTINGS = """
[connections.lists]
connector = "files"
folder = "${HUB_PROJECT}"

[connections.lists.streams.customers]
path = "customers.csv"
model = "customer"
key = "number"
"""
MAPPING = """stream = "customers"
model = "customer"

[fields]
name = "name"
"emails.main" = { theirs = "email", as = "email" }
"""
Hub = Callable[..., tuple[int, str]]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Hub:
    """A project that reads customers.csv; a call of the command line answers with its exit code and all it said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hub.toml").write_text(SETTINGS)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/files.customers.toml").write_text(MAPPING)

    def call(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        return code, " ".join("".join(capsys.readouterr()).split())

    return call


def test_a_path_that_finds_no_file_is_a_finding_with_what_lies_there(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "custmers.csv").write_text("number,name,email\n")
    code, said = hub("check")
    assert code == 1
    assert f'{tmp_path}/customers.csv: no file (did you mean "custmers.csv"?); in {tmp_path} there are cust' in said
    assert "no file (did you mean" in hub("preview", "lists", "customers")[1]
    settings = tmp_path / "hub.toml"
    settings.write_text(SETTINGS.replace("customers.csv", "new/*.csv"))
    assert "no file matches, and no folder" in hub("check")[1]
    settings.write_text(SETTINGS + "push = true\n")  # the hub begins it
    assert hub("check")[0] == 0


def test_columns_that_the_connector_reads_are_no_new_fields(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "customers.csv").write_text("number,hub_id,name,email,colour\n1,,Anne,anne@anne.example,red\n")
    said = hub("sync")[1]
    assert "mentions: colour;" in said
