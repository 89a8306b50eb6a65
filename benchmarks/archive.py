"""Measures the archive of a business line: written, verified, restored; seconds, and memory that must not grow.

    python benchmarks/archive.py                          100,000 customers with 1,000,000 documents
    python benchmarks/archive.py --customers 10000        a tenth of it
    python benchmarks/archive.py --customers 5000 20000   twice, to see whether memory grows

Each step runs in a process of its own, so its memory is its own; verifying includes the archive's own program.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from hub_walk import HERE, Took, took

DOCUMENTS = 10
STEPS = ("fill", "write", "verify", "restore")


def step(name: str, folder: Path, customers: int) -> None:
    """Carry out one step in this process."""
    from archive_data import fill, scope

    from hub.closure.archive import Order, listed, restore, verify, write
    from hub.closure.keys import keys_in
    from hub.config import Project
    from hub.secret import Secret
    from hub.store import Store

    url = f"sqlite:///{folder}/hub.db"
    store = Store.open(url)
    if name == "fill":
        fill(store, customers, DOCUMENTS)
        return
    with keys_in(folder / "keys", make=True) as keys:
        if name == "write":
            made = write(store, Project(folder, Secret(url)), Order("retail", scope(store), "bench"), keys, "archives")
            print(sum(made.counts.values()), made.bytes)
            return
        (archive,) = listed(store)
        if name == "verify":
            found = verify(store, archive, folder, keys)
            print(found.records["golden"], found.bytes)
            faults = found.faults
        else:
            back = restore(store, archive, folder, keys, f"sqlite:///{folder}/back.db")
            print(sum(back.counts.values()), back.records)
            faults = back.faults
        if faults:
            sys.exit("\n".join(faults))


def measure(customers: int) -> dict[str, Took]:
    """Run all steps on a line of that size; every record must have gone all the way."""
    found: dict[str, Took] = {}
    with tempfile.TemporaryDirectory(prefix="hub-bench-archive-") as folder:
        for name in STEPS:
            command = [sys.executable, str(HERE / "archive.py"), "--step", name, "--folder", folder]
            found[name] = took([*command, "--customers", str(customers)])
            print(f"  {name}: {found[name].wall:.0f} s, {found[name].peak:.0f} MB", file=sys.stderr, flush=True)
            if name != "fill" and int(found[name].out.split()[0]) != customers * (DOCUMENTS + 2):
                sys.exit(f"{name}: {found[name].out.split()[0]} records of {customers * (DOCUMENTS + 2)}")
    return found


def table(customers: int, found: dict[str, Took]) -> list[str]:
    """The lines of the table."""
    documents = customers * DOCUMENTS
    size = int(found["write"].out.split()[1]) / 1e6
    lines = [f"archive of {customers:,} customers with {documents:,} documents, {size:,.0f} MB"]
    for name in STEPS[1:]:
        run = found[name]
        rate = customers * (DOCUMENTS + 2) / run.wall
        lines.append(f"  {name:8}{run.wall:8.0f} s  {run.cpu:8.0f} s CPU  {run.peak:6.0f} MB  {rate:9,.0f} records/s")
    both = found["write"].wall + found["verify"].wall
    lines.append(f"  written and verified in {both / 60:.1f} minutes")
    return lines


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Measure the archive of a business line.")
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000])
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    if wanted.step:
        step(wanted.step, wanted.folder, wanted.customers[0])
        return
    for customers in wanted.customers:
        print("\n".join(table(customers, measure(customers))), flush=True)


if __name__ == "__main__":
    main()
