"""What was destroyed with a business line leaves no word in the ledger, and every sum as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from office import POST, Office

from hub.finance.ledger.forget import forget, sweep
from hub.finance.told import about_graves, take_back
from hub.store import Store
from hub.store.tables import metadata
from hub.store.tables.finance import FIGURES, WORDS
from hub.sync.graves import bury


@pytest.fixture
def office(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Office:
    kind = getattr(request, "param", "sqlite")
    url = "sqlite:///hub.db" if kind == "sqlite" else str(request.getfixturevalue("pg_url"))
    made = Office(tmp_path / "project", url, capsys, monkeypatch)
    made.customer("C1", "Wilhelmine Zander", "DE89370400440532013000", "wz@zander.example")
    made.customer("C2", "Beta Handel AG", "CH9300762011623852957")
    made.invoice("INV-1001", "C1", "119.00")
    made.invoice("INV-1002", "C1", "200.00")
    made.invoice("INV-2001", "C2", "500.00")
    made.begin()
    made.entry("B1", "100.00", "INV-1001 Zander", payer="Wilhelmine Zander", iban="DE89370400440532013000")
    made.entry("B2", "500.00", "INV-2001", payer="Beta")
    made.entry("B3", "50.00", "greetings", payer="W. Zander", iban="DE02700100800030876808")
    made.morning()
    made.person("ann")
    made("payments", "match", made.payments()["B3"]["id"], "INV-1002", "--as", "ann")
    made("write-off", "INV-1002", "--reason", "Wilhelmine Zander is ill", "--amount", "0.50", "--as", "ann")
    made("dunning", "draft", "Wilhelmine Zander", "--as-of", "2026-05-31", "--as", "ann")
    return made


def test_nothing_but_words_may_go() -> None:
    for table, figures in FIGURES.items():
        assert {*figures, *WORDS[table]} == {column.name for column in metadata.tables[table].columns}


def words(office: Office) -> str:
    """All that the ledger, its papers and the audit log say."""
    tables = ("decision", "posting", "settlement", "item", "alias", "reminder", "statement", "audit")
    return str([office.sql(f"SELECT * FROM {name}") for name in tables])


@pytest.mark.parametrize("office", ["sqlite", "postgresql"], indirect=True)
def test_what_lies_in_a_grave_leaves_figures_only(office: Office) -> None:
    gone = {row["id"] for row in office("list", "customer") if row["values"]["name"] == "Wilhelmine Zander"}
    gone |= {r["id"] for r in office("list", "invoice", "--limit", "9") if r["values"]["number"].startswith("INV-1")}
    gone |= {row["id"] for row in office("list", "payment") if row["values"].get("identifiers.bank") != "B2"}
    gone |= {row["id"] for row in office("list", "message")}
    assert len(gone) == 7  # with the payment of nothing that tells of the write-off
    before = words(office)
    assert "Zander" in before
    assert "DE02700100800030876808" in before
    figures = "SELECT id, kind, payment_id, document_id, amount, effect, paid, posted_on FROM posting ORDER BY id"
    posted = office.sql(figures)
    store = Store(office.store.replace("sqlite:///", f"sqlite:///{office.folder}/"))
    with pytest.raises(Exception, match="only added"), store.begin() as tx:
        tx.run("UPDATE posting SET note = NULL WHERE note IS NOT NULL")
    with store.begin() as tx:
        bury(tx, sorted(gone), "retail")
        assert forget(tx, sorted(gone)) == 4
        assert forget(tx, sorted(gone)) == 0
    with store.begin() as tx:
        assert sweep(tx, tx.seq) == 1
    after = words(office)
    for word in ("Zander", "DE02700100800030876808", "zander.example"):
        assert word not in after, word
    assert office.sql("SELECT count(*) FROM content") == [(0,)]
    assert office.sql(figures) == posted
    office.sound()
    assert office.open() == {}
    with pytest.raises(Exception, match="only added"), store.begin() as tx:
        tx.run("UPDATE posting SET amount = amount + 1 WHERE payment_id IN ?", sorted(gone))
    store.close()


def told(office: Office) -> dict[str, str]:
    """The summaries to finance by what they list."""
    rows = office.sql("SELECT g.data FROM golden g WHERE g.model = 'message' AND g.data LIKE '%need a person%'")
    return {word: data for (data,) in rows for word in ("Wanderer", "Zander", "nobody") if word in data}


@pytest.mark.parametrize("office", ["postgresql"], indirect=True)
def test_a_summary_goes_with_those_it_names_and_the_others_stay(office: Office) -> None:
    office.settings(f'report_to = ["cfo@company.example"]\n{POST}')
    office.entry("B4", "12.00", "no idea", payer="Somebody Wanderer")
    office.morning("--report")
    assert [word for word in told(office) if word != "nobody"] == ["Wanderer"]
    office.entry("B5", "77.00", "for nothing", payer="W. Zander", iban="DE02700100800030876808")
    office.morning("--report")
    assert set(told(office)) == {"Wanderer", "Zander"}
    store = Store(office.store.replace("sqlite:///", f"sqlite:///{office.folder}/"))
    ids = {key: row["id"] for key, row in office.payments().items()}
    ((customer,),) = office.sql("SELECT id FROM golden WHERE data LIKE '%Wilhelmine Zander%' AND model = 'customer'")
    with store.begin() as tx:  # a payment that is not the line's own, of a customer who is
        tx.run("UPDATE settlement SET customer_id = ? WHERE payment_id = ?", customer, ids["B5"])
        assert about_graves(tx) == {}
        bury(tx, [customer], "retail")
        papers = about_graves(tx)
        assert take_back(tx, papers, "retail") == 1
        assert about_graves(tx) == {}
    assert set(told(office)) == {"Wanderer"}
    books = office.sql("SELECT digest FROM content")
    assert [digest for (digest,) in books if digest in told(office)["Wanderer"]] != []
    assert not [digest for (digest,) in books if digest in str(papers)]
    assert "Zander" not in str(office.sql("SELECT payload FROM record WHERE key LIKE 'morning/%'"))
    with store.begin() as tx:  # one whose list is lost cannot show that it names nobody
        tx.run("DELETE FROM content")
        assert len(about_graves(tx)) == 1
    store.close()


def test_a_backup_put_back_is_forgotten_again_by_the_next_run(office: Office) -> None:
    (one,) = [row["id"] for row in office("list", "payment") if row["values"].get("identifiers.bank") == "B1"]
    store = Store(office.store.replace("sqlite:///", f"sqlite:///{office.folder}/"))
    with store.begin() as tx:  # what reading the file of graves does at the start
        bury(tx, [one], "retail")
    store.close()
    assert "inv-1001" in str(office.sql(f"SELECT data FROM decision WHERE payment_id = '{one}'"))
    office("reconcile")
    assert "inv-1001" not in str(office.sql(f"SELECT data FROM decision WHERE payment_id = '{one}'"))
