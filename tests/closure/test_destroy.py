"""Destruction under attack: holds, withdrawn approvals, kills, a key store that fails, backups put back."""

from __future__ import annotations

import json
import shutil
import sqlite3

import pytest
from conftest import Stage
from line import Company


def approved(at: Stage) -> Company:
    """At the gate of destruction, signed."""
    company = at("proven")
    company.plain("close", "approve", "retail", "destroy", by="lea")
    return company


def end_state(company: Company) -> dict[str, object]:
    """What two closings must have in common at their end."""
    gone = company.sql("SELECT model, count(*) FROM grave GROUP BY model ORDER BY model")
    kept = company.sql("SELECT model, count(*) FROM golden WHERE into_id IS NULL GROUP BY model ORDER BY model")
    (certificate,) = (company.folder / "closing/retail").glob("certificate-*.json")
    content = json.loads(json.loads(certificate.read_text())["content"])
    return {
        "gone": gone, "kept": kept, "shop": {s: company.shop("shop").rows(s) for s in ("customers", "invoices")},
        "destroyed": content["destroyed"], "sources": content["sources"], "keys": content["keys"],
        "exceptions": content["exceptions"],
    }  # fmt: skip


@pytest.mark.parametrize("after", [3])
def test_a_kill_in_the_middle_ends_like_an_undisturbed_run(at: Stage, after: int) -> None:
    calm = approved(at)
    calm("close", "run", "retail", by="ana")
    expected = end_state(calm)
    company = approved(at)
    company.shop("shop").set(die_after=after)
    died = company.process("close", "run", "retail", by="ana")
    assert died.returncode == 9, died.stderr
    assert company.status()["destroy"]["state"] != "done"
    company("close", "run", "retail", by="ana")
    found = end_state(company)
    # acts whose answer the dead process took with it are asked again, since erasing twice does no harm
    assert found == expected
    assert found["sources"]["shop/payments"] == {"erased": 6}  # type: ignore[index]
    assert company.sql("SELECT 1 FROM golden WHERE data LIKE '%Kunde Ä3%'") == []


