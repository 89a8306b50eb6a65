"""Statements through the command line: each entry becomes one payment, however and however often it comes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from bankfiles import IBAN, bal, camt, mt940, ntry, stmt, tx

from hub.cli.app import run

KEYS = {"account", "currency", "from", "to", "opening", "closing", "entries", "balanced", "problems"}
CSV = f"""
[finance.accounts."{IBAN}"]
aliases = ["12030000/202051"]
currency = "EUR"
line = "online"

[finance.accounts."{IBAN}".csv]
decimal = ","
date = "dmy"
encoding = "cp1252"

[finance.accounts."{IBAN}".csv.columns]
booked = "Tag"
amount = "Betrag"
balance = "Saldo"
text = "Zweck"
"""


@dataclass
class Desk:
    """A project with a bank whose files lie in `in/`, and the command line as its door."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    err: str = ""

    def __call__(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        self.capsys.readouterr()
        found = run(["--project", str(self.folder), *arguments, "--json"])
        out = self.capsys.readouterr()
        self.err = out.err
        assert found == code, (found, out.err, out.out)
        return [json.loads(line) for line in out.out.splitlines()]

    def file(self, name: str, data: bytes | str) -> str:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return str(path)

    def bring(self, name: str, data: bytes | str, *options: str, code: int = 0) -> list[dict[str, Any]]:
        return self("statements", "import", self.file(name, data), *options, code=code)

    def payments(self) -> list[dict[str, Any]]:
        return [row["values"] for row in self("list", "payment", "--limit", "500")]

    def amounts(self) -> list[int]:
        return sorted(values["amount"][0] for values in self.payments())

    def quarantined(self, code: int = 1) -> list[str]:
        return [row["reason"] for row in self("quarantine", "list", code=code)]


def desk(folder: Path, store: str, capsys: pytest.CaptureFixture[str], text: str) -> Desk:
    (folder / "in").mkdir(parents=True)
    (folder / "hub.toml").write_text(f'[hub]\nstore = "{store}"\n{text}')
    return Desk(folder, capsys)


BANK = '[connections.house]\nconnector = "bank"\nfolder = "${HUB_PROJECT}/in"\n'


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    url = "sqlite:///hub.db" if request.param == "sqlite" else str(request.getfixturevalue("pg_url"))
    return desk(tmp_path / "project", url, capsys, BANK + CSV)


@pytest.fixture
def one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return desk(tmp_path / "project", "sqlite:///hub.db", capsys, BANK + CSV)


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return desk(tmp_path / "project", "sqlite:///hub.db", capsys, "")


COFFEE = ntry("-4.50", details=tx("4.50", text="CARD PAYMENT"))
DAY = [
    ntry("119.00", ref="R1", details=tx("119.00", text="RE 2026-0815", e2e="E1", strd=["RF18539007547034"])),
    COFFEE,
    COFFEE,
]


def test_a_statement_becomes_payments_that_say_all_matching_needs(both: Desk) -> None:
    (line,) = both.bring("x.xml", camt(stmt(*DAY)))
    assert line.keys() >= KEYS
    assert {key: line[key] for key in KEYS} == {
        "account": IBAN, "currency": "EUR", "from": "2026-03-05", "to": "2026-03-05", "opening": "1000.00",
        "closing": "1110.00", "entries": 3, "balanced": True, "problems": [],
    }  # fmt: skip
    assert both.amounts() == [-450, -450, 11900], "equal rows of one file are real"
    paid = next(p for p in both.payments() if p["amount"][0] > 0)
    assert {key: paid[key] for key in ("account", "paid_on", "value_on", "payer", "payer_account", "reference", "line")} == {
        "account": IBAN, "paid_on": "2026-03-05", "value_on": "2026-03-05", "payer": "Muster AG",
        "payer_account": "DE44500105175407324931", "reference": "RE 2026-0815", "line": "online",
    }  # fmt: skip
    assert (paid["structured_reference"], paid["end_to_end"], paid["entry_reference"]) == (
        "RF18539007547034",
        "E1",
        "R1",
    )
    assert paid["identifiers.bank"].startswith(IBAN)
    (kept,) = both("statements", "list")
    assert kept == line


def test_nothing_is_posted_twice_whichever_way_it_comes(both: Desk) -> None:
    report = camt(stmt(*DAY[:2], opening=None, tag="Rpt"), kind="052")
    both.bring("052.xml", report)
    assert both.amounts() == [-450, 11900]
    data = camt(stmt(*DAY))
    both.bring("053.xml", data)
    before = both.payments()
    assert both.amounts() == [-450, -450, 11900]
    both.bring("053.xml", data)
    both.bring("renamed.txt", data)
    both.file("in/by-bank.xml", data)
    both.file("in/052-late.xml", report)
    both("sync", "house")
    wider = stmt(ntry("1.00", day="2026-03-04", ref="R0"), *DAY, opening="999.00", number=9)
    both.bring("week.xml", camt(wider))
    assert both.amounts() == [-450, -450, 100, 11900]
    assert [p for p in both.payments() if p["paid_on"] == "2026-03-05"] == before
    assert len(both("statements", "list", "--state", "taken")) == 3


def test_import_and_sync_give_the_same_keys(one: Desk) -> None:
    one.file("in/a.sta", mt940(":61:2603050305C1,00NTRFNONREF\r\n:86:x", closing="C260305EUR1001,00"))
    one("sync", "house")
    keys = {p["identifiers.bank"] for p in one.payments()}
    one.bring(
        "b.sta", mt940(":61:2603050305C1,00NTRFNONREF\r\n:86:x", closing="C260305EUR1001,00", account="12030000/202051")
    )
    assert {p["identifiers.bank"] for p in one.payments()} == keys


def test_equal_rows_of_statements_that_follow_one_another_are_all_real(one: Desk) -> None:
    first = stmt(COFFEE, opening="100.00", number=1)
    second = stmt(COFFEE, ntry("9.00"), opening="95.50", number=2)
    one.bring("2.xml", camt(second))
    one.bring("1.xml", camt(first))
    assert one.amounts() == [-450, -450, 900]
    one.bring("1-again.xml", camt(first))
    one.bring("both.xml", camt(first, second))
    assert one.amounts() == [-450, -450, 900]


def test_a_batch_is_posted_as_its_parts_once_whichever_file_tells_them(one: Desk) -> None:
    parts = tx("60.00", name="Anna", text="RE 1") + tx("40.00", name="Bert", text="RE 2")
    told = camt(stmt(ntry("100.00", ref="B1", details=parts), opening=None, tag="Ntfctn"), kind="054")
    silent = camt(stmt(ntry("100.00", ref="B1")))
    one.bring("054.xml", told)
    one.bring("053.xml", silent)
    assert one.amounts() == [4000, 6000]
    assert len({p["batch"] for p in one.payments()}) == 1
    one.file("in/1-silent.xml", camt(stmt(ntry("50.00", ref="B2"), number=8)))
    more = tx("20.00") + tx("30.00")
    one.file("in/2-told.xml", camt(stmt(ntry("50.00", ref="B2", details=more), opening=None, tag="Ntfctn"), kind="054"))
    one("sync", "house")
    assert one.amounts() == [2000, 3000, 4000, 6000], "what comes together may come in any order"


def test_parts_that_come_after_their_batch_was_posted_are_told_and_not_posted(one: Desk) -> None:
    one.bring("053.xml", camt(stmt(ntry("100.00", ref="B1"))))
    parts = tx("60.00") + tx("40.00")
    late = camt(stmt(ntry("100.00", ref="B1", details=parts), opening=None, tag="Ntfctn"), kind="054")
    one.bring("054.xml", late, code=1)
    assert one.amounts() == [10000]
    assert ["came after the batch itself" in reason for reason in one.quarantined()] == [True]


BAD = camt(stmt(ntry("10.00", ref="R1"), closing="1010.05"))


def test_a_statement_that_fails_is_refused_and_a_mended_one_takes_its_place(one: Desk) -> None:
    (line,) = one.bring("bad.xml", BAD, code=1)
    assert (line["state"], line["balanced"]) == ("refused", False)
    assert "the difference is 0.05 EUR" in line["problems"][0]
    assert one.payments() == []
    assert ["the difference is 0.05 EUR" in reason for reason in one.quarantined()] == [True]
    one("statements", "list", code=1)
    assert "is refused" in one.err
    one.bring("good.xml", camt(stmt(ntry("10.00", ref="R1"))))
    assert one.quarantined(code=0) == []
    assert sorted(row["state"] for row in one("statements", "list")) == ["replaced", "taken"]
    assert one.amounts() == [1000]


def test_an_override_is_recorded_with_its_name(both: Desk) -> None:
    both.bring("bad.xml", BAD, code=1)
    (line,) = both.bring("bad.xml", BAD, "--override", "bank confirmed", "--by", "A. Meyer")
    assert (line["state"], line["by"], line["reason"], line["balanced"]) == (
        "overridden",
        "A. Meyer",
        "bank confirmed",
        False,
    )
    assert both.amounts() == [1000]
    assert both.quarantined(code=0) == []
    assert [row["state"] for row in both("statements", "list")] == ["overridden"]
    logged = [row for row in both("audit", "list") if row["what"] == "statement.override"]
    assert [(row["who"], row["data"]["reason"]) for row in logged] == [("A. Meyer", "bank confirmed")]
    both.bring("bad.xml", BAD, "--override", "again", "--by", "A. Meyer")
    assert both.amounts() == [1000]


def test_an_override_needs_both_its_parts(one: Desk) -> None:
    one.file("bad.xml", BAD)
    for options in (["--override", "x"], ["--by", "x"]):
        assert run(["--project", str(one.folder), "statements", "import", str(one.folder / "bad.xml"), *options]) == 2


def test_good_statements_go_on_beside_bad_files_and_everything_bad_is_told(one: Desk) -> None:
    good = camt(stmt(ntry("1.00", ref="R1")), stmt(ntry("2.00", ref="R2"), number=8))
    files = [
        one.file("cut.xml", good[: good.index(b"S8") + 300]),
        one.file("bad.xml", camt(stmt(ntry("10.00", ref="R1"), closing="1010.05", number=99))),
        one.file("none.bin", b"\0\0"),
        one.file("pain.csv", "PmtInfId\nx"),
        one.file("fine.sta", mt940(":61:2603050305C3,00NTRFNONREF//B3", closing="C260305EUR1003,00")),
    ]
    lines = one("statements", "import", *files, code=1)
    assert [(Path(row["file"]).name, row["state"], row["entries"]) for row in lines] == [
        ("cut.xml", "refused", 0), ("cut.xml", "taken", 1), ("bad.xml", "refused", 1), ("none.bin", "refused", 0),
        ("pain.csv", "refused", 0), ("fine.sta", "taken", 1),
    ]  # fmt: skip
    assert all(row["problems"] for row in lines if row["state"] == "refused")
    assert lines[0]["problems"][0].startswith("line ")
    assert one.amounts() == [100, 300]
    assert len(one.quarantined()) == 4
    one.file("cut.xml", good)
    one("statements", "import", files[0])
    assert one.amounts() == [100, 200, 300]
    assert len(one.quarantined()) == 3, "what was mended is no longer kept"


def test_sync_tells_what_is_refused(one: Desk) -> None:
    one.file("in/bad.xml", BAD)
    (row,) = one("sync", "house", code=1)
    assert row["quarantined"] == 1
    assert [line["state"] for line in one("statements", "list", code=1)] == ["refused"]
    one("sync", "house")
    one.file("in/bad.xml", camt(stmt(ntry("10.00", ref="R1"), number=3)))
    one("sync", "house")
    assert one.quarantined(code=0) == []
    assert one.amounts() == [1000]


def test_a_missing_statement_between_two_is_told(one: Desk) -> None:
    one.bring("1.xml", camt(stmt(ntry("1.00", day="2026-03-02", ref="A"), number=1)))
    one.bring("3.xml", camt(stmt(ntry("1.00", day="2026-03-04", ref="C"), opening="1003.00", number=3)))
    one("statements", "list", code=1)
    assert "closed with 1001.00 EUR and goes on with 1003.00 EUR" in one.err
    one.bring("2.xml", camt(stmt(ntry("2.00", day="2026-03-03", ref="B"), opening="1001.00", number=2)))
    one("statements", "list")


def test_files_in_a_zip_are_read(one: Desk) -> None:
    with zipfile.ZipFile(one.folder / "a.zip", "w") as archive:
        archive.writestr("1.xml", camt(stmt(ntry("1.00", ref="R1"))))
        archive.writestr("2.sta", mt940(":61:2603050305C3,00NTRFNONREF//B3", closing="C260305EUR1003,00"))
    lines = one("statements", "import", str(one.folder / "a.zip"))
    assert [line["format"] for line in lines] == ["camt.053", "mt940"]
    assert one.amounts() == [100, 300]


def test_csv_by_its_saved_dialect(one: Desk) -> None:
    text = "Tag;Zweck;Betrag;Saldo\r\n04.03.2026;Miete;-5,00;95,00\r\n05.03.2026;Größe;10,00;105,00\r\n"
    (line,) = one.bring("a.csv", text.encode("cp1252"))
    assert (line["account"], line["opening"], line["closing"], line["balanced"]) == (IBAN, "100.00", "105.00", True)
    assert sorted(p["reference"] for p in one.payments()) == ["Größe", "Miete"]
    later = text.replace("04.03.2026;Miete;-5,00;95,00\r\n", "") + "06.03.2026;Neu;1,00;106,00\r\n"
    one.bring("b.csv", later.encode("cp1252"))
    assert one.amounts() == [-500, 100, 1000]


def test_without_any_setting_the_bank_is_implicit(bare: Desk) -> None:
    bare.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))))
    bare.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))))
    assert bare.amounts() == [100]
    text = "Tag;Betrag\n2026-03-05;1,00\n"
    (refused,) = bare.bring("a.csv", text, code=1)
    assert "hub statements preview" in refused["problems"][0]
    assert len(bare("statements", "list", code=0)) == 1


