"""`hub archive` as people use it, on a line that was synced from real systems."""

from __future__ import annotations

import json
from pathlib import Path

from line import Company

from hub.store import Store


def written(company: Company) -> dict[str, object]:
    """Ana writes the archive of retail."""
    (row,) = company("archive", "write", "retail", by="ana")
    return row


def test_a_line_is_archived_verified_listed_and_restored(company: Company, tmp_path: Path) -> None:
    row = written(company)
    assert row["counts"] == {"customer": 5, "contract": 6, "order": 6, "invoice": 6, "payment": 6}
    bag = Path(str(row["place"]))
    assert bag.parent == company.folder / "archive/retail"
    assert {file.name for file in bag.glob("data/mappings/*")} == {f"depot.{name}.toml" for name in (
        "customers", "contracts", "orders", "invoices", "payments"
    )}  # fmt: skip
    name = str(row["archive"])
    (found,) = company("archive", "verify", name)
    assert (found["ok"], found["faults"], found["destroyed"]) == (True, [], 0)
    url = f"sqlite:///{tmp_path}/back.db"
    (back,) = company("archive", "restore", name, "--into", url, by="ana")
    assert (back["ok"], back["faults"]) == (True, [])
    assert back["counts"]["customer"] == 6  # the one who also buys elsewhere is referred to, so it can be read
    (listed,) = company("archive", "list", "retail")
    assert listed["verified_at"] is not None
    assert listed["restored_at"] is not None
    assert company("archive", "list", "other") == []
    acts = [row["what"] for row in company("audit", "list", "--what", "archive*")]
    assert acts == ["archive written", "archive verified", "archive restored"]
    other = Store(url)
    with other.read() as tx:
        rows = tx.rows("SELECT data FROM golden WHERE model = 'customer'")
    other.close()
    assert sorted(json.loads(row[0])["name"] for row in rows) == [f"R Kunde Ä{n}" for n in range(6)]


def test_who_may_not_write_is_told(company: Company) -> None:
    company("archive", "write", "retail", code=2)
    assert "say who you are" in company.err
    company("archive", "write", "retail", by="aud", code=1)
    assert "aud is no lead" in company.err
    company("archive", "write", "nothing", by="ana", code=2)
    assert 'nothing is of the line "nothing" alone' in company.err
    assert company("archive", "list") == []


def test_damage_is_exit_1_and_said_in_words(company: Company) -> None:
    row = written(company)
    file = next(Path(str(row["place"])).glob("data/golden/invoice-*.parquet"))
    text = bytearray(file.read_bytes())
    text[100] ^= 1
    file.write_bytes(text)
    company.plain("archive", "verify", str(row["archive"]), code=1)
    assert "does not hold" in company.out
    assert f"{file.name}: was changed" in company.err
    company("archive", "restore", str(row["archive"]), "--into", "sqlite:///x.db", by="ana", code=1)
    company("archive", "verify", "retial", code=2)
    assert "hub archive list" in company.err


def test_a_password_on_the_command_line_is_refused(company: Company) -> None:
    row = written(company)
    url = "postgresql://me:canary-4711@127.0.0.1/x"
    company("archive", "restore", str(row["archive"]), "--into", url, by="ana", code=2)
    assert "canary" not in company.err
    assert "must not stand on the command line" in company.err


def test_a_mapping_that_is_a_link_is_refused(company: Company) -> None:
    file = company.folder / "mappings/depot.orders.toml"
    file.rename(company.folder / "orders.toml")
    file.symlink_to(company.folder / "orders.toml")
    company("archive", "write", "retail", by="ana", code=2)
    assert "is a link" in company.err
    assert company("archive", "list") == []


def test_the_outside_is_verified_without_keys(company: Company) -> None:
    row = written(company)
    for file in (company.folder / "closing/keys").iterdir():
        if file.name.startswith("line-"):
            file.unlink()
    (found,) = company("archive", "verify", str(row["archive"]), "--outside")
    assert found["ok"]
    (listed,) = company("archive", "list")
    assert listed["verified_at"] is None  # nobody has read what is in it
    assert company("archive", "verify", str(row["archive"]), code=1) == []  # nothing is proven, nor refuted
    assert "no such key; bring it back" in company.err
