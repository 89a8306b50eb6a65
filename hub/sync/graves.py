"""Graves: what was destroyed stays destroyed, also after an old backup was put back.

A grave holds an id, never a value. A copy of all graves stands in a file beside the project, which a backup of the
database does not turn back: it is compared at every start, and what has come back is destroyed again before anyone
can read it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from hub.store import Store, Tx
from hub.store.tables.closing import grave, grave_key
from hub.sync.freeze import grave_mark

FILE = Path("closing") / "graves.jsonl"
PAGE = 500
# Tables with the columns that name a golden record. Postings and decisions of the ledger stay, since books must not
# lose a line.
PLACES = (
    ("lineage", "golden_id"), ("identifier", "golden_id"), ("shared", "golden_id"), ("asked", "cause_id"),
    ("reference", "golden_id"), ("reference", "target_id"),
    ("outbox", "golden_id"), ("dead_letter", "golden_id"), ("finding", "golden_id"), ("derived", "cause_id"),
    ("merge", "survivor_id"), ("merge", "loser_id"), ("pair", "left_id"), ("pair", "right_id"),
    ("item", "document_id"), ("settlement", "payment_id"), ("alias", "customer_id"), ("reminder", "customer_id"),
    ("golden", "id"), ("golden", "into_id"),
)  # fmt: skip


class Grave(msgspec.Struct, frozen=True, omit_defaults=True):
    """One destroyed golden record, and the hashes of the keys of its records."""

    seq: int
    id: str
    model: str
    line: str
    marks: list[tuple[str, bool]] = []


def bury(tx: Tx, ids: Sequence[str], line: str, erased: frozenset[str] = frozenset()) -> int:
    """Destroy golden records with all that is kept of them, and leave a grave of each; return how many there were.

    `erased` are the marks of records whose own system has deleted them too.
    """
    family = _family(tx, ids)
    goldens = tx.rows("SELECT id, model FROM golden WHERE id IN ?", family)
    links = tx.rows(
        "SELECT t.connection, t.name, r.key, r.golden_id, r.stream_id FROM record r JOIN stream t ON t.id = r.stream_id "
        "WHERE r.golden_id IN ?",
        family,
    )
    marks = [(grave_mark(c, n, key), id) for c, n, key, id, _ in links if c != "hub"]
    tx.insert(grave_key, ("digest", "golden_id", "erased"), [(m, id, m in erased) for m, id in marks], ignore=True)
    tx.insert(grave, ("golden_id", "model", "line", "seq"), [(id, m, line, tx.seq) for id, m in goldens], ignore=True)
    remove(tx, family)
    return len(goldens)


def part(tx: Tx, ids: Sequence[str], connection: str, erased: frozenset[str] = frozenset()) -> None:
    """Take golden records that live on in one connection out of all others, with what those have said of them."""
    rows = tx.rows(
        "SELECT t.connection, t.name, r.key, r.golden_id, r.stream_id FROM record r JOIN stream t ON t.id = r.stream_id "
        "WHERE r.golden_id IN ?",
        list(ids),
    )
    gone = [row for row in rows if row[0] not in (connection, "hub")]
    marks = [(grave_mark(c, n, key), id) for c, n, key, id, _ in gone]
    tx.insert(grave_key, ("digest", "golden_id", "erased"), [(m, id, m in erased) for m, id in marks], ignore=True)
    by_stream: dict[int, list[str]] = {}
    for _, _, key, _, stream in gone:
        by_stream.setdefault(stream, []).append(key)
    for stream, keys in by_stream.items():
        for table in ("quarantine", "pending", "record"):
            tx.run(f"DELETE FROM {table} WHERE stream_id = ? AND key IN ?", stream, keys)
        tx.run("DELETE FROM lineage WHERE stream_id = ? AND golden_id IN ?", stream, list(ids))
    # what the new home shows is looked at anew, now that it may speak for itself
    tx.run("UPDATE record SET digest = NULL WHERE golden_id IN ?", list(ids))


def remove(tx: Tx, ids: Sequence[str]) -> None:
    """Delete every row that is about these golden records."""
    if not ids:
        return
    tx.overwrite()
    by_stream: dict[int, list[str]] = {}
    for stream, key in tx.rows("SELECT stream_id, key FROM record WHERE golden_id IN ?", list(ids)):
        by_stream.setdefault(stream, []).append(key)
    for stream, keys in by_stream.items():
        for table in ("quarantine", "pending", "finding", "record"):
            tx.run(f"DELETE FROM {table} WHERE stream_id = ? AND key IN ?", stream, keys)
    for table, column in PLACES:
        tx.run(f"DELETE FROM {table} WHERE {column} IN ?", list(ids))


def _family(tx: Tx, ids: Sequence[str]) -> list[str]:
    """The golden records and those that were merged into them."""
    found, fresh = set(ids), list(ids)
    while fresh:
        rows = tx.rows("SELECT id FROM golden WHERE into_id IN ?", fresh)
        fresh = [row[0] for row in rows if row[0] not in found]
        found.update(fresh)
    return sorted(found)


def remember(store: Store, root: Path) -> int:
    """Bring the file up to what the database knows, durably; return how many graves were added to it."""
    file = root / FILE
    last, there, end = _end(file)
    added = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("r+b" if file.exists() else "wb") as out:
        out.truncate(end)  # a line that a crash cut off is written again
        out.seek(end)
        for one in _since(store, last):
            if one.id not in there:
                out.write(msgspec.json.encode(one) + b"\n")
                added += 1
        out.flush()
        os.fsync(out.fileno())
        size = out.tell()
    _checked(store, size)
    return added


def reapply(store: Store, root: Path) -> int:
    """Destroy again what the file knows as destroyed and the database holds; return how many records that were."""
    file = root / FILE
    if not file.is_file():
        return 0
    size = file.stat().st_size
    with store.read() as tx:
        known = tx.rows("SELECT value FROM counter WHERE name = 'graves'")
    if known and int(known[0][0]) == size:
        return 0
    with store.begin() as tx:  # what happens from now on comes after all that the file knows
        tx.run("UPDATE counter SET value = ? WHERE name = 'seq' AND value < ?", *[_end(file)[0] + 1] * 2)
    done = 0
    page: list[Grave] = []
    for one in _read(file):
        page.append(one)
        if len(page) == PAGE:
            done += _again(store, page)
            page = []
    done += _again(store, page)
    _checked(store, size)
    return done


def _again(store: Store, page: Sequence[Grave]) -> int:
    if not page:
        return 0
    with store.begin() as tx:
        rows = [(g.id, g.model, g.line, g.seq) for g in page]
        tx.insert(grave, ("golden_id", "model", "line", "seq"), rows, ignore=True)
        marks = [(mark, g.id, erased) for g in page for mark, erased in g.marks]
        tx.insert(grave_key, ("digest", "golden_id", "erased"), marks, ignore=True)
        by_line: dict[str, list[str]] = {}
        for one in page:
            by_line.setdefault(one.line, []).append(one.id)
        return sum(bury(tx, ids, line) for line, ids in by_line.items())


def _end(file: Path) -> tuple[int, set[str], int]:
    """The greatest sequence number in the file, the ids that carry it, and where the last whole line ends."""
    last, there, end = 0, set[str](), 0
    if file.is_file():
        with file.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                end += len(line)
                one = msgspec.json.decode(line, type=Grave)
                if one.seq > last:
                    last, there = one.seq, set()
                if one.seq == last:
                    there.add(one.id)
    return last, there, end


def _checked(store: Store, size: int) -> None:
    with store.begin(count=False) as tx:
        tx.run(
            "INSERT INTO counter (name, value) VALUES ('graves', ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            size,
        )


def _since(store: Store, seq: int) -> Iterator[Grave]:
    after = ""
    while True:
        with store.read() as tx:
            rows = tx.rows(
                "SELECT golden_id, model, line, seq FROM grave WHERE seq >= ? AND golden_id > ? "
                f"ORDER BY golden_id LIMIT {PAGE}",
                seq,
                after,
            )
            marks = tx.rows(
                "SELECT golden_id, digest, erased FROM grave_key WHERE golden_id IN ?", [row[0] for row in rows]
            )
        of: dict[str, list[tuple[str, bool]]] = {}
        for id, mark, erased in marks:
            of.setdefault(id, []).append((mark, bool(erased)))
        for id, model, line, at in rows:
            yield Grave(at, id, model, line, of.get(id, []))
        if len(rows) < PAGE:
            return
        after = rows[-1][0]


def _read(file: Path) -> Iterator[Grave]:
    """The graves in the file; a last line that a crash cut off is left out, and written again by `remember`."""
    if not file.is_file():
        return
    with file.open("rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                yield msgspec.json.decode(line, type=Grave)
