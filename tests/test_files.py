"""Files as a connected system: read in every format, half-bad ones too, and written without losing a row."""

from __future__ import annotations

import json
import os
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hub_files import Files
from hub_files import rewrite as rewriting

from hub.connect import ConfigError, Conflict, Missing, Receipt, Record, Rejected, Unavailable, Write
from hub.mapping import parse

FORMATS = ["csv", "jsonl", "parquet", "xlsx"]


def connect(folder: Path, path: str, **options: Any) -> Files:
    return Files({"customers": {"path": path, "model": "customer", "key": "number", **options}}, str(folder))


def pull(files: Files, cursor: str | None = None) -> tuple[list[Record], str | None]:
    records: list[Record] = []
    for page in files.pull("customers", cursor):
        records += page.records
        cursor = page.cursor
    return records, cursor


def rows(files: Files) -> list[dict[str, Any]]:
    return [json.loads(record.data) for record in pull(files)[0] if record.version]  # type: ignore[arg-type]


def text(record: Record) -> str:
    assert isinstance(record.data, bytes)
    return record.data.decode()


def make(file: Path, table: list[dict[str, Any]]) -> None:
    """Write a file as another program would."""
    if file.suffix == ".csv":
        names = list(table[0])
        lines = [names, *([str(row[n]) for n in names] for row in table)]
        file.write_text("".join(";".join(line) + "\n" for line in lines), encoding="utf-8-sig")
    elif file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in table))
    elif file.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(table), file)
    else:
        from openpyxl import Workbook

        book = Workbook()
        for line in [list(table[0]), *(list(row.values()) for row in table)]:
            book.active.append(line)
        book.save(file)


def write(data: dict[str, Any], key: str | None = None, expect: str | None = None, our_id: str = "g1") -> Write:
    return Write(data, key, expect, "once", our_id)


PEOPLE = [{"number": "001", "name": "Jörg"}, {"number": "002", "name": "王"}]


@pytest.mark.parametrize("form", FORMATS)
def test_rows_are_read_and_zeros_in_front_stay(tmp_path: Path, form: str) -> None:
    make(tmp_path / f"c.{form}", PEOPLE)
    records, _ = pull(connect(tmp_path, f"c.{form}"))
    assert [(r.key, json.loads(r.data)) for r in records] == [("001", PEOPLE[0]), ("002", PEOPLE[1])]  # type: ignore[arg-type]
    assert all(r.version and r.changed_at is None for r in records)