def test_a_commit_that_dies_is_taken_up_where_it_was(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process dies at each commit of destruction in turn; resumed, nothing is done twice and nothing is missing."""
    calm = approved(at)
    calm("close", "run", "retail", by="ana")
    expected = end_state(calm)
    company = approved(at)
    from hub.store import Store

    seen = [0]

    class Died(BaseException):
        pass

    original = Store.open

    def opened(url: str, **more: object) -> Store:
        store = original(url, **more)  # type: ignore[arg-type]
        count = [0]

        def watch(when: str) -> None:
            count[0] += 1
            if when == "after" and count[0] >= seen[0]:
                raise Died

        store.watch = watch
        return store

    monkeypatch.setattr(Store, "open", opened)
    from hub.cli.app import run

    for step in range(6, 200, 9):
        seen[0] = step
        try:
            run(["--project", str(company.folder), "close", "run", "retail", "--as", "ana"])
        except Died:
            continue
        break
    monkeypatch.setattr(Store, "open", original)
    company("close", "run", "retail", by="ana", code=(0, 1))
    found = end_state(company)
    for key in ("gone", "kept", "destroyed", "exceptions"):
        assert found[key] == expected[key], key


def test_a_hold_set_while_destruction_runs_keeps_what_it_covers(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    company = approved(at)
    ((id,),) = company.sql("SELECT id FROM golden WHERE model = 'customer' AND data LIKE '%Kunde Ä3%'")
    from hub.closure import holds
    from hub.closure.phases import destroy

    real = destroy._bury

    def slow(desk):  # type: ignore[no-untyped-def]
        holds.add(desk.store, "lea", "case 12 O 34/26", golden_id=id)  # after the gate, before the rows
        return real(desk)

    monkeypatch.setattr(destroy, "_bury", slow)
    rows = company("close", "run", "retail", by="ana")
    assert rows[0]["state"] == "done"
    left = company.sql(
        "SELECT model FROM golden WHERE id = ? OR id IN (SELECT golden_id FROM reference WHERE target_id = ?)", id, id
    )
    assert sorted(r[0] for r in left) == ["contract", "customer", "invoice", "order", "payment"]
    content = end_state(company)
    assert {e["reason"] for e in content["exceptions"]} == {"case 12 O 34/26"}  # type: ignore[attr-defined]
    assert len(content["exceptions"]) == 5  # type: ignore[arg-type]
    assert content["destroyed"]["records"] == 24  # type: ignore[index]


def test_a_hold_on_the_line_stops_everything(at: Stage) -> None:
    company = approved(at)
    company.plain("hold", "add", "--line", "retail", "--reason", "court order", by="ana", code=1)  # no legal role
    (hold,) = company("hold", "add", "--line", "retail", "--reason", "court order", by="lea")
    company("close", "run", "retail", by="ana")
    assert end_state(company)["gone"] == []
    assert len(company.shop("shop").rows("invoices")) == 6
    retired = "SELECT connection FROM retired_connection"
    assert company.sql(retired) == []  # it will be asked to erase
    company.plain("hold", "release", str(hold["number"]), "--reason", "case over", by="lea")
    assert company("hold", "list") == []
    assert company("close", "run", "retail", by="ana")[-1]["state"] == "closed"  # what it kept is due now
    assert company.sql("SELECT count(DISTINCT golden_id) FROM grave") == [(29,)]
    assert company.shop("shop").rows("invoices") == {}
    second = company("close", "certificate", str(company.folder / "closing/retail/certificate-retail-2.json"))
    assert (second[0]["records"], second[0]["approved_by"]) == (29, ["lea"])
    assert company.sql(retired) == [("shop",)]
    assert "nothing is due" in company.plain("close", "run", "retail", by="ana")
    assert "is closed" in (company.plain("close", "approve", "retail", "destroy", by="lea", code=2) or company.err)


def test_an_approval_withdrawn_while_it_runs_stops_the_next_batch(at: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    company = approved(at)
    from hub.closure import batches
    from hub.closure.gates import revoke
    from hub.closure.phases import destroy

    monkeypatch.setattr(batches, "BATCH", 4)
    real = destroy._bury
    done = []

    def watched(desk):  # type: ignore[no-untyped-def]
        act = real(desk)

        def one(tx, closing, ids):  # type: ignore[no-untyped-def]
            done.append(len(ids))
            return act(tx, closing, ids)

        return one

    monkeypatch.setattr(destroy, "_bury", watched)
    monkeypatch.setattr(destroy, "batches", lambda *a: batches.batches(*a, size=4))
    from hub.closure.batches import split

    def stopping(items, size):  # type: ignore[no-untyped-def]
        for number, part in enumerate(split(items, size)):
            if number == 2 and size == 4:
                store = company.store()
                revoke(store, "retail", "destroy", "lea")
                store.close()
            yield part

    monkeypatch.setattr(batches, "split", stopping)
    rows = company("close", "run", "retail", by="ana", code=1)
    assert "revoked by lea" in rows[-1]["text"]
    assert done == [4, 4]
    assert company.sql("SELECT count(*) FROM grave") == [(8,)]
    assert not list((company.folder / "closing/retail").glob("certificate-*"))
    monkeypatch.undo()
    company.plain("close", "back", "retail", "--yes", by="ana", code=2)
    assert "point of no return" in company.err
    assert "way forward" in company.err
    company.plain("close", "approve", "retail", "destroy", by="lea")
    company("close", "run", "retail", by="ana")
    assert end_state(company)["destroyed"]["records"] == 29  # type: ignore[index]


def test_a_key_store_that_fails_after_rows_are_gone_gives_no_certificate(
    at: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = approved(at)
    from hub.closure.keys import KeyRing
    from hub.errors import Unavailable

    def broken(self, *a, **k):  # type: ignore[no-untyped-def]
        raise Unavailable("key store: no answer")

    monkeypatch.setattr(KeyRing, "counts", broken)
    company.plain("close", "run", "retail", by="ana", code=1)
    assert "destroy: shut: key store: no answer" in company.out
    assert company.sql("SELECT count(*) FROM grave") == [(29,)]
    assert not list((company.folder / "closing/retail").glob("certificate-*"))
    monkeypatch.undo()
    company("close", "run", "retail", by="ana")
    assert end_state(company)["destroyed"]["records"] == 29  # type: ignore[index]


def test_an_old_backup_does_not_bring_back_what_was_destroyed(at: Stage) -> None:
    company = approved(at)
    backup = company.folder.parent / "backup.db"
    source, copy = sqlite3.connect(company.folder / "hub.db"), sqlite3.connect(backup)
    source.backup(copy)
    source.close()
    copy.close()
    company("close", "run", "retail", by="ana")
    for name in ("hub.db-wal", "hub.db-shm"):
        (company.folder / name).unlink(missing_ok=True)
    shutil.copy(backup, company.folder / "hub.db")
    raw = sqlite3.connect(company.folder / "hub.db")
    assert raw.execute("SELECT count(*) FROM golden WHERE data LIKE '%Kunde Ä3%'").fetchone() == (1,)
    raw.close()
    assert len(company("list", "invoice")) == 3  # the very first reading
    assert company.sql("SELECT count(*) FROM grave") == [(29,)]
    assert company.sql("SELECT 1 FROM golden WHERE data LIKE '%Kunde Ä3%'") == []


def test_a_source_that_cannot_erase_does_not_bring_records_back(at: Stage) -> None:
    company = at("proven")
    text = (company.folder / "hub.toml").read_text().replace("erases = true", "erases = false", 1)
    (company.folder / "hub.toml").write_text(text)
    company.plain("close", "approve", "retail", "destroy", by="lea")
    company("close", "run", "retail", "--until", "destroy", by="ana")
    assert len(company.shop("shop").rows("invoices")) == 6
    company.shop("shop").edit("invoices", next(iter(company.shop("shop").rows("invoices"))), note="touched")
    company("sync", "--full", code=(0, 1))
    assert len(company("list", "invoice")) == 3
    shop = "SELECT count(*) FROM record r JOIN stream s ON s.id = r.stream_id WHERE s.connection = 'shop'"
    assert company.sql(f"{shop} AND r.golden_id IS NULL") == [(0,)]  # not even landed again
    (certificate,) = (company.folder / "closing/retail").glob("certificate-*.json")
    assert json.loads(json.loads(certificate.read_text())["content"])["sources"]["shop/invoices"] == {"left": 6}


def test_a_certificate_that_was_changed_is_found(at: Stage) -> None:
    company = approved(at)
    company("close", "run", "retail", by="ana")
    (file,) = (company.folder / "closing/retail").glob("certificate-*.json")
    good = file.read_text()
    assert company("close", "certificate", str(file))[0]["records"] == 29
    file.write_text(good.replace('\\"records\\": 29', '\\"records\\": 28'))
    assert file.read_text() != good
    company.plain("close", "certificate", str(file), code=1)
    file.write_text(good)
    company.plain("close", "certificate", str(file), "--key", "00" * 32, code=1)


def test_keys_of_the_archive_end_when_the_longest_rule_does(at: Stage) -> None:
    from hub.closure.keys import keys_in
    from hub.closure.phases.retain import expire
    from hub.closure.run import open_desk
    from hub.config import load
    from hub.sync import Hub

    company = at("ready")
    file = company.folder / "closing/retail.toml"
    rules = "".join(
        f'\n[[retention]]\nmodel = "{model}"\nyears = {years}\nfrom = "{start}"\nend_of_year = true\nsource = "board"\n'
        for model, years, start in (("order", 0, ""), ("invoice", 3, "issued_on"), ("invoice", 1, "issued_on"))
    )
    file.write_text(file.read_text() + rules)
    company("close", "plan", "retail", "--adopt", by="ana")
    company.plain("close", "approve", "retail", "freeze", by="ben")
    company.go()
    company("close", "sample", "retail", "--sign", "right", by="aud")
    company.plain("close", "approve", "retail", "destroy", by="lea")
    company("close", "run", "retail", by="ana")
    (certificate,) = (company.folder / "closing/retail").glob("certificate-*.json")
    keys = json.loads(json.loads(certificate.read_text())["content"])["keys"]
    assert keys["until"] == "2028-12-31"  # invoices of 2025: three years from its end, though another rule says one
    assert keys["without_rule"] > 0
    years = [0.0]
    real = company.store()
    now = real.now() / 1e6
    real.close()
    with Hub.open(load(company.folder), clock=lambda: now + years[0] * 366 * 86_400) as hub:
        desk = open_desk(hub, "retail", "ana")
        with keys_in(desk.keys) as ring:
            before, _ = ring.counts("retail")
            assert expire(desk) == 0
            years[0] = 1.2  # the orders' keys: to the end of the year in which the line was closed
            first = expire(desk)
            years[0] = 5.0
            second = expire(desk)
            assert (first, second) == (6, 6)
            assert ring.counts("retail")[0] == before - 12


NAMES = ("Kunde Ä3", "r3@example.com", "Weg 3", "Payer Of Nothing Else")


EARLIER = "Vergissmeinnicht"  # what somebody was called before, long ago


def found(company: Company) -> set[str]:
    """The names of somebody destroyed that still stand, byte for byte, in the database's file or its log."""
    files = [f for f in company.folder.glob("hub.db*") if f.is_file()]
    return {name for file in files for name in (*NAMES, EARLIER) if name.encode() in file.read_bytes()}


def renamed(company: Company) -> None:
    """All customers were called something long once; no row says so any more, but the pages that held it are there."""
    store = company.store()
    rows = "model = 'customer' AND data LIKE '%R Kunde%'"
    with store.begin() as tx:
        before = tx.rows(f"SELECT id, data FROM golden WHERE {rows}")
        tx.run(f"UPDATE golden SET data = data || ? WHERE {rows}", (EARLIER + " ") * 2_000)
    with store.begin() as tx:
        for id, data in before:
            tx.run("UPDATE golden SET data = ? WHERE id = ?", data, id)
    store.close()


@pytest.mark.parametrize("dies", [False, True])
def test_no_byte_of_a_destroyed_name_is_left_in_the_database(
    at: Stage, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    """What is deleted is overwritten as it goes, also where the process dies before the file is written anew.

    What earlier changes have left behind in the file goes when it is.
    """
    from hub.store import store as opened

    # some builds of SQLite overwrite by themselves (SQLITE_SECURE_DELETE); here none does unless it is told to
    monkeypatch.setattr(opened, "PRAGMAS", (*opened.PRAGMAS, "secure_delete = OFF"))
    company = approved(at)
    ((payment, customer),) = company.sql("SELECT golden_id, target_id FROM reference WHERE field = 'customer' AND golden_id "
                                         "IN (SELECT id FROM golden WHERE data LIKE '%\"RP3\"%')")  # fmt: skip
    store = company.store()
    with store.begin() as tx:  # the ledger had decided about a payment of theirs, with the payer's words in it
        tx.run(
            'INSERT INTO decision (id, payment_id, status, customer_id, data, "by", at, seq) VALUES (?, ?, ?, ?, ?, ?, 0, ?)',
            "d1", payment, "applied", customer, json.dumps({"inputs": {"payer": NAMES[3]}}), "hub", tx.seq,
        )  # fmt: skip
    store.close()
    renamed(company)
    assert found(company) == {*NAMES, EARLIER}
    from hub.closure.phases import destroy

    if dies:
        monkeypatch.setattr(destroy, "scrub", lambda store: True)
    company("close", "run", "retail", by="ana")
    raw = sqlite3.connect(company.folder / "hub.db")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.close()
    assert company.sql("SELECT count(*) FROM grave") == [(29,)]
    assert company.sql("SELECT id FROM decision") == [("d1",)]  # books lose no line
    assert found(company) == ({EARLIER} if dies else set())
