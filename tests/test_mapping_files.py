"""A mapping file is checked whole: every mistake is listed with file, line and key."""

from pathlib import Path

import pytest

from hub.errors import MappingError
from hub.mapping import check, load, loaded, parse
from hub.plugin.registry import load as plugins

ROOT = Path(__file__).parent.parent
HEAD = 'stream = "s"\nmodel = "customer"\n[fields]\nname = "n"\n'

MISTAKES = {
    'balance.eur = { theirs = "b", as = "money", currency = "EUR", point = ";" }': "balance.eur.point: ';' is no decimal sign; write",
    'born_on = { theirs = "f", form = "DD.MM" }': "born_on.form: 'DD.MM' is no form of a day; write it with YYYY, MM",
    'born_on = { theirs = "f", zone = "Berlin" }': "born_on.zone: needs a known time zone, not 'Berlin'",
    'nam = "a"': 'fields.nam: Customer has no field "nam" (did you mean "name"?)',
    '"phones.Main" = "a"': 'has no field "phones.Main"',
    'parent = "b"': 'fields.parent: refers to a customer: add link = "',
    'legal_name = { theirs = "q", link = "s" }': "legal_name is no reference in the model; those are: parent",
    'note = { theirs = "q", as = "txt" }': 'fields.note.as: no converter "txt" (did you mean "text"?)',
    'note = { theirs = "q", ass = "text" }': 'fields.note.ass: unknown key (did you mean "as"?)',
    'note = { theirs = "q", as = "text", region = "DE" }': "fields.note.region: unknown key",
    'note = { theirs = "q", as = "money", currency = "EUR" }': "'money' makes money, and note is text",
    'note = { as = "text" }': 'needs either theirs = "path" or value = a constant',
    'note = { theirs = "q", value = "x" }': 'needs either theirs = "path" or value = a constant',
    'note = { theirs = "q", on = "puhs" }': 'fields.note.on: "puhs" is none of both, create, pull, push',
    'note = { theirs = "q", bad = "drop" }': 'fields.note.bad: "drop" is none of quarantine, skip',
    'note = { theirs = "q", required = 1 }': "fields.note.required: is true or false",
    'note = { theirs = "q", issued = true }': 'belongs to a number that identifies, and "note" does not',
    'note = { theirs = "a..b" }': "fields.note.theirs: 'a..b' is no path",
    'note = { theirs = "a.0.b" }': 'a position in a list cannot be written: add on = "pull"',
    "note = 3": "fields.note: is a path over there",
    'status = { theirs = "q", values = { a = "activ" } }': '"activ" is nothing status can be (did you mean "active"?)',
    'status = { theirs = "q", values = { a = "active", b = "active" } }': "'a', 'b' all mean 'active'",
    'status = { theirs = "q", values = { a = "active" }, back = { lead = "a" } }': "'a' does not mean 'lead' in values",
    'status = { theirs = "q", back = { a = "b" } }': "fields.status.back: belongs to values",
    'status = { theirs = "q", default = "nobody" }': "fields.status.default: 'nobody' does not fit status: lead",
    'kind = { value = "firm" }': "'firm' does not fit kind: company, person",
    '"balance.eur" = "q"': 'money needs as = "money" or as = "minor"',
    '"balance.eur" = { theirs = "q", as = "money" }': "needs currency = \"EUR\", or currency_from",
    '"balance.eur" = { theirs = "q", as = "money", currency = "EUX" }': "'EUX' is no ISO 4217 currency code",
    'note = { theirs = "n" }': "fields.note: writes to n, and so does name; read it only in one of them",
    'note = { theirs = "n.deep" }': "fields.note: writes to n.deep, and so does name",
    'phones.main = "a"\n"phones.main" = "b"': "a second row for phones.main",
    'note = { theirs = "q", each.x = "y" }': "fields.note.each: note is no list of parts",
}  # fmt: skip


@pytest.mark.parametrize("row", MISTAKES)
def test_a_mistake_is_named_with_file_line_and_key(row: str) -> None:
    with pytest.raises(MappingError) as caught:
        parse(HEAD + row, "mappings/x.s.toml")
    (message,) = str(caught.value).splitlines()
    line = 5 + row.count("\n")
    assert message.startswith(f"mappings/x.s.toml:{line}: fields.")
    assert MISTAKES[row] in message


def test_all_mistakes_are_listed_at_once() -> None:
    text = 'steam = "s"\nmodel = "custmer"\nignore = 3\n'
    with pytest.raises(MappingError) as caught:
        parse(text, "a.toml")
    found = str(caught.value).splitlines()
    assert len(found) == 5
    assert any('a.toml:2: model: no model "custmer" (did you mean "customer"?)' in m for m in found)
    assert any('a.toml:1: steam: unknown key (did you mean "stream"?)' in m for m in found)


def test_mistakes_inside_lists_have_their_lines() -> None:
    text = 'stream = "s"\nmodel = "payment"\n[fields]\n[fields.allocations]\ntheirs = "l"\n\neach.invoce = "i"\neach.amount = "a"\n'
    with pytest.raises(MappingError) as caught:
        parse(text, "a.toml")
    first, second = str(caught.value).splitlines()
    assert (
        'a.toml:7: fields.allocations.each.invoce: Allocation has no field "invoce" (did you mean "invoice"?)' in first
    )
    assert "a.toml:8: fields.allocations.each.amount: money needs as" in second


def test_what_is_no_toml_is_said_with_its_line() -> None:
    with pytest.raises(MappingError, match=r"a.toml:2: is no TOML"):
        parse('stream = "s"\nmodel = = 1\n', "a.toml")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        load(tmp_path / "none.toml")


def test_a_loaded_mapping_has_the_files_name_and_does_not_change(tmp_path: Path) -> None:
    path = tmp_path / "crm.companies.toml"
    path.write_text(HEAD, encoding="utf-8")
    mapping = load(path)
    assert (mapping.name, mapping.stream, mapping.model) == ("crm.companies", "s", "customer")
    with pytest.raises(AttributeError, match="does not change"):
        mapping.name = "x"


def test_check_warns_of_what_does_not_come_back() -> None:
    rows = 'domain = { theirs = "d", as = "domain" }\nnote = { theirs = "x", default = "none" }\n'
    rows += 'status = { theirs = "q", values = { a = "active", b = "active", c = "lead" }, back = { active = "a" } }\n'
    found = check(parse(HEAD + rows, "a.toml"))
    assert [w.split(": ")[:2] for w in found] == [
        ["a.toml:5", "domain"], ["a.toml:6", "note"], ["a.toml:7", "status"], ["a.toml:7", "status"],
    ]  # fmt: skip
    assert "'b' over there become other words" in found[2]
    assert "prospect, inactive, blocked" in found[3]
    assert check(parse(HEAD, "a.toml")) == []


def test_check_warns_of_parts_of_a_list_that_a_write_would_lose() -> None:
    text = 'stream = "s"\nmodel = "deal"\n[fields.lines]\ntheirs = "l"\neach.sku = "a"\neach.unit = { theirs = "u", on = "pull" }\n'
    (found,) = check(parse(text, "a.toml"))
    assert found == "a.toml:3: lines: lists are written whole, without unit: what stands there is lost"


@pytest.mark.parametrize("path", sorted((ROOT / "mappings").glob("*.toml")), ids=lambda p: p.name)
def test_the_mappings_that_ship_load(path: Path) -> None:
    mapping = loaded(path, plugins())  # with the converters its connector may bring
    assert path.stem.endswith(f".{mapping.stream}")
