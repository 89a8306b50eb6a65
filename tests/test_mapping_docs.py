"""The page on mapping files tells the truth: its examples parse, its table lists every converter, option and key."""

import re
from pathlib import Path

import pytest

from hub.mapping import BUILTIN, Converters, parse
from hub.mapping.row import KEYS

PAGE = (Path(__file__).parent.parent / "docs" / "mappings.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = dict(re.findall(r"^\| `(\w+)` (\|.*)$", PAGE.partition("## Converters")[2], re.MULTILINE))


@pytest.mark.parametrize("block", BLOCKS)
def test_every_example_parses(block: str) -> None:
    assert parse(block, "docs/mappings.md").rows


def test_there_are_examples() -> None:
    assert len(BLOCKS) >= 3


def test_the_table_lists_every_converter_and_no_other() -> None:
    assert set(ROWS) == set(BUILTIN)


@pytest.mark.parametrize("name", sorted(BUILTIN))
def test_every_option_is_in_its_row(name: str) -> None:
    for option in BUILTIN[name].options:
        assert option in ROWS[name], f"{name}: {option}"


def test_every_key_of_a_row_is_explained() -> None:
    for key in KEYS:
        assert re.search(rf"^(\| `{key}` \|)", PAGE, re.MULTILINE) or (key == "as" and "| `as` |" in PAGE), key


def test_the_plugin_on_the_page_works() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    code = code.replace("from hub.plugin import hookimpl\n", "").replace("@hookimpl\n", "")
    scope: dict[str, object] = {}
    exec(code, scope)
    plugin = Converters()
    scope["register_converters"](plugin.register)  # type: ignore[operator]
    mine = BUILTIN.including(plugin)
    assert set(mine) == {*BUILTIN, "dozens"}
    text = 'stream = "s"\nmodel = "order"\n[fields]\ncustomer = { theirs = "c", link = "c" }\n'
    text += '[fields.lines]\ntheirs = "l"\neach.quantity = { theirs = "n", as = "dozens" }\n'
    mapping = parse(text, "x.toml", mine)
    values = mapping.read(b'{"c": 1, "l": [{"n": 2}]}').values
    assert values["lines"] == [{"quantity": "24"}]
    assert mapping.write(values).data["l"] == [{"n": "2"}]
