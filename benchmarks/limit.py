"""The hand-written limit: what a program does that fetches, decodes and upserts into one table, and nothing else.

    python limit.py URL postgresql|sqlite DSN_OR_FILE first|again

`first` fills an empty table. `again` reads everything once more, compares digests with those kept in memory, and
writes what differs: nothing. Pages are fetched in a thread with the next request on the wire before one is decoded;
rows are written in another thread, with the cursor in the same transaction. Prints the seconds and the records.
"""

from __future__ import annotations

import asyncio
import hashlib
import queue
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import httpx
import msgspec

BATCH = 10_000
LIST = "/crm/v3/objects/companies?limit=100"
WORDS = (
    "name domain phone address city state zip country industry numberofemployees annualrevenue lifecyclestage "
    "hubspot_owner_id description createdate hs_lastmodifieddate hs_object_id"
)
PROPERTIES = WORDS.split()
COLUMNS = ["id", *PROPERTIES, "created_at", "updated_at", "archived", "digest"]
NAMES = ", ".join(COLUMNS)
UPSERT = f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in COLUMNS[1:])}"

Properties = msgspec.defstruct("Properties", [(name, str | None, None) for name in PROPERTIES], gc=False)


class Company(msgspec.Struct, gc=False):
    """One company, decoded."""

    id: str
    properties: Properties  # type: ignore[valid-type]
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    archived: bool


class Page(msgspec.Struct, gc=False):
    """One page, its companies not decoded yet."""

    results: list[msgspec.Raw]


split = msgspec.json.Decoder(Page).decode
decode = msgspec.json.Decoder(Company).decode
properties = attrgetter(*PROPERTIES)


def after(body: bytes) -> str | None:
    """What the next page is asked for by; found without decoding."""
    at = body.rfind(b'"after":"', max(0, len(body) - 300))
    return None if at < 0 else body[at + 9 : body.index(b'"', at + 9)].decode()


def pages(url: str) -> Iterator[bytes]:
    """Yield the bodies of all pages, fetched in a thread that is at most eight ahead."""
    ready: queue.Queue[bytes | None] = queue.Queue(8)

    async def fetch() -> None:
        async with httpx.AsyncClient(base_url=url, headers={"Accept-Encoding": "identity"}) as client:
            next_ = asyncio.create_task(client.get(LIST))
            while True:
                body = (await next_).content
                more = after(body)
                if more:
                    next_ = asyncio.create_task(client.get(f"{LIST}&after={more}"))
                    await asyncio.sleep(0)
                ready.put(body)
                if not more:
                    return

    def run() -> None:
        try:
            asyncio.run(fetch())
        finally:
            ready.put(None)

    threading.Thread(target=run, daemon=True).start()
    while (body := ready.get()) is not None:
        yield body


def row(raw: msgspec.Raw, digest: str) -> tuple[Any, ...]:
    """One company as a row."""
    one = decode(raw)
    return (one.id, *properties(one.properties), one.createdAt, one.updatedAt, one.archived, digest)


def text(row: Sequence[Any]) -> str:
    """A row as a line of COPY."""
    line = "\t".join("\\N" if v is None else str(v) for v in row)
    return line.replace("\\", "\\\\").replace("\\\\N", "\\N") if "\\" in line else line


