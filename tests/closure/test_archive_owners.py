"""Retention and archive mean the same by a key's owner, also where customers were merged."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from bags import house

from hub.closure.archive.catalogue import survivors
from hub.closure.retention import days
from hub.store.tables.closing import scope

KEPT, GONE, LAST = (f"customer_{n:026x}" for n in range(3))
RULE = {"model": "invoice", "years": 10, "from": "issued_on", "end_of_year": True, "source": "a law"}


def test_documents_of_a_merged_customer_go_and_stay_with_the_survivor(tmp_path: Path, url: str) -> None:
    with house(tmp_path, url, 3) as home:
        late = f"invoice_{10:026x}"  # one of the customer that was merged, kept longest of all
        with home.store.begin() as tx:
            tx.run("UPDATE golden SET into_id = ? WHERE id = ?", KEPT, GONE)
            tx.run("UPDATE golden SET into_id = ? WHERE id = ?", GONE, LAST)  # and one before it
            tx.run("UPDATE golden SET data = replace(data, '2024-05-01', '2026-05-01') WHERE id = ?", late)
            rows = tx.rows("SELECT id, model FROM golden")
            tx.insert(
                scope, ("closing_id", "golden_id", "model", "kind"), [(1, id, model, "own") for id, model in rows]
            )
        plan: Any = SimpleNamespace(jurisdiction="nowhere", retention=[RULE])
        assert days(home.store, 1, plan, date(2027, 1, 1)) == {(KEPT, "accounting"): date(2036, 12, 31)}
        home.write()
        with home.keys.store.read() as tx:
            owners = {row[0] for row in tx.rows("SELECT customer FROM archive_key WHERE class = 'accounting'")}
        assert owners == {KEPT}
        assert home.keys.destroy("retail", [KEPT]) == 3
        found = home.verify()
        assert found.destroyed > 0
        assert set(found.records) == {"figures"}  # nothing of any of the three can be read


def test_whose_records_are_followed_to_the_end(tmp_path: Path) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 3) as home:
        with home.store.begin() as tx:
            tx.run("UPDATE golden SET into_id = ? WHERE id = ?", GONE, LAST)
            tx.run("UPDATE golden SET into_id = ? WHERE id = ?", KEPT, GONE)
        with home.store.read() as tx:
            assert survivors(tx, [KEPT, GONE, LAST, LAST, "nobody"]) == {GONE: KEPT, LAST: KEPT}
