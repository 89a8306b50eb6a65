"""The scorecard through the command line: numbers a person can count, how they move, and the records behind them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.cli.app import run
from hub.quality.checks import Book
from hub.quality.scorecard import count, found, scores
from hub.quality.scorecard_read import Reader
from hub.store import Store

CUSTOMERS = """stream = "customers"
model = "customer"
ignore = ["id"]
[fields]
name = "name"
"emails.main" = "mail"
"phones.main" = "phone"
"identifiers.vat" = "vat"
"addresses.main.country" = "country"
"""
INVOICES = """stream = "invoices"
model = "invoice"
ignore = ["id"]
[fields]
number = "number"
customer = { theirs = "client", link = "customers" }
net = { theirs = "net", as = "money", currency = "EUR" }
tax = { theirs = "tax", as = "money", currency = "EUR" }
total = { theirs = "total", as = "money", currency = "EUR" }
issued_on = { theirs = "issued", as = "date" }
due_on = { theirs = "due", as = "date" }
"""
TOML = """[hub]
store = "{store}"
[connections.crm]
connector = "files"
folder = "${{HUB_PROJECT}}/crm"
line = "retail"
[connections.crm.streams.customers]
path = "customers.csv"
model = "customer"
key = "id"
[connections.erp]
connector = "files"
folder = "${{HUB_PROJECT}}/erp"
line = "wholesale"
[connections.erp.streams.customers]
path = "customers.csv"
model = "customer"
key = "id"
[connections.erp.streams.invoices]
path = "invoices.csv"
model = "invoice"
key = "id"
[survivorship.customer]
rule = "order"
order = ["erp", "crm"]
"""
PEOPLE = ("id", "name", "mail", "phone", "vat", "country")
BILLS = ("id", "number", "client", "net", "tax", "total", "issued", "due")
GOOD = ("a@firma-a.de", "+4930123456", "DE136695976", "DE")


class Place:
    """A project of two folders of CSV files."""

    def __init__(self, folder: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.store, self.capsys = folder, store, capsys
        for name in ("crm", "erp", "mappings", "plugins"):
            (folder / name).mkdir(parents=True)
        (folder / "mappings/files.customers.toml").write_text(CUSTOMERS)
        (folder / "mappings/files.invoices.toml").write_text(INVOICES)
        (folder / "hub.toml").write_text(TOML.format(store=store))

    def sheet(self, name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        with (self.folder / name).open("w", newline="") as file:
            csv.writer(file).writerows([columns, *rows])

    def __call__(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments, "--json"])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found == code, (found, out)
        return [json.loads(line) for line in out.out.splitlines()]

    def plain(self, *arguments: str) -> str:
        self.capsys.readouterr()
        run(["--project", str(self.folder), *arguments])
        return self.capsys.readouterr().out

    def sync(self) -> None:
        assert run(["--project", str(self.folder), "sync"]) in (0, 1)

    def scores(self, *arguments: str, code: int = 0) -> dict[tuple[Any, ...], tuple[int, int]]:
        rows = self("quality", *arguments, code=code)
        return {(r["model"], r["connection"], r["line"], r["measure"]): (r["good"], r["total"]) for r in rows}

    def opened(self) -> Store:
        return Store(self.store.replace("sqlite:///", f"sqlite:///{self.folder}/"))


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Place:
    store = "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))
    return _begun(Place(tmp_path / "p", store, capsys))


@pytest.fixture
def light(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    return _begun(Place(tmp_path / "p", "sqlite:///hub.db", capsys))


def _begun(place: Place) -> Place:
    """Customer 1 is in both systems, and the CRM's phone of it is wrong; of three invoices two are."""
    place.sheet(
        "crm/customers.csv",
        PEOPLE,
        [(1, "A", GOOD[0], "030 123", GOOD[2], "DE"), (2, "B", "b@firma-b.de", "+4930123457", "", "")],
    )
    place.sheet("erp/customers.csv", PEOPLE, [(1, "A", *GOOD), (7, "C", "c@gmial.com", "", "", "DE")])
    place.sheet(
        "erp/invoices.csv", BILLS,
        [
            (1, "R1", 1, "100.00", "19.00", "119.00", "2026-01-01", "2026-01-31"),
            (2, "R2", 1, "100.00", "19.00", "120.00", "2026-01-01", "2026-01-31"),
            (3, "R3", 7, "100.00", "19.00", "119.00", "2026-01-31", "2026-01-01"),
        ],
    )  # fmt: skip
    place.sync()
    return place


