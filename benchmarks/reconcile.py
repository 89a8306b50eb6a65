"""Measures matching against a plain join of references, and counts what is right, wrong and left, by kind.

    python benchmarks/reconcile.py                      500,000 payments against as many invoices of 50,000 customers
    python benchmarks/reconcile.py --payments 20000

Each side runs in a process of its own on the same drawn data (`reconcile_data.py`); reading it in is not counted, its
memory is. The join is what one writes first: DuckDB, the words of the text and the bank's field equal to a reference
or a number. A machine that does other things as well shows in `seconds`; `CPU` is what the work itself took.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from reconcile_data import SHARES, Data, make

SECONDS, MEGABYTES = 30, 2_000  # wanted at 500,000
JOIN = """
    WITH word AS (
        SELECT id, amount, unnest(string_split_regex(upper(text), '[ ,;]+')) AS word FROM payment
        UNION ALL SELECT id, amount, upper(structured_reference) FROM payment WHERE structured_reference <> ''
    ), name AS (SELECT id, reference AS word FROM document UNION ALL SELECT id, number FROM document)
    SELECT DISTINCT word.id, name.id, word.amount FROM word JOIN name USING (word)
"""


@dataclass(slots=True)
class Answer:
    """What one side says of payments: what of which document they settle, and why others settle nothing."""

    applied: dict[str, dict[str, int]]
    why: dict[str, str] = field(default_factory=dict)


def hub(data: Data) -> Answer:
    """What matching says."""
    from hub.finance.matching import match

    outcome = match(data.customers, data.documents, data.payments)
    answer = Answer({})
    for one in outcome.decisions:
        if one.allocations:
            answer.applied[one.payment] = {part.document: part.amount for part in one.allocations}
        else:
            answer.why[one.payment] = one.reason or one.status
    return answer


def join(data: Data) -> Answer:
    """What a plain join says: it applies the whole payment to the document its words name."""
    import duckdb
    import pyarrow as pa

    columns = ("id", "amount", "text", "structured_reference")
    payment = pa.table({name: [getattr(one, name) or "" for one in data.payments] for name in columns})
    document = pa.table(
        {name: [getattr(one, name) for one in data.documents] for name in ("id", "reference", "number")}
    )
    connection = duckdb.connect()
    connection.register("payment", payment)
    connection.register("document", document)
    found: dict[str, dict[str, int]] = {}
    for id, name, amount in connection.execute(JOIN).fetchall():
        found.setdefault(id, {})[name] = amount
    return Answer(found)


def measure(side: str, payments: int) -> dict[str, Any]:
    """Run one side in this process."""
    data = make(payments)
    before, wall = time.process_time(), time.perf_counter()
    answer = {"hub": hub, "join": join}[side](data)
    took = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - before}
    took["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    left = Counter(
        f"{kind}: {answer.why.get(payment)}"
        for payment, kind in data.kinds.items()
        if data.truth[payment] and payment not in answer.applied
    )
    return {**took, "kinds": judge(data, answer.applied), "left": left}


def judge(data: Data, applied: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Of each kind: how many there are, how many were applied as is true, and how many otherwise."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in SHARES}
    for payment, kind in data.kinds.items():
        told = applied.get(payment)
        counts[kind]["all"] += 1
        if told:
            counts[kind]["right" if told == data.truth[payment] else "wrong"] += 1
    return {kind: dict(count) for kind, count in counts.items()}


def child(side: str, payments: int) -> dict[str, Any]:
    """Run one side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--payments", str(payments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{side}: {done.stderr.strip().splitlines()[-1]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def table(payments: int, ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterable[str]:
    """The lines of the table."""
    full = payments == 500_000

    def verdict(value: float, bound: float) -> str:
        return f"  <= {bound:g}{'' if value <= bound else '  MISSED'}" if full else ""

    yield f"{payments:,} payments, {payments:,} invoices, {payments // 10:,} customers"
    yield f"{'':12}{'hub':>12}{'join':>12}"
    yield f"{'seconds':12}{ours['seconds']:12.1f}{theirs['seconds']:12.1f}{verdict(ours['seconds'], SECONDS)}"
    yield f"{'CPU, s':12}{ours['cpu']:12.1f}{theirs['cpu']:12.1f}  ratio {ours['cpu'] / theirs['cpu']:.1f}"
    yield f"{'peak, MB':12}{ours['peak']:12.0f}{theirs['peak']:12.0f}{verdict(ours['peak'], MEGABYTES)}"
    yield ""
    yield f"{'kind':12}{'payments':>10}{'recall':>10}{'wrong':>8}{'recall':>14}{'wrong':>8}"
    for kind, count in ours["kinds"].items():
        other = theirs["kinds"][kind]
        rates = ["-" if kind == "hostile" else f"{one.get('right', 0) / one['all']:.4f}" for one in (count, other)]
        wrong = [one.get("wrong", 0) for one in (count, other)]
        yield f"{kind:12}{count['all']:>10,}{rates[0]:>10}{wrong[0]:>8,}{rates[1]:>14}{wrong[1]:>8,}"
    yield from (f"left to a person: {count:,} {what}" for what, count in sorted(ours["left"].items()))
    for name, side in (("hub", ours), ("join", theirs)):
        right, wrong_all = (sum(one.get(key, 0) for one in side["kinds"].values()) for key in ("right", "wrong"))
        missed = "  MISSED" if name == "hub" and wrong_all else ""
        yield f"precision of what is applied, {name}: {right / (right + wrong_all or 1):.6f}{missed}"


def main(arguments: Sequence[str] | None = None) -> bool:
    """Measure and print; answer whether all that was applied is true."""
    parser = argparse.ArgumentParser(description="Measure matching against a plain join.")
    parser.add_argument("--payments", type=int, default=500_000)
    parser.add_argument("--side", choices=["hub", "join"], help="measure one side here and print JSON")
    wanted = parser.parse_args(arguments)
    if wanted.side:
        print(json.dumps(measure(wanted.side, wanted.payments)))
        return True
    ours, theirs = child("hub", wanted.payments), child("join", wanted.payments)
    for line in table(wanted.payments, ours, theirs):
        print(line)
    return not any(one.get("wrong") for one in ours["kinds"].values())


if __name__ == "__main__":
    sys.exit(not main())
