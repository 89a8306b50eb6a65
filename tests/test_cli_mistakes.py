"""What people get wrong, told through the command line: where, what, and what to do; what is good beside it goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from hub.cli.app import run
from hub.testing.serve import serve

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
INVOICES = """
[connections.lists.streams.invoices]
path = "invoices.csv"
model = "invoice"
key = "Nr"
"""
GERMAN = """stream = "invoices"
model = "invoice"

[fields]
number = "Nr"
issued_on = { theirs = "Datum", form = "DD.MM.YYYY" }
total = { theirs = "Betrag", as = "money", currency = "EUR", point = "," }
"""
STRANGERS = """
[connections.{name}]
connector = "{name}"
base_url = "{url}"
{settings}
[connections.{name}.streams.{stream}]
"""
REST = (
    ("hubspot", "companies", 'token = "${CANARY}"'),
    ("stripe", "customers", 'api_key = "${CANARY}"'),
    ("tryton", "parties", 'database = "d"\nuser = "u"\npassword = "${CANARY}"'),
)
CANARY = "canary-5e1f0c77"
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
    """And those without a name, as spreadsheets leave them behind, are told apart by their place."""
    rows = "number,hub_id,name,email,colour,,\n1,,Anne,anne@anne.example,red,,x\n"
    (tmp_path / "customers.csv").write_text(rows)
    said = hub("sync")[1]
    assert "mentions: colour, column 6, column 7;" in said


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("number;name;größe\n1;Anne;3\n".encode("cp1252"), "line 1: is not in utf-8-sig; say its encoding"),
        ("number,name\n1,Anne\n".encode("utf-16"), "such as encoding = 'utf-16'"),
        (b"no,name\n1,Anne\n", "there are no, name; correct key in hub.toml, or the file"),
        (b"\nnumber,name\n1,Anne\n", "line 1: is empty; the first line must name the columns"),
        (b'number,"name\n1,Anne\n', "line 1: opens a quote that is not closed; the first line must name the columns"),
    ],
    ids=("cp1252", "utf-16", "key", "blank", "quote"),
)
def test_a_file_that_is_not_as_the_settings_say_is_told_with_what_to_change(
    tmp_path: Path, hub: Hub, content: bytes, says: str
) -> None:
    (tmp_path / "customers.csv").write_bytes(content)
    for verb in (["check"], ["preview", "lists", "customers"], ["sync"]):
        code, said = hub(*verb)
        assert code in (1, 2)
        assert f"{tmp_path}/customers.csv" in said
        assert says in said


def test_numbers_and_days_as_a_country_writes_them(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "hub.toml").write_text(SETTINGS + INVOICES)
    (tmp_path / "mappings/files.invoices.toml").write_text(GERMAN)
    rows = "1;1.11.2026;1.234,56\n2;2026-11-02;10.50\n3;11/02/2026;7\n"
    (tmp_path / "invoices.csv").write_text("\ufeffNr;Datum;Betrag\r\n" + rows)
    code, said = hub("preview", "lists", "invoices")
    assert code == 1
    assert '"values":{"number":"1","issued_on":"2026-11-01","total":[123456,"EUR"]}' in said
    assert "total (Betrag): is no number whose decimal sign is ',': '10.50'" in said
    assert "issued_on (Datum): is not written as DD.MM.YYYY: '11/02/2026'" in said


def test_a_stream_that_is_referred_to_and_not_read_is_told_by_check_as_by_sync(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "customers.csv").write_text("number,name,email\n1,Anne,anne@anne.example\n")
    (tmp_path / "invoices.csv").write_text("Nr;Kunde\n1;1\n")
    (tmp_path / "mappings/files.invoices.toml").write_text(
        GERMAN + 'customer = { theirs = "Kunde", link = "clients" }\norder = { theirs = "Auftrag", link = "orders" }\n'
    )
    (tmp_path / "hub.toml").write_text(SETTINGS + INVOICES)
    add = "add [connections.lists.streams.clients] to hub.toml"
    code, said = hub("check")
    assert code == 2
    assert f"customer needs the stream 'clients'; {add}" in said
    assert "note order is left out without the stream 'orders'; add" in said
    code, said = hub("sync")
    assert (code, said.endswith(add)) == (2, True)


def test_what_is_asked_for_is_written_as_people_see_it(tmp_path: Path, hub: Hub) -> None:
    (tmp_path / "hub.toml").write_text(SETTINGS + INVOICES)
    (tmp_path / "mappings/files.invoices.toml").write_text(GERMAN.replace('"Nr"', '"Nr"\nstate = { value = "open" }'))
    (tmp_path / "customers.csv").write_text("number,name,email\n1,Anne,anne@anne.example\n")
    (tmp_path / "invoices.csv").write_text("Nr;Datum;Betrag\n1;1.11.2026;1.234,50\n")
    hub("sync")
    for model, where in (
        ("customer", "lines.main=yes"),
        ("customer", "lines.main=true"),
        ("invoice", "total=1234.5 EUR"),
        ("invoice", "issued_on=2026-11-01"),
        ("invoice", "state=open"),
    ):
        assert f'"model":"{model}"' in hub("list", model, "--where", where, "--json")[1], where
    assert hub("list", "customer", "--where", "lines.main=no", "--json") == (0, "")
    for where, says in (
        ("state=opn", "state is one of draft, open,"),
        ("total=1234.5", 'total is an amount and its currency, such as "10.10 EUR"'),
        ("booked_rate=x", "booked_rate is a number, such as 0.5"),
    ):
        code, said = hub("list", "invoice", "--where", where)
        assert (code, says in said) == (2, True), said


def test_a_foreign_answer_keeps_nobody_else_back(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login's page in the place of an API: each connection says so by itself, and no secret is seen."""
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / "customers.csv").write_text("number,name,email\n1,Anne,anne@anne.example\n")
    whole = ""

    def page(request: httpx.Request) -> httpx.Response:
        words = f"<html>{request.headers.get('authorization')}</html>"
        if "moved" in request.url.path:
            return httpx.Response(302, headers={"location": f"https://login.example/?{words}"})
        return httpx.Response(200, headers={"content-type": "text/html"}, text=words)

    with serve(page) as url:
        for path in ("web", "moved"):
            others = (STRANGERS.format(name=n, stream=s, settings=t, url=f"{url}/{path}") for n, s, t in REST)
            (tmp_path / "hub.toml").write_text(SETTINGS + "".join(others))
            for verb in ("check", "sync"):
                code, said = hub(verb)
                whole += said
                assert code == 1
                why = (
                    "a web page, as a login or a proxy gives"
                    if path == "web"
                    else "302, it sends us on to https://login.example"
                )
                assert said.count(f"the answer is not as expected ({why}); is base_url right") == 3
    assert "Anne" in hub("list", "customer")[1]
    assert CANARY not in whole
    assert CANARY.encode() not in (tmp_path / "hub.db").read_bytes()


def test_an_address_without_its_scheme_is_told_at_its_line(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / "hub.toml").write_text(
        STRANGERS.format(name="hubspot", stream="companies", settings=REST[0][2], url="api.hubapi.com")
    )
    code, said = hub("check")
    assert code == 2
    assert said == "hub.toml:4: connections.hubspot.base_url: must begin with https:// (or http://)"


def test_a_database_that_cannot_be_used_is_told_without_a_traceback(
    tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "customers.csv").write_text("number,name,email\n1,Anne,anne@anne.example\n")
    assert hub("status") == (0, "no streams yet: they are read by: hub sync; first: hub check")
    begin = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    begin.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("hub.store.store.PRAGMAS", ("busy_timeout = 1",))
    code, said = hub("sync")
    begin.close()
    assert code == 1
    assert said == (
        f"{tmp_path}/hub.db: database is locked; another program holds it for long: a back-up, a viewer? "
        "Close it, or try again"
    )
    assert hub("sync")[0] == 0
    (tmp_path / "hub.db").write_text("no database at all, but text\n" * 9)
    code, said = hub("sync")
    assert code == 1
    assert said.startswith(f"{tmp_path}/hub.db: file is not a database; is the path right?")