def test_the_numbers_are_those_a_person_counts(place: Place) -> None:
    cells = place.scores(code=1)
    assert cells["customer", None, None, "validity"] == (2, 3)  # gmial
    assert cells["customer", "crm", None, "validity"] == (1, 2)  # its phone, which the ERP's better one hides in golden
    assert cells["customer", "erp", None, "validity"] == (1, 2)
    assert cells["customer", "crm", None, "check:phone"] == (1, 2)
    assert ("customer", None, None, "check:phone") not in cells
    assert cells["invoice", None, None, "validity"] == (1, 3)
    assert cells["invoice", None, None, "check:total"] == (2, 3)
    assert cells["invoice", None, None, "check:date-order"] == (2, 3)
    # seven fields are expected of a customer; A lacks street, postal code, city; B these, country and tax number;
    # C these and the tax number
    assert cells["customer", None, None, "completeness"] == (21 - 3 - 5 - 4, 21)
    assert cells["customer", None, None, "timeliness"] == (3, 3)
    # A is in both lines, as both systems hold it
    assert cells["customer", None, "retail", "validity"] == (2, 2)
    assert cells["customer", None, "wholesale", "validity"] == (1, 2)
    assert cells["invoice", None, "wholesale", "validity"] == (1, 3)
    assert ("invoice", None, "retail", "validity") not in cells


def test_a_scorecard_is_asked_for_by_model_line_and_system(light: Place) -> None:
    assert {key[0] for key in light.scores("--model", "invoice", code=1)} == {"invoice"}
    assert {key[2] for key in light.scores("--line", "wholesale", code=1)} == {"wholesale"}
    assert {key[1] for key in light.scores("--connection", "crm", code=1)} == {"crm"}
    light("quality", "--line", "retail", "--model", "customer", "--connection", "erp")  # all fine there
    light("quality", "--connection", "nobody", code=2)
    light("quality", "--model", "nothing", code=2)
    for how in ((), ("--records", "validity"), ("--trend",)):
        light("quality", "--line", "retial", *how, code=2)
        assert 'no business line "retial" (did you mean "retail"?)' in light.err


def test_a_number_moves_when_the_data_does(place: Place) -> None:
    place.scores(code=1)
    first = place("quality", code=1)
    assert all(row["moved"] in (0, None) for row in first)  # nothing changed, and nothing was kept again
    place.sheet("erp/customers.csv", PEOPLE, [(1, "A", *GOOD), (7, "C", "c@gmail.com", "", "", "DE")])
    place.sync()
    moved = {
        (row["connection"], row["measure"]): row["moved"]
        for row in place("quality", "--model", "customer", code=1)
        if row["line"] is None
    }
    assert moved[None, "validity"] == pytest.approx(1 / 3)
    assert moved["erp", "validity"] == pytest.approx(1 / 2)
    assert moved["crm", "validity"] == 0
    trend = [row for row in place("quality", "--trend", "--model", "customer") if row["measure"] == "validity"]
    assert [(row["good"], row["total"]) for row in trend] == [(2, 3), (3, 3)]
    assert trend[0]["at"] < trend[1]["at"]
    assert "100.0 %" in place.plain("quality", "--trend")
    assert "(+33.3)" in place.plain("quality", "--model", "customer") or "100.0 %" in place.plain("quality")


def test_behind_each_number_stand_its_records(light: Place) -> None:
    store, book = light.opened(), Book()
    reader = Reader(store, book)
    numbers = [score for score in scores(count(reader, book)) if score.measure.startswith("check:")]
    assert len(numbers) > 15
    for score in numbers:
        behind = found(reader, book, score.measure[6:], score.connection or None, score.line or None)
        some = {(one.id, one.key if score.connection else "") for one in behind if one.model == score.model}
        assert len(some) == score.total - score.good, score
    store.close()


def test_a_record_behind_a_number_says_where_and_why(place: Place) -> None:
    (row,) = place("quality", "--records", "total", code=1)
    assert (row["connection"], row["stream"], row["key"], row["field"]) == ("erp", "invoices", "2", "total")
    assert row["reason"] == "net and tax make 119.00 EUR, total is 120.00 EUR"
    assert row["lines"] == ["wholesale"]
    (row,) = place("quality", "--records", "phone", "--connection", "crm", code=1)
    assert (row["key"], row["value"]) == ("1", "030 123")
    assert place("quality", "--records", "phone") == []  # golden shows the ERP's
    assert len(place("quality", "--records", "validity", "--limit", "2", code=1)) == 2
    place("quality", "--records", "phones", code=2)
    assert "did you mean" in _said(place, "quality", "--records", "phones")


