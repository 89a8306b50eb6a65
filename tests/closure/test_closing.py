"""A line closed from end to end through the command line, on both databases."""

from __future__ import annotations

import json

from line import Company


def test_a_line_is_closed_from_end_to_end(both: Company) -> None:
    hub = both
    hub.plan()
    rows = hub("close", "assess", "retail")
    assert {r["name"]: r["count"] for r in rows if r["kind"] == "count"} == {
        "customer": 5, "contract": 6, "order": 6, "invoice": 6, "payment": 6,
    }  # fmt: skip
    assert next(r for r in rows if r["name"] == "invoiced")["amount"] == "78.00 EUR"
    assert next(r for r in rows if r["kind"] == "shared")["count"] == 1

    went = hub.go()
    assert (went["phase"], went["state"]) == ("freeze", "shut")
    assert any("legal-review" in r for r in went["reasons"])
    assert any("approval of a approver" in r or "approver" in r for r in went["reasons"])
    hub.tasks("legal-review")
    hub.plain("close", "approve", "retail", "freeze", by="ana", code=1)  # not by the author
    hub.plain("close", "approve", "retail", "freeze", by="lea", code=1)  # nor without the role
    hub.plain("close", "approve", "retail", "freeze", by="ben")

    went = hub.go()
    assert (went["phase"], went["state"]) == ("verify", "shut"), went
    assert "sample" in went["text"]
    hub("close", "sample", "retail", "--sign", "right", by="aud")
    went = hub.go()
    assert (went["phase"], went["state"]) == ("destroy", "shut")
    hub.tasks("backups")
    hub.plain("close", "approve", "retail", "destroy", by="ben", code=1)
    hub.plain("close", "approve", "retail", "destroy", by="lea")
    rows = hub("close", "run", "retail", by="ana")
    assert [(r["phase"], r["state"]) for r in rows] == [
        ("destroy", "done"), ("closeout", "done"), ("closeout", "closed"),
    ]  # fmt: skip

    left = hub.sql("SELECT model, count(*) FROM golden WHERE into_id IS NULL GROUP BY model ORDER BY model")
    assert {m: int(n) for m, n in left} == {"contract": 3, "customer": 4, "invoice": 3, "order": 3, "payment": 3}
    assert hub.shop("shop").rows("invoices") == {}
    assert len(hub.shop("works").rows("invoices")) == 3
    assert len(hub("list", "customer", "--where", "lines.retail=true")) == 0
    folder = hub.folder / "closing/retail"
    (certificate,) = folder.glob("certificate-*.json")
    row = hub("close", "certificate", str(certificate))[0]
    assert (row["records"], row["approved_by"]) == (29, ["lea"])
    content = json.loads(json.loads(certificate.read_text())["content"])
    assert content["sources"]["shop/invoices"] == {"erased": 6}
    assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    report = (folder / "report.html").read_text()
    assert "it earns nothing" in report
    assert "<th>State</th><td>closed</td>" in report
    assert "running" not in report.split("Deviations")[0]
    assert hub("audit", "verify")[0]["ok"]
    dump = "\n".join(
        str(r) for t in ("record", "golden", "lineage", "identifier") for r in hub.sql(f"SELECT * FROM {t}")
    )
    assert "Kunde Ä3" not in dump
    hub("sync", code=(0, 1))  # what was shut down is left out, nothing comes back
    assert len(hub("list", "invoice")) == 3