class Postgres:
    """COPY into a temporary table, then one upsert from it."""

    def __init__(self, dsn: str, *, fresh: bool) -> None:
        import psycopg

        self.connection = psycopg.connect(dsn)
        run = self.connection.execute
        columns = ", ".join(f"{c} text" for c in COLUMNS[1:-4])
        if fresh:
            run("DROP TABLE IF EXISTS companies, position")
        run(
            f"CREATE TABLE IF NOT EXISTS companies (id text PRIMARY KEY, {columns}, created_at timestamptz, "
            "updated_at timestamptz, archived bool, digest text)"
        )
        run("CREATE TABLE IF NOT EXISTS position (stream text PRIMARY KEY, cursor text)")
        run("CREATE TEMP TABLE staged (LIKE companies) ON COMMIT DELETE ROWS")
        self.connection.commit()

    def known(self) -> dict[str, str]:
        """The digests of what is there."""
        return dict(self.connection.execute("SELECT id, digest FROM companies").fetchall())

    def write(self, rows: Sequence[tuple[Any, ...]], cursor: str) -> None:
        """Write a batch and the cursor in one transaction."""
        with self.connection.cursor() as at:
            if rows:
                with at.copy(f"COPY staged ({NAMES}) FROM STDIN") as copy:
                    copy.write("\n".join(map(text, rows)) + "\n")
                at.execute(
                    f"INSERT INTO companies ({NAMES}) SELECT {NAMES} FROM staged {UPSERT} "
                    "WHERE companies.digest IS DISTINCT FROM excluded.digest"
                )
            at.execute(
                "INSERT INTO position VALUES ('companies', %s) ON CONFLICT (stream) DO UPDATE SET cursor = excluded.cursor",
                (cursor,),
            )
        self.connection.commit()


class Sqlite:
    """One prepared upsert."""

    def __init__(self, path: str, *, fresh: bool) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        run = self.connection.execute
        for pragma in ("journal_mode = wal", "synchronous = normal", "cache_size = -65536"):
            run(f"PRAGMA {pragma}")
        columns = ", ".join(f"{c} text" for c in COLUMNS[1:])
        if fresh:
            run("DROP TABLE IF EXISTS companies")
            run("DROP TABLE IF EXISTS position")
        run(f"CREATE TABLE IF NOT EXISTS companies (id text PRIMARY KEY, {columns})")
        run("CREATE TABLE IF NOT EXISTS position (stream text PRIMARY KEY, cursor text)")
        marks = ", ".join("?" * len(COLUMNS))
        self.insert = (
            f"INSERT INTO companies ({NAMES}) VALUES ({marks}) {UPSERT} WHERE companies.digest IS NOT excluded.digest"
        )

    def known(self) -> dict[str, str]:
        """The digests of what is there."""
        return dict(self.connection.execute("SELECT id, digest FROM companies"))

    def write(self, rows: Sequence[tuple[Any, ...]], cursor: str) -> None:
        """Write a batch and the cursor in one transaction."""
        run = self.connection.execute
        run("BEGIN IMMEDIATE")
        self.connection.executemany(self.insert, rows)
        run(
            "INSERT INTO position VALUES ('companies', ?) ON CONFLICT (stream) DO UPDATE SET cursor = excluded.cursor",
            (cursor,),
        )
        run("COMMIT")


def writing(write: Callable[[Sequence[tuple[Any, ...]], str], None]) -> tuple[queue.Queue[Any], threading.Thread]:
    """Start a thread that writes what is put into the queue, until None."""
    work: queue.Queue[Any] = queue.Queue(2)

    def run() -> None:
        while (item := work.get()) is not None:
            write(*item)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return work, thread


def main(url: str, kind: str, where: str, mode: str) -> None:
    """Read everything once."""
    began, read, written = time.perf_counter(), 0, 0
    target: Postgres | Sqlite = (Postgres if kind == "postgresql" else Sqlite)(where, fresh=mode == "first")
    known = target.known() if mode == "again" else {}
    work, thread = writing(target.write)
    rows: list[tuple[Any, ...]] = []
    for body in pages(url):
        raws = split(body).results
        read += len(raws)
        for raw in raws:
            digest = hashlib.blake2b(raw, digest_size=8).hexdigest()
            if known:
                head = bytes(memoryview(raw)[7:40])  # {"id":"10000000", ...
                if known.get(head[: head.index(b'"')].decode()) == digest:
                    continue
            rows.append(row(raw, digest))
        if len(rows) >= BATCH:
            work.put((rows, after(body) or ""))
            written, rows = written + len(rows), []
    work.put((rows, "end"))
    work.put(None)
    thread.join()
    written += len(rows)
    print(f"{time.perf_counter() - began:.3f} seconds, {read} read, {written} written")


if __name__ == "__main__":
    main(*sys.argv[1:5])