def test_preview_stores_nothing_and_proposes_a_dialect(bare: Desk) -> None:
    path = bare.file("a.csv", "Buchungstag;Verwendungszweck;Betrag;Währung\n31.03.2026;Miete;-1.005,00;EUR\n")
    (row,) = bare("statements", "preview", path, "--account", IBAN)
    assert (row["booked_on"], row["amount"], row["text"]) == ("2026-03-31", "-1005.00", "Miete")
    proposal = bare.err.partition("hub.toml:\n")[2].partition("\n\n\n")[0]
    (bare.folder / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n' + proposal)
    assert bare.payments() == []
    assert [line["state"] for line in bare("statements", "import", path)] == ["taken"]
    assert bare.amounts() == [-100500]
    (shown,) = bare("statements", "preview", bare.file("b.xml", camt(stmt(ntry("2.00")))))
    assert shown["amount"] == "2.00"


def test_two_banks_want_to_be_told_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two = desk(tmp_path / "project", "sqlite:///hub.db", capsys, BANK + BANK.replace("house", "second"))
    two.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))), code=2)
    assert "--connection: house, second" in two.err
    two.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))), "--connection", "second")
    two.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))), "--connection", "house")
    assert two.amounts() == [100], "the same entry through two connections is one payment"


def test_a_full_read_and_a_file_that_is_gone_take_nothing_away(one: Desk) -> None:
    one.bring("a.xml", camt(stmt(ntry("1.00", ref="R1"))))
    parts = tx("60.00") + tx("40.00")
    one.bring("054.xml", camt(stmt(ntry("100.00", ref="B1", details=parts), opening=None, tag="Ntfctn"), kind="054"))
    one.file("in/b.xml", camt(stmt(ntry("2.00", ref="R2"), opening="1001.00", number=8)))
    one("sync", "house")
    (one.folder / "in/b.xml").unlink()
    one.file("in/053.xml", camt(stmt(ntry("100.00", ref="B1"), opening="1003.00", number=9)))
    one("sync", "house", "--full")
    assert one.amounts() == [100, 200, 4000, 6000], "a full read remembers what it cannot see any more"
    assert len(one("statements", "list")) == 4


def test_mistakes_in_the_settings_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = (
        CSV.replace('"dmy"', '"dym"')
        .replace('booked = "Tag"\n', "")
        .replace("cp1252", "cp99")
        .replace('"EUR"', '"Euro"')
    )
    two = desk(tmp_path / "project", "sqlite:///hub.db", capsys, wrong)
    two("statements", "list", code=2)
    for text in ("date", "booking day", 'no encoding "cp99"', "ISO 4217"):
        assert text in two.err


def test_itbd_pages_of_one_day_in_files_of_their_own(one: Desk) -> None:
    first = stmt(COFFEE, opening=None, more=bal("OPBD", "100.00") + bal("ITBD", "95.50"), number=1)
    last = stmt(COFFEE, opening=None, more=bal("ITBD", "95.50") + bal("CLBD", "91.00"), number=1)
    one.bring("p1.xml", camt(first))
    one.bring("p2.xml", camt(last))
    assert one.amounts() == [-450, -450]