def _said(place: Place, *arguments: str) -> str:
    place.capsys.readouterr()
    run(["--project", str(place.folder), *arguments])
    return place.capsys.readouterr().err


def test_a_reference_that_never_came_is_found_once_its_stream_was_read(place: Place) -> None:
    rows = [
        (1, "R1", 1, "1.00", "0", "1.00", "2026-01-01", "2026-01-31"),
        (4, "R4", 99, "1.00", "0", "1.00", "2026-01-01", "2026-01-31"),
    ]
    place.sheet("erp/invoices.csv", BILLS, rows)
    place.sync()
    (row,) = place("quality", "--records", "reference", code=1)
    assert (row["id"], row["connection"], row["key"]) == (None, "erp", "4")
    assert row["reason"] == "refers to customers 99, which was never read there"
    good, total = place.scores("--model", "invoice", code=1)["invoice", "erp", None, "check:reference"]
    assert (good, total) == (3, 4)
    with place.opened().begin(count=False) as tx:
        tx.run("UPDATE stream SET read_to_end = ? WHERE connection = 'erp' AND name = 'customers'", False)
    assert place("quality", "--records", "reference") == []  # it may still come


def test_a_golden_reference_to_nothing_is_found(place: Place) -> None:
    store = place.opened()
    with store.begin(count=False) as tx:
        (id, data), *_ = tx.rows("SELECT id, data FROM golden WHERE model = 'invoice' ORDER BY id")
        values = json.loads(data)
        tx.run("UPDATE golden SET data = ? WHERE id = ?", json.dumps(values | {"customer": "customer_none"}), id)
    (row,) = place("quality", "--records", "reference", code=1)
    assert (row["id"], row["field"], row["value"]) == (id, "customer", "customer_none")
    with store.begin(count=False) as tx:
        tx.run("UPDATE golden SET data = ? WHERE id = ?", json.dumps(values | {"customer": id}), id)
    (row,) = place("quality", "--records", "reference", code=1)
    assert row["reason"] == f"refers to {id}, which is no customer"
    store.close()


def test_open_pairs_and_numbers_given_twice_count_against_uniqueness(place: Place) -> None:
    store = place.opened()
    assert place.scores(code=1)["customer", None, None, "uniqueness"] == (3, 3)
    with store.begin(count=False) as tx:
        a, b, _ = sorted(row[0] for row in tx.rows("SELECT id FROM golden WHERE model = 'customer'"))
        columns = "id, model, left_id, right_id, probability, weight, zone, levels, state, found_seq, trained"
        tx.run(
            f"INSERT INTO pair ({columns}) VALUES ('p1', 'customer', ?, ?, 0.97, 5.0, 'ask', '[]', 'open', 1, 'x')",
            a,
            b,
        )
    cells = place.scores(code=1)
    assert cells["customer", None, None, "uniqueness"] == (1, 3)
    assert cells["customer", "crm", None, "uniqueness"] == (0, 2)
    rows = place("quality", "--records", "duplicate", code=1)
    assert {(row["id"], row["value"]) for row in rows} == {(a, b), (b, a)}
    assert "97%" in rows[0]["reason"]
    with store.begin(count=False) as tx:
        tx.run("UPDATE pair SET state = 'rejected'")
    assert place.scores(code=1)["customer", None, None, "uniqueness"] == (3, 3)
    place.sheet(
        "erp/invoices.csv", BILLS, [(i, "R1", 1, "1.00", "0", "1.00", "2026-01-01", "2026-01-31") for i in (1, 9)]
    )
    place.sync()
    assert {row["reason"] for row in place("quality", "--records", "duplicate", code=1)} == {
        "2 of them have this number"
    }
    store.close()


PLUGIN = """from hub.plugin import hookimpl
from hub.quality.checks import severe

def short(values):
    if len(values.get("name") or "") < 2:
        yield "the name is too short"

@hookimpl
def register_checks(register):
    register("short-name", "customer", short, severe={kind})
    {more}
"""


