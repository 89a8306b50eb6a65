"""A process that is killed at any point leaves no half archive, and the next run goes on; a full disk is said plainly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bags import house

from hub.closure.archive import listed
from hub.errors import Busy
from hub.store import Store

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WRITER = """
import json, os, signal, sys
sys.path[:0] = [{here!r}, {root!r}]
import hub.closure.archive, hub.closure.archive.parquet, hub.store.migrate
from pathlib import Path
from archive_data import scope
from hub.closure.archive import Order, catalogue
from hub.closure.keys import keys_in
from hub.config import Project
from hub.errors import HubError
from hub.secret import Secret
from hub.store import Store
write = sys.modules["hub.closure.archive.write"]
files = sys.modules["hub.closure.archive.files"]
catalogue.BATCH, write.PART = 8, 2

def step(act):
    def inner(*a, **k):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*a, **k)
    return inner

def child(root, limit, place):
    if left:
        os.fsync, os.rename = step(os.fsync), step(os.rename)
        files.Hashed.write = step(files.Hashed.write)
    if limit:
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    url = f"sqlite:///{{root}}/hub.db"
    store = Store(url)
    try:
        with keys_in(Path(root) / "closing/keys", make=True) as keys:
            order = Order("retail", scope(store), "jo", frozen=True)
            return 0, write.write(store, Project(Path(root), Secret(url)), order, keys, place).id
    except HubError as error:
        return 3, f"{{type(error).__name__}}: {{error}}"

for asked in sys.stdin:
    root, left, limit, place = json.loads(asked)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code, said = child(root, limit, place)
        os.write(writer, said.encode())
        os._exit(code)
    os.close(writer)
    with open(reader) as opened:
        said = opened.read()
    print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said]), flush=True)
"""


class Writer:
    """A process that has loaded everything, and writes archives in children of its own, which may be killed."""

    def __init__(self) -> None:
        code = WRITER.format(here=str(ROOT / "benchmarks"), root=str(ROOT))
        self.process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, root: Path, *, kill: int = 0, limit: int = 0, place: str = "archives") -> tuple[int, str]:
        """Write the archive; killed at the n-th write, flush or rename. Exit code, and the name or the error."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(root), kill, limit, place]) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said


@pytest.fixture(scope="module")
def run() -> Iterator[Writer]:
    writer = Writer()
    yield writer
    writer.process.kill()
    writer.process.wait()


def bags(root: Path) -> list[Path]:
    """What may be taken for an archive."""
    return [path for path in (root / "archives").glob("*") if path.is_dir() and not path.name.startswith(".")]


def test_killed_anywhere_it_ends_as_if_undisturbed(tmp_path: Path, run: Writer) -> None:
    url = f"sqlite:///{tmp_path}/hub.db"
    with house(tmp_path, url, 6) as home:
        kills = 0
        for kill in (5, 150, 200, 300, 420, 500, 540, 560, 3, 575, 580):  # each run goes on where the last one stopped
            code, said = run(tmp_path, kill=kill)
            if code == 0:
                break
            assert code == -9, said
            kills += 1
            assert len(bags(tmp_path)) <= 1  # at most whole, and only not yet in the register
            for bag in bags(tmp_path):
                assert (bag / "signature.json").is_file()
        else:
            code, said = run(tmp_path)
        assert code == 0, said
        assert kills >= 4
        (archive,) = listed(home.store)
        assert archive.id == said
        assert [bag.name for bag in bags(tmp_path)] == [archive.id]
        assert not list((tmp_path / "archives").glob(".partial*"))
        found = home.verify()
        assert found.ok, found.faults
        assert found.records["golden"] == found.records["raw"] == 72
        assert home.restore(f"sqlite:///{tmp_path}/back.db").ok


def test_what_is_written_already_is_not_written_again(tmp_path: Path, run: Writer) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 6):
        assert run(tmp_path, kill=400)[0] == -9
        (partial,) = (tmp_path / "archives").glob(".partial*")
        notes = [json.loads(row) for row in (partial / "progress.jsonl").read_text().splitlines()][1:]
        assert notes
        stamps = {f["path"]: (partial / f["path"]).stat().st_mtime_ns for note in notes for f in note["files"]}
        time.sleep(0.02)
        code, said = run(tmp_path)
        assert code == 0, said
        (bag,) = bags(tmp_path)
        assert {path: (bag / path).stat().st_mtime_ns for path in stamps} == stamps


def test_killed_between_name_and_register_it_is_taken_up(tmp_path: Path, run: Writer) -> None:
    """The archive is whole on the disk and nowhere in the books: the next run signs it in, it writes no second one."""
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 2) as home:
        assert run(tmp_path)[0] == 0
        with home.store.begin() as tx:
            tx.run("DELETE FROM archive")
        code, said = run(tmp_path)
        assert code == 0
        assert [bag.name for bag in bags(tmp_path)] == [said]
        assert home.verify().ok


def test_a_line_that_changed_since_is_written_anew(tmp_path: Path, run: Writer) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 6) as home:
        assert run(tmp_path, kill=400)[0] == -9
        with home.store.begin() as tx:
            tx.run("UPDATE golden SET data = ? WHERE id = ?", '{"name": "Neu"}', f"customer_{0:026x}")
        home.write()  # not frozen: what an earlier run wrote may be old
        assert home.verify().ok
        assert home.restore(f"sqlite:///{tmp_path}/back.db").ok
        other = Store(f"sqlite:///{tmp_path}/back.db")
        with other.read() as tx:
            assert tx.rows("SELECT data FROM golden WHERE id = ?", f"customer_{0:026x}") == [('{"name":"Neu"}',)]
        other.close()


def test_others_may_write_meanwhile(tmp_path: Path, url: str) -> None:
    """The archive holds one moment: what is changed while it is written is either whole in it or not at all."""
    from archive_data import scope

    from hub.closure.archive import Order, write

    with house(tmp_path, url, 6) as home:

        def meddle(done: int, total: int) -> None:
            with home.store.begin() as tx:
                tx.run("UPDATE golden SET data = '{}'")
                tx.run("DELETE FROM record")

        order = Order("retail", scope(home.store), "jo")
        module = sys.modules["hub.closure.archive.catalogue"]
        size = module.BATCH
        module.BATCH = 8
        try:
            write(home.store, home.project, order, home.keys, "archives", meddle)
        finally:
            module.BATCH = size
        found = home.verify()
        assert found.ok
        assert found.records["links"] == 72


def test_a_full_disk_is_said_plainly_and_costs_nothing(tmp_path: Path, run: Writer) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 1, attachment=1_500_000) as home:
        code, said = run(tmp_path, limit=1_000_000)  # no file may grow beyond; the databases' logs stay below
        assert code == 3, said
        assert said.startswith("Unavailable: ")
        assert "the disk is full" in said
        assert not bags(tmp_path)
        assert run(tmp_path)[0] == 0
        assert home.verify().ok


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to mount a small disk")
def test_a_disk_that_is_really_full(tmp_path: Path, run: Writer) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 40) as home:
            code, said = run(tmp_path, place=str(small))
            assert code == 3, said
            assert "the disk is full (No space left on device)" in said
            assert not listed(home.store)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_two_do_not_write_at_once(tmp_path: Path) -> None:
    from hub.closure.archive.partial import home as alone

    with house(tmp_path, f"sqlite:///{tmp_path}/hub.db", 1) as home:
        with alone(tmp_path / "archives"), pytest.raises(Busy, match="another process writes"):
            home.write()
        home.write()
