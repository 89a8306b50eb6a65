"""docs/cli.md lists exactly the keys that --json prints, and every verb there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from hub.cli.app import app
from hub.cli.keys import KEYS
from hub.cli.output import line, shown

PAGE = Path(__file__).resolve().parents[1] / "docs/cli.md"


def sections() -> dict[str, str]:
    """Heading to text, a section each."""
    parts = re.split(r"^##+ hub (.+)$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def verb(heading: str) -> str:
    """The verb of a heading: `sync [CONNECTION...] [--stream S]` is sync."""
    return max((name for name in KEYS if heading.startswith(name)), key=len)


def documented() -> dict[str, set[str]]:
    """The keys of each verb as the page has them."""
    found: dict[str, set[str]] = {}
    for heading, text in sections().items():
        tables = re.findall(r"^\| key \| meaning \|\n\|---\|---\|\n((?:\|.*\n?)+)", text, flags=re.MULTILINE)
        if tables:
            assert len(tables) == 1, heading
            cells = [row.split("|")[1] for row in tables[0].strip().splitlines()]
            found[verb(heading)] = {key for cell in cells for key in re.findall(r"`([a-z_]+)`", cell)}
    return found


def test_the_page_and_the_code_name_the_same_keys() -> None:
    assert documented() == {name: set(keys) for name, keys in KEYS.items()}


def names(cli: typer.Typer) -> set[str]:
    """All verbs of the command line, groups with their own."""
    found = {str(command.name or command.callback.__name__) for command in cli.registered_commands if command.callback}
    for group in cli.registered_groups:
        assert group.typer_instance is not None
        found |= {f"{group.name} {name}" for name in names(group.typer_instance)}
    return found


def test_the_page_tells_of_every_verb() -> None:
    text = PAGE.read_text()
    missing = []
    for name in names(app):
        group, _, inner = name.rpartition(" ")
        heading = next((line for line in text.splitlines() if line.startswith(f"## hub {group or inner} ")), None)
        heading = heading or next((line for line in text.splitlines() if line == f"## hub {inner}"), "")
        if inner not in heading:
            missing.append(name)
    assert not missing


def test_an_undocumented_key_is_a_fault() -> None:
    with pytest.raises(KeyError, match="undocumented"):
        line({"id": 1, "surprise": 2}, "list")


def test_values_are_shown_as_people_write_them() -> None:
    assert shown([101000, "EUR"]) == "1010.00 EUR"
    assert shown([1500, "JPY"]) == "1500 JPY"
    assert shown(["a", "b"]) == "a, b"
    assert shown({"a": True, "b": None}) == "a yes"
    assert shown(None) == ""
