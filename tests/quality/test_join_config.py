"""[duplicates.on_merge] and what a schedule runs: each mistake is told with its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import load
from hub.errors import ConfigError

HEAD = """[hub]
store = "sqlite:///hub.db"
[connections.crm]
connector = "memory"
[connections.erp]
connector = "memory"
"""


def read(folder: Path, text: str) -> object:
    (folder / "hub.toml").write_text(HEAD + text)
    return load(folder)


def test_each_connection_says_what_a_merge_does_there(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text(HEAD + '[duplicates.on_merge]\ncrm = "merge"\nerp = "update"\n')
    assert dict(load(tmp_path).duplicates.on_merge) == {"crm": "merge", "erp": "update"}
    (tmp_path / "hub.toml").write_text(HEAD + '[schedules.night]\ncron = "0 3 * * *"\nrun = "duplicates"\n')
    assert load(tmp_path).schedules["night"].run == "duplicates"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[duplicates.on_merge]\ncmr = "link"\n', 'duplicates.on_merge.cmr: no connection "cmr" (did you mean "crm"?)'),
        ('[duplicates.on_merge]\ncrm = "fuse"\n', "duplicates.on_merge.crm: must be one of link, update, merge"),
        ("[duplicates.on_merge]\ncrm = 1\n", "duplicates.on_merge.crm: must be a text"),
        ('[schedules.x]\nevery = "1d"\nrun = "twice"\n', "schedules.x.run: must be one of sync, duplicates"),
        (
            '[schedules.x]\nevery = "1d"\nrun = "duplicates"\nconnections = ["crm"]\n',
            "schedules.x.connections: duplicates are looked for among all records",
        ),
    ],
)
def test_a_mistake_is_told_with_its_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, text)
    assert says in str(told.value), str(told.value)
