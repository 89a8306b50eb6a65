"""kill -9: a two-way sync that dies at random instants ends in the state of one that nobody disturbed."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from yard import Yard, ledger

from tests.pg import Postgres

CLIENTS, BILLS = 60, 40
STREAMS = ("clients", "bills")


class Runs:
    """The process that forks the runs."""

    def __init__(self) -> None:
        driver = str(Path(__file__).parent / "runs.py")
        self.process = subprocess.Popen(
            [sys.executable, driver], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def __call__(self, folder: Path, patience: float = 60, *arguments: str) -> int:
        """Run `hub sync` there for at most so many seconds; its exit code, -9 where it was killed."""
        assert self.process.stdin is not None
        self.process.stdin.write("\t".join([str(patience), str(folder), *arguments]) + "\n")
        return int(self._answer())

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(10)


@pytest.fixture(scope="module")
def runs() -> Iterator[Runs]:
    found = Runs()
    yield found
    found.close()


def populate(yard: Yard, dice: random.Random) -> None:
    """Two systems that share half of their clients; bills refer to clients, some clients to a parent."""
    for name, numbers in (("north", range(CLIENTS)), ("south", range(CLIENTS // 2, CLIENTS * 3 // 2))):
        book, keys = yard.book(name), []
        with book.begin() as db:
            for n in numbers:
                data = {"name": f"Client {n}", "mail": f"c{n}@x.example", "phone": None, "owner": None, "note": None}
                data["parent"] = dice.choice(keys) if keys and n % 5 == 0 else None
                keys.append(book.put(db, "clients", None, data, None, None))
            for n in range(BILLS):
                text = {"number": f"{name}-{n}", "client": dice.choice(keys), "amount": f"{n}.50", "text": None}
                book.put(db, "bills", None, text, None, None)


def work(yard: Yard, dice: random.Random) -> None:
    """A day in both systems: edits of different and of the same records, new ones, references moved, deletions."""
    for name, other in (("north", "owner"), ("south", "note")):
        book = yard.book(name)
        rows = book.rows("clients")
        with book.begin() as db:
            for key in sorted(rows):
                if dice.random() < 0.4:
                    book.put(db, "clients", key, {other: f"{name} {dice.randrange(99)}"}, None, None)
                if dice.random() < 0.2:
                    book.put(db, "clients", key, {"name": f"{rows[key]['name']} of {name}"}, None, None)
            fresh = []
            for n in range(15):
                data = dict.fromkeys(("name", "mail", "phone", "owner", "note", "parent"))
                data |= {"name": f"New {n} of {name}", "mail": f"new{n}@{name}.example"}
                data["parent"] = dice.choice(fresh) if fresh and n % 3 == 0 else None
                fresh.append(book.put(db, "clients", None, data, None, None))
            for n in range(15):
                text = {"number": f"new-{name}-{n}", "client": dice.choice(fresh), "amount": "7.00", "text": None}
                book.put(db, "bills", None, text, None, None)
            for key in list(book_keys(db, "bills"))[:20]:
                book.put(db, "bills", key, {"text": f"by {name}", "client": dice.choice(sorted(rows))}, None, None)
        book.remove("bills", sorted(book.rows("bills"))[20])


def book_keys(db: Any, stream: str) -> list[str]:
    return [r[0] for r in db.execute("SELECT key FROM row WHERE stream = ? AND gone = 0 ORDER BY key", (stream,))]


def everything(yard: Yard) -> dict[str, Any]:
    """What the hub and both systems hold, said without keys and ids, which may differ from run to run."""
    mine: dict[tuple[str, str, str], str] = {}
    found: dict[str, Any] = {}
    for name in ("north", "south"):
        clients, bills = (yard.book(name).rows(stream) for stream in STREAMS)
        mine |= {(name, "clients", key): row["mail"] for key, row in clients.items()}
        mine |= {(name, "bills", key): row["number"] for key, row in bills.items()}
        found[f"{name} clients"] = sorted(
            repr(sorted((row | {"parent": clients[row["parent"]]["mail"] if row["parent"] else None}).items()))
            for row in clients.values()
        )
        found[f"{name} bills"] = sorted(
            repr(sorted((row | {"client": clients[row["client"]]["mail"]}).items())) for row in bills.values()
        )
    golden = {row[0]: msgspec.json.decode(row[1]) for row in yard.sql("SELECT id, data FROM golden")}
    ids = {id: data.get("emails.main") or data.get("number") for id, data in golden.items()}
    links: dict[str, list[str]] = {}
    records = (
        "SELECT golden_id, s.connection, s.name, r.key, r.deleted_at FROM record r JOIN stream s ON s.id = r.stream_id"
    )
    for golden_id, connection, stream, key, gone in yard.sql(records):
        where = f"{connection} {stream} {'gone' if gone else mine[connection, stream, key]}"
        links.setdefault(golden_id, []).append(where)
    found["golden"] = sorted(
        repr((sorted((k, ids.get(v, v) if isinstance(v, str) else v) for k, v in data.items()), sorted(links[id])))
        for id, data in golden.items()
    )
    for table in ("outbox", "dead_letter", "quarantine", "pending"):
        found[table] = yard.sql(f"SELECT * FROM {table}")
    found["waiting"] = yard.sql("SELECT key FROM record WHERE waiting <> 0")
    return found


def to_the_end(yard: Yard, runs: Runs) -> None:
    """Sync until nothing is on its way: a create that cannot be repeated is searched for after a second."""
    for _ in range(6):
        before = {name: len(yard.book(name).log()) for name in ("north", "south")}
        assert runs(yard.folder) in (0, 1), log(yard)
        left = yard.sql("SELECT state FROM outbox")
        if not left and before == {name: len(yard.book(name).log()) for name in ("north", "south")}:
            return
        time.sleep(1.05 if left else 0)
    raise AssertionError(f"never quiet: {left}; {log(yard)}")


@pytest.fixture(params=[("sqlite", 50), ("postgresql", 15)], ids=["sqlite", "postgresql"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """Where trials take place, and how many kills there are to be."""
    kind, kills = request.param
    postgres: Postgres | None = request.getfixturevalue("postgres") if kind == "postgresql" else None
    stage = Stage(tmp_path, kills, postgres)
    yield stage
    stage.close()


class Stage:
    """Project folders with all that belongs to them, and copies of these."""

    def __init__(self, folder: Path, kills: int, postgres: Postgres | None) -> None:
        self.folder = folder
        self.kills = kills
        self.postgres = postgres
        self.databases: dict[str, str] = {}

    def begin(self) -> Yard:
        """A project of two ledgers; the one in the south knows no idempotency keys."""
        yard = Yard(self.folder / "start", self._store("start", None))
        yard.begin(TOML)
        return yard

    def copy(self, yard: Yard, name: str) -> Yard:
        """The project as it stands, under another name."""
        shutil.copytree(yard.folder, self.folder / name)
        found = Yard(self.folder / name, self._store(name, yard.folder.name))
        found.settings(TOML)
        return found

    def _store(self, name: str, template: str | None) -> str:
        if self.postgres is None:
            return "sqlite:///hub.db"
        self.databases[name] = self.postgres.create(self.databases[template] if template else "template1")
        return self.postgres.url(self.databases[name])

    def close(self) -> None:
        """Remove the databases."""
        for database in self.databases.values() if self.postgres else ():
            self.postgres.drop(database)


TOML = ledger("north") + ledger("south", settings="strong = false")


def test_kills_at_random_instants_change_nothing(stage: Stage, runs: Runs) -> None:
    dice = random.Random(1)
    start = stage.begin()
    populate(start, dice)
    to_the_end(start, runs)
    work(start, dice)
    start.close()

    calm = stage.copy(start, "calm")
    begun = time.monotonic()
    assert runs(calm.folder) in (0, 1)
    length = time.monotonic() - begun
    to_the_end(calm, runs)
    expected = everything(calm)
    calm.close()
    assert len(expected["golden"]) == CLIENTS * 3 // 2 + 2 * BILLS + 60
    assert (expected["outbox"], expected["waiting"], expected["pending"]) == ([], [], [])

    kills = trial = 0
    while kills < stage.kills:
        trial += 1
        yard = stage.copy(start, f"trial{trial}")
        while (code := runs(yard.folder, dice.uniform(0.02, length))) == -9:
            kills += 1
        assert code in (0, 1), log(yard)
        to_the_end(yard, runs)
        found = everything(yard)
        for part, rows in expected.items():
            assert found[part] == rows, (part, trial)
        for name in ("north", "south"):
            made = Counter((stream, id) for op, stream, _, _, id in yard.book(name).log() if op == "create")
            assert max(made.values()) == 1, made.most_common(3)
        yard.close()


def log(yard: Yard) -> str:
    """The end of what the runs printed."""
    return (yard.folder / "run.log").read_text()[-3000:]
