"""Reading and writing, one promise a test."""

import json
from typing import Any

import pytest

from hub.mapping import BUILTIN, Converters, Mapping, parse
from hub.mapping.path import split

HEAD = 'stream = "s"\nmodel = "{}"\n[fields]\n'


def of(rows: str, model: str = "customer") -> Mapping:
    """A mapping of a few rows; the name of a customer is not asked for."""
    return parse(HEAD.format(model) + rows, "s.toml")


def read(rows: str, record: Any, model: str = "customer") -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Values, and (field, severity) of the problems; the same for JSON and for a mapping."""
    mapping = of(rows, model)
    found = mapping.read(json.dumps(record).encode())
    assert mapping.read(record).values == found.values
    return found.values, [(p.field, p.severity) for p in found.problems]


def test_missing_is_missing_and_null_or_empty_is_none() -> None:
    rows = 'note = "a.b"\ntier = { theirs = "a.c", as = "strip" }\nindustry = "d"'
    assert read(rows, {"a": {"b": "", "c": None}}) == ({"note": None, "tier": None}, [])
    assert read(rows, {"a": None, "d": "x"}) == ({"note": None, "tier": None, "industry": "x"}, [])
    assert read(rows, {"a": "text", "d": "x"}) == ({"industry": "x"}, [])


def test_a_row_may_look_into_what_another_takes_whole_and_into_lists() -> None:
    rows = 'note = { theirs = "m.0.v", on = "pull" }\ntier = { theirs = "m.1.v", on = "pull" }\nindustry = \'"party.name"\''
    assert read(rows, {"m": [{"v": "x"}], "party.name": "y"}) == ({"note": "x", "industry": "y"}, [])
    assert split("a.'b.c'.\"d\"") == ("a", "b.c", "d")


def test_a_required_field_that_is_missing_or_empty_is_an_error() -> None:
    for record in ({}, {"n": None}, {"n": ""}):
        assert read('name = "n"', record)[1] == [("name", "error")]
        assert read('name = { theirs = "n", required = false }', record)[1] == []
        assert read('tier = { theirs = "n", required = true }', record)[1] == [("tier", "error")]
    assert read('name = "n"', {"n": [1]})[1] == [("name", "error")]


def test_bad_values_keep_the_record_out_or_only_the_field() -> None:
    record = {"e": "no address", "x": "y"}
    kept, problems = read('emails.main = { theirs = "e", as = "email" }\nnote = "x"', record)
    assert (kept, problems) == ({"note": "y"}, [("emails.main", "error")])
    kept, problems = read('emails.main = { theirs = "e", as = "email", bad = "skip" }\nnote = "x"', record)
    assert (kept, problems) == ({"note": "y"}, [("emails.main", "warning")])


def test_a_problem_says_field_path_value_and_reason() -> None:
    (problem,) = of('emails.main = { theirs = "p.e", as = "email" }').read({"p": {"e": "x" * 999}}).problems
    assert str(problem).startswith("emails.main (p.e): is no e-mail address")
    assert len(problem.value) == 203


def test_enums_go_both_ways_and_unknown_words_are_left_out() -> None:
    rows = 'status = { theirs = "s", values = { a = "active", b = "active", "" = "lead" }, back = { active = "b" } }'
    assert read(rows, {"s": "a"}) == ({"status": "active"}, [])
    assert read(rows, {"s": ""}) == ({"status": "lead"}, [])
    assert read(rows, {"s": "zz"}) == ({}, [("status", "warning")])
    assert of(rows).write({"status": "active"}).data == {"s": "b"}
    refused = of(rows).write({"status": "blocked"})
    assert (refused.data, set(refused.skipped)) == ({}, {"status"})


def test_enums_of_booleans_numbers_and_any_case() -> None:
    flag = 'kind = { theirs = "c", values = { true = "company", false = "person" } }'
    assert read(flag, {"c": True}) == ({"kind": "company"}, [])
    assert of(flag).write({"kind": "person"}).data == {"c": False}
    number = 'status = { theirs = "c", as = "int", values = { 1 = "active", 2 = "lead" } }'
    assert read(number, {"c": 2})[0] == read(number, {"c": "2"})[0] == {"status": "lead"}
    assert of(number).write({"status": "active"}).data == {"c": 1}
    lower = 'status = { theirs = "c", as = "lower", values = { won = "active" }, other = "lead" }'
    assert read(lower, {"c": " WON"})[0] == {"status": "active"}
    assert read(lower, {"c": "what"})[0] == {"status": "lead"}


def test_a_word_the_model_does_not_know_is_left_out_without_values_too() -> None:
    assert read('status = "s"', {"s": "active"}) == ({"status": "active"}, [])
    assert read('status = "s"', {"s": "ACTIVE"}) == ({}, [("status", "warning")])
    assert read('addresses.main.country = "s"', {"s": "Germany"}) == ({}, [("addresses.main.country", "error")])


def test_constants_defaults_and_directions() -> None:
    rows = (
        'kind = { value = "company" }\ntier = { theirs = "t", default = "C" }\nnote = { theirs = "n", on = "create" }\n'
    )
    rows += 'industry = { theirs = "i", on = "push" }\nowner = { theirs = "o", on = "pull" }'
    record = {"n": "x", "i": "y", "o": "z"}
    assert read(rows, record)[0] == {"kind": "company", "tier": "C", "note": "x", "owner": "z"}
    mapping = of(rows)
    values = {"kind": "company", "tier": "A", "note": "x", "owner": "z", "industry": "y", "phones.main": "+1"}
    assert mapping.write(values).data == {"t": "A", "i": "y"}
    assert mapping.write(values, create=True).data == {"t": "A", "i": "y", "n": "x"}
    assert mapping.writable == {"tier", "industry"}
    assert mapping.creatable == {"tier", "industry", "note"}
    assert mapping.readable == {"kind", "tier", "note", "owner"}


def test_what_means_nothing_over_there() -> None:
    rows = 'parent = { theirs = "p.0", link = "s", as = "int", empty = false, on = "pull" }\nnote = { theirs = "n", empty = [false, "-"] }'
    assert read(rows, {"p": [7, "Acme"], "n": False})[0] == {"parent": "7", "note": None}
    assert read(rows, {"p": False, "n": "-"})[0] == {"note": None}
    assert of(rows).write({"note": None}).data == {"n": False}


def test_money_takes_its_currency_from_the_record_and_writes_it_there() -> None:
    rows = 'net = { theirs = "a", as = "money", currency_from = "c", case = "lower" }\n'
    rows += 'tax = { theirs = "t", as = "minor", currency_from = "c", case = "lower" }'
    mapping = of(rows, "invoice")
    assert read(rows, {"a": 10.1, "t": 5, "c": "jpy"}, "invoice")[0] == {"net": [10, "JPY"], "tax": [5, "JPY"]}
    assert mapping.read({"a": 1, "c": None}).problems[0].reason == "has no currency"
    assert mapping.write({"net": [1010, "EUR"]}).data == {"a": "10.10", "c": "eur"}
    two = mapping.write({"net": [1010, "EUR"], "tax": [5, "USD"]})
    assert (two.data, two.skipped) == ({"a": "10.10", "c": "eur"}, {"tax": "is in USD, and c is eur already"})


def test_money_finer_than_its_currency_is_rounded_and_reported() -> None:
    rows = 'net = { theirs = "a", as = "money", currency = "EUR" }'
    assert read(rows, {"a": "10.125"}, "invoice") == ({"net": [1013, "EUR"]}, [("net", "warning")])
    exact = of(rows, "invoice").read(b'{"a": 12345678901234567.89}')
    assert exact.values == {"net": [1234567890123456789, "EUR"]}


LINES = """
[fields.lines]
theirs = "p.lines"
bad = "{}"
each.sku = {{ theirs = "code", required = true }}
each.quantity = "n"
each.tax_rate = {{ theirs = "vat", as = "percent", bad = "skip" }}
each.amount = {{ theirs = "sum", as = "money", currency_from = "^c" }}
"""


def test_a_list_is_one_field() -> None:
    good = {"code": "A", "n": "1.50", "vat": 19, "sum": 1.5}
    record = {"p": {"lines": [good, {"code": "B", "n": None}]}, "c": "EUR"}
    lines = [{"sku": "A", "quantity": "1.5", "tax_rate": "0.19", "amount": [150, "EUR"]}, {"sku": "B"}]
    rows = LINES.format("quarantine")
    assert read(rows, record, "deal") == ({"lines": lines}, [])
    assert read(rows, {"p": {"lines": []}}, "deal") == ({"lines": []}, [])
    back = of(rows, "deal").write({"lines": lines}).data
    assert back == {"p": {"lines": [{"code": "A", "n": "1.5", "vat": "19", "sum": "1.50"}, {"code": "B"}]}, "c": "EUR"}


def test_a_bad_item_takes_the_list_with_it() -> None:
    record = {"p": {"lines": [{"code": "A"}, {"code": "B", "n": "many", "vat": "?"}, {}]}}
    values, problems = read(LINES.format("quarantine"), record, "deal")
    assert values == {}
    assert problems == [("lines.1.quantity", "error"), ("lines.1.tax_rate", "warning"), ("lines.2.sku", "error")]
    values, problems = read(LINES.format("skip"), record, "deal")
    assert (values, {s for _, s in problems}) == ({}, {"warning"})
    assert read(LINES.format("quarantine"), {"p": {"lines": {"code": "A"}}}, "deal") == ({}, [("lines", "error")])


REFS = """
customer = { theirs = "c", link = "companies", as = "int" }
[fields.allocations]
theirs = "l"
each.invoice = { theirs = "i", link = "invoices" }
"""


def test_references_are_translated_there_and_back() -> None:
    mapping = of(REFS, "payment")
    values = mapping.read(b'{"c": 7, "l": [{"i": "x"}, {"i": "y"}]}').values
    assert mapping.links == {"customer": "companies", "allocations.invoice": "invoices"}
    known = {("companies", "7"): "g7", ("invoices", "x"): "gx", ("invoices", "y"): "gy"}
    assert set(mapping.references(values)) == {
        ("customer", "companies", "7"), ("allocations.invoice", "invoices", "x"), ("allocations.invoice", "invoices", "y"),
    }  # fmt: skip
    golden, missing = mapping.resolve(values, lambda stream, key: known.get((stream, key)))
    assert golden == {"customer": "g7", "allocations": [{"invoice": "gx"}, {"invoice": "gy"}]}
    assert not missing
    assert values["customer"] == "7"  # what was given is as it was
    back = {(stream, gid): key for (stream, key), gid in known.items()}
    theirs, missing = mapping.unresolve(golden, lambda stream, gid: back.get((stream, gid)))
    assert theirs == values
    assert mapping.write(theirs).data == {"c": 7, "l": [{"i": "x"}, {"i": "y"}]}


def test_a_reference_without_an_answer_is_left_out_with_its_list() -> None:
    mapping = of(REFS, "payment")
    values = {"customer": "7", "allocations": [{"invoice": "x"}, {"invoice": "y"}]}
    golden, missing = mapping.resolve(values, lambda stream, key: "gx" if key == "x" else None)
    assert golden == {}
    assert missing == [("customer", "companies", "7"), ("allocations.invoice", "invoices", "y")]
    plain = of('note = "n"')
    assert plain.resolve(values, lambda stream, key: None)[0] is values
    assert list(plain.references(values)) == []


def test_names_of_theirs_in_a_refusal_lead_to_our_fields() -> None:
    mapping = of('emails.main = "properties.email"\nnote = "n"\n' + REFS.replace("customer", "parent").split("[")[0])
    assert mapping.ours(["properties.email"]) == mapping.ours(["email", "zzz"]) == {"emails.main"}
    assert of(REFS, "payment").ours(["i"]) == {"allocations"}
    assert mapping.ours([]) == set()


def test_new_fields_over_there_are_seen_beside_those_that_are_mapped() -> None:
    mapping = parse('ignore = ["p.hs_*"]\n' + HEAD.format("customer") + 'note = "p.n"\ntier = "t"', "s.toml")
    assert mapping.unmapped(b'{"p": {"n": 1, "hs_x": 1, "new": 2}, "t": {"a": 1}, "id": 3}') == {"p.new", "id"}
    assert mapping.unmapped(b"[") == set()


def test_a_plugins_converter_is_checked_and_cannot_stop_the_run() -> None:
    mine = Converters(BUILTIN)
    mine.register("wild", lambda value: {"date": 5, "boom": 1 // 0 if value == "boom" else 0}[value], lambda v: 1 // 0)
    mapping = parse(HEAD.format("customer") + 'last_payment_on = { theirs = "x", as = "wild" }', "s.toml", mine)
    assert "does not fit" in mapping.read({"x": "date"}).problems[0].reason
    assert mapping.read({"x": "boom"}).problems[0].reason == "broke the converter (ZeroDivisionError)"
    assert mapping.write({"last_payment_on": "2026-01-01"}).skipped


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a": \xff}', b"[" * 9999], ids=lambda d: repr(d[:12]))
def test_what_is_no_record_is_one_error(data: bytes) -> None:
    (problem,) = of('note = "a"').read(data).problems
    assert (problem.field, problem.severity) == ("", "error")
