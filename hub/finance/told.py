"""What finance was told by mail, and about whom: a summary that lists somebody who was destroyed goes with them.

Its words are not cut: they went out as they are. The list in its workbook says by id which payments they are about.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

import msgspec

from hub.store import Tx
from hub.sync.feed import HUB
from hub.sync.graves import bury

KEY = "morning/"  # how the keys of summaries begin, as records of the hub's own
CELLS = ("xl/sharedStrings.xml", "xl/worksheets/")  # where a workbook keeps the texts of its cells, one or the other
ID = re.compile(r"\b(?:payment|invoice)_[0-9a-z]+\b")
PAGE = 500

Papers = dict[str, list[str]]
"""Golden messages, each with the digests of the files it carries."""


def about_graves(tx: Tx) -> Papers:
    """The summaries that list something, or something of somebody, that lies in a grave.

    One whose list is not there any more cannot show that it names nobody, so it is among them.
    """
    rows = tx.rows(
        "SELECT r.golden_id, g.data FROM record r JOIN stream t ON t.id = r.stream_id JOIN golden g ON g.id = r.golden_id "
        "WHERE t.connection = ? AND r.key LIKE ? ORDER BY r.golden_id",
        HUB, f"{KEY}%",
    )  # fmt: skip
    found: Papers = {}
    for id, data in rows:
        digests = [str(part.get("digest")) for part in msgspec.json.decode(data).get("attachments") or ()]
        listed = _listed(tx, digests)
        if listed is None or _dead(tx, sorted(listed)):
            found[id] = digests
    return found


def take_back(tx: Tx, papers: Mapping[str, Sequence[str]], line: str) -> int:
    """Destroy summaries with their workbooks, in the transaction of `tx`; return how many there were."""
    bury(tx, list(papers), line)
    tx.run("DELETE FROM content WHERE digest IN ?", sorted({digest for all in papers.values() for digest in all}))
    return len(papers)


def _listed(tx: Tx, digests: Sequence[str]) -> set[str] | None:
    """The ids in the workbooks, None where one is not there."""
    books = tx.rows("SELECT data FROM content WHERE digest IN ?", list(digests))
    if not digests or len(books) < len(set(digests)):
        return None
    found: set[str] = set()
    for (data,) in books:
        with zipfile.ZipFile(BytesIO(bytes(data))) as book:
            for name in book.namelist():
                found.update(ID.findall(book.read(name).decode()) if name.startswith(CELLS) else ())
    return found


def _dead(tx: Tx, ids: Sequence[str]) -> bool:
    return any(
        tx.rows(
            "SELECT 1 FROM grave WHERE golden_id IN ? UNION ALL SELECT 1 FROM settlement t "
            "JOIN grave g ON g.golden_id = t.customer_id WHERE t.payment_id IN ? LIMIT 1",
            list(ids[at : at + PAGE]), list(ids[at : at + PAGE]),
        )
        for at in range(0, len(ids), PAGE)
    )  # fmt: skip