@pytest.mark.parametrize("form", FORMATS)
def test_an_unchanged_file_yields_nothing_and_a_changed_one_all(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"c.{form}"
    make(file, PEOPLE)
    files = connect(tmp_path, f"c.{form}")
    _, cursor = pull(files)
    assert pull(files, cursor)[0] == []
    make(file, [*PEOPLE, {"number": "003", "name": "Ann"}])
    records, cursor = pull(files, cursor)
    assert [r.key for r in records] == ["001", "002", "003"]
    os.utime(file, (1, 1))  # touched, not changed
    assert pull(files, cursor)[0] == []


def test_a_change_of_the_same_size_in_the_same_tick_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    file.write_text("number,name\n1,Ann\n")
    files = connect(tmp_path, "c.csv")
    _, cursor = pull(files)
    stat = file.stat()
    file.write_text("number,name\n1,Bob\n")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert [json.loads(text(r))["name"] for r in pull(files, cursor)[0]] == ["Bob"]


@pytest.mark.parametrize("form", FORMATS)
def test_rows_are_changed_and_added(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"c.{form}"
    make(file, PEOPLE)
    files = connect(tmp_path, f"c.{form}")
    first, _ = pull(files)
    changed, added = files.push(
        "customers",
        [write({"name": "Jürgen"}, "001", first[0].version), write({"number": "003", "name": "=1+1"}, our_id="g3")],
    )
    assert isinstance(changed, Receipt)
    assert isinstance(added, Receipt)
    assert json.loads(changed.data) == {"number": "001", "name": "Jürgen", "hub_id": "g1"}  # type: ignore[arg-type]
    got = rows(files)
    assert [(r["number"], r["name"], r.get("hub_id") or None) for r in got] == [
        ("001", "Jürgen", "g1"), ("002", "王", None), ("003", "=1+1", "g3"),
    ]  # fmt: skip
    assert {r.key: r.version for r in pull(files)[0]}["003"] == added.version
    assert [(our, r.key) for our, r in files.find("customers", ["g3", "g9"])] == [("g3", "003")]
    assert [p.name for p in tmp_path.iterdir()] == [file.name]  # nothing is left beside it


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_is_not_there_is_begun(tmp_path: Path, form: str) -> None:
    files = connect(tmp_path, f"new.{form}")
    assert pull(files)[0] == []
    (made,) = files.push("customers", [write({"number": "007", "name": "Ann"})])
    assert isinstance(made, Receipt)
    assert rows(files) == [{"number": "007", "name": "Ann", "hub_id": "g1"}]


def test_a_create_that_had_arrived_is_not_done_again(tmp_path: Path) -> None:
    files = connect(tmp_path, "c.csv")
    (first,), (second,) = (list(files.push("customers", [write({"number": "1", "name": "Ann"})])) for _ in range(2))
    assert first == second
    assert len(rows(files)) == 1


def test_what_speaks_against_a_write(tmp_path: Path) -> None:
    make(tmp_path / "c.csv", PEOPLE)
    before = (tmp_path / "c.csv").read_bytes()
    files = connect(tmp_path, "c.csv")
    answers = list(
        files.push(
            "customers",
            [
                write({"name": "x"}, "001", "stale"),
                write({"name": "x"}, "404"),
                write({"number": "002", "name": "x"}, "001"),
                write({"name": "no key"}),
                write({"number": "002"}, our_id="g2"),
                write({"hub_id": "mine"}, "001"),
                write({"name": "a\0b"}, "001"),
            ],
        )
    )
    assert [type(a) for a in answers] == [Conflict, Missing, Rejected, Rejected, Rejected, Rejected, Rejected]
    assert (tmp_path / "c.csv").read_bytes() == before


def test_one_value_that_does_not_fit_does_not_stop_the_others(tmp_path: Path) -> None:
    make(tmp_path / "c.parquet", [{"number": 1, "amount": Decimal("1.50")}, {"number": 2, "amount": Decimal("2.50")}])
    files = connect(tmp_path, "c.parquet")
    bad, good = files.push("customers", [write({"amount": "much"}, "1"), write({"amount": "7.25"}, "2", our_id="g2")])
    assert isinstance(bad, Rejected)
    assert isinstance(good, Receipt)
    assert [r["amount"] for r in rows(files)] == ["1.50", "7.25"]


def test_bad_rows_go_into_quarantine_and_the_others_on(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(
        b'number,name\n1,Ann\n2,Bob,too many\n3,"open quote\n4,Dee\n5,\xff\xfe\n6,"Eve\nLine two"\n,nobody\n1,again\n\n7,Kim\n'
    )
    records, cursor = pull(connect(tmp_path, "c.csv"))
    good = {r.key: json.loads(text(r))["name"] for r in records if r.version}
    assert good == {"1": "Ann", "4": "Dee", "6": "Eve\nLine two", "7": "Kim"}
    bad = [text(r) for r in records if not r.version]
    assert [b.split(":")[0] for b in bad] == [f"c.csv, line {n}" for n in (3, 4, 6, 9, 10)]
    assert "has 3 values for 2 columns" in bad[0]
    assert "not utf-8" in bad[2]
    assert "has nothing in number" in bad[3]
    assert "that line 2 has too" in bad[4]
    mapping = parse('stream = "customers"\nmodel = "payment"\n[fields]\nreference = "name"\n', "x")
    for record in records:
        assert mapping.read(record.data).failed == (record.version is None)  # no mapping takes a bad row for a record
    (tmp_path / "c.csv").write_text("number,name\n1,Ann\n2,Bob\n3,one,too many\n")
    again, cursor = pull(connect(tmp_path, "c.csv"), cursor)
    gone = [r.key for r in again if r.deleted]
    assert gone == [f"c.csv:{n}" for n in (3, 6, 9, 10)]  # mended: nobody has to take them out of quarantine
    (tmp_path / "c.csv").write_text("number,name\n1,Ann\n2,Bob\n3,Cyd\n")
    assert [r.key for r in pull(connect(tmp_path, "c.csv"), cursor)[0] if r.deleted] == ["c.csv:4"]


def test_bad_rows_survive_a_write_byte_for_byte(tmp_path: Path) -> None:
    file = tmp_path / "c.csv"
    body = b'number;name\r\n1;"Ann"\r\n2;Bob;x\r\n3;\xff\r\n4;Dee\r\n1;again'
    file.write_bytes(b"\xef\xbb\xbf" + body)
    files = connect(tmp_path, "c.csv")
    (done,) = files.push("customers", [write({"name": "Anna; x"}, "1")])
    assert isinstance(done, Receipt)
    assert file.read_bytes() == (
        b'\xef\xbb\xbfnumber;name;hub_id\r\n1;"Anna; x";g1\r\n2;Bob;x\r\n3;\xff\r\n4;Dee;\r\n1;again;\r\n'
    )
    list(files.push("customers", [write({"name": "Ann"}, "1")]))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfnumber;name;hub_id\r\n1;Ann;g1\r\n2;Bob;x\r\n3;\xff\r\n")


def test_a_bad_line_of_json_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl").write_bytes(b'\xef\xbb\xbf{"number": 1, "x": 1.10}\n{"number": 2\n[3]\n\n{"number": "4"}')
    records, _ = pull(connect(tmp_path, "c.jsonl"))
    assert [r.key for r in records] == ["1", "c.jsonl:2", "c.jsonl:3", "4"]
    assert text(records[0]) == '{"number": 1, "x": 1.10}'  # as it stood there


def test_encodings_and_delimiters(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_bytes("number\tname\n1\tMüller, & Söhne\n".encode("cp1252"))
    assert rows(connect(tmp_path, "w.csv", encoding="cp1252")) == [{"number": "1", "name": "Müller, & Söhne"}]
    (tmp_path / "g.csv").write_bytes("number|name\n1|北京\n".encode("gb18030"))
    files = connect(tmp_path, "g.csv", encoding="gb18030", delimiter="|")
    assert rows(files)[0]["name"] == "北京"
    (tmp_path / "l.csv").write_bytes(b"number,name\n1,x\n")
    (refused,) = connect(tmp_path, "l.csv", encoding="latin-1").push("customers", [write({"name": "王"}, "1")])
    assert isinstance(refused, Rejected)
    assert (tmp_path / "l.csv").read_bytes() == b"number,name\n1,x\n"


def test_without_a_key_equal_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("day,amount\n1,5\n1,5\n2,5\n")
    files = connect(tmp_path, "c.csv", key=[])
    keys = [r.key for r in pull(files)[0]]
    assert len(set(keys)) == 3
    (tmp_path / "c.csv").write_text("day,amount\n0,9\n1,5\n2,5\n1,5\n")
    assert set(keys) < {r.key for r in pull(files)[0]}  # a row in front moves no key
    assert not files.stream("customers").push


def test_several_files_and_several_keys(tmp_path: Path) -> None:
    for month in ("01", "02"):
        make(tmp_path / f"c-{month}.csv", [{"shop": "A", "number": month, "name": "x"}])
    files = connect(tmp_path, "c-*.csv", key=["shop", "number"])
    records, cursor = pull(files)
    assert [r.key for r in records] == ["A|01", "A|02"]
    assert not files.stream("customers").push
    make(tmp_path / "c-03.csv", [{"shop": "B", "number": "1", "name": "y"}])
    assert [r.key for r in pull(files, cursor)[0]] == ["B|1"]


def test_the_time_of_a_change_comes_from_its_column(tmp_path: Path) -> None:
    make(tmp_path / "c.csv", [{"number": "1", "at": "2026-05-01T10:00:00+02:00"}, {"number": "2", "at": "2026-05-01"}])
    records, _ = pull(connect(tmp_path, "c.csv", changed="at"))
    assert [r.changed_at for r in records] == [datetime(2026, 5, 1, 8, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)]


def test_values_of_tables_are_json(tmp_path: Path) -> None:
    row = {"number": 7, "on": date(2026, 5, 1), "amount": Decimal("10.10"), "at": datetime(2026, 5, 1, 8, tzinfo=UTC),
           "tags": ["a"], "share": 0.5}  # fmt: skip
    make(tmp_path / "c.parquet", [row])
    (record,) = pull(connect(tmp_path, "c.parquet"))[0]
    assert (record.key, json.loads(text(record))) == (
        "7", {"number": 7, "on": "2026-05-01", "amount": "10.10", "at": "2026-05-01T08:00:00Z", "tags": ["a"], "share": 0.5}
    )  # fmt: skip


def test_a_sheet_keeps_its_formulas_formats_and_other_sheets(tmp_path: Path) -> None:
    from openpyxl import Workbook, load_workbook

    book: Any = Workbook()
    book.active.title = "People"
    for line in [["number", "name", "sum"], [42, "Ann", "=1+1"], [43, "Bob", "=2+2"]]:
        book.active.append(line)
    book.active["A2"].number_format = "00000"
    book.create_sheet("Other")["A1"] = "stays"
    book.save(tmp_path / "c.xlsx")
    files = connect(tmp_path, "c.xlsx", sheet="People")
    assert [r.key for r in pull(files)[0]] == ["00042", "43"]
    (done,) = files.push("customers", [write({"name": "Anna"}, "00042")])
    assert isinstance(done, Receipt)
    after: Any = load_workbook(tmp_path / "c.xlsx")
    assert (after["People"]["B2"].value, after["People"]["C2"].value, after["Other"]["A1"].value) == (
        "Anna",
        "=1+1",
        "stays",
    )
    assert after["People"]["A2"].number_format == "00000"
    with pytest.raises(ConfigError, match="no sheet 'Peple'; there are People, Other"):
        pull(connect(tmp_path, "c.xlsx", sheet="Peple"))


def test_a_write_that_breaks_off_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "c.csv", PEOPLE)
    before = (tmp_path / "c.csv").read_bytes()

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rewriting, "_to_disk", full)
    with pytest.raises(Unavailable, match="No space left"):
        list(connect(tmp_path, "c.csv").push("customers", [write({"name": "x"}, "001")]))
    assert (tmp_path / "c.csv").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1


def test_a_file_changed_by_others_during_a_write_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.csv"
    make(file, PEOPLE)
    files = connect(tmp_path, "c.csv")
    version = pull(files)[0][0].version
    real: Callable[[Path], None] = rewriting._to_disk

    def meddle(path: Path) -> None:
        real(path)
        if path.is_file() and "Meddled" not in file.read_text("utf-8-sig"):
            make(file, [{"number": "001", "name": "Meddled"}, *PEOPLE[1:]])

    monkeypatch.setattr(rewriting, "_to_disk", meddle)
    (answer,) = files.push("customers", [write({"name": "x"}, "001", version)])
    assert isinstance(answer, Conflict)
    assert rows(files)[0]["name"] == "Meddled"


def test_settings_are_checked_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Files({
            "a": {"path": "a.csv", "model": "custmer"}, "b": {"pth": "b.csv", "model": "customer"},
            "c": {"path": "c.doc", "model": "order"}, "d": {"path": "d.csv", "model": "order", "encoding": "latin-99"},
        })  # fmt: skip
    told = str(caught.value)
    for part in ("streams.a: no model 'custmer'", 'streams.b: no option \'pth\' (did you mean "path"?)', "streams.b: path is missing",
                 "streams.c: the format", "streams.d: no encoding 'latin-99'"):  # fmt: skip
        assert part in told
    with pytest.raises(ConfigError, match="streams: none"):
        Files({})


def test_columns_are_checked_in_the_file(tmp_path: Path) -> None:
    make(tmp_path / "c.csv", PEOPLE)
    with pytest.raises(ConfigError, match=r"no column 'numbr' .did you mean .number"):
        connect(tmp_path, "c.csv", key="numbr").check()
    (tmp_path / "d.csv").write_text("number,number\n1,2\n")
    with pytest.raises(ConfigError, match="two columns are called 'number'"):
        connect(tmp_path, "d.csv").check()
    with pytest.raises(Unavailable, match="no such folder"):
        connect(tmp_path / "gone", "c.csv").check()
    (tmp_path / "e.parquet").write_bytes(b"PAR1 half a file")
    with pytest.raises(Unavailable, match="no readable parquet file"):
        pull(connect(tmp_path, "e.parquet"))


def test_the_streams_are_those_of_the_settings(tmp_path: Path) -> None:
    files = connect(tmp_path, "c.csv")
    (stream,) = files.streams
    assert (stream.name, stream.model, stream.push, stream.versioned, stream.findable) == (
        "customers", "customer", True, True, True,
    )  # fmt: skip
    assert Files.streams == ()


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_long_file_is_read_in_batches(tmp_path: Path, form: str) -> None:
    many = 20_000
    make(
        tmp_path / f"c.{form}", [{"number": f"{n:06d}", "name": f"name {n}", "filler": "x" * 300} for n in range(many)]
    )
    files = connect(tmp_path, f"c.{form}")
    tracemalloc.start()
    count = sum(len(page.records) for page in files.pull("customers"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == many
    assert peak < 12_000_000  # the file's rows alone are more than that as Python objects
