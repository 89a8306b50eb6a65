"""The scanner finds the line of every key, however the TOML is written."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.toml import KeyPath, lines, nearest

TEXT = '''# a comment with [brackets] = "and quotes
title = "one # not a comment"
[a.b]
"odd.key" = 1
dotted.deep.key = """
[not.a.table]
key = 1
"""
list = [
  1,
  # nothing
  [2, 3],
  { x = 1, "y z" = 'it''s' },
]
[[rows]]
n = 1
[[rows]]
n = 2
[rows.inner]
m = 3
[c]
literal = \'\'\'
n = "x
\'\'\'
last = 1979-05-27T07:32:00Z
'''.replace("'it''s'", "'its'")


def test_every_kind_of_key_has_its_line() -> None:
    found = lines(TEXT)
    assert found["title",] == 2
    assert found["a", "b"] == 3
    assert found["a", "b", "odd.key"] == 4
    assert found["a", "b", "dotted", "deep", "key"] == 5
    assert found["a", "b", "list"] == 9
    assert found["a", "b", "list", 0] == 10
    assert found["a", "b", "list", 1, 1] == 12
    assert found["a", "b", "list", 2, "y z"] == 13
    assert found["rows", 0, "n"] == 16
    assert found["rows", 1, "n"] == 18
    assert found["rows", 1, "inner", "m"] == 20
    assert found["c", "last"] == 25


def test_a_missing_key_takes_the_line_of_the_table_around_it() -> None:
    found = lines("[a]\nx = 1\n[a.b]\n")
    assert nearest(found, ("a", "b", "gone")) == 3
    assert nearest(found, ("a", "gone")) == 1
    assert nearest(found, ("elsewhere",)) is None


def paths(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Every path of the parsed value."""
    found = {path} if path else set()
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found |= paths(inner, (*path, key))
    return found


def test_every_path_of_a_document_is_found() -> None:
    assert paths(tomllib.loads(TEXT)) <= set(lines(TEXT))


names = st.text(alphabet="abc-_\"'.# é", min_size=1, max_size=4)
leaves = st.integers() | st.booleans() | st.text(alphabet='ab#"[]{}=,\\\n', max_size=8)


def quoted(text: str) -> str:
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'


def written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(written(v) for v in value) + "]"
    return quoted(value) if isinstance(value, str) else str(value)


@given(
    st.dictionaries(
        names, st.recursive(leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=3))
    )
)
def test_drawn_documents_are_scanned_to_the_last_key(document: dict[str, Any]) -> None:
    text = "".join(f"# [{n}]\n{quoted(key)} = {written(value)}\n" for n, (key, value) in enumerate(document.items()))
    assert tomllib.loads(text) == document
    found = lines(text)
    assert paths(document) == set(found)
    rows = text.split("\n")
    for key in document:
        assert rows[found[key,] - 1].startswith(quoted(key))


def test_lines_of_keys_are_found_past_text_comments_and_inline_tables() -> None:
    text = '''# a = 1
a = """
b = 2
"""
[t.u]   # [x]
"k.x" = { y = "=", z = [
  1, 2 ] , w.v = 1 }
c = 'it # is'
[[list]]
d = 1
'''
    assert lines(text) == {
        ("a",): 2, ("t",): 5, ("t", "u"): 5, ("t", "u", "k.x"): 6, ("t", "u", "k.x", "y"): 6,
        ("t", "u", "k.x", "z"): 6, ("t", "u", "k.x", "z", 0): 7, ("t", "u", "k.x", "z", 1): 7,
        ("t", "u", "k.x", "w"): 7, ("t", "u", "k.x", "w", "v"): 7, ("t", "u", "c"): 8,
        ("list",): 9, ("list", 0): 9, ("list", 0, "d"): 10,
    }  # fmt: skip
