"""Plugins add texts that mean identity, and respects in which records are compared; the command line shows both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hub.cli.app import run
from hub.errors import ConfigError
from hub.plugin.registry import load
from hub.quality.match.custom import profiles
from hub.store import Store
from hub.store.tables import golden

PLUGIN = """
from hub.plugin import Compare, hookimpl

@hookimpl
def register_match_rules(register):
    register("customs code", "product", lambda values: [values["sku"][:4]] if values.get("sku") else [])
    register("shelf", "contact", Compare(lambda values: values.get("note") or values.get("role"), edits=1, blocks=True))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n')
    (tmp_path / "plugins/own.py").write_text(PLUGIN)
    return tmp_path


def put(project: Path, rows: list[tuple[str, str, dict[str, str]]]) -> None:
    store = Store.open(f"sqlite:///{project}/hub.db")
    with store.begin() as tx:
        tx.insert(golden, ("id", "model", "data", "seq"), [(id, m, json.dumps(v), tx.seq) for id, m, v in rows])
    store.close()


def call(project: Path, capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict[str, object]]:
    capsys.readouterr()
    found = run(["--project", str(project), "duplicates", "find", "--json", *words])
    out = capsys.readouterr()
    assert found == code, out.err
    return [json.loads(line) for line in out.out.splitlines()]


def test_rules_of_plugins_find_pairs_through_the_command_line(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(project, [
        ("a", "product", {"name": "Bolt", "sku": "8421-a"}), ("b", "product", {"name": "Screw", "sku": "8421-b"}),
        ("c", "product", {"name": "Bolt", "sku": "9000"}),
        ("d", "contact", {"last_name": "Abel", "first_name": "Ina", "role": "shelf 17"}),
        ("e", "contact", {"last_name": "Abel", "first_name": "Ina", "role": "shelf 17"}),
    ])  # fmt: skip
    found = {row["model"]: row for row in call(project, capsys, code=1)}
    assert (found["product"]["found"], found["product"]["merge"]) == (1, 1)
    assert found["contact"]["found"] == 1
    assert found["customer"]["records"] == 0
    store = Store.open(f"sqlite:///{project}/hub.db")
    with store.read() as tx:
        pairs = {row[0]: (row[1], json.loads(row[2])) for row in tx.rows("SELECT left_id, right_id, levels FROM pair")}
    store.close()
    assert pairs["a"][0] == "b"
    assert [(x["comparison"], x["left"]) for x in pairs["a"][1]] == [("customs code", ["8421"])]
    assert {x["comparison"] for x in pairs["d"][1]} == {"given name", "family name", "shelf"}
    assert call(project, capsys, "--model", "product", code=1)[0]["changed"] == 0


def test_a_model_without_rules_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--project", str(project), "duplicates", "find", "--model", "produkt"]) == 2
    assert 'did you mean "product"' in capsys.readouterr().err


def test_a_rule_that_breaks_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "plugins/own.py").write_text(PLUGIN.replace("values.get(", "values.got("))
    put(project, [("a", "product", {"sku": "1"}), ("b", "product", {"sku": "2"})])
    assert run(["--project", str(project), "duplicates", "find", "--model", "product"]) == 2
    assert 'match rule "customs code": AttributeError' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('register("x", "prodct", lambda values: [])', 'no model "prodct"'),
        ('register("x", "product", Compare(lambda values: None, same=(0.1, 0.5)))', "two chances"),
        (
            'register("x y", "product", lambda v: [])\n    register("x-y", "product", lambda v: [])',
            "almost the same name",
        ),
    ],
)
def test_rules_that_make_no_sense_are_refused(project: Path, text: str, says: str) -> None:
    head = "from hub.plugin import Compare, hookimpl\n@hookimpl\ndef register_match_rules(register):\n    "
    (project / "plugins/own.py").write_text(head + text + "\n")
    with pytest.raises(ConfigError, match=says):
        profiles(load(project / "plugins", entry_points=False))