def test_a_plugins_check_counts_or_keeps_out_as_it_says(light: Place) -> None:
    (light.folder / "plugins/own.py").write_text(PLUGIN.format(kind=False, more=""))
    assert len(light("quality", "--records", "short-name", code=1)) == 3
    assert light.scores(code=1)["customer", "crm", None, "check:short-name"] == (0, 2)
    assert light("quarantine", "list") == []
    (light.folder / "plugins/own.py").write_text(PLUGIN.format(kind=True, more=""))
    light.sheet(
        "crm/customers.csv",
        PEOPLE,
        [(1, "A", *GOOD), (2, "B", *GOOD[:2], "", ""), (3, "D", "d@firma-d.de", "", "", "")],
    )
    light.sync()
    out = light("quarantine", "list", code=1)
    assert {(row["key"], row["reason"]) for row in out} == {
        (k, "short-name: the name is too short") for k in ("1", "2", "3")
    }
    cells = light.scores("--model", "customer", code=1)
    assert cells["customer", "crm", None, "check:quarantine"] == (0, 3)
    rows = light("quality", "--records", "quarantine", "--connection", "crm", code=1)
    assert [(row["key"], row["id"] is None) for row in rows] == [("1", False), ("2", False), ("3", True)]


def test_one_of_our_checks_is_made_severe_by_a_plugin(light: Place) -> None:
    more = "for name, model, check in severe('phone'): register(name, model, check)"
    (light.folder / "plugins/own.py").write_text(PLUGIN.format(kind=False, more=more))
    light.sheet(
        "crm/customers.csv",
        PEOPLE,
        [(4, "Long", "x@firma-x.de", "030 1", "", ""), (5, "Longer", "y@firma-y.de", "+4930123456", "", "")],
    )
    light.sync()
    out = light("quarantine", "list", code=1)
    assert [(row["key"], row["reason"][:34]) for row in out] == [("4", "phone-customer: phones.main: is no")]


def test_checks_can_be_off_and_days_set(light: Place) -> None:
    text = (light.folder / "hub.toml").read_text()
    (light.folder / "hub.toml").write_text(text + '[quality]\noff = ["total", "date-order", "email-domain", "phone"]\n')
    cells = light.scores()  # nothing left that is invalid
    assert cells["invoice", None, None, "validity"] == (3, 3)
    (light.folder / "hub.toml").write_text(text + '[quality]\noff = ["totals"]\n')
    assert 'no check "totals" (did you mean "total"?)' in _said(light, "quality")
    light("quality", code=2)
    (light.folder / "hub.toml").write_text(text + "[quality]\nof = []\n[quality.stale]\ncustomer = 0\nclient = 3\n")
    said = _said(light, "quality")
    for words in ("unknown key", "at least one day", 'no model "client"'):
        assert words in said


def test_stale_records_count_against_timeliness(light: Place) -> None:
    store = light.opened()
    with store.begin(count=False) as tx:
        tx.run("UPDATE record SET changed_at = changed_at - ? WHERE key = '2'", 1100 * 86_400_000_000)
    cells = light.scores("--model", "customer", code=1)
    assert cells["customer", None, None, "timeliness"] == (2, 3)
    assert cells["customer", "crm", None, "timeliness"] == (1, 2)
    text = (light.folder / "hub.toml").read_text()
    (light.folder / "hub.toml").write_text(text + "[quality.stale]\ncustomer = 2000\n")
    assert light.scores("--model", "customer", code=1)["customer", None, None, "timeliness"] == (3, 3)
    store.close()


def test_the_size_of_a_page_changes_no_number(light: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    light.sheet(
        "crm/customers.csv",
        PEOPLE,
        [(i, f"N{i}", f"n{i}@firma.de", "", "", "DE" if i % 3 else "XX") for i in range(50)],
    )
    light.sync()
    store, book = light.opened(), Book()
    whole = scores(count(Reader(store, book), book))
    monkeypatch.setattr("hub.quality.scorecard_page.SIZE", 7)
    monkeypatch.setattr("hub.quality.scorecard_read.SIZE", 7)
    assert scores(count(Reader(store, book), book)) == whole
    assert any(score.total > 50 for score in whole)
    store.close()


def test_nothing_read_yet_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = Place(tmp_path / "q", "sqlite:///hub.db", capsys)
    assert "nothing to judge yet" in place.plain("quality")
    assert "no runs yet" in place.plain("quality", "--trend")


def test_a_person_sees_shares_rounded_down(light: Place) -> None:
    text = light.plain("quality")
    assert "66.6 %" in text
    assert "what was found" in text
    lines: Callable[[str], list[str]] = lambda word: [row for row in text.splitlines() if word in row]  # noqa: E731
    assert len(lines("retail")) == 1  # customers of that line; systems are not parted by line unless asked
