"""Rows of files are erased for good, and nothing beside them is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hub_files import Files

from hub.connect import Missing, Receipt

CSV = 'id,name\n1,"Älter, GmbH"\n2,Two\n\n3,Three\n2,Two again\n'


@pytest.mark.parametrize(("name", "text"), [("a.csv", CSV), ("a.jsonl", '{"id":1,"name":"x"}\n{"id":2}\n{"id":3}\n')])
def test_rows_are_taken_out_and_the_others_stay_as_they_stand(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    files = Files({"rows": {"path": name, "model": "customer", "key": "id"}}, str(tmp_path))
    assert files.stream("rows").erases
    said = list(files.erase("rows", ["2", "9"]))
    assert isinstance(said[0], Receipt)
    assert isinstance(said[1], Missing)
    left = (tmp_path / name).read_text()
    assert "2" not in left.replace("GmbH", "")
    assert left.splitlines()[0] == text.splitlines()[0]
    assert [isinstance(one, Missing) for one in files.erase("rows", ["2"])] == [True]  # asked again, nothing happens
    assert (tmp_path / name).read_text() == left
